"""Where a payment stands, in the words of `states.toml`: what the payer reads, and the steps of the tracker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from caretill.core import clock
from caretill.payments.look import PATIENCE

# Nothing more will happen to these by itself.
STILL = frozenset({"succeeded", "late", "declined", "refused", "ran_out", "voided"})
TRACKED = frozenset({"checking", "pending", "unknown", "overdue", "succeeded", "late"})


@dataclass(frozen=True)
class Step:
    """One step of the tracker: done, now or next; when it was done; `note` is a key of words."""

    state: str
    name: str
    at: datetime | None = None
    note: str = ""


def standing(figures: dict[str, Any]) -> str:
    """The table of `states.toml` that says it: a state of the machine, or what is more precise.

    Right after the return the processor may not have told yet, so nothing may be said about money: `checking`.
    """
    state, now = figures["state"], clock.now()
    returned = figures["returned_at"]
    if state == "succeeded":
        return "late" if figures["late"] else "succeeded"
    if state in ("submitting", "requires_action") and returned and now - returned <= PATIENCE:
        return "checking"
    if state == "unknown" and figures["promised_at"] and now > figures["promised_at"]:
        return "overdue"
    if state == "failed":
        refused = any(event["event"] == "session_refused" for event in figures["events"])
        return "refused" if refused else "declined"
    if state == "voided" and _ended(figures, now) >= figures["expires_at"]:
        return "ran_out"
    return str(state)


def _ended(figures: dict[str, Any], now: datetime) -> datetime:
    """When it was voided."""
    return next((event["at"] for event in reversed(figures["events"]) if event["to"] == "voided"), now)


def steps(figures: dict[str, Any], stands: str) -> tuple[Step, ...]:
    """You paid, bank checking, bank said yes, on your bill, settled: as far as each is known."""
    if stands not in TRACKED:
        return ()
    sent, said = figures["returned_at"], figures["paid_at"]
    if said is None:
        note = "unknown" if stands in ("unknown", "overdue") else ""
        return (
            Step("done", "sent", sent),
            Step("now", "checking", note=note),
            *(Step("next", name) for name in ("yes", "booked", "settled")),
        )
    booked = Step("now", "booked", note="late") if stands == "late" else Step("done", "booked", said)
    return (
        Step("done", "paid", min(sent or said, said)),
        Step("done", "checking"),
        Step("done", "yes", said),
        booked,
        Step("next", "settled", note="settled"),
    )
