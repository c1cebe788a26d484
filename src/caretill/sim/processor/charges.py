"""Money taken and sent back: tries of a card on a session, the one charge it may become, refunds of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from caretill.sim.processor import callbacks
from caretill.sim.processor.cards import APPROVED, SECOND_STEP, Card
from caretill.sim.processor.parts import Parts, subject_of
from caretill.sim.processor.wire import Refusal

TRIES = 5  # rules.md SEC-3: then the session ends, so that nobody can test cards on it

_DECLINE_FAULTS = {
    "decline": "generic_decline",
    "insufficient_funds": "insufficient_funds",
    "expired_card": "expired_card",
}
_REFERENCE = re.compile(r"[A-Za-z0-9_-]{1,64}")


def try_card(parts: Parts, session: Any, card: Card) -> str:
    """One try of a card on an open session: `approved`, `second_step`, `processing` or the bank's reason for its no.

    Approved means captured: the charge, the session's end and the callback are one transaction.
    """
    fault = parts.strike("outcome", subject_of(session))
    outcome = card.outcome
    if fault is not None:
        outcome = _DECLINE_FAULTS.get(fault.name, fault.name)
    known = {"card_brand": card.brand, "card_last4": card.last4}
    if outcome == SECOND_STEP:
        parts.store.update("session", session["id"], step_outcome=card.after_step, **known)
        _note(parts, session, SECOND_STEP, known)
        return SECOND_STEP
    if fault is not None and outcome.startswith("processing"):
        settles = "generic_decline" if outcome == "processing_declined" else APPROVED
        parts.store.update(
            "session",
            session["id"],
            status="complete",
            outcome="processing",
            settle_ms=parts.now_ms() + fault.ms,
            settle_outcome=settles,
            step_outcome=None,
            **known,
        )
        _note(parts, session, "processing", known)
        callbacks.emit(parts, "session.completed", session)
        return "processing"
    return _conclude(parts, session, outcome, known)


def answer_step(parts: Parts, session: Any, approved: bool) -> str:
    """The holder's answer to the second step: what the bank then says, `step_refused` when the holder refused."""
    known = {"card_brand": session["card_brand"], "card_last4": session["card_last4"]}
    return _conclude(parts, session, session["step_outcome"] if approved else "step_refused", known)


def settle(parts: Parts, session: Any) -> None:
    """End a payment that was on its way."""
    known = {"card_brand": session["card_brand"], "card_last4": session["card_last4"]}
    if session["settle_outcome"] == APPROVED:
        _conclude(parts, session, APPROVED, known)
        return
    _note(parts, session, session["settle_outcome"], known)
    _decline_for_good(parts, session, session["settle_outcome"])


def _conclude(parts: Parts, session: Any, outcome: str, known: Mapping[str, Any]) -> str:
    _note(parts, session, outcome, known)
    if outcome == APPROVED:
        _capture(parts, session, known)
        return APPROVED
    tries = session["tries"] + 1
    parts.store.update("session", session["id"], tries=tries, failure_code=outcome, step_outcome=None, **known)
    if tries >= TRIES:
        _decline_for_good(parts, session, outcome)
    return outcome


def _capture(parts: Parts, session: Any, known: Mapping[str, Any]) -> None:
    charge_id = parts.new_id("ch")
    facts = {name: session[name] for name in ("reference", "account", "amount_cents", "currency")}
    parts.store.insert("charge", id=charge_id, session=session["id"], created_ms=parts.now_ms(), **facts)
    parts.store.update(
        "session", session["id"], status="complete", outcome="paid", failure_code=None, step_outcome=None, **known
    )
    parts.log("charge.captured", session=session["id"], charge=charge_id, **facts)
    callbacks.emit(parts, "session.completed", session, charge=charge_id)


def _decline_for_good(parts: Parts, session: Any, code: str) -> None:
    parts.store.update("session", session["id"], status="complete", outcome="declined", failure_code=code)
    parts.log(
        "session.declined",
        session=session["id"],
        reference=session["reference"],
        account=session["account"],
        detail=code,
    )
    callbacks.emit(parts, "session.declined", session)


def _note(parts: Parts, session: Any, outcome: str, known: Mapping[str, Any]) -> None:
    parts.store.insert("attempt", session=session["id"], at_ms=parts.now_ms(), outcome=outcome, **known)
    parts.log("attempt", session=session["id"], reference=session["reference"], detail=outcome)


def refund(parts: Parts, asked: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Send a part of a charge back, never more than is left of it. Raises Refusal."""
    unknown = sorted(set(asked) - {"charge", "amount_cents", "reference"})
    if unknown:
        raise Refusal(400, "unknown_field", "A refund takes only charge, amount_cents, reference.", unknown[0])
    amount, reference, charge_id = asked.get("amount_cents"), asked.get("reference"), asked.get("charge")
    if type(amount) is not int or amount <= 0:
        raise Refusal(400, "bad_value", "A whole number of cents above 0.", "amount_cents")
    if not isinstance(reference, str) or not _REFERENCE.fullmatch(reference):
        raise Refusal(400, "bad_value", "1 to 64 letters, digits, - or _.", "reference")
    charge = get(parts, charge_id)
    if charge is None:
        raise Refusal(404, "no_such_charge", "There is no such charge.")
    if amount > charge["amount_cents"] - charge["refunded_cents"]:
        raise Refusal(409, "refund_too_big", "That is more than is left of the charge.", "amount_cents")
    refund_id = parts.new_id("re")
    facts = {"charge": charge["id"], "reference": reference, "amount_cents": amount, "currency": charge["currency"]}
    now = parts.now_ms()
    parts.store.insert("refund", id=refund_id, created_ms=now, **facts)
    parts.store.run("UPDATE charge SET refunded_cents = refunded_cents + ? WHERE id = ?", amount, charge["id"])
    parts.log("refund.made", refund=refund_id, session=charge["session"], account=charge["account"], key=key, **facts)
    session = parts.store.one("SELECT * FROM session WHERE id = ?", charge["session"])
    callbacks.emit(parts, "refund.succeeded", session, charge=charge["id"], refund=refund_id)
    return {"id": refund_id, **facts, "status": "succeeded", "created": parts.show_time(now)}


def get(parts: Parts, charge_id: object) -> Any:
    """The charge of that id, or None."""
    if not isinstance(charge_id, str):
        return None
    return parts.store.one("SELECT * FROM charge WHERE id = ?", charge_id)


def find(parts: Parts, query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Charges, oldest first: of one reference or session, those after a charge, at most `limit` (100)."""
    limit = query.get("limit", "100")
    if not (re.fullmatch(r"[0-9]{1,3}", limit) and 1 <= int(limit) <= 100):
        raise Refusal(400, "bad_value", "1 to 100.", "limit")
    where, values = ["1 = 1"], []
    for name in ("reference", "session", "account"):
        if name in query:
            where.append(f"{name} = ?")
            values.append(query[name])
    if "after" in query:
        last = parts.store.one("SELECT seq FROM charge WHERE id = ?", query["after"])
        if last is None:
            raise Refusal(404, "no_such_charge", "There is no such charge.", "after")
        where.append("seq > ?")
        values.append(last["seq"])
    rows = parts.store.all(
        f"SELECT * FROM charge WHERE {' AND '.join(where)} ORDER BY seq LIMIT ?", *values, int(limit)
    )
    return [_show(parts, row) for row in rows]


def _show(parts: Parts, row: Any) -> dict[str, Any]:
    names = ("id", "session", "reference", "account", "amount_cents", "refunded_cents", "currency")
    refunds = parts.store.all("SELECT * FROM refund WHERE charge = ? ORDER BY seq", row["id"])
    return {
        **{name: row[name] for name in names},
        "created": parts.show_time(row["created_ms"]),
        "refunds": [{name: one[name] for name in ("id", "reference", "amount_cents")} for one in refunds],
    }
