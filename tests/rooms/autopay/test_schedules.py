"""A payment on a day to come: a day is possible, or the next that is; cancelled or taken, never both."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caretill.autopay import days, depends, keys, schedules, take, turn
from caretill.autopay.orders import Made
from caretill.autopay.schedules import Day
from caretill.core import clock, sql
from caretill.methods import change as method_changes
from caretill.methods import mandates
from caretill.regions import bankdays
from house import later, saved
from house.cast import a_bill
from house.desk import Desk, at_once

NOON = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


def scheduled(payer: later.Payer, *chosen: tuple[date, int]) -> list[UUID]:
    wish = payer.wish()
    made = schedules.plan(wish, [Day(payer.bill.bill_id, on, cents) for on, cents in chosen])
    assert made.code == "made", made
    return [keys.of_order("schedule", wish.key, place) for place in range(len(chosen))]


def test_several_days_for_one_bill(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer = later.a_payer(a_bill(20_000), processor)
        first, second = scheduled(payer, (date(2026, 12, 1), 5_000), (date(2027, 1, 4), 15_000))
        assert later.dues(first)[0]["closes_at"] == datetime(2026, 12, 1, 8, tzinfo=UTC)  # midnight in Oregon
        again = schedules.plan(payer.wish(), [Day(payer.bill.bill_id, date(2026, 12, 2), 1)])
        assert again.code == "above_owed"  # all of it is spoken for
        time.at = datetime(2026, 12, 1, 8, tzinfo=UTC)
        assert schedules.take_due() == {"claimed": 1, "begun": 1}
        turn.follow()
        assert payer.bill.figures()["open_cents"] == 15_000
        assert schedules.cancel(payer.bill.account_id, second) == "cancelled"
        assert schedules.cancel(payer.bill.account_id, first) == "too_late"
        time.at = datetime(2027, 1, 5, tzinfo=UTC)
        assert schedules.take_due() == {"claimed": 0, "begun": 0}
        states = {row["id"]: (row["state"], row["ended_why"]) for row in sql.query("SELECT * FROM autopay_order")}
        assert states == {first: ("ended", "done"), second: ("ended", "payer")}


def test_what_is_taken_is_at_most_what_is_owed_then(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer = later.a_payer(a_bill(20_000), processor)
        [order] = scheduled(payer, (date(2026, 12, 1), 20_000))
        a_bill(20_000, desk_cents=14_000, version=2)
        time.at = datetime(2026, 12, 1, 9, tzinfo=UTC)
        schedules.take_due()
        turn.follow()
        assert later.dues(order)[0]["taken_cents"] == 6_000 and payer.bill.figures()["open_cents"] == 0


def test_it_is_changed_until_it_is_taken(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer = later.a_payer(a_bill(20_000), processor)
        [order] = scheduled(payer, (date(2026, 12, 1), 20_000))
        assert schedules.change(payer.wish(), order, date(2026, 12, 3), 9_000).code == "made"
        assert schedules.change(payer.wish(), order, date(2026, 12, 5), 9_000).code == "rest"
        assert schedules.change(payer.wish(), order, date(2026, 12, 3), 20_001).code == "above_owed"
        [due] = later.dues(order)
        assert (due["take_on"], due["amount_cents"]) == (date(2026, 12, 3), 9_000)
        assert [row["ended_at"] is None for row in sql.query("SELECT ended_at FROM methods_mandate ORDER BY id")] == [
            False, True,
        ]  # fmt: skip
        time.at = datetime(2026, 12, 3, 9, tzinfo=UTC)
        schedules.take_due()
        assert schedules.change(payer.wish(), order, date(2026, 12, 8), 9_000).code == "too_late"


@pytest.mark.parametrize(
    ("wish", "code", "possible"),
    [
        (date(2026, 11, 20), "past", date(2026, 11, 24)),
        (date(2026, 11, 23), "too_soon", date(2026, 11, 24)),
        (date(2026, 11, 26), "rest", date(2026, 11, 27)),  # Thanksgiving
        (date(2026, 11, 28), "rest", date(2026, 11, 30)),
        (date(2026, 12, 25), "rest", date(2026, 12, 28)),
        (date(2028, 12, 1), "too_far", None),
    ],
)
def test_a_day_that_cannot_be(processor: Desk, wish: date, code: str, possible: date | None) -> None:
    with clock.fixed(NOON):
        payer = later.a_payer(a_bill(20_000), processor)
        made = schedules.plan(payer.wish(), [Day(payer.bill.bill_id, wish, 100)])
        assert (made.code, made.slot and made.slot.take_on) == (code, possible)
        assert schedules.plan(payer.wish(), [Day(payer.bill.bill_id, date(2026, 12, 1), 100)] * 2) == Made("twice")


def test_a_bank_debit_is_taken_back_until_its_file_leaves(db: None) -> None:
    with clock.fixed(NOON) as time:
        payer = later.a_payer(a_bill(20_000))
        [order] = scheduled(payer, (date(2026, 12, 1), 20_000))
        closes = later.dues(order)[0]["closes_at"]
        assert closes == datetime(2026, 11, 30, 20, tzinfo=UTC)  # 3 p.m. in New York: two hours before its file leaves
        time.at = closes - timedelta(seconds=1)
        assert schedules.take_due()["begun"] == 0
        time.at = closes
        assert schedules.take_due()["begun"] == 1
        row = sql.one("SELECT state, posts_on FROM payments_payment")
        assert row == {"state": "submitting", "posts_on": date(2026, 12, 1)}, "the day that was agreed to"
        assert schedules.cancel(payer.bill.account_id, order) == "withdrawn"
        turn.follow()
        assert later.dues(order)[0]["state"] == "skipped" and payer.bill.figures()["payable_cents"] == 20_000


def test_64_cancel_while_it_is_taken(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        bills = [a_bill(20_000, number=f"P001234567{place}") for place in range(4)]
        payer = later.a_payer(bills[0], processor)
        wish, account = payer.wish(), payer.bill.account_id
        assert schedules.plan(wish, [Day(bill.bill_id, date(2026, 12, 1), 1_000) for bill in bills]).code == "made"
        orders = [keys.of_order("schedule", wish.key, place) for place in range(4)]
        time.at = datetime(2026, 12, 1, 9, tzinfo=UTC)
        calls: list[Any] = [partial(schedules.cancel, account, order) for order in orders] * 4
        calls += [schedules.take_due] * 4
        answers = at_once(calls)[: 4 * len(orders)]
        turn.follow()
        for place, order in enumerate(orders):
            told = {answers[place + 4 * turn_no] for turn_no in range(4)}
            [due] = later.dues(order)
            if due["state"] == "taken":
                assert told == {"too_late"}
            else:
                assert due["state"] == "skipped" and told <= {"cancelled", "repeat"} and "cancelled" in told
        taken = sum(row["amount_cents"] for row in processor.charges())
        assert sum(bill.figures()["open_cents"] for bill in bills) == 80_000 - taken


def test_a_card_that_is_replaced_takes_its_schedules_along(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer = later.a_payer(a_bill(20_000), processor)
        [order] = scheduled(payer, (date(2026, 12, 1), 20_000))
        auto = later.enrolled(payer)
        account, login = payer.bill.account_id, payer.member.login_id
        new = saved.a_card(processor, payer.bill, "5555555555554444", login)
        assert [each.kind for each in depends.on_method(account, payer.method_id)] == ["schedule", "autopay"]
        mandates.take_over(account, payer.method_id, new, login, "192.0.2.1", "en")
        assert depends.move(account, payer.method_id, new) == 2
        assert method_changes.replace(account, payer.method_id, new) == "replaced"
        assert len(depends.on_method(account, new)) == 2 and not depends.on_method(account, payer.method_id)
        time.at = datetime(2026, 12, 1, 9, tzinfo=UTC)
        schedules.take_due()
        turn.follow()
        assert later.dues(order)[0]["state"] == "taken" and turn.ended() == 0
        assert method_changes.delete(account, new) == "deleted"
        assert turn.ended() == 1
        row = sql.one("SELECT state, ended_why FROM autopay_order WHERE id = %s", (auto,))
        assert row == {"state": "ended", "ended_why": "method"}


def test_who_lost_the_right_to_pay_takes_nothing(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer = later.a_payer(a_bill(20_000), processor)
        [order] = scheduled(payer, (date(2026, 12, 1), 20_000))
        sql.execute("UPDATE people_access SET ended_at = %s", (clock.now(),))
        time.at = datetime(2026, 12, 1, 9, tzinfo=UTC)
        schedules.take_due()
        assert later.dues(order)[0]["state"] == "stopped" and processor.charges() == []
        assert turn.ended() == 1


def test_a_set_that_was_killed_is_brought_to_its_end(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer = later.a_payer(a_bill(20_000), processor)
        [order] = scheduled(payer, (date(2026, 12, 1), 20_000))
        time.at = datetime(2026, 12, 1, 9, tzinfo=UTC)
        rows = take.claim(("schedule",), clock.now())["rows"]  # and then nothing: the process is gone
        assert schedules.take_due()["begun"] == 0  # somebody may still be at it
        take.begin_set([take.ask(row) for row in rows])  # or it died a step later
        time.advance(minutes=7)
        assert schedules.take_due()["begun"] == 1
        turn.follow()
        assert later.dues(order)[0]["state"] == "taken" and len(processor.charges()) == 1


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2036, 12, 31)).map(lambda at: at.replace(tzinfo=UTC)),
    st.integers(-40, 400),
    st.sampled_from(["card", "bank"]),
    st.sampled_from(["oregon", "hawaii", "virginia"]),
)
def test_every_wish_has_a_next_possible_day(at: datetime, ahead: int, kind: str, region: str) -> None:
    """Leap days, summer time, holidays: the day is a banking day, not before the wish, and can still be changed."""
    with clock.fixed(at):
        wish = days.today(region) + timedelta(days=ahead)
        slot = days.slot(wish, kind, region)
        assert bankdays.is_banking_day(slot.take_on) and slot.take_on >= wish and slot.closes_at > at
        assert (slot.moved == "") == (slot.take_on == wish)
        before = slot.take_on - timedelta(days=1)
        while before >= max(wish, days.today(region)):  # nothing in between was possible
            assert not bankdays.is_banking_day(before) or days.closes_at(before, kind, region) <= at
            before -= timedelta(days=1)
        told = days.noticed(days.today(region), wish, kind, region)
        assert told.take_on >= days.today(region) + days.NOTICE


@given(st.dates(date(2024, 1, 1), date(2036, 12, 1)), st.integers(1, 31))
def test_a_day_of_the_month_comes_once_a_month(first: date, day: int) -> None:
    found = days.monthly(first, day)
    months = [next(found) for _ in range(30)]
    assert months[0] >= first and all(days.is_day_of(each, day) for each in months)
    numbers = [each.year * 12 + each.month for each in months]
    assert numbers == list(range(numbers[0], numbers[0] + 30))


def test_29_february_and_the_31st() -> None:
    assert days.in_month(2028, 2, 31) == date(2028, 2, 29)
    assert days.in_month(2027, 2, 29) == date(2027, 2, 28)
    assert days.after_no_day(2027, 2) == date(2027, 3, 1)
    assert days.months_later(date(2028, 2, 29), 12) == date(2029, 2, 28)
    assert days.months_later(date(2026, 12, 31), 2) == date(2027, 2, 28)


def test_the_database_makes_the_same_keys(db: None) -> None:
    order = UUID("0199aaaa-0000-7000-8000-000000000001")
    row = sql.one("SELECT autopay_key(%s, %s, 'main', 2) AS key", (order, date(2026, 3, 1)))
    assert row == {"key": keys.of_due(order, date(2026, 3, 1), "main", 2)}


def test_the_worker_looks_at_all_of_it_slice_by_slice(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        bills = [a_bill(20_000, family=family) for family in "1234"]
        payers = [later.a_payer(bill, processor, email=f"m{n}@example.org") for n, bill in enumerate(bills)]
        made = [scheduled(payer, (date(2026, 12, 1), 5_000))[0] for payer in payers]
        time.at = datetime(2026, 12, 1, 8, tzinfo=UTC)
        assert schedules.take_due()["begun"] == 4
        counts = {"taken": 0, "ended": 0}
        following = turn.Following(dues=1, orders=3)
        for _ in range(9):
            done = following()
            counts = {name: counts[name] + done[name] for name in counts}
        assert counts == {"taken": 4, "ended": 4} and made
        assert {row["ended_why"] for row in sql.query("SELECT ended_why FROM autopay_order")} == {"done"}
