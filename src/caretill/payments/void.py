"""A payment taken back whole before it was settled: for the payer and the payout it never was."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from caretill.core import sql
from caretill.payments import refund
from caretill.payments.refund import BANK


def void(account_id: UUID, payment_id: UUID, key: UUID, reason: str = "void") -> dict[str, Any]:
    """Take a payment that succeeded back, whole, before its processor's day is over. The key makes two calls one.

    Returns {code, refund_id, state}: voided; unknown (the answer was lost: the sweeper finds out); repeat (that key
    ended before); too_late (it is settled: give it back instead); refused (with failure_code; nothing changed);
    already_refunded, dispute_open, missing. A bank debit is taken back before its file (payments.charge.withdraw).
    """
    row = sql.one(
        "SELECT p.state, p.captured_cents, p.refunded_cents, p.returned_cents, a.gateway FROM payments_payment p"
        " JOIN payments_attempt a ON a.account_id = p.account_id AND a.payment_id = p.id"
        " WHERE p.account_id = %s AND p.id = %s",
        (account_id, payment_id),
    )
    if row is None or row["state"] != "succeeded":
        return {"code": "missing"}
    if row["gateway"] == BANK:
        return {"code": "too_late"}
    answer = refund.take_back_whole(account_id, payment_id, key, reason)
    code = {"refunded": "voided", "above_captured": "already_refunded"}.get(answer["code"], answer["code"])
    if answer.get("failure_code", "").endswith("already_settled"):
        code = "too_late"
    return answer | {"code": code}
