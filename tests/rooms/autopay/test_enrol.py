"""Automatic payment: planned with a notice, taken once, skipped, moved, stopped; never what was paid another way."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from caretill.autopay import enrol, runs, take
from caretill.core import clock, sql
from house import later
from house.cast import a_bill
from house.desk import Desk

NOON = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)  # a Monday


def test_a_bill_is_planned_told_and_taken(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        bill = a_bill(20_000)
        payer = later.a_payer(bill, processor)
        order = later.enrolled(payer, day=7)
        assert runs.plan_dues().planned == 1
        assert runs.plan_dues().planned == 0  # nothing twice
        [due] = later.dues(order)
        assert (due["due_on"], due["take_on"], due["amount_cents"]) == (date(2026, 12, 7), date(2026, 12, 7), 20_000)
        assert later.told() == 1
        time.at = datetime(2026, 12, 7, 7, 59, tzinfo=UTC)  # 11:59 p.m. in Oregon
        assert later.ran().done == 0 and processor.charges() == []
        time.at = datetime(2026, 12, 7, 8, 0, tzinfo=UTC)
        done = later.ran()
        assert (done.planned, done.done, done.done_cents, done.failed) == (1, 1, 20_000, 0)
        assert bill.figures()["open_cents"] == 0 and len(processor.charges()) == 1
        [due] = later.dues(order)
        assert (due["state"], due["taken_cents"], due["tries"]) == ("taken", 20_000, 1)
        assert later.ran().done == 0


def test_nothing_is_taken_without_a_notice_and_one_that_leaves_late_moves_the_day(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer = later.a_payer(a_bill(20_000), processor)
        order = later.enrolled(payer, day=7)
        runs.plan_dues()
        time.at = datetime(2026, 12, 7, 20, tzinfo=UTC)  # the mail server was away
        assert later.ran().done == 0
        assert later.told() == 1
        [due] = later.dues(order)
        assert (due["take_on"], due["due_on"], due["noticed_on"]) == (
            date(2026, 12, 17), date(2026, 12, 7), date(2026, 12, 7),
        )  # fmt: skip
        time.at = datetime(2026, 12, 16, 20, tzinfo=UTC)
        assert later.ran().done == 0
        time.at = datetime(2026, 12, 17, 20, tzinfo=UTC)
        assert later.ran().done == 1


def test_what_was_paid_another_way_is_not_taken_again(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        bill = a_bill(20_000)
        payer = later.a_payer(bill, processor)
        order = later.enrolled(payer, day=7)
        runs.plan_dues()
        later.told()
        a_bill(20_000, desk_cents=15_000, version=2)
        time.at = datetime(2026, 12, 7, 20, tzinfo=UTC)
        assert later.ran().done_cents == 5_000
        assert later.dues(order)[0]["taken_cents"] == 5_000
        a_bill(20_000, desk_cents=20_000, version=3, desk_version=2)


def test_a_bill_paid_whole_needs_nothing(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        a_bill(20_000)
        payer = later.a_payer(a_bill(20_000), processor)
        order = later.enrolled(payer, day=7)
        runs.plan_dues()
        later.told()
        a_bill(20_000, desk_cents=20_000, version=2)
        time.at = datetime(2026, 12, 7, 20, tzinfo=UTC)
        done = later.ran()
        assert (done.done, done.causes, done.failed) == (0, {"paid": 1}, 0)
        assert later.dues(order)[0]["state"] == "not_needed" and processor.charges() == []


def test_above_the_cap_nothing_is_taken_and_it_is_told(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer = later.a_payer(a_bill(20_000), processor)
        first = enrol.first(payer.wish(), "card", enrol.Terms(day=7, cap_cents=19_999))
        assert (first.cents, first.above_cap) == (20_000, True)
        order = later.enrolled(payer, day=7, cap_cents=19_999)
        assert runs.plan_dues().above_cap == 1
        assert later.told() == 1  # that nothing is taken
        time.at = datetime(2026, 12, 7, 20, tzinfo=UTC)
        assert later.ran().planned == 0
        assert later.dues(order)[0]["state"] == "above_cap" and processor.charges() == []


def test_skip_move_and_stop(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer = later.a_payer(a_bill(20_000), processor)
        order, account = later.enrolled(payer, day=7), payer.bill.account_id
        runs.plan_dues()
        later.told()
        due = date(2026, 12, 7)
        assert enrol.move(account, order, due, date(2026, 12, 4)).code == "made"  # ten days are kept
        assert enrol.move(account, order, due, date(2026, 12, 2)).code == "notice"
        assert enrol.move(account, order, due, date(2026, 12, 25)).code == "rest"
        assert enrol.move(account, order, due, date(2026, 12, 12)).code == "rest"
        assert enrol.move(account, order, due, date(2026, 11, 2)).code == "past"
        assert enrol.move(account, order, due, date(2027, 2, 8)).code == "too_far"
        assert enrol.move(account, order, due, date(2026, 12, 8)).code == "made"
        assert later.dues(order)[0]["take_on"] == date(2026, 12, 8)
        assert enrol.skip(account, order, due) == "skipped"
        assert enrol.skip(account, order, due) == "repeat"
        assert runs.plan_dues().planned == 0  # a day that was skipped is not planned again
        time.at = datetime(2026, 12, 23, 18, 0, tzinfo=UTC)
        assert runs.plan_dues().planned == 0  # the seventh is 15 days away
        time.at = datetime(2026, 12, 24, 18, 0, tzinfo=UTC)
        assert runs.plan_dues().planned == 1
        assert enrol.stop(account, order) == "stopped"
        assert enrol.stop(account, order) == "repeat"
        assert [row["code"] for row in later.dues(order)] == ["skipped", "stopped"]
        ended = sql.one("SELECT ended_why FROM methods_mandate WHERE kind = 'recurring'")
        assert ended == {"ended_why": "payer"}
        time.at = datetime(2027, 1, 7, 18, 0, tzinfo=UTC)
        assert later.ran().planned == 0 and processor.charges() == []


def test_cancel_in_the_second_the_run_starts_is_one_of_the_two(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer = later.a_payer(a_bill(20_000), processor)
        order, account = later.enrolled(payer, day=7), payer.bill.account_id
        runs.plan_dues()
        later.told()
        time.at = datetime(2026, 12, 7, 20, tzinfo=UTC)
        part = take.claim(("autopay",), clock.now())
        assert enrol.stop(account, order) == "too_late"
        row = sql.one("SELECT state, mandate_ended FROM autopay_order WHERE id = %s", (order,))
        assert row == {"state": "ended", "mandate_ended": False}
        assert take.begin(part["rows"]).begun == 1
        take.follow()
        assert later.dues(order)[0]["state"] == "taken"
        time.advance(seconds=1)
        assert later.orders.end_mandates() == 1


def test_days_before_a_bill_is_due(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        bill = a_bill(20_000, due=date(2026, 12, 15))
        payer = later.a_payer(bill, processor)
        order = later.enrolled(payer, days_before=5)
        assert runs.plan_dues().planned == 0  # 17 days away
        time.advance(days=4)
        assert runs.plan_dues().planned == 1
        [due] = later.dues(order)
        assert (due["due_on"], due["take_on"]) == (date(2026, 12, 10), date(2026, 12, 10))
        enrol.skip(bill.account_id, order, due["due_on"])
        time.advance(days=1)
        assert runs.plan_dues().planned == 0  # what was skipped stays so


def test_a_bill_that_comes_too_late_for_its_day_is_taken_when_its_notice_is_old_enough(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer = later.a_payer(a_bill(20_000, due=date(2027, 6, 1)), processor)
        order = later.enrolled(payer, days_before=5)
        time.at = datetime(2027, 1, 4, 18, tzinfo=UTC)
        a_bill(7_000, number="P0012345671", due=date(2027, 1, 6))
        assert runs.plan_dues().planned == 1
        assert later.told() == 1
        [due] = later.dues(order)
        assert (due["due_on"], due["take_on"], due["amount_cents"]) == (date(2027, 1, 4), date(2027, 1, 14), 7_000)
        time.advance(days=1)
        assert runs.plan_dues().planned == 0


def test_the_same_form_twice_is_one_and_two_that_overlap_are_refused(processor: Desk) -> None:
    with clock.fixed(NOON):
        payer = later.a_payer(a_bill(20_000), processor)
        wish, terms = payer.wish(), enrol.Terms(day=5)
        first = enrol.enrol(wish, terms)
        assert enrol.enrol(wish, terms) == enrol.Made("repeat", first.order_id)
        assert enrol.enrol(payer.wish(), enrol.Terms(day=9, scope="kind", bill_kind="hospital")).code == "overlaps"
        assert enrol.enrol(payer.wish(key=uuid4()), enrol.Terms(day=9, days_before=3)).code == "unsound"


@pytest.mark.parametrize(("fault", "tries"), [("", 3), ("account_closed", 1)])
def test_a_card_is_tried_again_as_the_rules_allow(processor: Desk, fault: str, tries: int) -> None:
    """Softly refused: three times on other days within 14. Refused for good: never again."""
    with clock.fixed(NOON) as time:
        payer = later.a_payer(a_bill(20_000), processor, number="4000000000000341")
        if fault:
            processor.fault(fault, 9)
        order = later.enrolled(payer, day=7)
        runs.plan_dues()
        later.told()
        days = set()
        for day in range(7, 31):
            time.at = datetime(2026, 12, day, 20, tzinfo=UTC)
            before = later.dues(order)[0]["tries"]
            later.ran()
            if later.dues(order)[0]["tries"] > before:
                days.add(day)
        [due] = later.dues(order)
        assert (due["state"], due["tries"], len(days)) == ("failed", tries, tries)
        assert max(days) - min(days) <= 14
        told = sql.query("SELECT body FROM core_outbox WHERE topic = 'later_failed'")
        assert len(told) == 1


def test_two_writers_plan_what_one_would(processor: Desk, owner_connection: psycopg.Connection[Any]) -> None:
    with clock.fixed(NOON):
        for n, family in enumerate("12345"):
            payer = later.a_payer(a_bill(20_000, family=family), processor, email=f"m{n}@example.org")
            later.enrolled(payer, day=5)
        owner_connection.execute("ANALYZE autopay_order")
        told: list[int] = []
        done = runs.plan_dues(most=2, many=1, told=lambda planned: told.append(planned.planned))
        assert (done.seen, done.planned, done.cents) == (5, 5, 100_000) and sorted(told) == told and len(told) >= 4
        assert runs.plan_dues(most=2, many=1).planned == 0
        assert runs.plan_dues().seen == 5
