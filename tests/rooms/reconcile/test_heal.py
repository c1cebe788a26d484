"""A payout has a charge that no message told of: the processor is asked, and the money becomes its payer's credit."""

from __future__ import annotations

import pytest

from caretill.core import clock, sql
from caretill.payments import callbacks, look, take
from caretill.payments.gateways import gateway
from caretill.reconcile import run
from caretill.reconcile.differences import differences
from house.cast import a_bill
from house.desk import Desk


@pytest.mark.parametrize("heard", [True, False])
def test_a_yes_that_came_late_is_credit_though_nobody_said_so(
    time: clock.FixedClock, processor: Desk, heard: bool
) -> None:
    bill = a_bill(20_000)
    answer = take.pay(bill.ask(20_000))
    assert answer.payment_id
    processor.fault("captured_late")
    assert processor.card(answer.url) == "", "the page says that it is over"
    assert look.came_back(bill.account_id, answer.payment_id) == "voided" and bill.figures()["pending_cents"] == 0
    processor.shell.flush()
    callbacks.apply_due()
    if not heard:
        processor.fault("callback_lost")
    time.advance(hours=2)
    processor.shell.flush()
    callbacks.apply_due()
    assert len(processor.charges()) == 1
    for turn in range(3):
        time.advance(days=1)
        processor.shell.flush()
        assert run.turn()["healed"] == (0 if heard or turn else 1)
    [row] = sql.query("SELECT state, captured_cents FROM payments_payment WHERE id = %s", (answer.payment_id,))
    assert row == {"state": "succeeded", "captured_cents": 20_000}
    assert bill.figures()["open_cents"] == 20_000
    told = sql.query("SELECT topic FROM core_outbox WHERE topic = 'late_payment'")
    assert len(told) == 1 and differences() == []
    assert len(gateway("sandbox").find_charges()) == 1
