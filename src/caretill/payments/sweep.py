"""Finishes what nobody finished: lost answers, lost callbacks, closed browsers, killed processes.

Each attempt under way has a lease. When it is over, one sweeper takes it (a conditional update), asks the processor and
records what it says. The identical request is sent again only while the processor's key certainly lives. Bank
debits wait for room `ach`.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import structlog
from django.db import Error as DatabaseError
from django.db import transaction

from caretill.core import clock, sql
from caretill.payments import charging, family, take
from caretill.payments.charging import KEY_LIVES
from caretill.payments.gateways import gateway
from caretill.payments.gateways.base import GatewayRefused, GatewayUnknown
from caretill.payments.look import look_again
from caretill.payments.record import ASK_AGAIN_OPEN, record

log = structlog.get_logger("caretill.payments")

LEASE = timedelta(seconds=30)
SLOWEST = timedelta(minutes=5)


def sweep(most: int = 50) -> dict[str, int]:
    """One turn over the leases that are over. Returns how many were looked at and how many ended."""
    rows = _claim(most)
    ended = 0
    for row in sorted(rows, key=lambda each: (each["created_at"], each["id"])):
        try:
            state = _finish(row)
        except DatabaseError:
            raise
        except Exception:
            # One payment that cannot be finished holds up no other.
            log.exception("a payment could not be looked at", payment_id=str(row["payment_id"]))
            state = ""
        if state in ("succeeded", "failed", "voided"):
            ended += 1
        else:
            _lease_again(row, state)
    return {"looked": len(rows), "ended": ended}


def _claim(most: int) -> list[dict[str, Any]]:
    now = clock.now()
    with transaction.atomic():
        return sql.query(
            "UPDATE payments_attempt a SET lease_until = %s, tries = least(a.tries + 1, 1000) FROM ("
            " SELECT account_id, id FROM payments_attempt WHERE lease_until <= %s AND state NOT IN ('queued', 'filed')"
            " ORDER BY lease_until LIMIT %s"
            " FOR UPDATE SKIP LOCKED) AS d WHERE a.account_id = d.account_id AND a.id = d.id"
            " RETURNING a.account_id, a.id, a.payment_id, a.gateway, a.state, a.session_ref, a.created_at, a.tries,"
            " (SELECT p.method_id FROM payments_payment p WHERE p.account_id = a.account_id AND p.id = a.payment_id),"
            " (SELECT p.expires_at FROM payments_payment p WHERE p.account_id = a.account_id AND p.id = a.payment_id),"
            " (SELECT p.region FROM payments_payment p WHERE p.account_id = a.account_id AND p.id = a.payment_id)",
            (now + LEASE, now, most),
        )


def _finish(row: dict[str, Any]) -> str:
    if row["state"] == "ended":
        return family.finish(row["account_id"], row["payment_id"])
    if row["method_id"]:
        return charging.again(row["account_id"], row["payment_id"])
    if not row["session_ref"]:
        return _find_session(row)
    if clock.now() > row["expires_at"]:
        # Only a page that is still open can be closed: what is pending or unknown must be asked about all the same.
        with suppress(GatewayUnknown):
            take.stop(row["account_id"], row["payment_id"])
    return look_again(row["account_id"], row["payment_id"])


def _find_session(row: dict[str, Any]) -> str:
    """The answer to our request was lost: ask which session it made; send it again only while its key lives."""
    account_id, payment_id, now = row["account_id"], row["payment_id"], clock.now()
    try:
        sessions = gateway(row["gateway"]).find_sessions(str(row["id"]))
    except (GatewayUnknown, GatewayRefused):
        return "submitting"
    if sessions:
        answer = take.opened(account_id, payment_id, row["region"], row["gateway"], str(row["id"]), sessions[0])
        return look_again(account_id, payment_id) if answer.code == "open" else answer.state
    if now < row["expires_at"] and now - row["created_at"] < KEY_LIVES:
        return take.send_again(account_id, payment_id).state or "submitting"
    answer_ = record(
        account_id,
        payment_id,
        row["region"],
        "no_session",
        provider=row["gateway"],
        object_ref=str(row["id"]),
        evidence="no_session",
    )
    return str(answer_["state"])


def _lease_again(row: dict[str, Any], state: str) -> None:
    """Ask again soon at first, then less often: within five minutes of the processor's return at the latest."""
    now = clock.now()
    wait = min(SLOWEST, timedelta(seconds=15) * 2 ** min(row["tries"], 5))
    if state == "requires_action":
        wait = ASK_AGAIN_OPEN
    sql.execute(
        "UPDATE payments_attempt SET lease_until = %s WHERE account_id = %s AND id = %s AND lease_until IS NOT NULL",
        (now + wait, row["account_id"], row["id"]),
    )
