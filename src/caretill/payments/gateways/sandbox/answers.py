"""What the sandbox processor answers, read: each field checked, so that nothing else is ever believed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from caretill.payments.gateways.base import (
    Charge,
    ChargeResult,
    Dispute,
    GatewayUnknown,
    GivenBack,
    Payout,
    Refund,
    SavedMethod,
    Session,
)

T = TypeVar("T")

PAYOUT_HEAD = "kind,operation_id,charge_id,reference,gross_cents,fee_cents,net_cents,currency,time"

_STATUSES = frozenset({"open", "complete", "expired"})
_OUTCOMES = frozenset({"unpaid", "processing", "paid", "declined", "saved"})
_RESULTS = frozenset({"succeeded", "processing", "declined", "requires_action", "voided"})
_REFUNDS = frozenset({"succeeded", "pending", "failed"})
_FUNDINGS = frozenset({"credit", "debit", "prepaid"})


def read(maker: Callable[[Any], T], body: Any) -> T:
    """What `maker` makes of an answer. Raises GatewayUnknown where something is missing or of another kind."""
    try:
        return maker(body)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise GatewayUnknown("an answer without what it must hold") from error


def list_of(maker: Callable[[Any], T]) -> Callable[[Any], list[T]]:
    """A reader of `{"data": [...]}`."""
    return lambda body: [maker(item) for item in body["data"]]


def _cents(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("cents")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("text")
    return value


def _one_of(value: Any, allowed: frozenset[str]) -> Any:
    if value not in allowed:
        raise ValueError("word")
    return value


def _time(value: Any) -> datetime:
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError("time without a zone")
    return at.astimezone(UTC)


def session(body: Any) -> Session:
    """A checkout."""
    card = body["card"] or {}
    outcome = _one_of(body["outcome"], _OUTCOMES)
    charge = body["charge"]
    if outcome == "paid":
        _text(charge)
    kept = method(body["method"]) if body.get("method") else None
    if outcome == "saved" and kept is None:
        raise ValueError("saved nothing")
    return Session(
        id=_text(body["id"]),
        url=_text(body["url"]),
        status=_one_of(body["status"], _STATUSES),
        outcome=outcome,
        reference=_text(body["reference"]),
        amount_cents=_cents(body["amount_cents"]),
        currency=_text(body["currency"]),
        charge_id=charge,
        failure_code=body["failure_code"],
        card_brand=card.get("brand"),
        card_last4=card.get("last4"),
        expires_at=_time(body["expires_at"]),
        refunded_cents=_cents(body["refunded_cents"]),
        method_ref=kept.method_ref if kept else None,
        expiry_month=kept.expiry_month if kept else None,
        expiry_year=kept.expiry_year if kept else None,
        funding=kept.funding if kept else None,
        network_ref=kept.network_ref if kept else None,
        voided=body.get("voided") is True,
    )


def method(body: Any) -> SavedMethod:
    """A saved card."""
    month = _cents(body["expiry_month"])
    if not 1 <= month <= 12 or type(body["usable"]) is not bool:
        raise ValueError("method")
    return SavedMethod(
        method_ref=_text(body["id"]),
        card_brand=_text(body["brand"]),
        card_last4=_text(body["last4"]),
        expiry_month=month,
        expiry_year=_cents(body["expiry_year"]),
        funding=_one_of(body["funding"], _FUNDINGS),
        network_ref=_text(body["network_ref"]),
        usable=body["usable"],
    )


def charge_result(body: Any) -> ChargeResult:
    """One charge of a saved card, or one that was voided. Only a decline may be hard, and each names its reason."""
    card = body["card"] or {}
    status = _one_of(body["status"], _RESULTS)
    if type(body["hard"]) is not bool or (body["hard"] and status != "declined"):
        raise ValueError("hard")
    if status == "declined":
        _text(body["failure_code"])
    return ChargeResult(
        id=_text(body["id"]),
        status=status,
        reference=_text(body["reference"]),
        amount_cents=_cents(body["amount_cents"]),
        currency=_text(body["currency"]),
        failure_code=body["failure_code"],
        hard=body["hard"],
        card_brand=card.get("brand"),
        card_last4=card.get("last4"),
        network_ref=body["network_ref"],
    )


def refund(body: Any) -> Refund:
    """Money sent back."""
    return Refund(
        id=_text(body["id"]),
        charge_id=_text(body["charge"]),
        reference=_text(body["reference"]),
        amount_cents=_cents(body["amount_cents"]),
        currency=_text(body["currency"]),
        status=_one_of(body["status"], _REFUNDS),
        created=_time(body["created"]),
        failure_code=body.get("failure_code"),
    )


def charge(body: Any) -> Charge:
    """Money taken."""
    return Charge(
        id=_text(body["id"]),
        session_id=_text(body["session"]) if body["session"] is not None else None,
        reference=_text(body["reference"]),
        processor_account=_text(body["account"]),
        amount_cents=_cents(body["amount_cents"]),
        refunded_cents=_cents(body["refunded_cents"]),
        currency=_text(body["currency"]),
        created=_time(body["created"]),
        refunds=tuple(_given_back(one) for one in body["refunds"]),
        disputed_cents=_cents(body.get("disputed_cents", 0)),
        voided=body.get("voided") is True,
    )


def _given_back(body: Any) -> GivenBack:
    status = _one_of(body.get("status", "succeeded"), _REFUNDS)
    return GivenBack(_text(body["id"]), _cents(body["amount_cents"]), status)


def dispute(body: Any) -> Dispute:
    """A dispute."""
    return Dispute(
        id=_text(body["id"]),
        charge_id=_text(body["charge"]),
        reference=_text(body["reference"]),
        amount_cents=_cents(body["amount_cents"]),
        currency=_text(body["currency"]),
        reason=_text(body["reason"]),
        status=_one_of(body["status"], frozenset({"open", "won", "lost"})),
        fee_cents=_cents(body["fee_cents"]),
        respond_by=_time(body["respond_by"]),
        created=_time(body["created"]),
    )


def payout(body: Any) -> Payout:
    """A payout."""
    return Payout(
        id=_text(body["id"]),
        processor_account=_text(body["account"]),
        amount_cents=_cents(body["amount_cents"]),
        currency=_text(body["currency"]),
        status=_one_of(body["status"], frozenset({"in_transit", "paid"})),
        count=_cents(body["count"]),
        created=_time(body["created"]),
        arrives_on=date.fromisoformat(body["arrives_on"]),
        bank_reference=_text(body["bank_reference"]),
    )


def payout_file(text: str, payout_id: str) -> bytes:
    """The file as it came, when it is whole: its first and last line are there, and the last counts the others.

    Raises GatewayUnknown.
    """
    lines = text.split("\n")
    whole = len(lines) >= 3 and text.isascii() and lines[0] == PAYOUT_HEAD and lines[-1] == ""
    last = lines[-2].split(",") if whole else []
    if not whole or last[:2] != ["total", payout_id] or last[3:4] != [str(len(lines) - 3)]:
        raise GatewayUnknown("a payout file that is not whole")
    return text.encode("ascii")
