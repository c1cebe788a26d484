"""The same moment, many hands: one payment, one effect, no cent twice."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from uuid import uuid4

from caretill.core import sql
from caretill.payments import access, callbacks, look, refund, take, velocity
from caretill.payments.gateways import gateway
from caretill.payments.record import record, record_session
from house.cast import a_bill
from house.desk import Desk, at_once

# As many as may try one bill at the same moment; more are told that these were too many.
CROWD = velocity.SESSIONS_A_BILL


def test_the_same_form_sent_64_times_at_once_is_one_payment(processor: Desk) -> None:
    bill = a_bill(14_000)
    ask = bill.ask(5_000)
    answers = at_once([partial(take.pay, ask)] * 64)
    assert {answer.payment_id for answer in answers} == {answers[0].payment_id}
    assert {answer.code for answer in answers} <= {"open", "not_sent"}
    assert sql.one("SELECT count(*) AS n FROM payments_payment") == {"n": 1}
    assert len([row for row in processor.shell.log() if row["what"] == "session.created"]) == 1
    assert bill.figures()["pending_cents"] == 5_000


def test_the_same_key_with_two_amounts_at_once_is_one_payment_and_one_refusal(processor: Desk) -> None:
    bill = a_bill(14_000)
    ask = bill.ask(5_000)
    other = replace(ask, parts=((bill.bill_id, 6_000),))
    codes = [answer.code for answer in at_once([partial(take.pay, ask), partial(take.pay, other)] * 8)]
    assert codes.count("key_conflict") == 8
    assert bill.figures()["pending_cents"] in (5_000, 6_000)


def test_many_browsers_pay_one_bill_and_it_is_reserved_once(processor: Desk) -> None:
    bill = a_bill(10_000)
    asks = [bill.ask(10_000, visit=str(number).encode()) for number in range(CROWD)]
    codes = sorted(answer.code for answer in at_once([partial(take.pay, ask) for ask in asks]))
    assert codes == ["being_paid"] * (CROWD - 1) + ["open"]
    assert bill.figures()["pending_cents"] == 10_000


def test_two_families_of_bills_in_either_order_never_wait_for_each_other(processor: Desk) -> None:
    one, two = a_bill(10_000, number="P1"), a_bill(10_000, number="P2")
    assert one.account_id == two.account_id
    forth = one.ask(0, parts=((one.bill_id, 1_000), (two.bill_id, 1_000)))
    back = one.ask(0, parts=((two.bill_id, 1_000), (one.bill_id, 1_000)))
    asks = [replace(each, key=uuid4()) for each in [forth, back] * (CROWD // 2)]
    codes = sorted(answer.code for answer in at_once([partial(take.pay, ask) for ask in asks]))
    assert codes == ["being_paid"] * (CROWD - 1) + ["open"]


def test_callback_return_and_sweep_at_once_book_one_payment(processor: Desk) -> None:
    bill = a_bill(10_000)
    answer = take.pay(bill.ask(10_000))
    processor.card(answer.url)
    calls = [partial(look.came_back, bill.account_id, answer.payment_id)] * 8
    calls += [partial(callbacks.apply_due)] * 4
    at_once(calls)
    assert bill.figures()["paid_here_cents"] == 10_000
    assert sql.one("SELECT count(*) AS n FROM core_outbox WHERE topic = 'receipt_ready'") == {"n": 1}
    assert sql.one("SELECT count(*) AS n FROM payments_event WHERE event = 'succeeded'") == {"n": 1}


def test_the_same_callback_many_times_at_once_is_kept_once(processor: Desk) -> None:
    bill = a_bill(10_000)
    answer = take.pay(bill.ask(10_000))
    processor.fault("callback_twice")
    processor.card(answer.url)
    kept = sql.query("SELECT event_ref FROM payments_callback")
    assert len(kept) == len({row["event_ref"] for row in kept}) == 1


def test_success_and_expiry_at_once_end_in_one_of_them(processor: Desk) -> None:
    """Two truths cannot both be told; whichever is recorded first, money and state agree (the laws look)."""
    for turn in range(6):
        bill = a_bill(10_000, family=str(turn))
        answer = take.pay(bill.ask(10_000))
        processor.card(answer.url)
        row = sql.one("SELECT session_ref FROM payments_attempt WHERE payment_id = %s", (answer.payment_id,))
        session = gateway().retrieve_session(row["session_ref"])
        expired = replace(session, status="expired", outcome="unpaid", charge_id=None)
        calls = [
            partial(record_session, bill.account_id, answer.payment_id, "oregon", "sandbox", 10_000, told)
            for told in (session, expired) * 3
        ]
        at_once(calls)
        state = access.payment_figures(bill.account_id, answer.payment_id)["state"]
        assert state == "succeeded", "money that came is always booked, on the bill or as credit"


def test_evidence_told_twice_at_once_is_recorded_once(processor: Desk) -> None:
    bill = a_bill(10_000)
    answer = take.pay(bill.ask(10_000))
    tell = partial(
        record,
        bill.account_id,
        answer.payment_id,
        "oregon",
        "try_declined",
        provider="sandbox",
        object_ref="cs_1",
        evidence="try:declined",
        failure_code="declined",
    )
    codes = sorted(told["code"] for told in at_once([tell] * 12))
    assert codes == ["applied"] + ["repeat"] * 11
    assert sql.one("SELECT count(*) AS n FROM payments_event WHERE event = 'try_declined'") == {"n": 1}


def test_whoever_tells_a_success_second_hears_that_it_succeeded(processor: Desk) -> None:
    """The payer's return and the processor's message come at once: the page must not say that the bank is asked."""
    for number in range(20):
        bill = a_bill(10_000, family=f"family {number}")
        answer = take.pay(bill.ask(10_000))
        tell = partial(
            record,
            bill.account_id,
            answer.payment_id,
            "oregon",
            "succeeded",
            provider="sandbox",
            object_ref=f"cs_{number}",
            evidence="paid:ch_1",
            amount_cents=10_000,
        )
        assert {told["state"] for told in at_once([tell] * 12)} == {"succeeded"}


def test_refunds_at_once_never_give_back_more_than_came(processor: Desk) -> None:
    bill = a_bill(10_000)
    answer = take.pay(bill.ask(10_000))
    processor.card(answer.url)
    look.came_back(bill.account_id, answer.payment_id)
    keys = [uuid4() for _ in range(4)]
    asks = [partial(refund.refund, bill.account_id, answer.payment_id, 4_000, key, "asked") for key in keys * 2]

    def told(ask: partial) -> str:
        try:
            return ask()["code"]
        except Exception as refused:
            return type(refused).__name__

    codes = at_once([partial(told, ask) for ask in asks])
    assert codes.count("refunded") == 2
    assert bill.figures()["open_cents"] == 8_000
