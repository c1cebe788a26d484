"""Bank debits for tests: taken, filed, settled; and what a bank sends back, as a file of its own making."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from caretill.ach import build, rates, returns, send, settle
from caretill.core import clock, sql
from caretill.formats import nacha
from caretill.formats.nacha import BatchHeader, Change, FileHeader, Return
from caretill.formats.nacha_write import Entry, write
from caretill.payments import charge
from house.cast import Bill, a_bill
from house.saved import a_bank, saved_ask

MONDAY = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)  # one in the afternoon in New York; Thursday is a holiday
THEIR_BANK = "091499992"


@dataclass
class Bank:
    """A carrier that keeps what it was given, and may break down before, in the middle, or after it took a file."""

    files: dict[str, bytes] = field(default_factory=dict)
    breaks: str = ""
    times: int = 0

    def put(self, name: str, pieces: Iterator[bytes]) -> None:
        self.times += 1
        if self.breaks == "before":
            raise OSError("the line is down")
        got = b""
        for piece in pieces:
            got += piece
            if self.breaks == "middle":
                raise OSError("the line went down")
        self.files[name] = got
        if self.breaks == "after":
            raise OSError("the answer was lost")


def queued(bill: Bill, amount_cents: int, *, method_id: UUID | None = None, **changes: Any) -> UUID:
    """A debit that waits for its file."""
    answer = charge.charge(saved_ask(bill, amount_cents, method_id or a_bank(bill), **changes))
    assert answer.code == "queued" and answer.payment_id is not None, answer
    return answer.payment_id


def filed(bank: Bank | None = None) -> build.Built:
    """Build a file of what waits, and send it."""
    built = build.build()
    send.send(bank or Bank())
    return built


def settled(days: int = 1) -> dict[str, int]:
    """Book what settles some days from now, as if the worker turned then."""
    with clock.fixed(clock.now() + timedelta(days=days)):
        return settle.settle()


def entry(payment_id: UUID) -> dict[str, Any]:
    """The entry of a payment."""
    row = sql.one("SELECT * FROM ach_entry WHERE payment_id = %s", (payment_id,))
    assert row is not None
    return row


def state(payment_id: UUID) -> str:
    """The state of a payment."""
    row = sql.one("SELECT state FROM payments_payment WHERE id = %s", (payment_id,))
    assert row is not None
    return str(row["state"])


def returned_file(*lines: tuple[dict[str, Any], Return | Change], created: datetime | None = None) -> bytes:
    """A bank's file that sends these entries back, or says what to change about them."""
    at = (created or clock.now()).replace(tzinfo=None)
    batches = []
    for number, (row, addendum) in enumerate(lines, start=1):
        change = isinstance(addendum, Change)
        code = row["transaction_code"] // 10 * 10 + (6 if nacha.is_debit(row["transaction_code"]) else 1)
        cents = 0 if change else row["amount_cents"]
        back = Entry(code, "125099996", "0123456789", cents, "", "PAT PAYER", "", number, (addendum,))
        sec = "COR" if change else row["sec_code"]
        header = BatchHeader("LARKSPUR", "1001000001", sec, "BILL PYMT", THEIR_BANK[:8], None, nacha.MIXED)
        batches.append((header, [back]))
    out = io.BytesIO()
    write(FileHeader("125099996", THEIR_BANK, at), batches, out)
    return out.getvalue()


def a_return(row: dict[str, Any], code: str, **more: Any) -> tuple[dict[str, Any], Return]:
    """That an entry comes back for this reason."""
    return row, Return(code, row["trace"], THEIR_BANK[:8], **more)


def a_change(row: dict[str, Any], code: str, corrected: str, **more: Any) -> tuple[dict[str, Any], Change]:
    """What the payer's bank says about an entry."""
    return row, Change(code, row["trace"], THEIR_BANK[:8], corrected, **more)


def took(*lines: tuple[dict[str, Any], Return | Change], created: datetime | None = None) -> returns.Told:
    """Bring such a file in."""
    return returns.take(io.BytesIO(returned_file(*lines, created=created)), "returns.ach")


def kept(folder: Path, *lines: tuple[dict[str, Any], Return | Change]) -> Path:
    """Such a file on disk."""
    path = folder / "returns.ach"
    path.write_bytes(returned_file(*lines))
    return path


def came_back(count: int, of: int = 4) -> dict[str, int]:
    """So many of these debits came back, and the worker looked at the rates."""
    made = [queued(a_bill(1_000, family=str(number)), 1_000) for number in range(of)]
    filed()
    if count:
        took(*(a_return(entry(each), "R16") for each in made[:count]))
    return rates.watch()
