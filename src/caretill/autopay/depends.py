"""What depends on a saved way to pay: listed before it goes, moved when another one takes its place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction

from caretill.autopay import days
from caretill.core import clock, sql
from caretill.methods import mandates

Row = dict[str, Any]


@dataclass(frozen=True)
class Depend:
    """An order that is taken from it: what it is, its next day and amount as far as they are known."""

    account_id: UUID
    order_id: UUID
    kind: str  # schedule, autopay, plan
    next_on: date | None
    next_cents: int
    left: int  # payments to come that are known


def on_method(account_id: UUID, method_id: UUID) -> list[Depend]:
    """What is taken later from this way to pay, the next day first; automatic payment without a planned debit last."""
    rows = sql.query(sql.load(__file__, "on_method.sql"), (account_id, method_id))
    return [Depend(**row) for row in rows]


def move(account_id: UUID, from_method: UUID, to_method: UUID) -> int:
    """Take what was taken from one from the other, under the mandates that took over (`mandates.take_over` comes
    first, in the same transaction). Days that were told stay, where the other way to pay can keep them. How many.
    """
    to = sql.one("SELECT kind FROM methods_method WHERE account_id = %s AND id = %s", (account_id, to_method))
    moved = 0
    with transaction.atomic():
        rows = sql.query(
            "SELECT account_id, id, mandate_id, region FROM autopay_order WHERE method_account_id = %s"
            " AND method_id = %s AND state <> 'ended' ORDER BY account_id, id FOR UPDATE",
            (account_id, from_method),
        )
        for row in rows:
            after = mandates.successor(account_id, row["mandate_id"]) if row["mandate_id"] else None
            if after is None or to is None:
                continue
            _move_one(row, to_method, to["kind"], after)
            moved += 1
    return moved


def follow_mandate(account_id: UUID, order_id: UUID) -> bool:
    """Whether the order's mandate was taken over by another way to pay; then the order follows it."""
    row = sql.one(
        "SELECT o.account_id, o.id, o.region, o.method_account_id, o.mandate_id FROM autopay_order o"
        " WHERE o.account_id = %s AND o.id = %s FOR UPDATE",
        (account_id, order_id),
    )
    after = mandates.successor(row["method_account_id"], row["mandate_id"]) if row and row["mandate_id"] else None
    if row is None or after is None:
        return False
    to = sql.one(
        "SELECT m.id, m.kind FROM methods_mandate d JOIN methods_method m ON m.account_id = d.account_id"
        " AND m.id = d.method_id WHERE d.account_id = %s AND d.id = %s AND d.ended_at IS NULL",
        (row["method_account_id"], after),
    )
    if to is None:
        return False
    _move_one(row, to["id"], to["kind"], after)
    return True


def _move_one(row: Row, method_id: UUID, method_kind: str, mandate_id: UUID) -> None:
    now = clock.now()
    sql.execute(
        "UPDATE autopay_order SET method_id = %s, method_kind = %s, mandate_id = %s, changed_at = %s"
        " WHERE account_id = %s AND id = %s",
        (method_id, method_kind, mandate_id, now, row["account_id"], row["id"]),
    )
    waiting = sql.query(
        "SELECT due_on, processor_account, take_on FROM autopay_due WHERE account_id = %s AND order_id = %s"
        " AND state = 'waiting' AND closes_at < %s FOR UPDATE",
        (row["account_id"], row["id"], days.BY_HAND),
    )
    for due in waiting:
        slot = days.slot(due["take_on"], method_kind, row["region"])
        sql.execute(
            "UPDATE autopay_due SET take_on = %s, closes_at = %s, changed_at = %s WHERE account_id = %s"
            " AND order_id = %s AND due_on = %s AND processor_account = %s",
            (slot.take_on, slot.closes_at, now, row["account_id"], row["id"], due["due_on"], due["processor_account"]),
        )
