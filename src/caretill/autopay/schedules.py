"""One payment on a day to come, or several for one bill: each is an order, changed or cancelled by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from caretill.autopay import days, keys, orders, take
from caretill.autopay.orders import Made, Wish
from caretill.billing import member
from caretill.core import clock, sql
from caretill.methods.access import Method
from caretill.methods.mandates import MandateText

MOST = 12  # days chosen at once


@dataclass(frozen=True)
class Day:
    """So many cents of one bill on one day."""

    bill_id: UUID
    on: date
    cents: int


def judge(wish: Wish, method: Method, chosen: Sequence[Day], but: UUID | None = None) -> Made:
    """Whether these can be scheduled: `free`, or what is in the way.

    past, rest (a holiday or a weekend), too_soon, too_far: with the first possible day; twice (that day of that bill
    is chosen already); expires (the card will have ended); above_owed (more than is owed, or than other days leave,
    apart from those of the order `but`); not_found.
    """
    seen: set[tuple[UUID, date]] = set()
    for place, each in enumerate(chosen):
        slot = days.slot(each.on, method.kind, wish.region)
        if slot.moved:
            return Made(slot.moved, slot=slot, place=place)
        if each.on - days.today(wish.region) > days.MOST_AHEAD:
            return Made("too_far")
        if (each.bill_id, each.on) in seen:
            return Made("twice")
        if (last := ends(method)) and each.on > last:
            return Made("expires")
        seen.add((each.bill_id, each.on))
    rows = {row["bill_id"]: row for row in member.to_pay(wish.viewer, list(dict.fromkeys(e.bill_id for e in chosen)))}
    kept = orders.kept_back(wish.account_id, list(rows), but)
    for bill in dict.fromkeys(each.bill_id for each in chosen):
        row = rows.get(bill)
        if row is None or row["account_id"] != wish.account_id or not chosen or len(chosen) > MOST:
            return Made("not_found")
        asked = sum(each.cents for each in chosen if each.bill_id == bill)
        if asked > row["payable_cents"] - kept.get(bill, 0):
            return Made("above_owed")
    return Made("free")


def ends(method: Method) -> date | None:
    """The last day of a card."""
    if method.kind != "card" or not method.expiry_year or not method.expiry_month:
        return None
    return days.months_later(date(method.expiry_year, method.expiry_month, 1), 1) - timedelta(days=1)


def said(wish: Wish, method: Method, day: Day) -> MandateText:
    """What is agreed to for one day."""
    return orders.text("schedule", wish.language, wish.region, method, amount_cents=day.cents, on=[day.on])


def plan(wish: Wish, chosen: Sequence[Day]) -> Made:
    """Schedule these: made or repeat with the first order's id, otherwise as `judge`. Raises Hidden.

    All or none. Nothing is reserved: what was paid otherwise by then is not taken again.
    """
    ids = [keys.of_order("schedule", wish.key, place) for place in range(len(chosen))]
    if ids and sql.one("SELECT 1 FROM autopay_order WHERE account_id = %s AND id = %s", (wish.account_id, ids[0])):
        return Made("repeat", ids[0])
    method = orders.usable(wish.viewer, wish.method_account_id, wish.method_id) if wish.method_id else None
    if method is None:
        return Made("method_not_ready")
    verdict = judge(wish, method, chosen)
    if verdict.code != "free":
        return verdict
    payees = {row["bill_id"]: row["payee"] for row in member.to_pay(wish.viewer, [each.bill_id for each in chosen])}
    with transaction.atomic():
        for order_id, each in zip(ids, chosen, strict=True):
            if not orders.insert("schedule", wish, order_id, method, each.on):
                return Made("repeat", ids[0])
            _put(wish, order_id, method, each, payees)
    return Made("made", ids[0])


def change(wish: Wish, order_id: UUID, on: date, cents: int) -> Made:
    """Another day, another amount, another way to pay: agreed to anew. made | too_late | as `judge`. Raises Hidden."""
    method = orders.usable(wish.viewer, wish.method_account_id, wish.method_id) if wish.method_id else None
    if method is None:
        return Made("method_not_ready")
    with transaction.atomic():
        order = orders.locked(wish.account_id, order_id)
        due = sql.one(
            "SELECT due_on, parts FROM autopay_due WHERE account_id = %s AND order_id = %s AND state = 'waiting'"
            " AND tries = 0 FOR UPDATE",
            (wish.account_id, order_id),
        )
        if order is None or order["kind"] != "schedule" or due is None or order["state"] != "active":
            return Made("too_late")
        bill = orders.parts_of(due["parts"])[0][0]
        sql.execute("DELETE FROM autopay_due WHERE account_id = %s AND order_id = %s", (wish.account_id, order_id))
        verdict = judge(wish, method, [Day(bill, on, cents)])
        if verdict.code != "free":
            transaction.set_rollback(True)
            return verdict
        payees = {row["bill_id"]: row["payee"] for row in member.to_pay(wish.viewer, [bill])}
        _put(wish, order_id, method, Day(bill, on, cents), payees)
    return Made("made", order_id)


def cancel(account_id: UUID, order_id: UUID) -> str:
    """cancelled | withdrawn (its bank debit was taken back) | repeat | too_late (it is taken) | missing.

    Asked in the second in which it is taken, exactly one of the two happens, and this says which.
    """
    with transaction.atomic():
        due = sql.one(
            "SELECT due_on FROM autopay_due WHERE account_id = %s AND order_id = %s AND kind = 'schedule'",
            (account_id, order_id),
        )
        if due is None:
            return "missing"
        code = orders.call_off(account_id, order_id, due["due_on"], "cancelled")
        if code in ("skipped", "withdrawn"):
            orders.end(account_id, order_id, "payer")
    return "cancelled" if code == "skipped" else code


def take_due(until: datetime | None = None) -> dict[str, int]:
    """Take what schedules and plans have due. Run it as often as you like, by as many as you like."""
    done = take.finish_left()
    while (part := take.take_set(("schedule", "plan"), until or clock.now())).more:
        done.add(part)
    return {"claimed": done.claimed, "begun": done.begun}


def _put(wish: Wish, order_id: UUID, method: Method, day: Day, payees: dict[UUID, str]) -> None:
    slot = days.slot(day.on, method.kind, wish.region)
    orders.put_due(wish, "schedule", order_id, day.on, slot, [(day.bill_id, day.cents)], payees)
    orders.agree("schedule", wish, order_id, method, said(wish, method, day), cents=day.cents, varies=False)
