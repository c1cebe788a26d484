"""A guest pays a bill: what the ledger, the bill and the processor's log say afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from caretill.core import clock, sql
from caretill.payments import access, callbacks, look, refund, sweep, take
from house.cast import a_bill
from house.desk import Desk


def test_one_bill_paid_whole(processor: Desk) -> None:
    bill = a_bill(14_000)
    answer = take.pay(bill.ask(14_000))
    assert answer.code == "open"
    held = bill.figures()
    assert (held["open_cents"], held["payable_cents"], held["status"]) == (14_000, 0, "being_paid")
    assert processor.card(answer.url).startswith("http")
    assert look.came_back(bill.account_id, answer.payment_id) == "succeeded"
    paid = bill.figures()
    assert (paid["open_cents"], paid["paid_here_cents"], paid["status"]) == (0, 14_000, "paid")
    receipt = access.receipt_figures(bill.account_id, answer.payment_id)
    assert receipt["amount_cents"] == 14_000 and receipt["parts"][0]["left_cents"] == 0
    assert access.check(receipt["check_code"]) == {"answer": "paid"}
    assert callbacks.apply_due() == 1, "its callback came too, and changes nothing"
    assert bill.figures() == paid
    assert len(processor.charges()) == 1


def test_the_same_key_is_the_same_payment_and_another_amount_is_refused(processor: Desk) -> None:
    bill = a_bill(14_000)
    ask = bill.ask(5_000)
    first, second = take.pay(ask), take.pay(ask)
    assert first == second
    assert take.pay(replace(ask, parts=((bill.bill_id, 6_000),))).code == "key_conflict"
    assert bill.figures()["pending_cents"] == 5_000


def test_more_than_is_owed_is_refused_and_nothing_stays(processor: Desk) -> None:
    bill = a_bill(14_000)
    assert take.pay(bill.ask(14_001)).code == "above_owed"
    assert bill.figures()["pending_cents"] == 0
    assert sql.one("SELECT count(*) AS n FROM core_idempotency") == {"n": 0}


def test_a_bill_being_paid_waits_and_another_browser_is_told_until_when(processor: Desk) -> None:
    bill = a_bill(14_000)
    first = take.pay(bill.ask(5_000))
    mine = take.pay(bill.ask(5_000))
    assert (mine.code, mine.mine, mine.payment_id) == ("being_paid", True, first.payment_id)
    other = take.pay(bill.ask(5_000, visit=b"another"))
    assert (other.code, other.mine) == ("being_paid", False) and other.until
    assert take.stop(bill.account_id, first.payment_id) == "voided"
    assert take.pay(bill.ask(5_000, visit=b"another")).code == "open"


def test_a_payment_given_up_can_never_be_paid(processor: Desk) -> None:
    bill = a_bill(14_000)
    answer = take.pay(bill.ask(14_000))
    assert take.stop(bill.account_id, answer.payment_id) == "voided"
    processor.card(answer.url)
    assert processor.charges() == []
    assert bill.figures()["payable_cents"] == 14_000


@pytest.mark.parametrize("fault", ["create_lost", "create_500_after", "create_500_before", "create_dropped"])
def test_a_lost_answer_charges_nothing_and_the_next_press_goes_on(processor: Desk, fault: str) -> None:
    bill = a_bill(14_000)
    ask = bill.ask(14_000)
    processor.fault(fault)
    assert take.pay(ask).code == "not_sent"
    again = take.pay(ask)
    assert again.code == "open"
    processor.card(again.url)
    assert look.came_back(bill.account_id, again.payment_id) == "succeeded"
    assert len(processor.charges()) == 1


def test_the_sweeper_finds_what_no_callback_told(processor: Desk) -> None:
    with clock.fixed(datetime(2026, 11, 22, 18, 0, tzinfo=UTC)) as time:
        bill = a_bill(14_000)
        answer = take.pay(bill.ask(14_000))
        processor.fault("callback_lost")
        processor.card(answer.url)
        assert callbacks.apply_due() == 0
        assert sweep.sweep()["ended"] == 0
        time.advance(minutes=3)
        assert sweep.sweep()["ended"] == 1
        assert bill.figures()["status"] == "paid"


def test_silence_after_the_return_is_unknown_and_ends_resolved(processor: Desk) -> None:
    with clock.fixed(datetime(2026, 11, 23, 18, 0, tzinfo=UTC)) as time:
        bill = a_bill(14_000)
        answer = take.pay(bill.ask(14_000))
        processor.fault("callback_lost")
        processor.card(answer.url)
        processor.fault("retrieve_500", 50)
        assert look.came_back(bill.account_id, answer.payment_id) == "requires_action"
        time.advance(seconds=30)
        assert look.came_back(bill.account_id, answer.payment_id) == "unknown"
        figures = access.payment_figures(bill.account_id, answer.payment_id)
        assert figures["promised_at"] > clock.now()
        assert take.pay(bill.ask(1_000, visit=b"another")).code == "being_paid"
        processor.shell.admin("POST", "faults/clear")
        for _ in range(80):
            time.advance(minutes=1)
            sweep.sweep()
        assert bill.figures()["status"] == "paid"


def test_an_abandoned_page_falls_free_by_the_processors_word(processor: Desk) -> None:
    with clock.fixed(datetime(2026, 11, 22, 18, 0, tzinfo=UTC)) as time:
        bill = a_bill(14_000)
        answer = take.pay(bill.ask(14_000))
        time.advance(minutes=31)
        sweep.sweep()
        assert access.payment_figures(bill.account_id, answer.payment_id)["state"] == "voided"
        assert bill.figures()["payable_cents"] == 14_000


def test_declined_cards_leave_the_bill_owed(processor: Desk) -> None:
    bill = a_bill(14_000)
    answer = take.pay(bill.ask(14_000))
    for _ in range(5):
        processor.card(answer.url, "4000000000000002")
    assert look.came_back(bill.account_id, answer.payment_id) == "failed"
    assert bill.figures()["payable_cents"] == 14_000
    assert processor.charges() == []


def test_a_refund_opens_the_bill_again_once(processor: Desk) -> None:
    bill = a_bill(14_000)
    answer = take.pay(bill.ask(14_000))
    processor.card(answer.url)
    look.came_back(bill.account_id, answer.payment_id)
    key = uuid4()
    assert refund.refund(bill.account_id, answer.payment_id, 4_000, key, "asked")["code"] == "refunded"
    assert refund.refund(bill.account_id, answer.payment_id, 4_000, key, "asked")["code"] == "repeat"
    assert bill.figures()["open_cents"] == 4_000
    assert refund.refund(bill.account_id, answer.payment_id, 10_001, uuid4(), "asked")["code"] == "above_captured"
    assert refund.refund(bill.account_id, answer.payment_id, 10_000, uuid4(), "asked")["code"] == "refunded"
    receipt = access.receipt_figures(bill.account_id, answer.payment_id)
    assert access.check(receipt["check_code"]) == {"answer": "refunded"}


def test_a_fall_below_what_is_being_paid_becomes_credit(processor: Desk) -> None:
    bill = a_bill(20_000, number="P1", desk_cents=1_000)
    answer = take.pay(bill.ask(15_000))
    a_bill(10_000, number="P1", version=2)
    fallen = bill.figures()
    assert (fallen["open_cents"], fallen["pending_cents"], fallen["credit_cents"]) == (15_000, 15_000, 6_000)
    assert fallen["changes"][0]["deltas"] == {"charge": -10_000}
    processor.card(answer.url)
    look.came_back(bill.account_id, answer.payment_id)
    paid = bill.figures()
    assert (paid["open_cents"], paid["credit_cents"], paid["status"]) == (0, 6_000, "credit")
    a_bill(17_000, number="P1", version=3)
    risen = bill.figures()
    assert (risen["open_cents"], risen["credit_cents"]) == (1_000, 0)


def test_a_void_after_a_fall_gives_the_credit_back_to_the_bill(processor: Desk) -> None:
    bill = a_bill(20_000, number="P1")
    answer = take.pay(bill.ask(20_000))
    a_bill(5_000, number="P1", version=2)
    take.stop(bill.account_id, answer.payment_id)
    after = bill.figures()
    assert (after["open_cents"], after["credit_cents"], after["payable_cents"]) == (5_000, 0, 5_000)
