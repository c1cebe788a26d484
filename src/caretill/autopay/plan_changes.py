"""A plan that goes on: put off by a month, paid ahead, paid off, ended; and what becomes of payments made by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from caretill.autopay import days, misses, orders
from caretill.autopay.days import BY_HAND
from caretill.autopay.plans import MOST_PAUSES
from caretill.core import clock, sql

GRACE = timedelta(days=5)  # a payment by hand counts as missed so long after its day
Row = dict[str, Any]


def pause(account_id: UUID, order_id: UUID) -> str:
    """Put off all payments to come by a month: paused | too_often | too_late (one is being taken) | missing."""
    with transaction.atomic():
        order = _plan(account_id, order_id)
        if order is None:
            return "missing"
        if order["paused"] >= MOST_PAUSES:
            return "too_often"
        dues = _waiting(account_id, order_id)
        if not dues:
            return "too_late"
        for due in dues:
            _move(due, days.slot(days.months_later(due["take_on"], 1), order["method_kind"], order["region"]))
        sql.execute(
            "UPDATE autopay_plan SET paused = paused + 1 WHERE account_id = %s AND id = %s", (account_id, order_id)
        )
    return "paused"


def pay_ahead(account_id: UUID, order_id: UUID) -> str:
    """Take the next payment now instead of on its day: taken (the worker takes it) | by_hand | too_late | missing."""
    with transaction.atomic():
        order = _plan(account_id, order_id)
        if order is None:
            return "missing"
        if order["method_id"] is None:
            return "by_hand"
        dues = _waiting(account_id, order_id)
        if not dues:
            return "too_late"
        for due in dues:
            if due["due_on"] == dues[0]["due_on"]:
                _take_now(due, order)
    return "taken"


def pay_off(account_id: UUID, order_id: UUID) -> str:
    """Take all that is left now, in one payment for each account at the processor: as `pay_ahead`."""
    with transaction.atomic():
        order = _plan(account_id, order_id)
        if order is None:
            return "missing"
        if order["method_id"] is None:
            return "by_hand"
        dues = _waiting(account_id, order_id)
        if not dues:
            return "too_late"
        for processor_account in dict.fromkeys(due["processor_account"] for due in dues):
            _join([due for due in dues if due["processor_account"] == processor_account], order)
    return "taken"


def end(account_id: UUID, order_id: UUID) -> str:
    """End it: ended | withdrawn (a debit that waited for its file was taken back, too) | too_late (ended, and one
    payment is being taken, the last) | repeat | missing. What is left is owed as its bills say.
    """
    with transaction.atomic():
        order = orders.locked(account_id, order_id)
        if order is None or order["kind"] != "plan":
            return "missing"
        if order["state"] == "ended":
            return "repeat"
        found = sql.query(
            "SELECT DISTINCT due_on FROM autopay_due WHERE account_id = %s AND order_id = %s"
            " AND state IN ('taking', 'begun')",
            (account_id, order_id),
        )
        codes = {orders.call_off(account_id, order_id, row["due_on"], "ended") for row in found}
        orders.end(account_id, order_id, "payer")
    return "too_late" if "too_late" in codes else "withdrawn" if "withdrawn" in codes else "ended"


def look(most: int = 200) -> dict[str, int]:
    """Payments by hand whose day is over count as made or missed."""
    counts = {"by_hand": 0, "missed": 0}
    for row in sql.query(sql.load(__file__, "by_hand_due.sql"), {"today": clock.today("UTC") - GRACE, "most": most}):
        with transaction.atomic():
            counts["by_hand" if _by_hand(row) else "missed"] += 1
    return counts


def _by_hand(row: Row) -> bool:
    """Whether by now as much was paid on the plan's bills as its payments up to this one."""
    made = row["paid_cents"] >= row["scheduled_cents"]
    state = "taken" if made else "failed"
    moved = sql.execute(
        "UPDATE autopay_due SET state = %s, code = 'by_hand', taken_cents = %s, changed_at = %s WHERE account_id = %s"
        " AND order_id = %s AND due_on = %s AND processor_account = %s AND state = 'waiting'",
        (state, row["amount_cents"] if made else 0, clock.now(), row["account_id"], row["order_id"], row["due_on"],
         row["processor_account"]),
    )  # fmt: skip
    if moved and made:
        sql.execute(
            "UPDATE autopay_plan SET missed = 0 WHERE account_id = %s AND id = %s", (row["account_id"], row["order_id"])
        )
    elif moved:
        misses.failed({**row, "kind": "plan"}, "by_hand")
    return made


def _plan(account_id: UUID, order_id: UUID) -> Row | None:
    """An active plan with its order, locked."""
    return sql.one(
        "SELECT o.method_id, o.method_kind, o.region, p.paused FROM autopay_order o JOIN autopay_plan p"
        " ON p.account_id = o.account_id AND p.id = o.id WHERE o.account_id = %s AND o.id = %s AND o.state = 'active'"
        " AND o.kind = 'plan' FOR UPDATE OF o",
        (account_id, order_id),
    )


def _waiting(account_id: UUID, order_id: UUID) -> list[Row]:
    """Its payments to come, locked, unless one is being taken."""
    rows = sql.query(
        "SELECT account_id, order_id, due_on, processor_account, take_on, closes_at, parts, amount_cents, state"
        " FROM autopay_due WHERE account_id = %s AND order_id = %s AND state IN ('waiting', 'taking')"
        " ORDER BY take_on, due_on, processor_account FOR UPDATE",
        (account_id, order_id),
    )
    return [] if any(row["state"] == "taking" for row in rows) else rows


def _move(due: Row, slot: days.Slot) -> None:
    closes_at = BY_HAND if due["closes_at"] == BY_HAND else slot.closes_at
    _write(due, slot.take_on, closes_at)


def _take_now(due: Row, order: Row) -> None:
    slot = days.slot(days.today(order["region"]), order["method_kind"], order["region"])
    _write(due, slot.take_on, clock.now())


def _write(due: Row, take_on: Any, closes_at: Any) -> None:
    sql.execute(
        "UPDATE autopay_due SET take_on = %s, closes_at = %s, changed_at = %s WHERE account_id = %s AND order_id = %s"
        " AND due_on = %s AND processor_account = %s",
        (take_on, closes_at, clock.now(), due["account_id"], due["order_id"], due["due_on"], due["processor_account"]),
    )


def _join(dues: list[Row], order: Row) -> None:
    """All of these in the first of them, taken now."""
    sums: dict[UUID, int] = {}
    for due in dues:
        for bill, cents in orders.parts_of(due["parts"]):
            sums[bill] = sums.get(bill, 0) + cents
    first = dues[0]
    sql.execute(
        "DELETE FROM autopay_due WHERE account_id = %s AND order_id = %s AND processor_account = %s"
        " AND state = 'waiting' AND due_on <> %s",
        (first["account_id"], first["order_id"], first["processor_account"], first["due_on"]),
    )
    told = [{"bill_id": bill, "amount_cents": cents} for bill, cents in sums.items()]
    sql.execute(
        "UPDATE autopay_due SET parts = %s::jsonb, amount_cents = %s WHERE account_id = %s AND order_id = %s"
        " AND due_on = %s AND processor_account = %s",
        (sql.dumps(told), sum(sums.values()), first["account_id"], first["order_id"], first["due_on"],
         first["processor_account"]),
    )  # fmt: skip
    _take_now(first, order)
