"""Bank debits that come back: what they paid is owed again, the last first; nothing is shown as paid that is not."""

from __future__ import annotations

from uuid import uuid4

from django.db import transaction

from caretill.core import sql
from caretill.payments import access, allocate, look, motion, paid_bill, refund, returns, take
from caretill.payments.record import record
from house.cast import Bill, a_bill
from house.desk import Desk
from house.ledgerbook import come_late, give_back, pay


def _balance(kind: str) -> int:
    row = sql.one(
        "SELECT coalesce(sum(abs(debits_posted - credits_posted)), 0)::int AS held FROM ledger_balance WHERE kind = %s",
        (kind,),
    )
    assert row is not None
    return int(row["held"])


def _open(*bills: Bill) -> list[int]:
    return [bill.figures()["open_cents"] for bill in bills]


def test_a_return_opens_its_bills_again_once(processor: Desk) -> None:
    first, second = a_bill(14_000), a_bill(9_000, number="P2")
    payment = pay(processor, (first, 14_000), (second, 5_000))
    assert _open(first, second) == [0, 4_000]
    answer = returns.apply_return(first.account_id, payment, 19_000, "R01", "file-1:7")
    assert answer == {"code": "returned", "reopened_cents": 19_000, "owed_back_cents": 0}
    assert _open(first, second) == [14_000, 9_000]
    assert first.figures()["paid_here_cents"] == 0
    again = returns.apply_return(first.account_id, payment, 19_000, "R01", "file-1:7")
    assert again["code"] == "repeat"
    assert _open(first, second) == [14_000, 9_000]
    other = returns.apply_return(first.account_id, payment, 19_000, "R10", "file-2:1")
    assert other["code"] == "above_captured", "a debit comes back once"


def test_what_nobody_has_comes_back_as_nothing(processor: Desk) -> None:
    bill = a_bill(14_000)
    assert returns.apply_return(bill.account_id, uuid4(), 1, "R01", "x")["code"] == "missing"
    answer = take.pay(bill.ask(14_000))
    assert returns.apply_return(bill.account_id, answer.payment_id, 14_000, "R01", "x")["code"] == "missing"
    assert returns.undo(bill.account_id, "x")["code"] == "missing"


def test_after_a_refund_the_payer_owes_what_went_twice(processor: Desk) -> None:
    bill = a_bill(14_000)
    payment = pay(processor, (bill, 14_000))
    give_back(bill, payment, 5_000)
    answer = returns.apply_return(bill.account_id, payment, 14_000, "R10", "late")
    assert answer == {"code": "returned", "reopened_cents": 9_000, "owed_back_cents": 5_000}
    assert _open(bill) == [14_000]
    assert _balance("returned_item") == 5_000
    assert returns.undo(bill.account_id, "late")["code"] == "undone"
    assert _open(bill) == [5_000]
    assert _balance("returned_item") == 0
    assert returns.undo(bill.account_id, "late")["code"] == "repeat"


def test_credit_that_was_put_on_another_bill_comes_off_it_first(processor: Desk) -> None:
    bill, other = a_bill(14_000), a_bill(9_000, number="P2")
    payment = come_late(bill, 5_000)
    assert allocate.allocate(bill.account_id, bill.region, payment, other.bill_id, 3_000)["code"] == "allocated"
    answer = returns.apply_return(bill.account_id, payment, 5_000, "R02", "line")
    assert answer == {"code": "returned", "reopened_cents": 3_000, "owed_back_cents": 0}
    assert _open(bill, other) == [14_000, 9_000]
    assert (_balance("credit"), _balance("returned_item")) == (0, 0)


def test_a_bill_that_was_lowered_is_not_opened_beyond_what_it_costs(processor: Desk) -> None:
    bill = a_bill(14_000)
    payment = pay(processor, (bill, 14_000))
    a_bill(8_000, version=2)
    assert bill.figures()["credit_cents"] == 6_000
    give_back(bill, payment, 6_000)
    answer = returns.apply_return(bill.account_id, payment, 14_000, "R01", "line")
    assert answer == {"code": "returned", "reopened_cents": 8_000, "owed_back_cents": 6_000}
    assert _open(bill) == [8_000]


def test_before_it_settled_the_payment_fails_and_the_bill_is_free(processor: Desk) -> None:
    bill = a_bill(14_000)
    payment = take.pay(bill.ask(14_000)).payment_id
    told = {"provider": "ach", "object_ref": "entry", "evidence": "filed"}
    assert record(bill.account_id, payment, bill.region, "processing", **told)["state"] == "pending"
    assert bill.figures()["payable_cents"] == 0
    assert returns.apply_return(bill.account_id, payment, 13_000, "R01", "line")["code"] == "above_captured"
    answer = returns.apply_return(bill.account_id, payment, 14_000, "R01", "line")
    assert (answer["code"], answer["reopened_cents"]) == ("returned", 14_000)
    row = sql.one("SELECT state, failure_code, returned_cents FROM payments_payment")
    assert row == {"state": "failed", "failure_code": "R01", "returned_cents": 0}
    assert bill.figures()["payable_cents"] == 14_000
    assert returns.apply_return(bill.account_id, payment, 14_000, "R01", "line")["code"] == "repeat"
    # The bank took the return back: the money came after all, and nobody's bill is paid twice with it.
    assert returns.undo(bill.account_id, "line")["code"] == "undone"
    assert (_open(bill), _balance("credit")) == ([14_000], 14_000)
    refunded = refund.refund(bill.account_id, payment, 15_000, uuid4(), "asked")
    assert refunded["code"] == "above_captured"


def test_a_return_undone_after_the_bill_was_paid_again_is_credit(processor: Desk) -> None:
    bill = a_bill(14_000)
    payment = pay(processor, (bill, 14_000))
    returns.apply_return(bill.account_id, payment, 14_000, "R01", "line")
    pay(processor, (bill, 9_000))
    assert returns.undo(bill.account_id, "line")["code"] == "undone"
    assert (_open(bill), _balance("credit")) == ([0], 9_000)
    assert look.look_again(bill.account_id, payment) == "succeeded"


def test_a_bounced_debit_is_nowhere_shown_as_paid(processor: Desk) -> None:
    bill = a_bill(14_000)
    payment = pay(processor, (bill, 14_000))
    figures = access.payment_figures(bill.account_id, payment)
    assert access.check(figures["check_code"]) == {"answer": "paid"}
    assert len(motion.of_bill(bill.account_id, bill.bill_id)) == 1
    assert paid_bill.receipts(bill.account_id, bill.bill_id).payments == (payment,)
    returns.apply_return(bill.account_id, payment, 14_000, "R01", "line")
    assert access.check(figures["check_code"]) == {"answer": "returned"}
    assert motion.of_bill(bill.account_id, bill.bill_id) == []
    assert paid_bill.receipts(bill.account_id, bill.bill_id).payments == ()
    kinds = [each["kind"] for each in bill.figures()["payments"]]
    assert sorted(kinds) == ["here", "returned"]
    returns.undo(bill.account_id, "line")
    assert access.check(figures["check_code"]) == {"answer": "paid"}
    assert sorted(each["kind"] for each in bill.figures()["payments"]) == ["here", "restored", "returned"]


def test_a_set_books_the_plain_ones_at_once_and_the_others_one_by_one(processor: Desk) -> None:
    bills = [a_bill(14_000, family=f"family {place}") for place in range(4)]
    payments = [pay(processor, (bill, 14_000)) for bill in bills]
    give_back(bills[2], payments[2], 5_000)
    a_bill(9_000, family="family 3", version=2)

    def line(place: int, cents: int = 14_000) -> returns.Line:
        return returns.Line(bills[place].account_id, payments[place], "oregon", False, cents, "R01", f"line {place}")

    def told(*lines: returns.Line) -> list[tuple[str, int, int]]:
        with transaction.atomic():
            found = returns.apply_set(lines)
        return [(each["code"], each.get("reopened_cents", 0), each.get("owed_back_cents", 0)) for each in found]

    assert told(line(3), line(0), line(2), line(1, 13_000)) == [
        ("returned", 9_000, 0), ("returned", 14_000, 0), ("returned", 9_000, 5_000), ("returned", 13_000, 0),
    ]  # fmt: skip
    assert told(line(0), line(0)) == [("repeat", 0, 0)] * 2
    assert _open(*bills) == [14_000, 13_000, 14_000, 9_000]
    rows = sql.query("SELECT topic FROM core_outbox WHERE topic = 'payment_returned'")
    assert len(rows) == 4
