"""Money taken: tries of a card on a session, the one charge it may become, and taking a charge back the same day."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from caretill.sim.processor import callbacks, disputes, methods, payouts
from caretill.sim.processor.cards import APPROVED, SECOND_STEP, Card
from caretill.sim.processor.parts import Parts, subject_of, subject_of_charge
from caretill.sim.processor.wire import Refusal, page_of

TRIES = 5  # rules.md SEC-3: then the session ends, so that nobody can test cards on it

DECLINE_FAULTS = {"decline": "generic_decline"}


def try_card(parts: Parts, session: Any, card: Card, keep: bool = False) -> str:
    """One try of a card on an open session: `approved`, `second_step`, `processing` or the bank's reason for its no.

    Approved means captured: the charge, the session's end and the callback are one transaction. `keep`: its holder
    wants it saved. A session that only saves asks the bank whether there is such a card, and takes nothing.
    """
    fault = parts.strike("outcome", subject_of(session))
    outcome = card.saving if session["purpose"] == "save" else card.outcome
    if fault is not None:
        outcome = DECLINE_FAULTS.get(fault.name, fault.name)
        if session["purpose"] == "save" and outcome.startswith("processing"):
            outcome = "generic_decline" if outcome == "processing_declined" else APPROVED
    known = {"card_brand": card.brand, "card_last4": card.last4}
    facts = json.dumps(_facts(card, keep or session["purpose"] == "save"))
    if outcome == APPROVED and session["purpose"] == "pay":
        late = parts.strike("answer", subject_of(session))
        if late is not None:
            return _silent(parts, session, {"card_facts": facts, **known}, late.ms)
    if outcome == SECOND_STEP:
        after = APPROVED if session["purpose"] == "save" else card.after_step
        parts.store.update("session", session["id"], step_outcome=after, card_facts=facts, **known)
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
            card_facts=facts,
            **known,
        )
        _note(parts, session, "processing", known)
        callbacks.emit(parts, "session.completed", subject_of(session))
        return "processing"
    return _conclude(parts, {**session, "card_facts": facts}, outcome, known)


def _silent(parts: Parts, session: Any, known: Mapping[str, Any], ms: int) -> str:
    """The bank does not answer, and the session ends as expired. Its yes comes `ms` later, and is a charge."""
    parts.store.update("session", session["id"], **known)
    _note(parts, session, "no_answer", {name: known[name] for name in ("card_brand", "card_last4")})
    end_unpaid(parts, session, "no_answer")
    parts.later("capture_late", session["id"], parts.now_ms() + ms)
    return "no_answer"


def end_unpaid(parts: Parts, session: Any, by: str) -> None:
    """An open session ends without money: its time is over, its maker closed it, or nobody answered."""
    parts.store.update("session", session["id"], status="expired", step_outcome=None)
    parts.log(
        "session.expired", session=session["id"], reference=session["reference"], account=session["account"], detail=by
    )
    callbacks.emit(parts, "session.expired", subject_of(session))


def capture_late(parts: Parts, session_id: str) -> None:
    """A yes that nobody waits for any more: the session is paid after all."""
    session = parts.store.one("SELECT * FROM session WHERE id = ?", session_id)
    assert session is not None  # nothing removes a session
    _capture(parts, dict(session), {"card_brand": session["card_brand"], "card_last4": session["card_last4"]})


def _facts(card: Card, keep: bool) -> dict[str, Any]:
    """What a charge or a saved card needs of a card later: the expiry only when it is saved."""
    facts = {"keep": keep, "funding": card.funding, "refund_way": card.refund_way, "dispute_way": card.dispute_way}
    if keep:
        whole = asdict(card)
        facts |= {name: whole[name] for name in ("off_session", "expiry_month", "expiry_year")}
        facts["renews"] = card.funding == "credit" and card.outcome == APPROVED
    return facts


def answer_step(parts: Parts, session: Any, approved: bool) -> str:
    """The holder's answer to the second step: what the bank then says, `step_refused` when the holder refused."""
    known = {"card_brand": session["card_brand"], "card_last4": session["card_last4"]}
    return _conclude(parts, dict(session), session["step_outcome"] if approved else "step_refused", known)


def settle(parts: Parts, session: Any) -> None:
    """End a payment that was on its way."""
    known = {"card_brand": session["card_brand"], "card_last4": session["card_last4"]}
    if session["settle_outcome"] == APPROVED:
        _conclude(parts, dict(session), APPROVED, known)
        return
    _note(parts, session, session["settle_outcome"], known)
    _decline_for_good(parts, session, session["settle_outcome"])


def _conclude(parts: Parts, session: Mapping[str, Any], outcome: str, known: Mapping[str, Any]) -> str:
    _note(parts, session, outcome, known)
    if outcome == APPROVED:
        _capture(parts, session, known)
        return APPROVED
    tries = session["tries"] + 1
    parts.store.update("session", session["id"], tries=tries, failure_code=outcome, step_outcome=None, **known)
    if tries >= TRIES:
        _decline_for_good(parts, session, outcome)
    return outcome


def _capture(parts: Parts, session: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    facts = json.loads(session["card_facts"] or "{}")
    method = methods.keep(parts, session, facts, known) if facts.get("keep") else None
    pays = session["purpose"] == "pay"
    ended = {"outcome": "paid" if pays else "saved", "failure_code": None, "step_outcome": None, "method": method}
    parts.store.update("session", session["id"], status="complete", **ended, **known)
    objects = {"method": method} if method else {}
    if not pays:
        callbacks.emit(parts, "session.completed", subject_of(session), **objects)
        return
    charge_id = parts.new_id("ch")
    take(
        parts,
        charge_id,
        {name: session[name] for name in ("reference", "account", "amount_cents", "currency")},
        facts,
        session=session["id"],
        method=method,
    )
    callbacks.emit(parts, "session.completed", subject_of(session), charge=charge_id, **objects)


def take(
    parts: Parts,
    charge_id: str,
    asked: Mapping[str, Any],
    facts: Mapping[str, Any],
    *,
    session: str | None,
    method: str | None,
    at_ms: int | None = None,
    **noted: Any,
) -> None:
    """The money moves: the charge, its line in a payout to come, and what its card has in store. `noted` is logged."""
    now = parts.now_ms() if at_ms is None else at_ms
    parts.store.insert(
        "charge",
        id=charge_id,
        session=session,
        method=method,
        refund_way=facts.get("refund_way", ""),
        created_ms=now,
        **asked,
    )
    payouts.note(
        parts,
        "charge",
        charge_id,
        asked,
        charge=charge_id,
        gross_cents=asked["amount_cents"],
        fee_cents=payouts.charge_fee(asked["amount_cents"], facts.get("funding", "credit")),
        at_ms=now,
    )
    if facts.get("dispute_way"):
        parts.later("dispute", charge_id, now + disputes.OPENS_AFTER_MS, facts["dispute_way"])
    parts.log("charge.captured", session=session, method=method, charge=charge_id, **asked, **noted)


def _decline_for_good(parts: Parts, session: Any, code: str) -> None:
    parts.store.update("session", session["id"], status="complete", outcome="declined", failure_code=code)
    parts.log(
        "session.declined",
        session=session["id"],
        reference=session["reference"],
        account=session["account"],
        detail=code,
    )
    callbacks.emit(parts, "session.declined", subject_of(session))


def _note(parts: Parts, session: Any, outcome: str, known: Mapping[str, Any]) -> None:
    parts.store.insert("attempt", session=session["id"], at_ms=parts.now_ms(), outcome=outcome, **known)
    parts.log("attempt", session=session["id"], reference=session["reference"], detail=outcome)


def get(parts: Parts, charge_id: object) -> Any:
    """The charge of that id, or None."""
    if not isinstance(charge_id, str):
        return None
    return parts.store.one("SELECT * FROM charge WHERE id = ?", charge_id)


def void(parts: Parts, charge_id: str, key: str) -> None:
    """Take a whole charge back on its own day: there will be no line of it in any payout. Raises Refusal."""
    charge = get(parts, charge_id)
    if charge is None:
        raise Refusal(404, "no_such_charge", "There is no such charge.")
    if charge["voided"]:
        return
    if charge["disputed_cents"]:
        raise Refusal(409, "dispute_open", "This charge is disputed.")
    if charge["refunded_cents"]:
        raise Refusal(409, "already_refunded", "Some of this charge was given back.")
    if payouts.day_of(charge["created_ms"]) < payouts.day_of(parts.now_ms()):
        raise Refusal(409, "already_settled", "The day of this charge is over. Give it back by a refund.")
    parts.store.update("charge", charge_id, voided=1)
    payouts.forget(parts, "charge", charge_id)
    parts.log(
        "charge.voided",
        charge=charge_id,
        key=key,
        **{name: charge[name] for name in ("session", "method", "reference", "account", "amount_cents", "currency")},
    )
    callbacks.emit(parts, "charge.voided", subject_of_charge(charge), charge=charge_id)


def find(parts: Parts, query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Charges, oldest first: of one reference or session, those after a charge, at most `limit` (100)."""
    limit = page_of(query)
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
    rows = parts.store.all(f"SELECT * FROM charge WHERE {' AND '.join(where)} ORDER BY seq LIMIT ?", *values, limit)
    return [_show(parts, row) for row in rows]


def _show(parts: Parts, row: Any) -> dict[str, Any]:
    names = ("id", "session", "method", "reference", "account", "amount_cents", "refunded_cents", "disputed_cents")
    refunds = parts.store.all(
        "SELECT id, reference, amount_cents, status FROM refund WHERE charge = ? AND status <> 'failed' ORDER BY seq",
        row["id"],
    )
    return {
        **{name: row[name] for name in (*names, "currency")},
        "voided": bool(row["voided"]),
        "created": parts.show_time(row["created_ms"]),
        "refunds": [dict(one) for one in refunds],
    }
