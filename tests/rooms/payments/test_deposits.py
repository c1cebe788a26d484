"""Money on an account: put there, used by choice and by itself, given back where it came from; credit beside it."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from caretill.core import sql
from caretill.core.ids import uuid7
from caretill.payments import allocate, callbacks, credit, deposits, look, returns, take
from caretill.payments.deposits import Wish
from caretill.regions import catalog
from house.cast import Bill, a_bill
from house.desk import Desk
from house.ledgerbook import begin, pay

MAIN = catalog.region("oregon").processor_accounts["medical_group"]


def put(processor: Desk, bill: Bill, cents: int) -> UUID:
    """A payment onto the account, none of it for a bill."""
    answer = take.pay(bill.ask(0, parts=(), deposit_cents=cents, processor_account=MAIN))
    assert answer.payment_id
    processor.card(answer.url)
    assert look.came_back(bill.account_id, answer.payment_id) == "succeeded"
    callbacks.apply_due()
    return answer.payment_id


def opened(*bills: Bill) -> list[int]:
    return [bill.figures()["open_cents"] for bill in bills]


def test_it_goes_onto_a_bill_once_and_no_more_than_is_owed(processor: Desk) -> None:
    bill = a_bill(5_000)
    put(processor, bill, 8_000)
    assert deposits.balance(bill.account_id) == 8_000
    key = uuid4()
    assert deposits.apply(bill.account_id, bill.bill_id, key, 2_000) == {"code": "applied", "applied_cents": 2_000}
    assert deposits.apply(bill.account_id, bill.bill_id, key, 2_000) == {"code": "repeat", "applied_cents": 2_000}
    assert deposits.apply(bill.account_id, bill.bill_id, uuid4()) == {"code": "applied", "applied_cents": 3_000}
    assert deposits.apply(bill.account_id, bill.bill_id, uuid4())["code"] == "nothing"
    assert (deposits.balance(bill.account_id), bill.figures()["paid_here_cents"]) == (3_000, 5_000)
    assert deposits.apply(bill.account_id, uuid4(), uuid4())["code"] == "missing"


def test_what_somebody_is_paying_is_left_alone(processor: Desk) -> None:
    bill = a_bill(5_000)
    put(processor, bill, 8_000)
    begin(bill, 1_000)
    assert deposits.apply(bill.account_id, bill.bill_id, uuid4())["code"] == "being_paid"
    assert deposits.apply_all(bill.account_id) == 0


def test_by_itself_the_oldest_due_first(processor: Desk) -> None:
    late, early = a_bill(5_000), a_bill(6_000, number="P2")
    sql.execute("UPDATE billing_bill SET due_date = '2026-12-01' WHERE id = %s", (early.bill_id,))
    put(processor, late, 8_000)
    assert deposits.work() == {"applied": 0, "reminded": 0}, "nobody said that it goes by itself"
    deposits.choose(late.account_id, uuid7(), Wish(by_itself=True, floor_cents=1_000))
    assert deposits.work() == {"applied": 1, "reminded": 1}
    assert (opened(late, early), deposits.balance(late.account_id)) == ([3_000, 0], 0)
    assert deposits.work() == {"applied": 0, "reminded": 0}, "they are reminded once"
    pay(processor, (late, 3_000))
    put(processor, late, 1_000)
    assert deposits.work() == {"applied": 0, "reminded": 0}
    topics = [row["topic"] for row in sql.query("SELECT topic FROM core_outbox WHERE topic = 'deposit_low'")]
    assert topics == ["deposit_low"]
    assert deposits.refund_rest(late.account_id, uuid4())["code"] == "asked"
    assert deposits.work()["reminded"] == 1, "it was above in between"


def test_the_rest_goes_back_where_it_came_from_the_newest_first(processor: Desk) -> None:
    bill = a_bill(5_000)
    first, second = put(processor, bill, 4_000), put(processor, bill, 3_000)
    deposits.apply(bill.account_id, bill.bill_id, uuid4(), 2_500)
    key = uuid4()
    answer = deposits.refund_rest(bill.account_id, key, 3_500)
    assert answer == {
        "code": "asked",
        "refunds": [
            {"payment_id": second, "amount_cents": 3_000, "code": "refunded"},
            {"payment_id": first, "amount_cents": 500, "code": "refunded"},
        ],
        "kept_cents": 1_000,
    }
    assert bill.figures()["open_cents"] == 2_500, "no bill opens again"
    assert deposits.refund_rest(bill.account_id, uuid4())["kept_cents"] == 0
    assert deposits.refund_rest(bill.account_id, uuid4()) == {"code": "nothing", "refunds": [], "kept_cents": 0}


def test_a_deposit_that_the_bank_takes_back_comes_off_the_bills_it_paid(processor: Desk) -> None:
    bill = a_bill(5_000)
    payment = put(processor, bill, 8_000)
    deposits.apply(bill.account_id, bill.bill_id, uuid4())
    answer = returns.apply_return(bill.account_id, payment, 8_000, "R01", "line")
    assert answer == {"code": "returned", "reopened_cents": 5_000, "owed_back_cents": 0}
    assert (opened(bill), deposits.balance(bill.account_id)) == ([5_000], 0)


def test_money_of_another_payee_stays_where_it_is(processor: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    bill = a_bill(5_000)
    put(processor, bill, 8_000)
    sql.execute("UPDATE payments_payment SET processor_account = 'another'")
    assert deposits.apply(bill.account_id, bill.bill_id, uuid4())["code"] == "nothing"


def test_credit_is_used_or_given_back(processor: Desk) -> None:
    bill, other = a_bill(14_000), a_bill(2_000, number="P2")
    payment = pay(processor, (bill, 14_000))
    a_bill(9_000, version=2)
    assert credit.balance(bill.account_id) == 5_000
    key = uuid4()
    assert credit.apply(bill.account_id, other.bill_id, key) == {"code": "applied", "applied_cents": 2_000}
    assert credit.apply(bill.account_id, other.bill_id, key) == {"code": "repeat", "applied_cents": 2_000}
    assert credit.apply(bill.account_id, other.bill_id, uuid4())["code"] == "nothing"
    answer = credit.give_back(bill.account_id, uuid4())
    assert answer == {
        "code": "asked",
        "refunds": [{"payment_id": payment, "amount_cents": 3_000, "code": "refunded"}],
        "kept_cents": 0,
    }
    assert opened(bill, other) == [0, 0]
    assert [each.figures()["paid_here_cents"] for each in (bill, other)] == [9_000, 2_000]


def test_what_nobody_moved_for_years_is_listed(processor: Desk) -> None:
    bill = a_bill(14_000)
    pay(processor, (bill, 14_000))
    a_bill(9_000, version=2)
    row = sql.one("SELECT max(business_date) AS day FROM ledger_transfer")
    assert row is not None
    day = row["day"]
    assert credit.dormant(day.replace(year=day.year + 3), 3)[0]["credit_cents"] == 5_000
    assert credit.dormant(day.replace(year=day.year + 2), 3) == []
    [held] = credit.held(bill.account_id)
    assert allocate.allocate(bill.account_id, bill.region, held["ref"], bill.bill_id, 1)["code"] == "floor"
