"""One writer for what became of a payment: evidence in, state out (money.md, Exactly once, call 2)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from caretill.core import clock, sql
from caretill.core.ids import uuid7
from caretill.payments import family
from caretill.payments.gateways.base import Session
from caretill.payments.states import ENDED
from caretill.regions import catalog, rules

PROMISE_MINUTES = 60  # a payer whose payment is unknown is told by then, within support hours
ASK_AGAIN_OPEN = timedelta(minutes=2)  # an open session is asked about this often: a lost callback costs no more
ASK_AGAIN_HOT = timedelta(seconds=15)  # somebody came back, or the outcome is unknown
AFTER_END = timedelta(seconds=5)


def record(
    account_id: UUID,
    payment_id: UUID,
    region: str,
    event: str,
    *,
    provider: str,
    object_ref: str,
    evidence: str,
    **figures: Any,
) -> dict[str, Any]:
    """Record one piece of evidence. Returns {code: applied | repeat | ignored | missing, state}.

    In one transaction: the event (kept once for the same provider, object and evidence), the state by compare-and-set,
    reservations posted or voided, claims dropped, the outbox. Order and repetition of evidence do not matter. Bills of
    a family's payment follow, a transaction for each account; whoever is killed there is finished by the sweeper.
    """
    zone = catalog.region(region)
    now = clock.now()
    payload = {
        "payment_id": payment_id,
        "event": event,
        "provider": provider,
        "object_ref": object_ref,
        "evidence": evidence,
        "event_id": uuid7(),
        "journal_id": uuid7(),
        "outbox_id": uuid7(),
        "now": now,
        "business_date": clock.today(zone.time_zone),
        **{name: value for name, value in figures.items() if value is not None},
    }
    if event == "cannot_tell":
        payload["promised_at"] = rules.promise_time(zone, now, PROMISE_MINUTES)
        payload.setdefault("lease_until", now + ASK_AGAIN_HOT)
    answer = sql.call("payments_record", account_id, payload)
    if answer.get("family") and answer["state"] in ENDED:
        family.finish(account_id, payment_id)
    return answer


def record_session(
    account_id: UUID, payment_id: UUID, region: str, provider: str, amount_cents: int, session: Session
) -> dict[str, Any]:
    """Record what a processor's session says now. Returns as `record`; {code: nothing} where it says nothing new.

    A capture of another amount or currency is never taken for a success: it stays unknown until a person decides.
    """
    event, evidence = judge(session, amount_cents)
    if not event:
        return {"code": "nothing", "state": ""}
    now = clock.now()
    figures: dict[str, Any] = {
        "charge_ref": session.charge_id,
        "method_brand": session.card_brand,
        "method_last4": session.card_last4,
        "body": {"status": session.status, "outcome": session.outcome},
    }
    if event == "succeeded":
        figures["amount_cents"] = session.amount_cents
    elif event in ("declined", "try_declined"):
        figures |= {"failure_code": session.failure_code or "declined", "charge_ref": None}
        figures["lease_until"] = now + ASK_AGAIN_OPEN
    elif event == "expired":
        # Closed without a payment; where cards had been refused before, that counts (payments.velocity).
        figures |= {"failure_code": session.failure_code, "charge_ref": None}
    elif event == "processing":
        figures["lease_until"] = now + ASK_AGAIN_HOT
    return record(
        account_id,
        payment_id,
        region,
        event,
        provider=provider,
        object_ref=session.id,
        evidence=evidence,
        **figures,
    )


def judge(session: Session, amount_cents: int) -> tuple[str, str]:
    """The event a session is evidence of, and the words that make the same evidence the same."""
    if session.outcome == "paid":
        if session.amount_cents != amount_cents or session.currency != "USD" or not session.charge_id:
            return "cannot_tell", f"mismatch:{session.amount_cents}{session.currency}"
        return "succeeded", f"paid:{session.charge_id}"
    if session.outcome == "processing":
        return "processing", "processing"
    if session.status == "open":
        return ("try_declined", f"try:{session.failure_code}") if session.failure_code else ("", "")
    if session.outcome == "declined":
        return "declined", "declined"
    return ("expired", "expired") if session.status == "expired" else ("", "")
