"""The call that charges a saved card, what is known of it afterwards, and who finishes it when nobody did.

A timeout, a broken connection or a 5xx is never a no: the payment is unknown, its bills stay held, and the identical
request goes out again while the processor's key certainly lives. After that it is only asked which charges there are,
and nothing is ever sent again (money.md, Exactly once 5).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from caretill.core import clock, sql
from caretill.methods import change
from caretill.payments import family, take
from caretill.payments.gateways import gateway
from caretill.payments.gateways.base import ChargeRequest, ChargeResult, GatewayRefused, GatewayUnknown
from caretill.payments.record import ASK_AGAIN_HOT, record
from caretill.payments.states import ENDED
from caretill.payments.take import Answer

KEY_LIVES = timedelta(hours=23)
GIVEN_UP = KEY_LIVES + timedelta(days=1)  # by then the processor's list shows every charge there ever was
Row = dict[str, Any]


def send(account_id: UUID, payment_id: UUID) -> Answer:
    """What comes after the payment was begun: the card is charged, or the debit queued. Repeating it charges once.

    Codes as in `payments.charge.charge`. Holds no lock and no transaction while the processor works.
    """
    row = _payment(account_id, payment_id)
    if row is None:
        return Answer("not_found")
    if row["state"] not in ("submitting", "unknown"):
        return _answer(payment_id, row["state"])
    if row["family"] and row["attempt"] == "sending":
        verdict = family.reserve(account_id, payment_id)
        if verdict.code != "reserved":
            return take.not_reserved(account_id, row, verdict)
        _held_all(account_id, row)
    if row["gateway"] == "ach":
        return Answer("queued", payment_id, state=row["state"])
    return _answer(payment_id, _charge(account_id, row))


def again(account_id: UUID, payment_id: UUID) -> str:
    """The sweeper's: finish a charge whose answer was lost. The state after it."""
    row = _payment(account_id, payment_id)
    if row is None or row["state"] in ENDED:
        return str(row["state"]) if row else ""
    if row["gateway"] == "ach" or (row["family"] and row["attempt"] == "sending"):
        return send(account_id, payment_id).state or str(row["state"])
    if row["state"] == "pending" or clock.now() - row["created_at"] >= KEY_LIVES:
        return _ask(account_id, row)
    return _charge(account_id, row)


def heard(account_id: UUID, payment_id: UUID) -> str:
    """The processor says that something happened to a charge: ask what. The state after it."""
    row = _payment(account_id, payment_id)
    if row is None or row["state"] in ENDED or row["gateway"] == "ach":
        return str(row["state"]) if row else ""
    return _ask(account_id, row)


def paid_out(account_id: UUID, payment_id: UUID) -> str:
    """A payout has a charge of this payment: ask, even where the payment had ended. The state after it."""
    row = _payment(account_id, payment_id)
    if row is None or row["state"] == "succeeded" or row["gateway"] == "ach" or not row["method_id"]:
        return str(row["state"]) if row else ""
    return _ask(account_id, row)


def judge(result: ChargeResult, amount_cents: int) -> tuple[str, str]:
    """The event a charge is evidence of, and the words that make the same evidence the same."""
    if result.status == "succeeded":
        if result.amount_cents != amount_cents or result.currency != "USD":
            return "cannot_tell", f"mismatch:{result.amount_cents}{result.currency}"
        return "succeeded", f"paid:{result.id}"
    if result.status == "processing":
        return "processing", f"processing:{result.id}"
    if result.status == "voided":
        return "expired", f"voided:{result.id}"
    return "declined", f"declined:{result.id}"


def tell(account_id: UUID, payment_id: UUID, result: ChargeResult) -> str:
    """Record what a charge says now, and put away a card that may never be tried again. The payment's state."""
    row = _payment(account_id, payment_id)
    return _tell(account_id, row, result) if row else ""


def _charge(account_id: UUID, row: Row) -> str:
    request = ChargeRequest(**sql.answer(row["request"]))
    try:
        result = gateway(row["gateway"]).charge_saved(request)
    except GatewayUnknown as silent:
        return _cannot_tell(account_id, row, silent.why)
    except GatewayRefused as refused:
        return _refused(account_id, row, refused)
    return _tell(account_id, row, result)


def _ask(account_id: UUID, row: Row) -> str:
    """Which charges there are under our reference: the one that was taken, else the newest."""
    try:
        found = gateway(row["gateway"]).find_saved_charges(str(row["attempt_id"]))
    except (GatewayUnknown, GatewayRefused) as silent:
        return _cannot_tell(account_id, row, type(silent).__name__)
    if found:
        taken = [each for each in found if each.status in ("succeeded", "processing")]
        return _tell(account_id, row, (taken or found)[-1])
    if clock.now() - row["created_at"] < GIVEN_UP:
        return _cannot_tell(account_id, row, "not in the list")
    return _told(account_id, row, "expired", "never_charged", {})


def _refused(account_id: UUID, row: Row, refused: GatewayRefused) -> str:
    """The processor said that this call had no effect. An earlier one may have had: then only its list tells."""
    if refused.code == "idempotency_mismatch":
        return _cannot_tell(account_id, row, refused.code)
    if row["state"] == "unknown" or row["tries"] > 1:
        try:
            found = gateway(row["gateway"]).find_saved_charges(str(row["attempt_id"]))
        except (GatewayUnknown, GatewayRefused) as silent:
            return _cannot_tell(account_id, row, type(silent).__name__)
        if found:
            return _tell(account_id, row, found[-1])
    event = "session_refused" if row["state"] == "submitting" else "declined"
    state = _told(account_id, row, event, f"refused:{refused.code}", {"failure_code": refused.code})
    if refused.code == "no_such_method":
        change.disable(account_id, row["method_id"], refused.code)
    return state


def _tell(account_id: UUID, row: Row, result: ChargeResult) -> str:
    event, evidence = judge(result, row["amount_cents"])
    figures: Row = {"body": {"status": result.status, "hard": result.hard}, "method_brand": result.card_brand}
    figures["method_last4"] = result.card_last4
    if event == "succeeded":
        figures |= {"amount_cents": result.amount_cents, "charge_ref": result.id}
    elif event == "declined":
        code = "authentication_required" if result.status == "requires_action" else result.failure_code
        figures["failure_code"] = code or "declined"
    elif event == "processing":
        figures |= {"charge_ref": result.id, "lease_until": clock.now() + ASK_AGAIN_HOT}
    state = _told(account_id, row, event, evidence, figures)
    if event == "declined" and result.hard:
        change.disable(account_id, row["method_id"], result.failure_code or "declined")
    return state


def _cannot_tell(account_id: UUID, row: Row, why: str) -> str:
    if row["state"] not in ("submitting", "pending"):
        return str(row["state"])
    return _told(account_id, row, "cannot_tell", f"silent:{clock.now().isoformat()}", {"body": {"why": why}})


def _told(account_id: UUID, row: Row, event: str, evidence: str, figures: Row) -> str:
    answer = record(
        account_id, row["id"], row["region"], event,
        provider=row["gateway"], object_ref=str(row["attempt_id"]), evidence=evidence, **figures,
    )  # fmt: skip
    return str(answer["state"])


def _answer(payment_id: UUID, state: str) -> Answer:
    return Answer("declined" if state == "failed" else "ended", payment_id, state=state)


def _held_all(account_id: UUID, row: Row) -> None:
    """Bills of other accounts are held: the card may be charged, or a bank debit go into a file, now."""
    queued = row["gateway"] == "ach"
    with transaction.atomic():
        sql.execute(
            "UPDATE payments_payment SET posts_on = %s WHERE account_id = %s AND id = %s AND state = 'submitting'",
            (sql.answer(row["request"]).get("posts_on"), account_id, row["id"]),
        )
        sql.execute(
            "UPDATE payments_attempt SET state = %s, lease_until = CASE WHEN %s THEN created_at + interval '10 years'"
            " ELSE lease_until END WHERE account_id = %s AND id = %s AND state = 'sending'",
            ("queued" if queued else "charging", queued, account_id, row["attempt_id"]),
        )


def _payment(account_id: UUID, payment_id: UUID) -> Row | None:
    return sql.one(
        "SELECT p.id, p.state, p.region, p.amount_cents, p.visit, p.family, p.method_id, a.id AS attempt_id,"
        " a.state AS attempt, a.gateway, a.request, a.created_at, a.tries"
        " FROM payments_payment p JOIN payments_attempt a ON a.account_id = p.account_id AND a.payment_id = p.id"
        " WHERE p.account_id = %s AND p.id = %s",
        (account_id, payment_id),
    )
