"""Money goes back the way it came, in part or whole; bills open again by as much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from caretill.core import clock, sql
from caretill.core.ids import uuid7
from caretill.payments import family
from caretill.payments.gateways import gateway
from caretill.payments.gateways.base import Session
from caretill.regions import catalog


def refund(
    account_id: UUID,
    payment_id: UUID,
    amount_cents: int,
    key: UUID,
    reason: str,
    bills: Mapping[UUID, int] | None = None,
) -> dict[str, Any]:
    """Ask the processor to give `amount_cents` back, then book it. The key makes two equal refunds two, and one one.

    Returns {code: refunded | repeat | above_captured | missing, refunded_cents}. Raises GatewayRefused (no effect) and
    GatewayUnknown (repeat with the same key; its callback books it too). Holds no lock while the processor works.
    `bills` says which bills of a family's payment it comes off first, and how much of it at most; otherwise what bills
    were credited beyond their need, then the last bill first.
    """
    row = _payment(account_id, payment_id)
    if row is None or row["state"] != "succeeded":
        return {"code": "missing"}
    if amount_cents <= 0 or row["refunded_cents"] + amount_cents > row["captured_cents"]:
        return {"code": "above_captured"}
    made = gateway(row["gateway"]).refund(str(key), row["charge_ref"], amount_cents, str(payment_id))
    return _book(account_id, row, made.id, amount_cents, reason, bills)


def refunded_there(account_id: UUID, payment_id: UUID, session: Session) -> int:
    """Book each refund that the processor knows of and this ledger does not; how many were booked.

    Each under its own name, so that one whose answer is still on its way is not booked a second time when it comes.
    Raises GatewayUnknown and GatewayRefused where the processor cannot list them.
    """
    row = _payment(account_id, payment_id)
    if row is None or session.refunded_cents <= row["refunded_cents"]:
        return 0
    booked = 0
    for charge in gateway(row["gateway"]).find_charges(reference=session.reference):
        for given in charge.refunds if charge.id == row["charge_ref"] else ():
            booked += _book(account_id, row, given.id, given.amount_cents, "processor")["code"] == "refunded"
    return booked


def _book(
    account_id: UUID,
    row: dict[str, Any],
    refund_ref: str,
    amount_cents: int,
    reason: str,
    bills: Mapping[UUID, int] | None = None,
) -> dict[str, Any]:
    first = [{"bill_id": bill, "amount_cents": cents} for bill, cents in (bills or {}).items()]
    if row["family"]:
        first += family.spare(account_id, row["id"])
    answer = sql.call(
        "payments_refund",
        account_id,
        {
            "payment_id": row["id"],
            "refund_id": uuid7(),
            "refund_ref": refund_ref,
            "provider": row["gateway"],
            "amount_cents": amount_cents,
            "reason": reason,
            "event_id": uuid7(),
            "journal_id": uuid7(),
            "outbox_id": uuid7(),
            "now": clock.now(),
            "business_date": clock.today(catalog.region(row["region"]).time_zone),
            "first": first,
        },
    )
    if row["family"]:
        family.finish(account_id, row["id"])
    return answer


def _payment(account_id: UUID, payment_id: UUID) -> dict[str, Any] | None:
    return sql.one(
        "SELECT p.id, p.state, p.region, p.captured_cents, p.refunded_cents, p.charge_ref, p.family, a.gateway"
        " FROM payments_payment p JOIN payments_attempt a ON a.account_id = p.account_id AND a.payment_id = p.id"
        " WHERE p.account_id = %s AND p.id = %s",
        (account_id, payment_id),
    )
