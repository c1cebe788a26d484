"""What went back of a payment, as its page shows it: each refund with its steps, each return and dispute in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from caretill.core import clock
from caretill.regions import bankdays
from caretill.regions.models import Region

BANK_DAYS = 10  # by then a refund shows at nearly every bank


@dataclass(frozen=True)
class Step:
    """One step of a refund: done, now or next; its day, and a key of words for what is not a day."""

    state: str
    name: str
    day: date | None = None
    note: str = ""


@dataclass(frozen=True)
class Back:
    """One thing that happened to the payment. `kind`: refund, void, returned, open, won or lost.

    `text` is a key of words under deposit; `by` is the day by which it shows at the payer's bank.
    """

    kind: str
    amount_cents: int
    text: str
    by: date | None = None
    owed_cents: int = 0
    steps: tuple[Step, ...] = ()


def back_of(figures: dict[str, Any], region: Region) -> tuple[Back, ...]:
    """Everything that went back of a payment, the oldest first; what the bank undid is not told."""
    by_bank = figures.get("gateway") == "ach"
    # Of what the processor refused nothing happened: the office was told.
    asked = [each for each in figures["refunds"] if not each["failure_code"].startswith("refused:")]
    found = [_refund(each, by_bank, region) for each in asked]
    found += [
        Back("returned", each["amount_cents"], "gone.returned_text", owed_cents=each["owed_back_cents"])
        for each in figures["returns"]
        if each["state"] == "applied"
    ]
    found += [
        Back(each["state"], each["amount_cents"], f"gone.{each['state']}_text", owed_cents=each["owed_back_cents"])
        for each in figures["disputes"]
    ]
    return tuple(found)


def _refund(row: dict[str, Any], by_bank: bool, region: Region) -> Back:
    """Started, with the card company or the bank, and on the payer's own list: who has it, and by when."""
    begun, last = (row[name].astimezone(region.zone).date() for name in ("at", "changed_at"))
    if row["state"] == "failed":
        return Back(row["kind"], row["amount_cents"], "track.failed_text")
    gone = row["state"] == "succeeded"
    by = bankdays.add(bankdays.on_or_after(last if gone else clock.today(region.time_zone)), BANK_DAYS)
    leaves = date.fromisoformat(row["not_before"]) if row["not_before"] and row["state"] == "submitting" else None
    note = "from" if leaves else {"unknown": "unknown", "pending": "pending"}.get(row["state"], "")
    steps = (
        Step("done", "asked", begun),
        Step("done", "bank" if by_bank else "processor", last)
        if gone
        else Step("now", "bank" if by_bank else "processor", leaves, note),
        Step("now" if gone and clock.today(region.time_zone) < by else "done" if gone else "next", "yours", by, "by"),
    )
    return Back(row["kind"], row["amount_cents"], "track.sent_text", by, steps=steps)
