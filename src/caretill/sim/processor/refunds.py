"""Money sent back: at once, or pending first and then gone or come back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caretill.sim.processor import callbacks, charges, payouts
from caretill.sim.processor.parts import Parts, subject_of_charge
from caretill.sim.processor.wire import Refusal, read_asked

CARD_PENDING_MS = 60_000  # how long a refund to one of the cards with slow refunds is on its way
FAILURE = "card_closed"


def refund(parts: Parts, asked: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Send a part of a charge back, never more than is left of it and not on its way. Raises Refusal."""
    read_asked(asked, "refund", ("charge", "amount_cents", "reference"), ("reference",))
    amount, charge = asked["amount_cents"], charges.get(parts, asked.get("charge"))
    _allowed(parts, charge, amount)
    way, ms = charge["refund_way"], CARD_PENDING_MS
    fault = parts.strike("refunding", subject_of_charge(charge))
    if fault is not None:
        way, ms = fault.name, fault.ms
    refund_id = parts.new_id("re")
    now = parts.now_ms()
    parts.store.insert(
        "refund",
        id=refund_id,
        charge=charge["id"],
        reference=asked["reference"],
        amount_cents=amount,
        currency=charge["currency"],
        created_ms=now,
        status="pending" if way else "succeeded",
        settle_outcome="failed" if way == "refund_fails" else "succeeded",
    )
    parts.store.run("UPDATE charge SET refunded_cents = refunded_cents + ? WHERE id = ?", amount, charge["id"])
    row = _row(parts, refund_id)
    _log(parts, "refund.made", row, charge, key=key)
    if way:
        parts.later("settle_refund", refund_id, now + ms)
    else:
        _gone(parts, row, charge, now)
    return show(parts, row)


def _allowed(parts: Parts, charge: Any, amount: int) -> None:
    if charge is None:
        raise Refusal(404, "no_such_charge", "There is no such charge.")
    if charge["voided"]:
        raise Refusal(409, "voided", "This charge was taken back whole.")
    if parts.store.one("SELECT 1 FROM dispute WHERE charge = ? AND status = 'open'", charge["id"]):
        raise Refusal(409, "dispute_open", "This charge is disputed: its money is at the bank.")
    if amount > charge["amount_cents"] - charge["refunded_cents"] - charge["disputed_cents"]:
        raise Refusal(409, "refund_too_big", "That is more than is left of the charge.", "amount_cents")


def _gone(parts: Parts, row: Any, charge: Any, at_ms: int) -> None:
    payouts.note(
        parts,
        "refund",
        row["id"],
        {name: charge[name] for name in ("account", "currency")} | {"reference": row["reference"]},
        charge=charge["id"],
        gross_cents=-row["amount_cents"],
        fee_cents=0,
        at_ms=at_ms,
    )
    callbacks.emit(parts, "refund.succeeded", subject_of_charge(charge), charge=charge["id"], refund=row["id"])


def settle(parts: Parts, refund_id: str, due_ms: int) -> None:
    """End a refund that was on its way."""
    row = _row(parts, refund_id)
    charge = charges.get(parts, row["charge"])
    if row["settle_outcome"] == "succeeded":
        parts.store.update("refund", refund_id, status="succeeded")
        _log(parts, "refund.settled", row, charge)
        _gone(parts, row, charge, due_ms)
        return
    parts.store.update("refund", refund_id, status="failed", failure_code=FAILURE)
    cents = row["amount_cents"]
    parts.store.run("UPDATE charge SET refunded_cents = refunded_cents - ? WHERE id = ?", cents, charge["id"])
    _log(parts, "refund.failed", row, charge)
    callbacks.emit(parts, "refund.failed", subject_of_charge(charge), charge=charge["id"], refund=refund_id)


def _log(parts: Parts, what: str, row: Any, charge: Any, key: str | None = None) -> None:
    facts = {name: row[name] for name in ("charge", "reference", "amount_cents", "currency")}
    parts.log(what, refund=row["id"], session=charge["session"], account=charge["account"], key=key, **facts)


def _row(parts: Parts, refund_id: str) -> Any:
    return parts.store.one("SELECT * FROM refund WHERE id = ?", refund_id)


def load(parts: Parts, refund_id: str) -> Any:
    """A refund. Raises Refusal 404."""
    row = _row(parts, refund_id)
    if row is None:
        raise Refusal(404, "no_such_refund", "There is no such refund.")
    return row


def find(parts: Parts, reference: str) -> list[dict[str, Any]]:
    """Every refund under a reference, oldest first; at most 100."""
    rows = parts.store.all("SELECT * FROM refund WHERE reference = ? ORDER BY seq LIMIT 100", reference)
    return [show(parts, row) for row in rows]


def show(parts: Parts, row: Any) -> dict[str, Any]:
    names = ("id", "charge", "reference", "amount_cents", "currency", "status", "failure_code")
    return {**{name: row[name] for name in names}, "created": parts.show_time(row["created_ms"])}
