"""Card testing: whoever holds a bill may not try out a list of cards on it (rules.md SEC-3)."""

from __future__ import annotations

from datetime import UTC, datetime

from caretill.core import clock, sql
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
