"""Checkouts: open, look at, close. A session is the only thing here that can become a charge."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from caretill.core.money import MAX_CENTS
from caretill.sim.processor import callbacks, charges, methods
from caretill.sim.processor.clock import to_ms
from caretill.sim.processor.parts import Parts, subject_of
from caretill.sim.processor.wire import Refusal

USUAL_MS = 30 * 60 * 1000
_LONGEST_MS = 24 * 3600 * 1000
_ADDRESS = re.compile(r"https?://[!-~]{1,1990}")
LANGUAGES = ("en", "es")
_REFERENCE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TEXTS = ("reference", "account", "statement_name", "currency", "return_url", "cancel_url")
_FIELDS = frozenset({*_TEXTS, "amount_cents", "language", "expires_at", "save", "purpose"})


def refuse(condition: bool, at: str, message: str) -> None:
    """Raise the refusal of a field when it is wrong."""
    if condition:
        raise Refusal(400, "bad_value", message, at)


def create(parts: Parts, asked: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Open a checkout. It is told what to take, for whom and where to return to; anything else is refused unread."""
    now = parts.now_ms()
    values = _checked(asked)
    values["expires_ms"] = _expiry(parts, asked.get("expires_at"), now)
    session_id = parts.new_id("cs")
    parts.store.insert("session", id=session_id, created_ms=now, **values)
    parts.log(
        "session.created",
        key=key,
        session=session_id,
        reference=values["reference"],
        account=values["account"],
        amount_cents=values["amount_cents"],
        currency=values["currency"],
    )
    session = load(parts, session_id)
    if parts.strike("opened", subject_of(session)):
        callbacks.forge_for_unpaid(parts, session)
    return show(parts, session)


def _checked(asked: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(asked) - _FIELDS)
    if unknown:
        raise Refusal(400, "unknown_field", "A session takes only: " + ", ".join(sorted(_FIELDS)) + ".", unknown[0])
    amount, save, purpose = asked.get("amount_cents"), asked.get("save", False), asked.get("purpose", "pay")
    refuse(purpose not in ("pay", "save"), "purpose", "pay or save.")
    refuse(type(save) is not bool, "save", "true or false.")
    if purpose == "save":
        refuse(type(amount) is not int or amount != 0, "amount_cents", "0: saving a card takes no money.")
    else:
        wrong = type(amount) is not int or not 0 < amount <= MAX_CENTS
        refuse(wrong, "amount_cents", "A whole number of cents above 0.")
    refuse(asked.get("currency") != "USD", "currency", "USD is the only currency here.")
    refuse(asked.get("language", "en") not in LANGUAGES, "language", "en or es.")
    for name in ("reference", "account"):
        value = asked.get(name)
        refuse(not isinstance(value, str) or not _REFERENCE.fullmatch(value), name, "1 to 64 letters, digits, - or _.")
    payee = asked.get("statement_name")
    named = isinstance(payee, str) and 0 < len(payee.strip()) <= 60 and payee.isprintable()
    refuse(not named, "statement_name", "A name of 1 to 60 characters.")
    for name in ("return_url", "cancel_url"):
        refuse(not _is_address(asked.get(name)), name, "A whole http or https address of at most 2000 characters.")
    values = {name: asked[name] for name in _TEXTS}
    language = asked.get("language", "en")
    return values | {"amount_cents": amount, "language": language, "purpose": purpose, "save": int(save)}


def _is_address(value: Any) -> bool:
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        return False
    try:
        parts = urlsplit(value)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _expiry(parts: Parts, asked: Any, now: int) -> int:
    if asked is None:
        return now + USUAL_MS
    try:
        at = datetime.fromisoformat(asked)
        inside = to_ms(at) + parts.clock.skew_ms()
    except (TypeError, ValueError):
        raise Refusal(400, "bad_value", "A time with its zone, like 2026-03-04T17:00:00Z.", "expires_at") from None
    refuse(not now < inside <= now + _LONGEST_MS, "expires_at", "Between now and 24 hours from now.")
    return inside


def load(parts: Parts, session_id: str) -> Any:
    """The session as it is at this moment, after its own clock has had its say. Raises Refusal 404."""
    row = parts.store.one("SELECT * FROM session WHERE id = ?", session_id)
    if row is None:
        raise Refusal(404, "no_such_session", "There is no such session.")
    return _aged(parts, row)


def _aged(parts: Parts, row: Any) -> Any:
    now = parts.now_ms()
    if row["status"] == "open" and row["expires_ms"] <= now:
        charges.end_unpaid(parts, row, "clock")
    elif row["outcome"] == "processing" and row["settle_ms"] <= now:
        charges.settle(parts, row)
    else:
        return row
    return parts.store.one("SELECT * FROM session WHERE id = ?", row["id"])


def age(parts: Parts, most: int = 500) -> int:
    """Do what time alone does: close sessions that ran out, settle those on their way. How many changed."""
    now = parts.now_ms()
    rows = parts.store.all("SELECT * FROM session WHERE status = 'open' AND expires_ms <= ? LIMIT ?", now, most)
    rows += parts.store.all("SELECT * FROM session WHERE outcome = 'processing' AND settle_ms <= ? LIMIT ?", now, most)
    for row in rows:
        _aged(parts, row)
    return len(rows)


def find(parts: Parts, reference: str) -> list[dict[str, Any]]:
    """Every session opened under a reference, oldest first; at most 100."""
    rows = parts.store.all("SELECT * FROM session WHERE reference = ? ORDER BY created_ms, id LIMIT 100", reference)
    return [show(parts, _aged(parts, row)) for row in rows]


def expire(parts: Parts, session_id: str) -> dict[str, Any]:
    """Close a checkout for good. Refused when money was or is being taken; a closed one stays as it is."""
    row = load(parts, session_id)
    if row["outcome"] == "paid":
        raise Refusal(409, "already_paid", "This session is paid.")
    if row["outcome"] == "saved":
        raise Refusal(409, "already_saved", "This session saved a card.")
    if row["outcome"] == "processing":
        raise Refusal(409, "processing", "A payment of this session is on its way.")
    if row["status"] == "open":
        charges.end_unpaid(parts, row, "call")
        row = load(parts, session_id)
    return show(parts, row)


def show(parts: Parts, row: Any) -> dict[str, Any]:
    """The session as /v1 tells it."""
    charge = None
    if row["outcome"] == "paid":
        charge = parts.store.one("SELECT id, refunded_cents, voided FROM charge WHERE session = ?", row["id"])
    card = {"brand": row["card_brand"], "last4": row["card_last4"]} if row["card_last4"] else None
    return {
        "id": row["id"],
        "url": f"{parts.public_url}/c/{row['id']}",
        "status": row["status"],
        "outcome": row["outcome"],
        "reference": row["reference"],
        "account": row["account"],
        "amount_cents": row["amount_cents"],
        "currency": row["currency"],
        "charge": charge["id"] if charge else None,
        "refunded_cents": charge["refunded_cents"] if charge else 0,
        "voided": bool(charge["voided"]) if charge else False,
        "purpose": row["purpose"],
        "method": methods.of_session(parts, row["method"]),
        "failure_code": row["failure_code"],
        "card": card,
        "tries": row["tries"],
        "created": parts.show_time(row["created_ms"]),
        "expires_at": parts.show_time(row["expires_ms"]),
        "attempts": _attempts(parts, row) if row["tries"] or row["card_last4"] else [],
    }


def _attempts(parts: Parts, row: Any) -> list[dict[str, Any]]:
    found = parts.store.all("SELECT * FROM attempt WHERE session = ? ORDER BY seq", row["id"])
    return [
        {
            "at": parts.show_time(one["at_ms"]),
            "outcome": one["outcome"],
            "brand": one["card_brand"],
            "last4": one["card_last4"],
        }
        for one in found
    ]
