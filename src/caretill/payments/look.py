"""Ask the processor again, and record what it says. Whoever asks, and however often, it ends the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from caretill.core import clock, sql
from caretill.payments.gateways import gateway
from caretill.payments.gateways.base import GatewayRefused, GatewayUnknown, Session
from caretill.payments.record import ASK_AGAIN_HOT, record, record_session
from caretill.payments.states import ENDED

PATIENCE = timedelta(seconds=12)  # a payer who came back waits this long before the answer is called unknown


def came_back(account_id: UUID, payment_id: UUID) -> str:
    """The payer returned from the processor's page: note it, then ask. The state after it."""
    row = _row(account_id, payment_id)
    if row is None:
        return ""
    if row["state"] == "requires_action" and row["returned_at"] is None:
        record(
            account_id,
            payment_id,
            row["region"],
            "returned",
            provider="caretill",
            object_ref=str(payment_id),
            evidence="returned",
            returned=True,
            lease_until=clock.now() + ASK_AGAIN_HOT,
        )
    return look_again(account_id, payment_id)


def look_again(account_id: UUID, payment_id: UUID) -> str:
    """Ask the processor about a payment that has not ended, and record the answer. The state after it.

    Where the processor cannot tell although the payer returned a while ago, or the session's time ran out, the payment
    becomes unknown: never failed. No lock is held while the processor is asked.
    """
    row = _row(account_id, payment_id)
    if row is None:
        return ""
    if row["state"] in ENDED or not row["session_ref"]:
        return str(row["state"])
    try:
        session = gateway(row["gateway"]).retrieve_session(row["session_ref"])
    except (GatewayUnknown, GatewayRefused) as silent:
        return _cannot_tell(account_id, row, type(silent).__name__)
    answer = record_session(account_id, row["id"], row["region"], row["gateway"], row["amount_cents"], session)
    state = str(answer["state"] or row["state"])
    if answer["code"] == "nothing" and session.status == "complete":
        return _cannot_tell(account_id, row, "complete without an outcome")
    return state


def late_word(account_id: UUID, payment_id: UUID, session: Session) -> str:
    """Record a session of a payment that may have ended already: a success then is booked as credit."""
    row = _row(account_id, payment_id)
    if row is None:
        return ""
    answer = record_session(account_id, payment_id, row["region"], row["gateway"], row["amount_cents"], session)
    return str(answer["state"] or row["state"])


def _cannot_tell(account_id: UUID, row: dict[str, Any], why: str) -> str:
    now = clock.now()
    returned = row["returned_at"] is not None and now - row["returned_at"] > PATIENCE
    if row["state"] not in ("requires_action", "pending") or not (returned or now > row["expires_at"] + PATIENCE):
        return str(row["state"])
    answer = record(
        account_id,
        row["id"],
        row["region"],
        "cannot_tell",
        provider=row["gateway"],
        object_ref=row["session_ref"],
        evidence=f"silent:{now.isoformat()}",
        body={"why": why},
    )
    return str(answer["state"])


def _row(account_id: UUID, payment_id: UUID) -> dict[str, Any] | None:
    return sql.one(
        "SELECT p.id, p.state, p.region, p.amount_cents, p.returned_at, p.expires_at, a.gateway, a.session_ref"
        " FROM payments_payment p JOIN payments_attempt a ON a.account_id = p.account_id AND a.payment_id = p.id"
        " WHERE p.account_id = %s AND p.id = %s",
        (account_id, payment_id),
    )
