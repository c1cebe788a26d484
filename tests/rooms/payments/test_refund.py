"""Money given back, whoever tells of it first: each refund of the processor is booked once, under its own name."""

from __future__ import annotations

from uuid import uuid4

import pytest

from caretill.core import clock, sql
from caretill.payments import callbacks, gateways, look, refund, take
from caretill.payments.gateways.base import GatewayUnknown
from house.cast import a_bill
from house.desk import Desk


def _booked() -> list[int]:
    return [row["amount_cents"] for row in sql.query("SELECT amount_cents FROM payments_refund ORDER BY amount_cents")]


def test_two_refunds_whose_answers_were_lost_are_two_and_their_repeats_none(processor: Desk) -> None:
    bill = a_bill(14_000)
    answer = take.pay(bill.ask(14_000))
    processor.card(answer.url)
    look.came_back(bill.account_id, answer.payment_id)
    callbacks.apply_due()
    asked = [(uuid4(), 3_000), (uuid4(), 4_000)]
    processor.fault("refund_lost", 2)
    for key, cents in asked:
        with pytest.raises(GatewayUnknown):
            refund.refund(bill.account_id, answer.payment_id, cents, key, "asked")
    assert _booked() == []
    callbacks.apply_due()
    assert _booked() == [3_000, 4_000]
    for key, cents in asked:
        assert refund.refund(bill.account_id, answer.payment_id, cents, key, "asked")["code"] == "repeat"
    assert bill.figures()["open_cents"] == 7_000


def test_a_refund_known_here_and_one_made_there_are_told_apart(processor: Desk) -> None:
    bill = a_bill(14_000)
    answer = take.pay(bill.ask(14_000))
    processor.card(answer.url)
    look.came_back(bill.account_id, answer.payment_id)
    callbacks.apply_due()
    key = uuid4()
    assert refund.refund(bill.account_id, answer.payment_id, 3_000, key, "asked")["code"] == "refunded"
    assert callbacks.apply_due() == 1
    assert _booked() == [3_000]
    charge = sql.one("SELECT charge_ref FROM payments_payment")
    assert charge is not None
    with clock.fixed(clock.now()) as time:
        gateways.gateway().refund("made there", charge["charge_ref"], 4_000, "office")
        processor.fault("charges_500")
        assert callbacks.apply_due() == 0, "the processor could not list what it gave back: it is asked again later"
        assert _booked() == [3_000]
        time.advance(minutes=1)
        assert callbacks.apply_due() == 1
    assert _booked() == [3_000, 4_000]
    assert bill.figures()["open_cents"] == 7_000
