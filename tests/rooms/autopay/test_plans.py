"""Payment plans: worked offers, what is signed, a miss, a pause, paid ahead, paid off, ended; by card or by hand."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from caretill.autopay import plan_changes, plans, schedules, turn
from caretill.autopay.plans import Offer
from caretill.core import clock, sql
from caretill.letters.dates import long_date
from caretill.regions import catalog, plan_rules
from caretill.regions.plan_rules import PlanTerms
from house import later
from house import ledgerbook as book
from house.cast import a_bill
from house.desk import Desk

NOON = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
FIRST = date(2026, 12, 1)


def signed(payer: later.Payer, offer: Offer, *, by_hand: bool = False) -> UUID:
    shown = [long_date(day, "en") for day in offer.days]
    text = plans.agreement("en", "oregon", offer, by_hand=by_hand, days_shown=shown)
    wish = payer.wish(method_id=None) if by_hand else payer.wish()
    made = plans.sign(wish, [payer.bill.bill_id], offer, text)
    assert made.code == "made" and made.order_id, made
    assert plans.sign(wish, [payer.bill.bill_id], offer, text).code == "repeat"
    return made.order_id


def at(time: Any, day: date) -> None:
    """The morning of that day; what is due is taken."""
    time.at = datetime(day.year, day.month, day.day, 18, tzinfo=UTC)
    schedules.take_due()
    turn.follow()


def states(order: UUID) -> list[tuple[date, int, str]]:
    return [(row["take_on"], row["amount_cents"], row["state"]) for row in later.dues(order)]


def test_three_offers_and_a_monthly_amount() -> None:
    with clock.fixed(NOON):
        found = plans.offers("oregon", 100_001, FIRST)
        assert [(each.payments, each.each_cents, each.last_cents) for each in found] == [
            (2, 50_001, 50_000), (3, 33_334, 33_333), (4, 25_001, 24_998),
        ]  # fmt: skip
        assert all(each.total_cents == 100_001 for each in found)
        assert found[2].days == (FIRST, date(2027, 1, 1), date(2027, 2, 1), date(2027, 3, 1))
        assert plans.offers("oregon", 4_999, FIRST) == []
        assert [each.payments for each in plans.offers("oregon", 6_000, FIRST)] == [2]
        offer = plans.of_monthly("oregon", 100_001, 30_000, FIRST)
        assert isinstance(offer, Offer) and (offer.payments, offer.last_cents) == (4, 10_001)
        assert plans.of_monthly("oregon", 100_001, 20_000, FIRST) == "too_little"
        assert plans.of_monthly("oregon", 100_001, 100_001, FIRST) == "too_much"
        assert plans.of_monthly("oregon", 100_001, 0, FIRST) == "too_little"
        least = plans.least_monthly("oregon", 100_001)
        assert isinstance(plans.of_monthly("oregon", 100_001, least, FIRST), Offer)


def test_more_than_four_only_with_a_disclosure(monkeypatch: pytest.MonkeyPatch) -> None:
    terms = PlanTerms(60, 2_500, {"en": "Loan terms.", "es": "Crédito."})
    more = dataclasses.replace(catalog.organisation(), plans=terms)
    monkeypatch.setattr(catalog, "organisation", lambda: more)
    with clock.fixed(NOON):
        found = plans.offers("oregon", 600_000, FIRST)
        assert [each.payments for each in found] == [12, 24, 36]  # the strictest state ends a plan after 36
        text = plans.agreement("en", "oregon", found[0], by_hand=True, days_shown=["x"] * 12)
        assert text.endswith("Loan terms.")


def test_states_by_day() -> None:
    assert plan_rules.rule("CO", date(2023, 6, 1)).interest_most_percent is None
    assert plan_rules.rule("CO", date(2026, 6, 1)).interest_most_percent == 3.0
    assert plan_rules.rule("NY", date(2026, 6, 1)).forgiven_after is None
    unknown = plan_rules.rule("ZZ", date(2026, 6, 1))
    assert (unknown.forgiven_after, unknown.income_percent_professional, unknown.card_may_be_asked) == (36, 2, False)


def test_a_plan_is_taken_to_its_end(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer = later.a_payer(a_bill(100_001), processor)
        order = signed(payer, plans.offers("oregon", 100_001, FIRST)[1])
        assert plans.sign(payer.wish(), [payer.bill.bill_id], plans.work_out(100_001, 2, FIRST), "").code == "in_plan"
        for day in (FIRST, date(2027, 1, 4), date(2027, 2, 1)):
            at(time, day)
        assert [each[1:] for each in states(order)] == [(33_334, "taken"), (33_334, "taken"), (33_333, "taken")]
        assert payer.bill.figures()["open_cents"] == 0
        row = sql.one("SELECT state, ended_why, mandate_ended FROM autopay_order")
        assert row == {"state": "ended", "ended_why": "done", "mandate_ended": True}
        assert [row["amount_cents"] for row in processor.charges()] == [33_334, 33_334, 33_333]


def test_a_miss_moves_to_the_end_and_two_in_a_row_end_it(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer = later.a_payer(a_bill(40_000), processor, number="4000000000000341")
        order = signed(payer, plans.offers("oregon", 40_000, FIRST)[2])
        processor.fault("account_closed", 99)
        at(time, FIRST)
        assert [each[2] for each in states(order)] == ["failed", "waiting", "waiting", "waiting", "waiting"]
        assert states(order)[4][:2] == (date(2027, 4, 1), 10_000)
        # The way to pay was put away; the next payment misses as well.
        at(time, date(2027, 1, 4))
        assert {each[2] for each in states(order)} == {"failed", "stopped"}
        row = sql.one("SELECT ended_why FROM autopay_order")
        assert row == {"ended_why": "missed"}
        ended = [sql.answer(row["body"])["ended"] for row in sql.query("SELECT body FROM core_outbox"
                 " WHERE topic = 'later_failed' ORDER BY id")]  # fmt: skip
        assert ended == [False, True]


def test_pause_pay_ahead_and_pay_off(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer = later.a_payer(a_bill(40_000), processor)
        order = signed(payer, plans.offers("oregon", 40_000, FIRST)[2])
        account = payer.bill.account_id
        assert plan_changes.pause(account, order) == "paused"
        assert [each[0] for each in states(order)] == [
            date(2027, 1, 4), date(2027, 2, 4), date(2027, 3, 1), date(2027, 4, 1),
        ]  # fmt: skip
        assert [plan_changes.pause(account, order) for _ in range(2)] == ["paused", "too_often"]
        assert plan_changes.pay_ahead(account, order) == "taken"
        at(time, date(2026, 11, 24))
        assert [each[2] for each in states(order)] == ["taken", "waiting", "waiting", "waiting"]
        assert plan_changes.pay_off(account, order) == "taken"
        at(time, date(2026, 11, 25))
        assert [each[1:] for each in states(order)] == [(10_000, "taken"), (30_000, "taken")]
        assert payer.bill.figures()["open_cents"] == 0
        assert plan_changes.end(account, order) == "repeat"


def test_what_is_paid_otherwise_shortens_the_plan(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer = later.a_payer(a_bill(40_000), processor)
        order = signed(payer, plans.offers("oregon", 40_000, FIRST)[2])
        a_bill(40_000, desk_cents=25_000, version=2)
        for month in (12, 13, 14, 15):
            at(time, date(2026 + (month - 1) // 12, (month - 1) % 12 + 1, 4))
        assert [row["taken_cents"] for row in later.dues(order)] == [10_000, 5_000, 0, 0]
        assert [each[2] for each in states(order)][2:] == ["not_needed", "not_needed"]
        assert payer.bill.figures()["open_cents"] == 0


def test_a_plan_by_hand(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer = later.a_payer(a_bill(40_000), processor)
        order = signed(payer, plans.offers("oregon", 40_000, FIRST)[2], by_hand=True)
        assert plan_changes.pay_ahead(payer.bill.account_id, order) == "by_hand"
        book.pay(processor, (payer.bill, 12_000))
        at(time, date(2026, 12, 10))
        assert [each[2] for each in states(order)] == ["taken", "waiting", "waiting", "waiting"]
        at(time, date(2027, 1, 12))
        assert [each[2] for each in states(order)] == ["taken", "failed", "waiting", "waiting", "waiting"]
        assert len(processor.charges()) == 1
        book.pay(processor, (payer.bill, 8_000))
        at(time, date(2027, 2, 12))
        assert states(order)[2][2] == "taken"
        at(time, date(2027, 3, 12))
        at(time, date(2027, 4, 14))
        assert {each[2] for each in states(order)[3:]} == {"failed", "stopped"}
        row = sql.one("SELECT ended_why FROM autopay_order")
        assert row == {"ended_why": "missed"}


def test_ending_leaves_the_bill_as_it_is(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer = later.a_payer(a_bill(40_000), processor)
        order = signed(payer, plans.offers("oregon", 40_000, FIRST)[2])
        at(time, FIRST)
        assert plan_changes.end(payer.bill.account_id, order) == "ended"
        at(time, FIRST + timedelta(days=40))
        assert len(processor.charges()) == 1 and payer.bill.figures()["open_cents"] == 30_000


@pytest.mark.parametrize(
    ("change", "code"),
    [({"payments": 5}, "unsound"), ({"last_cents": 1}, "changed"), ({"days": (date(2026, 11, 2),)}, "past")],
)
def test_what_cannot_be_signed(processor: Desk, change: dict[str, Any], code: str) -> None:
    with clock.fixed(NOON):
        payer = later.a_payer(a_bill(40_000), processor)
        offer = dataclasses.replace(plans.offers("oregon", 40_000, FIRST)[2], **change)
        assert plans.sign(payer.wish(), [payer.bill.bill_id], offer, "x").code == code
        assert plans.sign(payer.wish(), [later.uuid4()], offer, "x").code == "not_found"
