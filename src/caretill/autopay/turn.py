"""What the worker does of its own: plan what comes, send notices, take what is due, look what became of it."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from caretill.autopay import depends, notice, orders, plan_changes, runs, schedules, take
from caretill.core import clock, outbox, sql
from caretill.people.viewer import NOBODY

LOOKED_AT = 5_000  # orders in a turn of the worker
Place = tuple[str, str]  # billing account and order


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
    """What became of payments that were begun, and orders that are over: all of it."""
    counts = take.follow()
    counts |= plan_changes.look()
    counts["ended"] = ended() + orders.end_mandates()
    return counts


class Following:
    """The worker's `follow`: each call looks at the next of what was begun and of the orders, from where it stopped.

    A million of either is looked through in some minutes; a call takes little, and what a few have is seen at once.
    """

    def __init__(self, dues: int = take.LOOKED_AT, orders: int = LOOKED_AT) -> None:
        self._dues, self._orders = dues, orders
        self._due: str | None = None
        self._order: Place | None = None

    def __call__(self) -> dict[str, int]:
        counts, self._due = take.follow_some(self._due, self._dues)
        done, self._order = ended_some(self._order, self._orders)
        counts["ended"] = done + orders.end_mandates()
        return counts


def ended() -> int:
    """Orders end that have nothing left to take, whose way to pay is gone, or whose maker may not pay there any more.

    Of the last two their makers are told.
    """
    count, after = 0, None
    while True:
        done, after = ended_some(after)
        count += done
        if after is None:
            return count


def ended_some(after: Place | None, most: int = LOOKED_AT) -> tuple[int, Place | None]:
    """The same of the next `most` orders; and the one to go on after, None at the end."""
    account, order = after or (None, None)
    told = {"now": clock.now(), "most": most, "after_account": account, "after_order": order}
    row = sql.one("SELECT autopay_to_end(%s::jsonb) AS answer", (sql.dumps(told),))
    assert row is not None
    answer, count = sql.answer(row["answer"]), 0
    for each in answer["found"]:
        account_id, order_id = UUID(each["account_id"]), UUID(each["id"])
        with transaction.atomic():
            found = orders.locked(account_id, order_id)
            if found is None or (each["why"] == "method" and depends.follow_mandate(account_id, order_id)):
                continue
            if each["why"] in ("done", "not_taken"):
                count += orders.end(account_id, order_id, each["why"])
                continue
            count += end_and_tell(account_id, order_id, found["login_id"], found["kind"], each["why"])
    return count, answer["last"] and tuple(answer["last"])


def end_and_tell(account_id: UUID, order_id: UUID, login_id: UUID, kind: str, why: str) -> bool:
    """End an order that its maker did not end, and tell them."""
    if not orders.end(account_id, order_id, why):
        return False
    about = {"account_id": account_id, "order_id": order_id, "kind": kind, "why": why}
    outbox.put(account_id if login_id == NOBODY else login_id, "later_ended", about)
    return True
