"""Where a payment stands, in the words of `states.toml`: what the payer reads, and the steps of the tracker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from caretill.core import clock
from caretill.payments.look import PATIENCE

# Nothing more will happen to these by itself; a bank takes days.
ENDS_OF_BANK = frozenset({"withdrawn", "bank_stopped", "bank_returned"})
STILL = frozenset({"succeeded", "late", "declined", "refused", "ran_out", "voided", "not_charged"}) | ENDS_OF_BANK
DAYS = frozenset({"bank_planned", "bank_sent"})
TRACKED = frozenset({"checking", "pending", "unknown", "overdue", "succeeded", "late", "charging"}) | DAYS


@dataclass(frozen=True)
class Step:
    """One step of the tracker: done, now or next; when it was done, or its `day`; `note` is a key of words."""

    state: str
    name: str
    at: datetime | None = None
    note: str = ""
    day: date | None = None


def standing(figures: dict[str, Any]) -> str:
    """The table of `states.toml` that says it: a state of the machine, or what is more precise.

    Right after the return the processor may not have told yet, so nothing may be said about money: `checking`.
    """
    if found := _of_saved(figures):
        return found
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


def _of_saved(figures: dict[str, Any]) -> str:
    """What only payments from a saved method have: the days of a bank debit, a card that is charged without a page."""
    state, events = figures["state"], {event["event"] for event in figures["events"]}
    if not figures.get("method_id"):
        return ""
    if figures["gateway"] != "ach":
        refused = state == "failed" and "session_refused" in events
        return "charging" if state == "submitting" else "not_charged" if refused else ""
    if state == "voided":
        taken_back = "bank_stopped" if figures["failure_code"] else "withdrawn"
        return taken_back if "withdrawn" in events else "voided"
    return {"submitting": "bank_planned", "pending": "bank_sent", "failed": "bank_returned"}.get(state, "")


def _bank_steps(figures: dict[str, Any], stands: str) -> tuple[Step, ...]:
    """You agreed, we send it to your bank, your bank moves it, on your bill."""
    at = {event["to"]: event["at"] for event in figures["events"]}
    agreed = Step("done", "agreed", figures["created_at"])
    if stands == "bank_planned":
        return (agreed, Step("now", "to_bank"), Step("next", "moves", day=figures["posts_on"]), Step("next", "booked"))
    sent = Step("done", "to_bank", at.get("pending"))
    if stands == "bank_sent":
        return (agreed, sent, Step("now", "moves", day=figures["posts_on"]), Step("next", "booked"))
    moved = (Step("done", "moves", day=figures["posts_on"]), Step("done", "booked", figures["paid_at"]))
    return (agreed, sent, *moved, *([_arrived(figures)] if figures.get("settled_on") else []))


def _arrived(figures: dict[str, Any]) -> Step:
    """At the organisation's bank: known once payouts and statements say so (room reconcile)."""
    return Step("done", "arrived", day=figures["settled_on"])


def _ended(figures: dict[str, Any], now: datetime) -> datetime:
    """When it was voided."""
    return next((event["at"] for event in reversed(figures["events"]) if event["to"] == "voided"), now)


def steps(figures: dict[str, Any], stands: str) -> tuple[Step, ...]:
    """You paid, bank checking, bank said yes, on your bill, settled: as far as each is known."""
    if stands not in TRACKED:
        return ()
    if figures.get("gateway") == "ach" and stands != "late":
        return _bank_steps(figures, stands)
    sent, said = figures["returned_at"], figures["paid_at"]
    if figures.get("method_id") and sent is None:
        sent = figures["created_at"]  # nobody left for another page: they pressed
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
        _arrived(figures) if figures.get("settled_on") else Step("next", "settled", note="settled"),
    )
