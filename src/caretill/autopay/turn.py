"""What the worker does of its own: plan what comes, send notices, take what is due, look what became of it."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from caretill.autopay import depends, notice, orders, plan_changes, runs, schedules, take
from caretill.core import clock, outbox, sql

MOST = 200


def plan() -> dict[str, int]:
    """Plan what the next two weeks take; once a while."""
    done = runs.plan_dues()
    return {"planned": done.planned, "above_cap": done.above_cap}


def tell() -> dict[str, int]:
    """Notices of what was planned."""
    return notice.send_due()


def due() -> dict[str, int]:
    """What schedules, plans and approved runs have due."""
    done = schedules.take_due()
    ran = runs.run_approved()
    return {"begun": done["begun"] + ran["begun"], "failed": ran["failed"]}


def follow() -> dict[str, int]:
    """What became of payments that were begun, and orders that are over."""
    counts = take.follow()
    counts |= plan_changes.look()
    counts["ended"] = ended() + orders.end_mandates()
    return counts


def ended() -> int:
    """Orders end whose way to pay is gone, or whose maker may not pay there any more; their makers are told."""
    rows = sql.query(sql.load(__file__, "orders_to_end.sql"), {"now": clock.now(), "most": MOST})
    count = 0
    for row in rows:
        with transaction.atomic():
            if row["why"] == "method" and depends.follow_mandate(row["account_id"], row["id"]):
                continue
            count += end_and_tell(row["account_id"], row["id"], row["login_id"], row["kind"], row["why"])
    return count


def end_and_tell(account_id: UUID, order_id: UUID, login_id: UUID, kind: str, why: str) -> bool:
    """End an order that its maker did not end, and tell them."""
    if not orders.end(account_id, order_id, why):
        return False
    outbox.put(login_id, "later_ended", {"account_id": account_id, "order_id": order_id, "kind": kind, "why": why})
    return True
