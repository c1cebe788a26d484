"""The payment's state machine as one table: it drives writes (the functions read it), screens and words.

Each state has words `states.<state>.title`, `.sentence` and `.next` in every language; a test fails where one lacks.
"""

from __future__ import annotations

from typing import Any

STATES = ("created", "submitting", "requires_action", "pending", "succeeded", "failed", "unknown", "voided")

# (from, event) -> to. Only evidence leads out of `unknown`. A success after the end is money that came: it is booked.
TRANSITIONS: dict[tuple[str, str], str] = {
    ("created", "begun"): "submitting",
    ("submitting", "session_opened"): "requires_action",
    ("submitting", "session_refused"): "failed",
    ("submitting", "no_session"): "voided",
    ("submitting", "not_reserved"): "voided",  # a bill of another account could not be held
    ("submitting", "expired"): "voided",
    ("submitting", "declined"): "failed",
    ("submitting", "processing"): "pending",
    ("submitting", "succeeded"): "succeeded",
    ("submitting", "cannot_tell"): "unknown",
    ("submitting", "filed"): "pending",  # a bank debit went out in a file
    ("submitting", "withdrawn"): "voided",  # a bank debit was taken back before its file
    ("requires_action", "returned"): "requires_action",
    ("requires_action", "try_declined"): "requires_action",
    ("requires_action", "processing"): "pending",
    ("requires_action", "succeeded"): "succeeded",
    ("requires_action", "declined"): "failed",
    ("requires_action", "expired"): "voided",
    ("requires_action", "cannot_tell"): "unknown",
    ("pending", "succeeded"): "succeeded",
    ("pending", "declined"): "failed",
    ("pending", "expired"): "voided",
    ("pending", "cannot_tell"): "unknown",
    ("pending", "returned"): "failed",  # a bank debit came back before it was settled
    ("unknown", "processing"): "pending",
    ("unknown", "succeeded"): "succeeded",
    ("unknown", "declined"): "failed",
    ("unknown", "expired"): "voided",
    ("failed", "succeeded"): "succeeded",
    ("voided", "succeeded"): "succeeded",
}

ENDED = frozenset({"succeeded", "failed", "voided"})
HOLDING = frozenset({"submitting", "requires_action", "pending", "unknown"})


def install(database: Any) -> None:
    """Copy the table into `payments_transition`, as the owning role, when the database is migrated."""
    rows = [(source, event, target) for (source, event), target in TRANSITIONS.items()]
    with database.cursor() as cursor:
        cursor.execute("DELETE FROM payments_transition")
        cursor.executemany(
            "INSERT INTO payments_transition (from_state, event, to_state) VALUES (%s, %s, %s)",
            rows,
        )
