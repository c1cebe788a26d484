"""Automatic payment of bills: set up, changed, paused, stopped; one debit skipped or moved. All in one press each.

It follows people and bills by their ids: a new health record number, a new plan year or another card ends none of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal
from uuid import UUID

from django.db import transaction

from caretill.autopay import days, keys, orders
from caretill.autopay.orders import Made, Wish
from caretill.billing import member
from caretill.core import clock, sql
from caretill.methods.access import Method
from caretill.methods.mandates import MandateText
from caretill.people.viewer import Hidden
from caretill.regions import catalog

Scope = Literal["all", "person", "kind"]
MOST_DAYS_BEFORE = 28
MOVED_MOST = timedelta(days=30)  # one debit is moved so far at most


@dataclass(frozen=True)
class Terms:
    """What is paid by itself, and how. `day` of the month (29 to 31: the last of shorter months) or `days_before` due.

    `cap_cents`: on a day on which more would be taken, nothing is, and the payer is told. `tell_also`: whoever answers
    for the account gets the notices, too.
    """

    scope: Scope = "all"
    person_id: UUID | None = None
    bill_kind: str = ""
    cap_cents: int | None = None
    day: int | None = None
    days_before: int | None = None
    tell_also: bool = False

    @property
    def sound(self) -> bool:
        """Whether these terms mean something."""
        rhythm = (self.day is None) != (self.days_before is None)
        in_range = 1 <= (self.day or 1) <= 31 and 0 <= (self.days_before or 0) <= MOST_DAYS_BEFORE
        scoped = (self.scope == "person") == (self.person_id is not None) and (self.scope == "kind") == bool(
            self.bill_kind
        )
        return rhythm and in_range and scoped and (self.cap_cents is None or self.cap_cents > 0)


@dataclass(frozen=True)
class First:
    """The first debit as things stand: when, and how much; `above_cap` says that it would not be taken."""

    on: date | None
    cents: int
    above_cap: bool


def said(wish: Wish, method: Method, terms: Terms) -> MandateText:
    """What is agreed to."""
    return orders.text(
        "autopay", wish.language, wish.region, method, scope=terms.scope, at_most_cents=terms.cap_cents,
        day=terms.day, days_before=terms.days_before,
    )  # fmt: skip


def first(wish: Wish, method_kind: str, terms: Terms) -> First:
    """What would be taken first, for the page on which it is set up. Reads bills, logged."""
    rows = _in_scope(wish, terms)
    starts = _starts_on(wish.region, terms)
    if terms.days_before is None:
        chosen, wished = rows, starts
    else:
        coming = [row for row in rows if row["due_date"] >= days.today(wish.region)]
        wishes = {max(row["due_date"] - timedelta(days=terms.days_before), starts) for row in coming}
        wished = min(wishes, default=starts)
        before = timedelta(days=terms.days_before)
        chosen = [row for row in coming if max(row["due_date"] - before, starts) == wished]
    cents = member.cents(chosen)
    if not cents:
        return First(None, 0, False)
    slot = days.noticed(days.today(wish.region), wished, method_kind, wish.region)
    return First(slot.take_on, cents, terms.cap_cents is not None and cents > terms.cap_cents)


def enrol(wish: Wish, terms: Terms) -> Made:
    """Set it up: made or repeat with its id; method_not_ready, unsound, overlaps (with another one). Raises Hidden."""
    order_id = keys.of_order("autopay", wish.key)
    if sql.one("SELECT 1 FROM autopay_order WHERE account_id = %s AND id = %s", (wish.account_id, order_id)):
        return Made("repeat", order_id)
    method, verdict = _judge(wish, terms)
    if method is None:
        return verdict
    with transaction.atomic():
        sql.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"enrol {wish.account_id}",))
        if _overlaps(wish, terms, but=order_id):
            return Made("overlaps")
        starts_on = _starts_on(wish.region, terms)
        if not orders.insert("autopay", wish, order_id, method, starts_on, **_columns(terms)):
            return Made("repeat", order_id)
        orders.agree(
            "autopay", wish, order_id, method, said(wish, method, terms), cents=terms.cap_cents, varies=True
        )  # fmt: skip
    return Made("made", order_id)


def change(wish: Wish, order_id: UUID, terms: Terms) -> Made:
    """Other terms or another way to pay, agreed to anew: made | busy (a payment is being taken) | as `enrol`.

    Debits that were planned are planned again, with a new notice each.
    """
    method, verdict = _judge(wish, terms)
    if method is None:
        return verdict
    with transaction.atomic():
        sql.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"enrol {wish.account_id}",))
        order = orders.locked(wish.account_id, order_id)
        if order is None or order["login_id"] != wish.login_id or order["kind"] != "autopay":
            raise Hidden
        if order["state"] == "ended":
            return Made("ended")
        if _overlaps(wish, terms, but=order_id):
            return Made("overlaps")
        if _taking(wish.account_id, order_id):
            return Made("busy")
        _forget_planned(wish.account_id, order_id)
        values = _columns(terms) | {"starts_on": _starts_on(wish.region, terms), "changed_at": clock.now()}
        sets = ", ".join(f"{name} = %s" for name in values)
        sql.execute(
            f"UPDATE autopay_order SET {sets} WHERE account_id = %s AND id = %s",
            [*values.values(), wish.account_id, order_id],
        )
        orders.agree("autopay", wish, order_id, method, said(wish, method, terms), cents=terms.cap_cents, varies=True)
    return Made("made", order_id)


def skip(account_id: UUID, order_id: UUID, due_on: date) -> str:
    """Leave one debit out: skipped | withdrawn | repeat | too_late | missing. Automatic payment goes on after it."""
    with transaction.atomic():
        return orders.call_off(account_id, order_id, due_on, "skipped")


def move(account_id: UUID, order_id: UUID, due_on: date, wish: date) -> Made:
    """Take one debit on another day: made | too_late | past, rest, too_soon, notice (with the first possible day) |
    too_far. The days of notice are kept: it may be later, not sooner than they allow.
    """
    with transaction.atomic():
        rows = sql.query(
            "SELECT d.processor_account, d.region, d.noticed_on, d.take_on, o.method_kind FROM autopay_due d"
            " JOIN autopay_order o ON o.account_id = d.account_id AND o.id = d.order_id WHERE d.account_id = %s"
            " AND d.order_id = %s AND d.due_on = %s AND d.state = 'waiting' FOR UPDATE OF d",
            (account_id, order_id, due_on),
        )
        if not rows:
            return Made("too_late", order_id)
        row = rows[0]
        slot = days.slot(wish, row["method_kind"], row["region"])
        least = days.noticed(row["noticed_on"] or days.today(row["region"]), wish, row["method_kind"], row["region"])
        if slot.moved:
            return Made(slot.moved, order_id, least)
        if least.take_on != wish:
            return Made("notice", order_id, least)
        if wish > due_on + MOVED_MOST:
            return Made("too_far", order_id)
        sql.execute(
            "UPDATE autopay_due SET take_on = %s, closes_at = %s, changed_at = %s"
            " WHERE account_id = %s AND order_id = %s AND due_on = %s AND state = 'waiting'",
            (least.take_on, least.closes_at, clock.now(), account_id, order_id, due_on),
        )
    return Made("made", order_id, least)


def stop(account_id: UUID, order_id: UUID, why: str = "payer") -> str:
    """End it: stopped | withdrawn (a debit that waited for its file was taken back, too) | too_late (it is ended; one
    payment is being taken, and is the last) | repeat | missing.
    """
    with transaction.atomic():
        order = orders.locked(account_id, order_id)
        if order is None:
            return "missing"
        if order["state"] == "ended":
            return "repeat"
        found = sql.query(
            "SELECT DISTINCT due_on FROM autopay_due WHERE account_id = %s AND order_id = %s"
            " AND state IN ('waiting', 'taking', 'begun')",
            (account_id, order_id),
        )
        codes = {orders.call_off(account_id, order_id, row["due_on"], "stopped") for row in found}
        orders.end(account_id, order_id, why)
    return "too_late" if "too_late" in codes else "withdrawn" if "withdrawn" in codes else "stopped"


def pause(account_id: UUID, order_id: UUID) -> str:
    """Take nothing until it goes on again: paused | repeat | missing. What was planned is left out."""
    with transaction.atomic():
        order = orders.locked(account_id, order_id)
        if order is None or order["state"] == "ended":
            return "missing"
        if order["state"] == "paused":
            return "repeat"
        _set_state(account_id, order_id, "paused")
        sql.execute(
            "UPDATE autopay_due SET state = 'skipped', code = 'paused', changed_at = %s"
            " WHERE account_id = %s AND order_id = %s AND state IN ('waiting', 'above_cap')",
            (clock.now(), account_id, order_id),
        )
    return "paused"


def resume(account_id: UUID, order_id: UUID) -> str:
    """Go on after a pause, from the next day that keeps the days of notice: resumed | repeat | missing."""
    with transaction.atomic():
        order = orders.locked(account_id, order_id)
        if order is None or order["state"] == "ended":
            return "missing"
        if order["state"] == "active":
            return "repeat"
        terms = Terms(day=order["day"], days_before=order["days_before"])
        sql.execute(
            "UPDATE autopay_order SET starts_on = %s WHERE account_id = %s AND id = %s",
            (_starts_on(order["region"], terms), account_id, order_id),
        )
        _set_state(account_id, order_id, "active")
    return "resumed"


def _judge(wish: Wish, terms: Terms) -> tuple[Method | None, Made]:
    if not terms.sound:
        return None, Made("unsound")
    if not wish.viewer.allows("pay", wish.account_id, terms.person_id):
        raise Hidden
    method = orders.usable(wish.viewer, wish.method_account_id, wish.method_id) if wish.method_id else None
    return method, Made("method_not_ready")


def _starts_on(region: str, terms: Terms) -> date:
    """The first day that can be planned: a notice leaves and is old enough by then."""
    soonest = days.today(region) + days.NOTICE + timedelta(days=1)
    return next(days.monthly(soonest, terms.day)) if terms.day else soonest


def _columns(terms: Terms) -> dict[str, Any]:
    return {
        "scope": terms.scope, "person_id": terms.person_id, "bill_kind": terms.bill_kind, "cap_cents": terms.cap_cents,
        "day": terms.day, "days_before": terms.days_before, "tell_also": terms.tell_also,
    }  # fmt: skip


def _overlaps(wish: Wish, terms: Terms, *, but: UUID) -> bool:
    """Whether another one of this member's may take the same bills."""
    rows = sql.query(
        "SELECT scope, person_id, bill_kind FROM autopay_order WHERE account_id = %s AND login_id = %s"
        " AND kind = 'autopay' AND state <> 'ended' AND id <> %s",
        (wish.account_id, wish.login_id, but),
    )
    return any(not _apart(terms, row) for row in rows)


def _apart(terms: Terms, other: Mapping[str, Any]) -> bool:
    if terms.scope != other["scope"] or terms.scope == "all":
        return False
    if terms.scope == "person":
        return terms.person_id != other["person_id"]
    return terms.bill_kind != other["bill_kind"]


def _in_scope(wish: Wish, terms: Terms) -> Sequence[dict[str, Any]]:
    accounts = catalog.region(wish.region).processor_accounts
    return [
        row
        for row in member.owed(wish.viewer).payable
        if row["account_id"] == wish.account_id and row["pays"] and row["payee"] in accounts
        and (terms.scope != "person" or row["person_id"] == terms.person_id)
        and (terms.scope != "kind" or row["kind"] == terms.bill_kind)
    ]  # fmt: skip


def _taking(account_id: UUID, order_id: UUID) -> bool:
    row = sql.one(
        "SELECT 1 FROM autopay_due WHERE account_id = %s AND order_id = %s AND state = 'taking'", (account_id, order_id)
    )
    return row is not None


def _forget_planned(account_id: UUID, order_id: UUID) -> None:
    """What was planned under other terms and never tried goes; it is planned anew."""
    sql.execute(
        "DELETE FROM autopay_due WHERE account_id = %s AND order_id = %s AND state IN ('waiting', 'above_cap')"
        " AND tries = 0",
        (account_id, order_id),
    )


def _set_state(account_id: UUID, order_id: UUID, state: str) -> None:
    sql.execute(
        "UPDATE autopay_order SET state = %s, changed_at = %s WHERE account_id = %s AND id = %s",
        (state, clock.now(), account_id, order_id),
    )
