"""What time alone does: sessions close, what was on its way ends, cards are renewed, nights pay out."""

from __future__ import annotations

from typing import Any

from caretill.sim.processor import charges, disputes, methods, payouts, refunds, saved, sessions
from caretill.sim.processor.parts import Parts

_MOST = 500


def age(parts: Parts) -> int:
    """One step of it; how much was done, 0 when nothing is left to do."""
    done = sessions.age(parts, _MOST) + tasks(parts)
    # A night pays out what came before it, so all that was due must have come first.
    return done or methods.renew(parts) + payouts.pay_out(parts)


def tasks(parts: Parts) -> int:
    """Do what is due, in its order, as of the moment it was due; how much was done."""
    now = parts.now_ms()
    rows = parts.store.all("SELECT * FROM task WHERE due_ms <= ? ORDER BY due_ms, id LIMIT ?", now, _MOST)
    for row in rows:
        parts.store.run("DELETE FROM task WHERE id = ?", row["id"])
        _do(parts, row)
    return len(rows)


def _do(parts: Parts, row: Any) -> None:
    what, object_id, due_ms, detail = row["what"], row["object"], row["due_ms"], row["detail"]
    match what:
        case "settle_saved":
            saved.settle(parts, object_id, due_ms)
        case "capture_late":
            charges.capture_late(parts, object_id)
        case "settle_refund":
            refunds.settle(parts, object_id, due_ms)
        case "dispute":
            disputes.open_by_card(parts, object_id, due_ms, detail)
        case "decide_dispute":
            disputes.decide_by_card(parts, object_id, due_ms, detail)
        case "payout_arrives":
            payouts.arrive(parts, object_id)
