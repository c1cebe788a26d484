"""Charges that a cardholder's bank took back: opened, won, lost. The processor is asked; what it says is recorded once.

While one is open its money stands aside and the bills stay paid; no refund of that payment is sent. Lost, the bills
are owed again, the last first, as after a bank debit that came back.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import Error as DatabaseError
from django.db import transaction

from caretill.core import clock, sql
from caretill.core.ids import uuid7
from caretill.payments import family
from caretill.payments.gateways import gateway
from caretill.payments.gateways.base import Dispute, GatewayRefused, GatewayUnknown
from caretill.regions import catalog

log = structlog.get_logger("caretill.payments")

ASK_AGAIN = timedelta(hours=1)  # a lost message costs no more
LEASE = timedelta(minutes=1)
OVERLAP = timedelta(days=7)
A_PAGE = 100


def record(account_id: UUID, payment_id: UUID, dispute: Dispute) -> dict[str, Any]:
    """Record a dispute as the processor shows it now: open, won or lost.

    Returns {code: opened | won | lost | repeat | missing, dispute_id}, and for a lost one reopened_cents and
    owed_back_cents (money that had left us before). One that is over already is opened and ended at once.
    """
    row = _payment(account_id, payment_id)
    if row is None:
        return {"code": "missing"}
    now = clock.now()
    answer = sql.call(
        "payments_dispute_said",
        account_id,
        {
            "payment_id": payment_id,
            "dispute_id": uuid7(),
            "dispute_ref": dispute.id,
            "status": dispute.status,
            "amount_cents": dispute.amount_cents,
            "fee_cents": dispute.fee_cents,
            "reason": dispute.reason,
            "respond_by": dispute.respond_by,
            "opened_at": dispute.created,
            "ask_at": now + ASK_AGAIN,
            "first": family.spare(account_id, payment_id) if row["family"] else [],
            "provider": row["gateway"],
            "now": now,
            "business_date": clock.today(catalog.region(row["region"]).time_zone),
            "journal_id": uuid7(),
        },
    )
    if answer.pop("family", False):
        family.finish(account_id, payment_id)
    return answer


def heard(provider: str, dispute_ref: str) -> str:
    """The processor said something of a dispute: ask for it, and record it. The code, or `foreign` for another's.

    Raises GatewayUnknown and GatewayRefused where the processor cannot say.
    """
    dispute = gateway(provider).retrieve_dispute(dispute_ref)
    row = sql.one(
        "SELECT account_id, payment_id FROM payments_object WHERE provider = %s AND object_ref = %s",
        (provider, dispute.charge_id),
    )
    if row is None:
        return "foreign"
    return str(record(row["account_id"], row["payment_id"], dispute)["code"])


def sweep(most: int = 50) -> dict[str, int]:
    """Ask about open disputes whose turn it is. Returns how many were looked at and how many ended."""
    now = clock.now()
    with transaction.atomic():
        rows = sql.query(
            "UPDATE payments_dispute d SET ask_at = %s FROM (SELECT account_id, id FROM payments_dispute"
            " WHERE ask_at <= %s ORDER BY ask_at LIMIT %s FOR UPDATE SKIP LOCKED) AS x"
            " WHERE d.account_id = x.account_id AND d.id = x.id RETURNING d.account_id, d.payment_id, d.dispute_ref",
            (now + LEASE, now, most),
        )
    ended = 0
    for row in sorted(rows, key=lambda each: each["dispute_ref"]):
        paid = _payment(row["account_id"], row["payment_id"])
        try:
            said = gateway(paid["gateway"] if paid else "").retrieve_dispute(row["dispute_ref"])
            ended += record(row["account_id"], row["payment_id"], said)["code"] in ("won", "lost")
        except (GatewayUnknown, GatewayRefused):
            continue
        except DatabaseError:
            raise
        except Exception:
            # One dispute that cannot be looked at holds up no other.
            log.exception("a dispute could not be looked at", dispute_ref=row["dispute_ref"])
    return {"looked": len(rows), "ended": ended}


def look_now() -> dict[str, int]:
    """As `sweep`, of all open ones whatever their turn."""
    sql.execute("UPDATE payments_dispute SET ask_at = %s WHERE state = 'open'", (clock.now(),))
    done = {"looked": 0, "ended": 0}
    while (turn := sweep())["looked"]:
        done = {name: done[name] + turn[name] for name in done}
    return done


def find_new(provider: str = "sandbox") -> dict[str, int]:
    """List disputes at the processor and record those that no message told of. Returns how many were seen and new.

    Begins at the newest that was known OVERLAP ago: a message that was lost may be older than one that came.
    """
    last = sql.one(
        "SELECT d.dispute_ref FROM payments_dispute d JOIN payments_attempt a ON a.account_id = d.account_id"
        " AND a.payment_id = d.payment_id WHERE a.gateway = %s AND d.opened_at < %s ORDER BY d.opened_at DESC LIMIT 1",
        (provider, clock.now() - OVERLAP),
    )
    after, seen, new = (last["dispute_ref"] if last else None), 0, 0
    while True:
        try:
            found = gateway(provider).list_disputes(after)
        except (GatewayUnknown, GatewayRefused):
            return {"seen": seen, "new": new}
        known = sql.query(
            "SELECT dispute_ref FROM payments_dispute WHERE dispute_ref = ANY(%s)", ([each.id for each in found],)
        )
        refs = {row["dispute_ref"] for row in known}
        new += sum(_of_ours(provider, each) for each in found if each.id not in refs)
        seen += len(found)
        if len(found) < A_PAGE:
            return {"seen": seen, "new": new}
        after = found[-1].id


def _of_ours(provider: str, dispute: Dispute) -> bool:
    row = sql.one(
        "SELECT account_id, payment_id FROM payments_object WHERE provider = %s AND object_ref = %s",
        (provider, dispute.charge_id),
    )
    return row is not None and record(row["account_id"], row["payment_id"], dispute)["code"] != "missing"


def listed(state: str = "open", most: int = 1_000) -> list[dict[str, Any]]:
    """Disputes in a state, those that must be answered first at the top: for the office, without names."""
    return sql.query(
        "SELECT d.account_id, d.id, d.payment_id, d.dispute_ref, d.amount_cents, d.fee_cents, d.state, d.reason,"
        " d.respond_by, d.opened_at, d.owed_back_cents, p.reference FROM payments_dispute d JOIN payments_payment p"
        " ON p.account_id = d.account_id AND p.id = d.payment_id WHERE d.state = %s"
        " ORDER BY d.respond_by NULLS LAST, d.id LIMIT %s",
        (state, most),
    )


def _payment(account_id: UUID, payment_id: UUID) -> dict[str, Any] | None:
    return sql.one(
        "SELECT p.region, p.family, a.gateway FROM payments_payment p JOIN payments_attempt a"
        " ON a.account_id = p.account_id AND a.payment_id = p.id WHERE p.account_id = %s AND p.id = %s",
        (account_id, payment_id),
    )
