"""Disputes: a payer's bank takes the money of a charge back, and keeps it or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caretill.sim.processor import callbacks, payouts
from caretill.sim.processor.parts import Parts, subject_of_charge
from caretill.sim.processor.wire import Refusal, page_of

_DAY_MS = 24 * 3600 * 1000
OPENS_AFTER_MS = _DAY_MS  # with the cards that do so by themselves
DECIDED_AFTER_MS = 7 * _DAY_MS
RESPOND_MS = 20 * _DAY_MS
REASONS = ("fraudulent", "not_received", "duplicate", "credit_not_processed", "general")


def open_by_card(parts: Parts, charge_id: str, due_ms: int, ends: str) -> None:
    """What the cards with disputes do a day after they paid, unless nothing is left of the charge by then."""
    charge = _charge(parts, charge_id)
    if charge is None or _left(charge) <= 0 or charge["voided"] or _open_of(parts, charge_id):
        return
    reason = "fraudulent" if ends == "lost" else "not_received"
    dispute_id = _open(parts, charge, _left(charge), reason, due_ms)
    parts.later("decide_dispute", dispute_id, due_ms + DECIDED_AFTER_MS, ends)


def open_by_admin(parts: Parts, asked: Mapping[str, Any]) -> dict[str, Any]:
    """A dispute of a charge, of all that is left of it or a part. Raises Refusal."""
    unknown = sorted(set(asked) - {"charge", "amount_cents", "reason"})
    if unknown:
        raise Refusal(400, "unknown_field", "A dispute takes charge, amount_cents, reason.", unknown[0])
    charge = _charge(parts, asked.get("charge"))
    if charge is None or charge["voided"]:
        raise Refusal(404, "no_such_charge", "There is no such charge.", "charge")
    if _open_of(parts, charge["id"]):
        raise Refusal(409, "dispute_open", "This charge is disputed already.")
    amount, reason = asked.get("amount_cents", _left(charge)), asked.get("reason", "general")
    if reason not in REASONS:
        raise Refusal(400, "bad_value", f"One of {', '.join(REASONS)}.", "reason")
    if type(amount) is not int or not 0 < amount <= _left(charge):
        raise Refusal(409, "dispute_too_big", "That is not what is left of the charge.", "amount_cents")
    return show(parts, _row(parts, _open(parts, charge, amount, reason, parts.now_ms())))


def _open(parts: Parts, charge: Any, amount: int, reason: str, at_ms: int) -> str:
    dispute_id = parts.new_id("dp")
    facts = {name: charge[name] for name in ("reference", "account", "currency")}
    parts.store.insert(
        "dispute",
        id=dispute_id,
        charge=charge["id"],
        amount_cents=amount,
        reason=reason,
        fee_cents=payouts.DISPUTE_FEE_CENTS,
        respond_ms=at_ms + RESPOND_MS,
        created_ms=at_ms,
        **facts,
    )
    parts.store.run("UPDATE charge SET disputed_cents = disputed_cents + ? WHERE id = ?", amount, charge["id"])
    payouts.note(
        parts,
        "dispute",
        dispute_id,
        facts,
        charge=charge["id"],
        gross_cents=-amount,
        fee_cents=payouts.DISPUTE_FEE_CENTS,
        at_ms=at_ms,
    )
    _tell(parts, "dispute.opened", dispute_id, charge, amount)
    return dispute_id


def decide(parts: Parts, dispute_id: str, ends: str, at_ms: int) -> dict[str, Any]:
    """End an open dispute as `won` (the money comes again, the fee does not) or `lost`. Raises Refusal."""
    row = load(parts, dispute_id)
    if ends not in ("won", "lost"):
        raise Refusal(400, "bad_value", "won or lost.", "status")
    if row["status"] != "open":
        raise Refusal(409, "dispute_ended", f"This dispute is {row['status']}.")
    parts.store.update("dispute", dispute_id, status=ends)
    charge, amount = _charge(parts, row["charge"]), row["amount_cents"]
    if ends == "won":
        parts.store.run("UPDATE charge SET disputed_cents = disputed_cents - ? WHERE id = ?", amount, charge["id"])
        payouts.note(
            parts,
            "dispute_reversal",
            dispute_id,
            {name: row[name] for name in ("reference", "account", "currency")},
            charge=charge["id"],
            gross_cents=amount,
            fee_cents=0,
            at_ms=at_ms,
        )
    _tell(parts, f"dispute.{ends}", dispute_id, charge, amount)
    return show(parts, _row(parts, dispute_id))


def decide_by_card(parts: Parts, dispute_id: str, due_ms: int, ends: str) -> None:
    """What the cards with disputes do in the end, unless an admin was faster."""
    if _row(parts, dispute_id)["status"] == "open":
        decide(parts, dispute_id, ends, due_ms)


def _tell(parts: Parts, what: str, dispute_id: str, charge: Any, amount: int) -> None:
    names = ("session", "reference", "account", "currency")
    noted = {name: charge[name] for name in names}
    parts.log(what, dispute=dispute_id, charge=charge["id"], amount_cents=amount, **noted)
    callbacks.emit(parts, what, subject_of_charge(charge), charge=charge["id"], dispute=dispute_id)


def _charge(parts: Parts, charge_id: object) -> Any:
    if not isinstance(charge_id, str):
        return None
    return parts.store.one("SELECT * FROM charge WHERE id = ?", charge_id)


def _left(charge: Any) -> int:
    return charge["amount_cents"] - charge["refunded_cents"] - charge["disputed_cents"]


def _open_of(parts: Parts, charge_id: str) -> Any:
    return parts.store.one("SELECT 1 FROM dispute WHERE charge = ? AND status = 'open'", charge_id)


def _row(parts: Parts, dispute_id: str) -> Any:
    return parts.store.one("SELECT * FROM dispute WHERE id = ?", dispute_id)


def load(parts: Parts, dispute_id: str) -> Any:
    """A dispute. Raises Refusal 404."""
    row = _row(parts, dispute_id)
    if row is None:
        raise Refusal(404, "no_such_dispute", "There is no such dispute.")
    return row


def find(parts: Parts, query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Disputes in the order they opened, those after one; at most `limit` (100)."""
    after = load(parts, query["after"])["seq"] if "after" in query else 0
    rows = parts.store.all("SELECT * FROM dispute WHERE seq > ? ORDER BY seq LIMIT ?", after, page_of(query))
    return [show(parts, row) for row in rows]


def show(parts: Parts, row: Any) -> dict[str, Any]:
    names = ("id", "charge", "reference", "account", "amount_cents", "currency", "reason", "status", "fee_cents")
    return {
        **{name: row[name] for name in names},
        "respond_by": parts.show_time(row["respond_ms"]),
        "created": parts.show_time(row["created_ms"]),
    }
