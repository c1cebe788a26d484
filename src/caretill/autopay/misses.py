"""What happens when something could not be taken: the payer is told, and a plan moves the payment to its end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from caretill.autopay import days
from caretill.core import clock, outbox, sql
from caretill.people.viewer import NOBODY

MOST_MISSED = 2  # so many payments in a row end a plan; it says so before it is signed


def failed(due: Mapping[str, Any], code: str) -> None:
    """Tell, in the caller's transaction, that a due was not taken. A plan's payment moves a month past its last one."""
    account_id, order_id, login_id = (UUID(str(due[name])) for name in ("account_id", "order_id", "login_id"))
    ended = _missed(account_id, order_id, due) if due["kind"] == "plan" else False
    body = {
        "account_id": account_id, "order_id": order_id, "due_on": due["due_on"], "kind": due["kind"], "code": code,
        "ended": ended,
    }  # fmt: skip
    outbox.put(account_id if login_id == NOBODY else login_id, "later_failed", body)


def _missed(account_id: UUID, order_id: UUID, due: Mapping[str, Any]) -> bool:
    """Whether the plan ended with it."""
    now = clock.now()
    plan = sql.one(
        "UPDATE autopay_plan SET missed = missed + 1 WHERE account_id = %s AND id = %s RETURNING missed",
        (account_id, order_id),
    )
    if plan is None or plan["missed"] >= MOST_MISSED:
        end(account_id, order_id, "missed")
        return True
    due_on = due["due_on"] if isinstance(due["due_on"], date) else date.fromisoformat(due["due_on"])
    last = sql.one(
        "SELECT max(d.due_on) AS last_on, max(o.method_kind) AS method_kind, max(d.region) AS region"
        " FROM autopay_due d JOIN autopay_order o ON o.account_id = d.account_id AND o.id = d.order_id"
        " WHERE d.account_id = %s AND d.order_id = %s AND o.state = 'active'",
        (account_id, order_id),
    )
    if last is None or last["last_on"] is None:
        return False
    wish = days.months_later(last["last_on"], 1)
    slot = days.slot(wish, last["method_kind"], last["region"])
    sql.execute(
        "INSERT INTO autopay_due (account_id, order_id, due_on, processor_account, kind, region, take_on, closes_at,"
        " parts, amount_cents, state, notice_put, code, changed_at)"
        " SELECT account_id, order_id, %s, processor_account, kind, region, %s, %s, parts, amount_cents, 'waiting',"
        " true, 'moved', %s FROM autopay_due WHERE account_id = %s AND order_id = %s AND due_on = %s"
        " AND processor_account = %s ON CONFLICT DO NOTHING",
        (
            wish,
            slot.take_on,
            slot.closes_at if last["method_kind"] else days.BY_HAND,
            now,
            account_id,
            order_id,
            due_on,
            due["processor_account"],
        ),
    )
    return False


def end(account_id: UUID, order_id: UUID, why: str) -> bool:
    """End an order: nothing that waits is taken any more. Whether it was not ended before.

    What agreed to it (the mandate) ends with `orders.end_mandates`, once nothing is being taken: who is told that a
    payment is already being taken is not told that it was refused.
    """
    now = clock.now()
    ended = sql.execute(
        "UPDATE autopay_order SET state = 'ended', ended_why = %s, ended_at = %s, changed_at = %s"
        " WHERE account_id = %s AND id = %s AND state <> 'ended'",
        (why, now, now, account_id, order_id),
    )
    sql.execute(
        "UPDATE autopay_due SET state = 'stopped', code = %s, changed_at = %s"
        " WHERE account_id = %s AND order_id = %s AND state IN ('waiting', 'above_cap')",
        (why, now, account_id, order_id),
    )
    return ended > 0
