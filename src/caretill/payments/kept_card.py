"""The card that a member had kept while paying: it becomes a way to pay, with what was agreed to about it (COF-1)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from caretill.core import sql
from caretill.methods import keep, mandates
from caretill.methods.mandates import MandateText
from caretill.payments.gateways import gateway


def words(region: str, language: str) -> MandateText:
    """What the member is shown before the press: the card is typed on the processor's page after it."""
    return mandates.words("save", language, region=region, account="card")


def keep_card(account_id: UUID, payment_id: UUID, mandate_id: UUID) -> UUID | None:
    """Keep the card of a payment that went through, if its page kept one; its id. Again: the same.

    Raises GatewayUnknown and GatewayRefused where the processor cannot say: to be tried again.
    """
    row = _payment(account_id, payment_id)
    if row is None or row["login_id"] is None or not row["session_ref"]:
        return None
    session = gateway(row["gateway"]).retrieve_session(row["session_ref"])
    if not session.method_ref:
        return None  # the box on the processor's page stayed empty
    method_id = keep.save_card(account_id, row["login_id"], session, gateway=row["gateway"])
    text, agreed = words(row["region"], row["language"]), sql.answer(row["body"]).get("agreed") or {}
    mandates.agree(
        account_id, method_id, row["login_id"], "save", "member", text, agreed.get("network", ""),
        mandate_id=mandate_id, agreed_at=row["created_at"],
    )  # fmt: skip
    return method_id


def _payment(account_id: UUID, payment_id: UUID) -> dict[str, Any] | None:
    return sql.one(
        "SELECT p.region, p.language, p.login_id, p.created_at, a.gateway, a.session_ref, e.body"
        " FROM payments_payment p JOIN payments_attempt a ON a.account_id = p.account_id AND a.payment_id = p.id"
        " JOIN payments_event e ON e.account_id = p.account_id AND e.payment_id = p.id AND e.event = 'begun'"
        " WHERE p.account_id = %s AND p.id = %s",
        (account_id, payment_id),
    )
