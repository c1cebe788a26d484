"""Nobody comes back, nothing is told: the sweeper alone must bring every payment to its end."""

from __future__ import annotations

from datetime import UTC, datetime

from caretill.core import clock
from caretill.payments import access, look, sweep, take
from house.cast import Bill, a_bill
from house.desk import Desk

BEGIN = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


def _state(bill: Bill, answer: take.Answer) -> str:
    assert answer.payment_id is not None
    return str(access.payment_figures(bill.account_id, answer.payment_id)["state"])


def _sweep_for(time: clock.FixedClock, minutes: int) -> None:
    for _ in range(minutes):
        time.advance(minutes=1)
        sweep.sweep()


def test_what_is_unknown_past_the_sessions_time_ends_when_the_processor_speaks_again(processor: Desk) -> None:
    with clock.fixed(BEGIN) as time:
        bill = a_bill(14_000)
        answer = take.pay(bill.ask(14_000))
        processor.fault("callback_lost")
        processor.card(answer.url)
        processor.fault("retrieve_500", 1_000)
        time.advance(seconds=1)
        look.came_back(bill.account_id, answer.payment_id)
        _sweep_for(time, 60)
        assert _state(bill, answer) == "unknown"
        processor.shell.admin("POST", "faults/clear")
        _sweep_for(time, 6)
        assert _state(bill, answer) == "succeeded"


def test_what_is_still_on_its_way_past_the_sessions_time_is_asked_about(processor: Desk) -> None:
    with clock.fixed(BEGIN) as time:
        bill = a_bill(14_000)
        answer = take.pay(bill.ask(14_000))
        processor.shell.admin("POST", "faults", {"fault": "processing", "seconds": 3600})
        processor.fault("callback_lost", 2)
        processor.card(answer.url)
        look.came_back(bill.account_id, answer.payment_id)
        assert _state(bill, answer) == "pending"
        _sweep_for(time, 59)
        assert _state(bill, answer) == "pending"
        _sweep_for(time, 7)
        assert _state(bill, answer) == "succeeded"
