"""Money that came after the end is the payer's credit: shown, put onto a bill, taken off again by its mirror."""

from __future__ import annotations

from uuid import uuid4

from caretill.core import sql
from caretill.payments import access, allocate, look, refund, take
from caretill.payments.gateways import gateway
from house.cast import Bill, a_bill
from house.desk import Desk


def late_money(processor: Desk, bill: Bill, cents: int) -> tuple[take.Answer, str]:
    """The processor's page is paid although its end was recorded here first."""
    answer = take.pay(bill.ask(cents))
    row = sql.one("SELECT session_ref FROM payments_attempt WHERE payment_id = %s", (answer.payment_id,))
    assert row is not None
    processor.card(answer.url)
    session = gateway().retrieve_session(row["session_ref"])
    told = {"provider": "sandbox", "object_ref": session.id, "evidence": "expired"}
    from_record = look.record(bill.account_id, answer.payment_id, bill.region, "expired", **told)
    assert from_record["state"] == "voided"
    return answer, look.late_word(bill.account_id, answer.payment_id, session)


def test_a_success_after_a_void_is_credit_and_told_to_the_office(processor: Desk) -> None:
    bill = a_bill(14_000)
    answer, state = late_money(processor, bill, 5_000)
    assert state == "succeeded"
    figures = access.payment_figures(bill.account_id, answer.payment_id)
    assert figures["late"] and figures["captured_cents"] == 5_000
    assert bill.figures()["open_cents"] == 14_000
    assert sql.query("SELECT topic FROM core_outbox") == [{"topic": "late_payment"}]

    put = allocate.allocate(bill.account_id, bill.region, answer.payment_id, bill.bill_id, 4_000)
    assert put["code"] == "allocated"
    assert (bill.figures()["open_cents"], bill.figures()["paid_here_cents"]) == (10_000, 4_000)
    assert allocate.allocate(bill.account_id, bill.region, answer.payment_id, bill.bill_id, 1_001)["code"] == "floor"
    assert allocate.allocate(bill.account_id, bill.region, answer.payment_id, uuid4(), 1)["code"] == "missing"
    assert allocate.reverse(bill.account_id, bill.region, put["transfer_id"])["code"] == "reversed"
    assert allocate.reverse(bill.account_id, bill.region, put["transfer_id"])["code"] == "repeat"
    assert (bill.figures()["open_cents"], bill.figures()["paid_here_cents"]) == (14_000, 0)


def test_credit_is_given_back_before_a_bill_opens_again(processor: Desk) -> None:
    bill = a_bill(14_000)
    answer, _ = late_money(processor, bill, 5_000)
    assert refund.refund(bill.account_id, answer.payment_id, 5_000, uuid4(), "asked")["code"] == "refunded"
    assert bill.figures()["open_cents"] == 14_000
    assert sql.one(
        "SELECT sum(credits_posted - debits_posted)::int AS held FROM ledger_balance WHERE kind = 'credit'"
    ) == {"held": 0}


def test_a_capture_of_another_amount_is_never_a_success(processor: Desk) -> None:
    bill = a_bill(14_000)
    answer = take.pay(bill.ask(5_000))
    processor.card(answer.url)
    sql.execute("UPDATE payments_payment SET amount_cents = 4000 WHERE id = %s", (answer.payment_id,))
    sql.execute("UPDATE payments_part SET amount_cents = 4000 WHERE payment_id = %s", (answer.payment_id,))
    assert look.look_again(bill.account_id, answer.payment_id) == "unknown"
    assert bill.figures()["open_cents"] == 14_000
    sql.execute("UPDATE payments_payment SET amount_cents = 5000 WHERE id = %s", (answer.payment_id,))
    sql.execute("UPDATE payments_part SET amount_cents = 5000 WHERE payment_id = %s", (answer.payment_id,))
    assert look.look_again(bill.account_id, answer.payment_id) == "succeeded"


def test_a_declined_try_is_noted_and_the_page_stays_open(processor: Desk) -> None:
    bill = a_bill(14_000)
    answer = take.pay(bill.ask(5_000))
    processor.card(answer.url, "4000000000009995")
    assert look.look_again(bill.account_id, answer.payment_id) == "requires_action"
    figures = access.payment_figures(bill.account_id, answer.payment_id)
    assert figures["failure_code"] == "insufficient_funds"
    processor.card(answer.url)
    assert look.came_back(bill.account_id, answer.payment_id) == "succeeded"
    assert access.payment_figures(bill.account_id, answer.payment_id)["failure_code"] == ""
