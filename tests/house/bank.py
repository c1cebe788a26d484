"""A bank for tests: what arrived in its account, as a BAI2 file whose totals hold."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from uuid import UUID

from caretill.core import sql

ACCOUNT = "00812345678"


def bai2_text(
    day: date,
    moves: Iterable[tuple[int, str]],
    *,
    opened: int | None = None,
    closed: int | None = None,
    number: int = 1,
    status: int = 1,
    modifier: str = "2",
    account: str = ACCOUNT,
) -> str:
    """One account on one day; a move is (cents, what names it), below zero when it went out."""
    balances = [(code, cents) for code, cents in (("010", opened), ("015", closed)) if cents is not None]
    told = ",".join(f"{code},{cents},,Z" for code, cents in balances) or ",,,"
    records = [f"03,{account},USD,{told}/"]
    total = sum(cents for _, cents in balances)
    for cents, name in moves:
        total += abs(cents)
        records.append(f"16,{'142' if cents > 0 else '451'},{abs(cents)},Z,B{len(records)},,{name}")
    head = [f"01,bank,us,{day:%y%m%d},0600,{number},,,2/", f"02,us,bank,{status},{day:%y%m%d},2400,USD,{modifier}/"]
    tail = [f"49,{total},{len(records) + 1}/", f"98,{total},1,{len(records) + 3}/", f"99,{total},1,{len(records) + 5}/"]
    return "\n".join([*head, *records, *tail]) + "\n"


def at_bank(folder: Path, day: date, *more: tuple[int, str], number: int = 1) -> Path:
    """A file of all payouts that are known here and should arrive by that day and have not, and of `more`."""
    rows = sql.query(
        "SELECT amount_cents, bank_name FROM reconcile_payout"
        " WHERE line_id IS NULL AND arrives_on <= %s ORDER BY place",
        (day,),
    )
    moves = [(row["amount_cents"], f"SANDBOX {row['bank_name']} PAYOUT") for row in rows]
    path = folder / f"bank-{day}-{number}.bai"
    path.write_text(bai2_text(day, [*moves, *more], number=number))
    return path


def clearing(payment_id: UUID) -> int:
    """What of a payment is between its payer and the bank: zero once all of it has settled."""
    row = sql.one(
        "SELECT coalesce(sum(CASE WHEN debit_kind = 'clearing' THEN amount_cents ELSE -amount_cents END), 0)::bigint"
        " AS c FROM ledger_transfer WHERE payment_id = %s AND 'clearing' IN (debit_kind, credit_kind)"
        " AND phase IN ('posted', 'post')",
        (payment_id,),
    )
    assert row is not None
    return int(row["c"])
