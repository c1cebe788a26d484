"""Charges of saved cards, their holder not there: the networks' flags checked, the bank asked, the answer kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caretill.core.money import MAX_CENTS
from caretill.sim.processor import callbacks, charges, methods
from caretill.sim.processor.cards import APPROVED, HARD, SECOND_STEP
from caretill.sim.processor.faults import Subject
from caretill.sim.processor.parts import Parts
from caretill.sim.processor.wire import Refusal, read_asked

_FIELDS = (
    "reference",
    "amount_cents",
    "currency",
    "account",
    "method",
    "network_ref",
    "initiator",
    "reason",
    "statement_name",
)
_REASONS = ("recurring", "installment", "unscheduled", "none")


def charge(parts: Parts, asked: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Try a charge of a saved card. A bank's no is an answer; a Refusal had no effect."""
    method = _checked(parts, asked)
    fault = parts.strike("outcome", Subject(None, asked["reference"], asked["account"]))
    outcome = methods.what_bank_says(parts, method)
    if fault is not None:
        outcome = charges.DECLINE_FAULTS.get(fault.name, fault.name)
    charge_id = parts.new_id("ch")
    on_its_way = fault is not None and outcome.startswith("processing")
    status, code = "processing", None
    if not on_its_way:
        status, code = _verdict(outcome)
    names = ("reference", "account", "amount_cents", "currency", "statement_name", "initiator", "reason")
    parts.store.insert(
        "saved_charge",
        id=charge_id,
        method=method["id"],
        status=status,
        failure_code=code,
        network_ref=parts.new_id("nt"),
        card_brand=method["card_brand"],
        card_last4=method["card_last4"],
        settle_outcome="generic_decline" if outcome == "processing_declined" else APPROVED,
        created_ms=parts.now_ms(),
        **{name: asked[name] for name in names},
    )
    if fault is not None and on_its_way:
        parts.later("settle_saved", charge_id, parts.now_ms() + fault.ms)
        parts.log("charge.processing", charge=charge_id, key=key, **_facts(asked), method=method["id"])
    else:
        _end(parts, _row(parts, charge_id), method, parts.now_ms(), key)
    return show(parts, _row(parts, charge_id))


def _checked(parts: Parts, asked: Mapping[str, Any]) -> Any:
    read_asked(asked, "charge", _FIELDS, ("reference", "account"))
    _refuse(asked["amount_cents"] > MAX_CENTS, "amount_cents", "That is too much.")
    _refuse(asked.get("currency") != "USD", "currency", "USD is the only currency here.")
    _refuse(asked.get("initiator") not in ("customer", "merchant"), "initiator", "customer or merchant.")
    _refuse(asked.get("reason") not in _REASONS, "reason", f"One of {', '.join(_REASONS)}.")
    payee = asked.get("statement_name")
    named = isinstance(payee, str) and 0 < len(payee.strip()) <= 60 and payee.isprintable()
    _refuse(not named, "statement_name", "A name of 1 to 60 characters.")
    method = methods.load(parts, asked.get("method"))
    network_ref = asked.get("network_ref")
    if asked["initiator"] == "merchant" and (not network_ref or asked["reason"] == "none"):
        at = "reason" if network_ref else "network_ref"
        raise Refusal(409, "cof_missing", "A charge by a merchant names its reason and the network's reference.", at)
    if network_ref and network_ref != method["network_ref"]:
        known = parts.store.one(
            "SELECT 1 FROM saved_charge WHERE network_ref = ? AND method = ?", network_ref, method["id"]
        )
        if known is None:
            raise Refusal(409, "cof_unknown", "The network knows no such reference of this card.", "network_ref")
    return dict(method)


def _refuse(condition: bool, at: str, message: str) -> None:
    if condition:
        raise Refusal(400, "bad_value", message, at)


def _verdict(outcome: str) -> tuple[str, str | None]:
    if outcome == APPROVED:
        return "succeeded", None
    if outcome == SECOND_STEP:
        return "requires_action", "authentication_required"
    return "declined", outcome


def _end(parts: Parts, row: Any, method: Any, at_ms: int, key: str | None = None) -> None:
    facts = _facts(row)
    subject = Subject(None, row["reference"], row["account"])
    if row["status"] == "succeeded":
        flags = f"{row['initiator']} {row['reason']}"
        charges.take(
            parts, row["id"], facts, method, session=None, method=method["id"], at_ms=at_ms, key=key, detail=flags
        )
        callbacks.emit(parts, "charge.succeeded", subject, charge=row["id"])
        return
    parts.log("charge.declined", charge=row["id"], method=method["id"], key=key, detail=row["failure_code"], **facts)
    callbacks.emit(parts, "charge.declined", subject, charge=row["id"])


def _facts(row: Any) -> dict[str, Any]:
    return {name: row[name] for name in ("reference", "account", "amount_cents", "currency")}


def settle(parts: Parts, charge_id: str, due_ms: int) -> None:
    """End a charge that was on its way."""
    row = _row(parts, charge_id)
    status, code = _verdict(row["settle_outcome"])
    parts.store.update("saved_charge", charge_id, status=status, failure_code=code)
    method = parts.store.one("SELECT * FROM method WHERE id = ?", row["method"])
    _end(parts, _row(parts, charge_id), dict(method or {}), due_ms)


def _row(parts: Parts, charge_id: str) -> Any:
    return parts.store.one("SELECT * FROM saved_charge WHERE id = ?", charge_id)


def find(parts: Parts, reference: str) -> list[dict[str, Any]]:
    """Every charge of a saved card tried under a reference, oldest first; at most 100."""
    rows = parts.store.all("SELECT * FROM saved_charge WHERE reference = ? ORDER BY seq LIMIT 100", reference)
    return [show(parts, row) for row in rows]


def show(parts: Parts, row: Any) -> dict[str, Any]:
    taken = charges.get(parts, row["id"])
    voided = taken is not None and taken["voided"]
    code = row["failure_code"]
    return {
        "id": row["id"],
        "status": "voided" if voided else row["status"],
        **_facts(row),
        "method": row["method"],
        "failure_code": code,
        "hard": row["status"] == "declined" and code in HARD,
        "card": {"brand": row["card_brand"], "last4": row["card_last4"]},
        "network_ref": row["network_ref"],
        "created": parts.show_time(row["created_ms"]),
    }


def void(parts: Parts, charge_id: str, key: str) -> dict[str, Any]:
    """Take a charge back, of a session or of a saved card, and show it as a charge of a saved card is shown."""
    charges.void(parts, charge_id, key)
    row = _row(parts, charge_id)
    if row is not None:
        return show(parts, row)
    taken = charges.get(parts, charge_id)
    session = parts.store.one("SELECT * FROM session WHERE id = ?", taken["session"])
    card = {"brand": session["card_brand"], "last4": session["card_last4"]} if session else None
    return {
        "id": charge_id,
        "status": "voided",
        **_facts(taken),
        "method": taken["method"],
        "failure_code": None,
        "hard": False,
        "card": card,
        "network_ref": None,
        "created": parts.show_time(taken["created_ms"]),
    }
