"""Money given back, whoever tells of it first: each refund of the processor is booked once, under its own name."""

from __future__ import annotations

from uuid import uuid4

from caretill.core import clock, sql
from caretill.payments import callbacks, gateways, refund
from house.cast import a_bill
from house.desk import Desk
from house.ledgerbook import pay


def _booked(state: str = "succeeded") -> list[int]:
    rows = sql.query("SELECT amount_cents FROM payments_refund WHERE state = %s ORDER BY amount_cents", (state,))
    return [row["amount_cents"] for row in rows]


def test_two_refunds_whose_answers_were_lost_are_two_and_their_repeats_none(processor: Desk) -> None:
    bill = a_bill(14_000)
    payment = pay(processor, (bill, 14_000))
    asked = [(uuid4(), 3_000), (uuid4(), 4_000)]
    processor.fault("refund_lost", 2)
    for key, cents in asked:
        assert refund.refund(bill.account_id, payment, cents, key, "asked")["code"] == "unknown"
    assert (_booked(), _booked("unknown")) == ([], [3_000, 4_000])
    assert bill.figures()["open_cents"] == 7_000, "what is on its way back is owed again at once"
    callbacks.apply_due()
    assert _booked() == [3_000, 4_000]
    for key, cents in asked:
        assert refund.refund(bill.account_id, payment, cents, key, "asked")["code"] == "repeat"
    assert refund.refund(bill.account_id, payment, 1, asked[0][0], "asked")["code"] == "key_conflict"
    assert bill.figures()["open_cents"] == 7_000


def test_a_refund_known_here_and_one_made_there_are_told_apart(processor: Desk) -> None:
    bill = a_bill(14_000)
    payment = pay(processor, (bill, 14_000))
    key = uuid4()
    assert refund.refund(bill.account_id, payment, 3_000, key, "asked")["code"] == "refunded"
    assert callbacks.apply_due() == 1
    assert _booked() == [3_000]
    charge = sql.one("SELECT charge_ref FROM payments_payment")
    assert charge is not None
    with clock.fixed(clock.now()) as time:
        gateways.gateway().refund("made there", charge["charge_ref"], 4_000, "office")
        processor.fault("refunds_500")
        assert callbacks.apply_due() == 0, "the processor could not list what it gave back: it is asked again later"
        assert _booked() == [3_000]
        time.advance(minutes=1)
        assert callbacks.apply_due() == 1
    assert _booked() == [3_000, 4_000]
    assert bill.figures()["open_cents"] == 7_000
