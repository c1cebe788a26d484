"""A processor's messages: verified, stored, answered; applied afterwards by asking the processor itself.

Nothing happens inside a callback. Whether it comes twice, late, out of order or never, the end is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import Error as DatabaseError
from django.db import transaction

from caretill.core import clock, sql
from caretill.methods.saving import by_reference
from caretill.payments import charging, disputes, refund, saving
from caretill.payments.gateways import gateway
from caretill.payments.gateways.base import GatewayRefused, GatewayUnknown, Session
from caretill.payments.look import late_word

log = structlog.get_logger("caretill.payments")

MOST_TRIES = 1_000  # every five minutes for three days and a half: a processor that is away may take its time
TRIES_NAMELESS = 12  # an hour
NOT_THERE = (0, 404)  # the processor knows no such object; every other refusal is about us and passes


def receive(provider: str, raw: bytes, headers: Mapping[str, str]) -> bool:
    """Check and keep one message; True when it is new. Raises CallbackRefused, and keeps nothing of it then."""
    news = gateway(provider).read_callback(raw, headers)
    now = clock.now()
    return bool(
        sql.execute(
            "INSERT INTO payments_callback (provider, event_ref, kind, object_ref, body, received_at, due_at,"
            " tries, answer) VALUES (%s, %s, %s, %s, %s, %s, %s, 0, '') ON CONFLICT DO NOTHING",
            (provider, news.event_id, news.kind, news.session_id or news.charge_id or "", raw, now, now),
        )
    )


def apply_due(most: int = 50) -> int:
    """Apply stored messages whose turn it is; how many are done. A killed worker's turn comes again."""
    now = clock.now()
    with transaction.atomic():
        rows = sql.query(
            "WITH taken AS ("
            "UPDATE payments_callback c SET due_at = %s, tries = tries + 1 FROM ("
            " SELECT provider, event_ref, ctid AS place FROM payments_callback"
            " WHERE applied_at IS NULL AND due_at <= %s AND tries < %s ORDER BY due_at LIMIT %s"
            " FOR UPDATE SKIP LOCKED) AS d"
            " WHERE c.provider = d.provider AND c.event_ref = d.event_ref"
            " RETURNING c.provider, c.event_ref, c.kind, c.object_ref, c.body, c.tries, c.received_at, d.place)"
            # In the order of their coming, of one moment too.
            " SELECT provider, event_ref, kind, object_ref, body, tries FROM taken ORDER BY received_at, place",
            (now + timedelta(seconds=30), now, MOST_TRIES, most),
        )
    done = 0
    for row in rows:
        answer = _applied(row)
        if answer == "again":
            wait = timedelta(seconds=min(300, 2 ** row["tries"]))
            sql.execute(
                "UPDATE payments_callback SET due_at = %s WHERE provider = %s AND event_ref = %s",
                (clock.now() + wait, row["provider"], row["event_ref"]),
            )
            continue
        sql.execute(
            "UPDATE payments_callback SET applied_at = %s, answer = %s WHERE provider = %s AND event_ref = %s",
            (clock.now(), answer, row["provider"], row["event_ref"]),
        )
        done += 1
    return done


def _applied(row: dict[str, Any]) -> str:
    """One message that nobody can make sense of holds up no other: it is said in the log and tried again."""
    try:
        return _apply(row)
    except DatabaseError:
        raise
    except Exception:
        log.exception("a message could not be applied", event_ref=row["event_ref"])
        return "again"


def _apply(row: dict[str, Any]) -> str:
    """`foreign` for an object we never asked for: kept and shown to the office, never guessed at."""
    news = sql.answer(bytes(row["body"]).decode())
    try:
        if news.get("dispute"):
            code = disputes.heard(row["provider"], news["dispute"])
            return "again" if code == "missing" else code  # news of the charge itself is still on its way
        if news.get("session"):
            return _of_session(row["provider"], news)
        if news.get("refund"):
            return _of_refund(row["provider"], news)
        if news.get("charge"):
            return _of_charge(row, news)
        if news.get("method"):
            return saving.renewed(row["provider"], news["method"])
        if news.get("payout"):
            return "payout"  # nothing to ask: payouts are listed and read in their order (reconcile.fetch)
    except GatewayUnknown:
        return "again"
    except GatewayRefused as refused:
        return "foreign" if refused.status in NOT_THERE else "again"
    return "foreign"


def _of_session(provider: str, news: dict[str, Any]) -> str:
    """What the checkout says now, and what went back of it."""
    session = gateway(provider).retrieve_session(news["session"])
    owner = whose(provider, session.id) or whose("attempt", session.reference)
    if owner is None:
        return _of_saving(session)
    state = late_word(owner[0], owner[1], session)
    if state == "succeeded" and (session.refunded_cents or session.voided or news.get("refund")):
        try:
            if news.get("refund"):
                refund.heard(owner[0], owner[1], news["refund"])
            refund.refunded_there(owner[0], owner[1], session)
        except GatewayRefused:
            return "again"
    return state or "foreign"


def _of_saving(session: Session) -> str:
    """A page on which a card was to be saved, nothing paid."""
    try:
        try_ = by_reference(UUID(session.reference))
    except ValueError:
        return "foreign"
    return saving.heard(try_, session) if try_ else "foreign"


def _of_refund(provider: str, news: dict[str, Any]) -> str:
    """A refund of a charge without a checkout: one of a saved card."""
    owner = whose(provider, news.get("charge") or "")
    if owner is None:
        return "foreign"
    refund.heard(owner[0], owner[1], news["refund"])
    return "succeeded"


def _of_charge(row: dict[str, Any], news: dict[str, Any]) -> str:
    """A charge of a saved card. One whose answer was lost has no name here yet: the sweeper finds it meanwhile."""
    owner = whose(row["provider"], news["charge"])
    if owner is None:
        return "again" if row["tries"] <= TRIES_NAMELESS else "foreign"
    state = charging.heard(*owner)
    if row["kind"] == "charge.voided":
        refund.void_heard(*owner)
    return state


def paid_out(provider: str, reference: str) -> str:
    """A payout has a charge under our `reference`, and nothing of it is booked: its message was lost, or came too soon.

    Asks as that message would have had us ask, also about a payment that had ended. The state after it, or nothing
    where the reference is nobody's or the processor cannot tell.
    """
    owner = whose("attempt", reference)
    if owner is None:
        return ""
    asked = sql.one(
        "SELECT session_ref FROM payments_attempt WHERE account_id = %s AND id = %s", (owner[0], UUID(reference))
    )
    try:
        if asked and asked["session_ref"]:
            return _of_session(provider, {"session": asked["session_ref"]})
        return charging.paid_out(*owner)
    except (GatewayUnknown, GatewayRefused):
        return ""


def whose(provider: str, object_ref: str) -> tuple[UUID, UUID] | None:
    """The billing account and payment of a processor's object."""
    row = sql.one(
        "SELECT account_id, payment_id FROM payments_object WHERE provider = %s AND object_ref = %s",
        (provider, object_ref),
    )
    return (row["account_id"], row["payment_id"]) if row else None
