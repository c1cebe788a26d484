"""Money goes back the way it came, in part or whole: a child operation with states of its own and two calls.

Call 1 takes the money out of where it stands (credit first, then bills, the last first) and owes it to the payer; then
the processor is asked with nothing held; call 2 records what it said. A lost answer is `unknown`, never failed: the
sweeper repeats the identical request while the processor's key lives, then looks for it by its name there. What went
out and came back again becomes the payer's credit. A bank debit is given back by a credit of the bank's next file.
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
from caretill.core.ids import uuid7
from caretill.payments import family
from caretill.payments.gateways import gateway
from caretill.payments.gateways.base import GatewayRefused, GatewayUnknown, Refund, Session
from caretill.regions import bankdays, catalog

log = structlog.get_logger("caretill.payments")

BANK = "ach"  # the gateway of bank debits: no processor is asked, the file of the room ach takes what waits
BANK_DAYS = 3  # a debit comes back within two banking days in most cases: its credit leaves after them
KEY_LIVES = timedelta(hours=23)
SENDING_LEASE = timedelta(seconds=20)
LEASE = timedelta(seconds=30)
SOON, SLOWEST = timedelta(seconds=15), timedelta(minutes=5)
PENDING_AGAIN = timedelta(hours=1)
CODES = {"succeeded": "refunded", "pending": "pending", "unknown": "unknown", "failed": "failed"}
UNDECIDED = "idempotency_mismatch"  # says nothing of what the first request under this key did


def refund(
    account_id: UUID,
    payment_id: UUID,
    amount_cents: int,
    key: UUID,
    reason: str,
    bills: Mapping[UUID, int] | None = None,
) -> dict[str, Any]:
    """Give `amount_cents` of a payment back. The key makes two equal refunds two, and one one; it survives a kill.

    Returns {code, refund_id, state, refunded_cents, failure_code}. Codes: refunded; pending (the processor works on
    it); unknown (its answer was lost: the sweeper finds out); queued (a bank debit: the next file takes it); repeat
    (that key ended before); refused (nothing was done there, and all stands as before); failed (it is the payer's
    credit); dispute_open, above_captured, key_conflict, missing (nothing was done). Holds no lock while the processor
    works.
    `bills` says which bills of a family's payment it comes off first, and how much of it at most.
    """
    row = _payment(account_id, payment_id)
    if row is None or row["state"] != "succeeded":
        return {"code": "missing"}
    return _through(account_id, row, _ask(account_id, row, amount_cents, key, reason, bills=bills))


def refund_of(
    account_id: UUID, payment_id: UUID, amount_cents: int, key: UUID, reason: str, only: str
) -> dict[str, Any]:
    """As `refund`, out of what of the payment is `credit` or `deposit` and nothing else: no bill opens again."""
    row = _payment(account_id, payment_id)
    if row is None or row["state"] != "succeeded":
        return {"code": "missing"}
    return _through(account_id, row, _ask(account_id, row, amount_cents, key, reason, only=only))


def left(account_id: UUID, payment_id: UUID) -> int:
    """Cents of a payment that may still be given back."""
    row = sql.one(
        "SELECT payments_left(p.account_id, p) AS cents FROM payments_payment p"
        " WHERE p.account_id = %s AND p.id = %s AND p.state = 'succeeded'",
        (account_id, payment_id),
    )
    return int(row["cents"]) if row else 0


def take_back_whole(account_id: UUID, payment_id: UUID, key: UUID, reason: str) -> dict[str, Any]:
    """As `refund`, of all of a payment that nothing was given back of, before it is settled (see payments.void)."""
    row = _payment(account_id, payment_id)
    if row is None or row["state"] != "succeeded":
        return {"code": "missing"}
    return _through(account_id, row, _ask(account_id, row, row["captured_cents"], key, reason, kind="void"))


def _through(account_id: UUID, row: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """After call 1: the processor with nothing held, and call 2."""
    if asked["code"] not in ("asked", "repeat"):
        return asked
    if asked.pop("family"):
        # Bills of other accounts follow at once; who is killed here is finished by the sweeper.
        family.finish(account_id, row["id"])
    if row["gateway"] == BANK:
        return asked | {"code": "queued" if asked["code"] == "asked" else "repeat"}
    if asked["code"] == "repeat" and asked["state"] not in ("submitting", "unknown"):
        return asked
    ended = _send(account_id, _refund(account_id, UUID(asked["refund_id"])))
    if asked["code"] == "repeat" and ended["code"] == "refunded":
        ended["code"] = "repeat"
    return ended | {"refund_id": asked["refund_id"]}


def record(
    account_id: UUID,
    refund_id: UUID,
    to: str,
    *,
    refund_ref: str = "",
    provider: str = "caretill",
    failure_code: str | None = None,
    wait: timedelta | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Record what became of a refund: pending, unknown, succeeded, failed or refused (see payments_refund_end).

    Returns {code: applied | repeat | missing, state, refunded_cents}. Nothing leads out of succeeded and failed. `wait`
    is when somebody looks at it again.
    """
    row = _refund(account_id, refund_id)
    now = clock.now()
    return sql.call(
        "payments_refund_end",
        account_id,
        {
            "refund_id": refund_id,
            "to": to,
            "refund_ref": refund_ref,
            "provider": provider,
            "lease_until": now + wait if wait else None,
            "now": now,
            "business_date": clock.today(catalog.region(row["region"]).time_zone),
            "journal_id": uuid7(),
            **({"failure_code": failure_code} if failure_code is not None else {}),
            **more,
        },
    )


def refunded_there(account_id: UUID, payment_id: UUID, session: Session) -> int:
    """Book each refund that the processor knows of and this ledger does not; how many were booked.

    Raises GatewayUnknown and GatewayRefused where the processor cannot list them.
    """
    row = _payment(account_id, payment_id)
    if row is None:
        return 0
    if session.voided:
        return int(voided_there(account_id, payment_id))
    if session.refunded_cents <= row["refunded_cents"] - _under_way(account_id, payment_id):
        return 0
    booked = 0
    for charge in gateway(row["gateway"]).find_charges(reference=session.reference):
        for given in charge.refunds if charge.id == row["charge_ref"] else ():
            booked += heard(account_id, payment_id, given.id)
    return booked


def heard(account_id: UUID, payment_id: UUID, refund_ref: str) -> bool:
    """The processor said something of a refund: ask for it and record it; whether anything was new.

    One that was not asked for here was made there, by the office: it is booked under its own name, once.
    """
    row = _payment(account_id, payment_id)
    if row is None:
        return False
    said = gateway(row["gateway"]).retrieve_refund(refund_ref)
    if said.charge_id != row["charge_ref"]:
        return False
    ours = sql.one(
        "SELECT id FROM payments_refund WHERE account_id = %s AND payment_id = %s"
        " AND (refund_ref = %s OR id::text = %s)",
        (account_id, payment_id, refund_ref, said.reference),
    )
    if ours is not None:
        return bool(_said(account_id, ours["id"], row["gateway"], said)["code"] == "applied")
    if said.status == "failed":
        return False
    return _made_there(account_id, row, said.amount_cents, refund_ref, "refund", said)


def void_heard(account_id: UUID, payment_id: UUID) -> bool:
    """A charge of a saved card may have been taken back there: ask, and book it. Whether that was new here."""
    row = sql.one(
        "SELECT a.gateway, a.id, p.charge_ref FROM payments_attempt a JOIN payments_payment p"
        " ON p.account_id = a.account_id AND p.id = a.payment_id WHERE a.account_id = %s AND a.payment_id = %s",
        (account_id, payment_id),
    )
    if row is None:
        return False
    found = gateway(row["gateway"]).find_saved_charges(str(row["id"]))
    gone = any(each.id == row["charge_ref"] and each.status == "voided" for each in found)
    return voided_there(account_id, payment_id) if gone else False


def voided_there(account_id: UUID, payment_id: UUID) -> bool:
    """A payment that somebody took back at the processor before it was settled; whether that was new here."""
    row = _payment(account_id, payment_id)
    if row is None or row["state"] != "succeeded" or row["captured_cents"] == row["refunded_cents"]:
        return False
    return _made_there(account_id, row, row["captured_cents"], f"void:{row['charge_ref']}", "void", None)


def sweep(most: int = 50) -> dict[str, int]:
    """One turn over refunds whose lease is over. Returns how many were looked at and how many ended."""
    now = clock.now()
    with transaction.atomic():
        rows = sql.query(
            "UPDATE payments_refund r SET lease_until = %s, tries = least(r.tries + 1, 1000) FROM ("
            " SELECT account_id, id FROM payments_refund WHERE lease_until <= %s ORDER BY lease_until LIMIT %s"
            " FOR UPDATE SKIP LOCKED) AS d WHERE r.account_id = d.account_id AND r.id = d.id"
            " RETURNING r.account_id, r.id",
            (now + LEASE, now, most),
        )
    ended = 0
    for row in sorted(rows, key=lambda each: each["id"]):
        try:
            ended += _look(row["account_id"], _refund(row["account_id"], row["id"])) in ("succeeded", "failed")
        except DatabaseError:
            raise
        except Exception:
            # One refund that cannot be looked at holds up no other.
            log.exception("a refund could not be looked at", refund_id=str(row["id"]))
    return {"looked": len(rows), "ended": ended}


def _look(account_id: UUID, row: dict[str, Any]) -> str:
    """Send again while the processor's key certainly lives; after that only ask. The state after it."""
    processor, wait = gateway(row["gateway"]), min(SLOWEST, SOON * 2 ** min(row["tries"], 5))
    if row["state"] in ("submitting", "unknown") and clock.now() - row["recorded_at"] < KEY_LIVES:
        return str(_send(account_id, row, wait)["state"])
    try:
        if row["state"] == "pending":
            found = [processor.retrieve_refund(row["refund_ref"])]
        else:
            found = processor.find_refunds(str(row["id"]))
    except (GatewayUnknown, GatewayRefused):
        return str(record(account_id, row["id"], "unknown", wait=wait)["state"])
    if found:
        return str(_said(account_id, row["id"], row["gateway"], found[0])["state"])
    told = {"provider": row["gateway"], "failure_code": "not_sent", "tell": True}
    return str(record(account_id, row["id"], "refused", **told)["state"])


def _ask(
    account_id: UUID, row: dict[str, Any], amount_cents: int, key: UUID, reason: str, **more: Any
) -> dict[str, Any]:
    """Call 1."""
    bills = more.pop("bills", None)
    first = [{"bill_id": bill, "amount_cents": cents} for bill, cents in (bills or {}).items()]
    if row["family"]:
        first += family.spare(account_id, row["id"])
    now, today = clock.now(), clock.today(catalog.region(row["region"]).time_zone)
    waits = row["gateway"] == BANK
    return sql.call(
        "payments_refund_ask",
        account_id,
        {
            "payment_id": row["id"],
            "refund_id": uuid7(),
            "key": key,
            "amount_cents": amount_cents,
            "reason": reason,
            "lease_until": None if waits else now + SENDING_LEASE,
            "not_before": bankdays.add(row["settled_on"] or row["business_date"], BANK_DAYS) if waits else None,
            "first": first,
            "now": now,
            "business_date": today,
            **more,
        },
    )


def _send(account_id: UUID, row: dict[str, Any], wait: timedelta = SOON) -> dict[str, Any]:
    """Ask the processor with nothing held, then call 2."""
    processor, refund_id = gateway(row["gateway"]), row["id"]
    try:
        if row["kind"] == "void":
            processor.void(str(refund_id), row["charge_ref"])
            answer = _gone(account_id, refund_id, row["gateway"], f"void:{row['charge_ref']}")
        else:
            made = processor.refund(str(refund_id), row["charge_ref"], row["amount_cents"], str(refund_id))
            answer = _said(account_id, refund_id, row["gateway"], made)
    except GatewayUnknown:
        answer = record(account_id, refund_id, "unknown", provider=row["gateway"], wait=wait)
    except GatewayRefused as refused:
        if refused.code == UNDECIDED:
            answer = record(account_id, refund_id, "unknown", provider=row["gateway"], wait=wait)
        else:
            told = {"provider": row["gateway"], "failure_code": refused.code}
            answer = record(account_id, refund_id, "refused", **told)
            if answer["code"] == "applied":
                return answer | {"code": "refused", "failure_code": refused.code}
    return answer | {"code": CODES[answer["state"]]}


def _said(account_id: UUID, refund_id: UUID, provider: str, said: Refund) -> dict[str, Any]:
    if said.status == "succeeded":
        return _gone(account_id, refund_id, provider, said.id)
    told: dict[str, Any] = {"refund_ref": said.id, "provider": provider}
    if said.status == "failed":
        return record(account_id, refund_id, "failed", failure_code=said.failure_code or "failed", **told)
    return record(account_id, refund_id, "pending", wait=PENDING_AGAIN, **told)


def _gone(account_id: UUID, refund_id: UUID, provider: str, refund_ref: str) -> dict[str, Any]:
    return record(account_id, refund_id, "succeeded", refund_ref=refund_ref, provider=provider)


def _made_there(
    account_id: UUID, row: dict[str, Any], amount_cents: int, refund_ref: str, kind: str, said: Refund | None
) -> bool:
    """Both calls at once: between them there is nothing to send."""
    with transaction.atomic():
        told = {"there": True, "refund_ref": refund_ref, "kind": kind, "provider": row["gateway"], "lease_until": None}
        asked = _ask(account_id, row, amount_cents, uuid7(), "processor", **told)
        if asked["code"] == "asked" and said is not None:
            _said(account_id, UUID(asked["refund_id"]), row["gateway"], said)
        elif asked["code"] == "asked":
            _gone(account_id, UUID(asked["refund_id"]), row["gateway"], refund_ref)
    if row["family"]:
        family.finish(account_id, row["id"])
    if asked["code"] not in ("asked", "repeat"):
        log.warning("a refund of the processor cannot be booked", refund_ref=refund_ref, why=asked["code"])
    return bool(asked["code"] == "asked")


def _under_way(account_id: UUID, payment_id: UUID) -> int:
    row = sql.one(
        "SELECT coalesce(sum(amount_cents), 0)::bigint AS cents FROM payments_refund WHERE account_id = %s"
        " AND payment_id = %s AND state IN ('submitting', 'unknown')",
        (account_id, payment_id),
    )
    return int(row["cents"]) if row else 0


def _refund(account_id: UUID, refund_id: UUID) -> dict[str, Any]:
    row = sql.one(
        "SELECT r.id, r.payment_id, r.state, r.kind, r.amount_cents, r.refund_ref, r.recorded_at, r.tries, p.region,"
        " p.charge_ref, a.gateway FROM payments_refund r JOIN payments_payment p ON p.account_id = r.account_id"
        " AND p.id = r.payment_id JOIN payments_attempt a ON a.account_id = p.account_id AND a.payment_id = p.id"
        " WHERE r.account_id = %s AND r.id = %s",
        (account_id, refund_id),
    )
    if row is None:
        raise LookupError(f"no refund {refund_id}")
    return row


def _payment(account_id: UUID, payment_id: UUID) -> dict[str, Any] | None:
    return sql.one(
        "SELECT p.id, p.state, p.region, p.captured_cents, p.refunded_cents, p.charge_ref, p.family, p.business_date,"
        " p.settled_on, a.gateway FROM payments_payment p JOIN payments_attempt a ON a.account_id = p.account_id"
        " AND a.payment_id = p.id WHERE p.account_id = %s AND p.id = %s",
        (account_id, payment_id),
    )
