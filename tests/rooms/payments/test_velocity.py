"""Card testing: whoever holds a bill may not try out a list of cards on it (rules.md SEC-3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from caretill.core import clock, limits, sql
from caretill.payments import access, look, take, velocity
from caretill.payments.record import record
from house.cast import Bill, a_bill
from house.desk import Desk

AT = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
DECLINED = "4000000000000002"


def _tried(processor: Desk) -> int:
    return len([row for row in processor.shell.log() if row["what"] == "attempt"])


def _five_declines(processor: Desk, bill: Bill, **changes: object) -> str:
    answer = take.pay(bill.ask(1_000, **changes))
    if answer.code != "open":
        return answer.code
    for _ in range(5):
        processor.card(answer.url, DECLINED)
    return look.came_back(bill.account_id, answer.payment_id)


def test_after_three_payments_with_refused_cards_an_account_rests_for_a_day(processor: Desk) -> None:
    with clock.fixed(AT) as time:
        bill, other = a_bill(14_000, number="P1"), a_bill(14_000, number="P2")
        codes = [
            _five_declines(processor, each, network=f"192.0.2.{each.number}") for each in (bill, other, bill, other)
        ]
        assert codes == ["failed"] * 3 + ["too_many"]
        assert _tried(processor) == 15
        assert bill.figures()["payable_cents"] == 14_000 and sql.one("SELECT count(*) AS n FROM core_idempotency") == {
            "n": 3
        }
        time.advance(hours=24, seconds=1)
        assert take.pay(bill.ask(1_000)).code == "open"


def test_stopping_before_the_fifth_card_counts_as_well(processor: Desk) -> None:
    bill = a_bill(14_000)
    codes = []
    for _ in range(velocity.DECLINED_AN_ACCOUNT + 1):
        answer = take.pay(bill.ask(1_000))
        codes.append(answer.code)
        if answer.code == "open":
            for _ in range(4):
                processor.card(answer.url, DECLINED)
            assert take.stop(bill.account_id, answer.payment_id) == "voided"
    assert codes == ["open"] * 3 + ["too_many"]


def test_what_counts_is_refused_cards_alone(processor: Desk) -> None:
    """Pages left unpaid, and a refused card before the one that paid, are a payer's daily life."""
    bill = a_bill(14_000)
    for _ in range(4):
        answer = take.pay(bill.ask(1_000))
        assert take.stop(bill.account_id, answer.payment_id) == "voided"
        again = take.pay(bill.ask(1_000))
        processor.card(again.url, DECLINED)
        processor.card(again.url)
        assert look.came_back(bill.account_id, again.payment_id) == "succeeded"
        assert access.payment_figures(bill.account_id, again.payment_id)["failure_code"] == ""


def test_a_processor_that_refuses_to_open_a_page_is_nobodys_card(processor: Desk) -> None:
    bill = a_bill(14_000)
    for turn in range(4):
        processor.fault("create_dropped")
        answer = take.pay(bill.ask(1_000))
        told = {"provider": "sandbox", "object_ref": str(turn), "evidence": "refused", "failure_code": "bad_value"}
        assert answer.payment_id is not None
        assert record(bill.account_id, answer.payment_id, "oregon", "session_refused", **told)["state"] == "failed"
    assert take.pay(bill.ask(1_000)).code == "open"


def test_a_payment_under_way_goes_on_where_the_account_rests(processor: Desk) -> None:
    bills = [a_bill(14_000, number=f"P{number}") for number in range(4)]
    ask = bills[3].ask(1_000)
    first = take.pay(ask)
    for bill in bills[:3]:
        assert _five_declines(processor, bill) == "failed"
    assert take.pay(ask) == first
    processor.card(first.url)
    assert look.came_back(bills[3].account_id, first.payment_id) == "succeeded"


def _counted(bill: Bill) -> list[int]:
    """What is counted for the account and for the bill in this hour."""
    hour = velocity.HOUR
    return limits.counts(
        [
            limits.Limit("pay_account", str(bill.account_id), 1, hour),
            limits.Limit("pay_bill", str(bill.bill_id), 1, hour),
        ]
    )


def test_the_same_form_again_costs_nothing_even_in_another_hour(processor: Desk) -> None:
    with clock.fixed(AT + timedelta(minutes=50)) as time:
        bill = a_bill(14_000)
        ask = bill.ask(1_000)
        first = take.pay(ask)
        assert all(take.pay(ask) == first for _ in range(2 * velocity.SESSIONS_A_BILL))
        assert _counted(bill) == [1, 1]
        time.advance(minutes=15)
        assert take.pay(ask) == first and take.pay(ask) == first
        assert _counted(bill) == [0, 0], "it has its place in the hour before"
        assert take.pay(replace(ask, parts=((bill.bill_id, 2_000),))).code == "key_conflict"
        assert _counted(bill) == [0, 0]


def test_where_no_payment_is_begun_no_place_is_kept(processor: Desk) -> None:
    with clock.fixed(AT):
        bill = a_bill(14_000)
        for _ in range(2 * velocity.SESSIONS_A_BILL):
            assert take.pay(bill.ask(15_000)).code == "above_owed"
        assert _counted(bill) == [0, 0]
        assert take.pay(bill.ask(1_000)).code == "open"
        for _ in range(2 * velocity.SESSIONS_A_BILL):
            assert take.pay(bill.ask(1_000, visit=b"another")).code == "being_paid"
        assert _counted(bill) == [1, 1]


def test_dying_before_the_payment_begins_costs_a_place_and_opens_none(
    processor: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with clock.fixed(AT):
        bill = a_bill(14_000)
        asks = [bill.ask(1_000) for _ in range(velocity.SESSIONS_A_BILL)]
        with monkeypatch.context() as changed:
            changed.setattr(take, "_begin", dies)
            for turn, ask in enumerate(asks, 1):
                for _ in range(2):
                    with pytest.raises(KeyboardInterrupt):
                        take.pay(ask)
                assert _counted(bill) == [turn, turn]
        assert take.pay(bill.ask(1_000)).code == "too_many"
        # The same form goes on with the place it took; the next hour has room for all.
        assert take.pay(asks[0]).code == "open"
        assert _counted(bill) == [velocity.SESSIONS_A_BILL] * 2


def test_a_payment_that_is_refused_leaves_the_place_of_its_twin_alone(
    processor: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same form twice at once: one is told that the bill is held, lets go of it slowly, and the other begins."""
    usual = take._claim
    with clock.fixed(AT):
        bill = a_bill(14_000)
        ask = bill.ask(1_000)

        def late(asked: take.Ask) -> take.Answer:
            monkeypatch.setattr(take, "_claim", usual)
            assert take.pay(asked).code == "open"
            return take.Answer("being_paid")

        monkeypatch.setattr(take, "_claim", late)
        monkeypatch.setattr(take, "_known", lambda *_: False)
        assert take.pay(ask).code == "being_paid"
        assert _counted(bill) == [1, 1]
