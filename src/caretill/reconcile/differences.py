"""What does not agree between ledger, processor and bank: each difference with its age, its amounts and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from caretill.core import clock, sql
from caretill.regions import bankdays, catalog

PATIENCE = 5  # days after which something should have been paid out
AT_BANK = 2  # banking days after the promised one
DO = {
    "missing_here": "Look it up at the processor. If a payer of ours paid it, ask for help: it is not on any account.",
    "other_amount": "Compare it at the processor. Nothing of it is booked until both sides say the same.",
    "not_booked_here": "The processor has finished it and we have not. The worker asks again; see that it runs.",
    "missing_at_processor": "We booked it and no payout has it. Ask the processor with the name of the operation.",
    "paid_out_twice": "The same operation is in two payouts. Ask the processor to take one back.",
    "payout_file": "The file of this payout is missing or broken. It is asked for again each hour.",
    "payout_changed": "The processor changed a payout after the fact. Ask it why.",
    "payout_not_at_bank": "Ask the processor for the trace of the transfer, then the bank.",
    "other_at_bank": "The bank has another amount than the payout it names. Ask the bank, then the processor.",
    "at_bank_twice": "The bank has this payout a second time. Ask the bank to look.",
    "suspense": "Money nobody knows. Find out whose it is, or note why it is no matter of payers.",
    "fee_unexpected": "A fee above what was agreed, or of no payment. Compare it with the contract.",
    "statement_gap": "The lines do not lead from one balance to the other. Ask the bank for the whole statement.",
    "statement_missing": "A statement before this one is missing. Ask the bank for it and import it.",
    "bank_correction": "The bank takes back or corrects what it said. Nothing of it was used: look by hand.",
}


@dataclass(frozen=True)
class Difference:
    """One thing that does not agree. An amount is None where that side has none of it; ages count from `since`."""

    key: str
    kind: str
    since: date
    age_days: int
    theirs_cents: int | None
    ours_cents: int | None
    currency: str
    about: str
    because: str | None

    @property
    def amount_cents(self) -> int:
        """What it is about: how far the two sides are apart."""
        return (self.theirs_cents or 0) - (self.ours_cents or 0)

    @property
    def todo(self) -> str:
        return DO[self.kind]

    def answer(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "kind": self.kind,
            "since": self.since.isoformat(),
            "age_days": self.age_days,
            "amount_cents": self.amount_cents,
            "theirs_cents": self.theirs_cents,
            "ours_cents": self.ours_cents,
            "currency": self.currency,
            "about": self.about,
            "todo": self.todo,
        }


def differences(noted: bool = False) -> list[Difference]:
    """All of them, the oldest first; with `noted`, those that somebody explained, with the reason, instead."""
    today = clock.now().date()
    fees = catalog.organisation().processor_fees
    asked = {
        "now": clock.now(),
        "today": today,
        "late": _late(today),
        "patience": PATIENCE,
        "fees_known": fees is not None,
        "basis_points": fees.basis_points if fees else 0,
        "fixed_cents": fees.fixed_cents if fees else 0,
        "dispute_cents": fees.dispute_cents if fees else 0,
    }
    rows = sql.query(sql.load(__file__, "differences.sql"), asked)
    found = [Difference(**row, age_days=(today - row["since"]).days) for row in rows]
    return [each for each in found if (each.because is not None) == noted]


def _late(today: date) -> date:
    """The last promised day whose money should be at the bank by today."""
    day = today
    while bankdays.add(day, AT_BANK) >= today:
        day -= timedelta(days=1)
    return day


def note(key: str, because: str, noted_by: str) -> str:
    """Take a difference off the list, with the reason. Moves no money. Answers noted | repeat | missing | no_reason."""
    if not because.strip():
        return "no_reason"
    if sql.one("SELECT 1 AS one FROM reconcile_note WHERE key = %s", (key,)):
        return "repeat"
    if not any(each.key == key for each in differences()):
        return "missing"
    made = sql.execute(
        "INSERT INTO reconcile_note (key, because, noted_by, noted_at) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (key, because.strip(), noted_by, clock.now()),
    )
    return "noted" if made else "repeat"


def standing() -> dict[str, int]:
    """Sums in cents: what payouts said, what of them is at the bank, what is booked of them, and what waits."""
    row = sql.one(sql.load(__file__, "standing.sql"))
    assert row is not None
    return {name: int(value) for name, value in row.items()}
