"""The processor's payout file: what one transfer to the bank is made of (payments.gateways.base, `payout_file`).

First the names of the columns; then a line for each operation; last a line `total` with the payout's name, how many
operations there are and what they sum to. All of it is checked; a file that breaks any of it is refused whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from caretill.formats.bank import LONGEST_AMOUNT, BankFileFault, currency_code

HEAD = ("kind", "operation_id", "charge_id", "reference", "gross_cents", "fee_cents", "net_cents", "currency", "time")
# What came to us, what left us, and what may be either: `gross` of a fee's own line is nothing, or what it takes.
COMES, LEAVES = ("charge", "dispute_reversal"), ("refund", "dispute")
KINDS = (*COMES, *LEAVES, "fee")
TOTAL = "total"
_CENTS = re.compile(r"-?[0-9]{1,%d}" % LONGEST_AMOUNT)  # noqa: UP031
_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,100}")


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """One operation. `gross_cents` is below 0 when money left us; `net_cents` is gross less fee."""

    row: int
    kind: str
    operation_id: str
    charge_id: str
    reference: str
    gross_cents: int
    fee_cents: int
    net_cents: int
    at: datetime


@dataclass(slots=True)
class PayoutTotal:
    """The last line, and what the lines before it came to: equal once the file was read to its end."""

    payout_id: str = ""
    currency: str = ""
    count: int = 0
    gross_cents: int = 0
    fee_cents: int = 0
    net_cents: int = 0

    def add(self, row: PayoutRow) -> None:
        self.count += 1
        self.gross_cents += row.gross_cents
        self.fee_cents += row.fee_cents
        self.net_cents += row.net_cents


def read(body: bytes, total: PayoutTotal) -> Iterator[PayoutRow]:
    """The operations of a file in their order; `total` is filled on the way, and proved by the last line.

    Raises BankFileFault with the line and a reason, also after rows were given: use nothing of a file before it was
    read to its end.
    """
    try:
        lines = body.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise BankFileFault(body.count(b"\n", 0, error.start) + 1, "not_text") from None
    if tuple(lines[0].split(",")) != HEAD:
        raise BankFileFault(1, "columns", lines[0])
    if len(lines) < 3 or lines[-1] != "":
        raise BankFileFault(len(lines), "cut_off", "the file has no total at its end")
    seen: set[tuple[str, str]] = set()
    for row, line in enumerate(lines[1:-2], 2):
        found = _row(row, line.split(","), total)
        if (found.kind, found.operation_id) in seen:
            raise BankFileFault(row, "twice", found.operation_id)
        seen.add((found.kind, found.operation_id))
        total.add(found)
        yield found
    _check(len(lines) - 1, lines[-2].split(","), total)


def _row(row: int, cells: list[str], total: PayoutTotal) -> PayoutRow:
    if len(cells) != len(HEAD):
        raise BankFileFault(row, "cells", f"{len(cells)}")
    kind, operation, charge, reference = cells[:4]
    gross, fee, net = (_cents(row, cell) for cell in cells[4:7])
    if kind not in KINDS:
        raise BankFileFault(row, "kind", kind)
    if not _NAME.fullmatch(operation) or (kind != "fee") != bool(_NAME.fullmatch(charge)):
        raise BankFileFault(row, "names", f"{operation} {charge}")
    if net != gross - fee:
        raise BankFileFault(row, "net", f"{gross} - {fee} is not {net}")
    if (kind in COMES and gross <= 0) or (kind in LEAVES and gross >= 0) or (kind == "fee" and gross > 0):
        raise BankFileFault(row, "sign", f"{kind} {gross}")
    currency = currency_code(cells[7], row)
    if currency != (total.currency or currency):
        raise BankFileFault(row, "currency", currency)
    total.currency = currency
    return PayoutRow(row, kind, operation, charge, reference, gross, fee, net, _time(row, cells[8]))


def _check(row: int, cells: list[str], total: PayoutTotal) -> None:
    if len(cells) != len(HEAD) or cells[0] != TOTAL:
        raise BankFileFault(row, "cut_off", "the file has no total at its end")
    _time(row, cells[8])
    said = [_cents(row, cell) for cell in cells[3:7]]
    for name, one in zip(("count", "gross_cents", "fee_cents", "net_cents"), said, strict=True):
        if one != getattr(total, name):
            raise BankFileFault(
                row, f"total_{name.removesuffix('_cents')}", f"{one} said, {getattr(total, name)} found"
            )
    if cells[7] != (total.currency or cells[7]):
        raise BankFileFault(row, "currency", cells[7])
    if not _NAME.fullmatch(cells[1]):
        raise BankFileFault(row, "names", cells[1])
    total.payout_id, total.currency = cells[1], currency_code(cells[7], row)


def _cents(row: int, text: str) -> int:
    if not _CENTS.fullmatch(text):
        raise BankFileFault(row, "bad_amount", text)
    return int(text)


def _time(row: int, text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BankFileFault(row, "bad_time", text) from None
    if at.tzinfo is None:
        raise BankFileFault(row, "bad_time", text)
    return at.astimezone(UTC)
