"""A saved card is charged once, whatever is lost on the way: unknown is never a no, and nothing is sent too late."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from caretill.core import clock, sql
from caretill.payments import callbacks, charge, charging, holds, sweep, take
from caretill.payments.gateways import gateway
from house.cast import Bill, a_bill
from house.desk import Desk, at_once
from house.saved import a_card, agreed, saved_ask

AT = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
NO_MONEY = "4000000000000341"  # saved all the same, refused when money is asked for


def _state(payment_id: UUID | None) -> str:
    row = sql.one("SELECT state FROM payments_payment WHERE id = %s", (payment_id,))
    assert row is not None
    return str(row["state"])


def _card(processor: Desk, cents: int = 20_000, number: str = "4242424242424242") -> tuple[Bill, UUID]:
    bill = a_bill(cents)
    return bill, a_card(processor, bill, number)


def _attempts(processor: Desk) -> list[dict[str, Any]]:
    return [row for row in processor.shell.log() if row["what"].startswith("charge.")]


def test_the_payer_presses_and_the_bill_is_paid(processor: Desk) -> None:
    bill, card = _card(processor)
    ask = saved_ask(bill, 20_000, card, mandate_id=None)
    answer = charge.charge(ask)
    assert (answer.code, answer.state) == ("ended", "succeeded")
    assert bill.figures()["open_cents"] == 0
    assert charge.charge(ask) == answer
    [taken] = processor.charges()
    row = sql.one("SELECT charge_ref, method_brand, method_last4 FROM payments_payment")
    assert row == {"charge_ref": taken["charge"], "method_brand": "Visa", "method_last4": "4242"}


def test_64_presses_at_once_are_one_charge(processor: Desk) -> None:
    bill, card = _card(processor)
    ask = saved_ask(bill, 20_000, card, mandate_id=None)
    answers = at_once([partial(charge.charge, ask)] * 64)
    assert len({answer.payment_id for answer in answers}) == 1
    assert _state(answers[0].payment_id) == "succeeded"
    assert len(processor.charges()) == 1 and bill.figures()["open_cents"] == 0


def test_a_run_charges_with_the_flags_of_what_was_agreed(processor: Desk) -> None:
    bill, card = _card(processor)
    run = {"initiator": "merchant", "reason": "recurring", "kind": "recurring", "origin": "autopay"}
    [begun] = charge.begin_set([saved_ask(bill, 99_000, card, **run)])
    assert (begun["code"], begun["amount_cents"], processor.charges()) == ("begun", 20_000, [])
    answer = charging.send(bill.account_id, UUID(begun["payment_id"]))
    assert answer.state == "succeeded" and processor.charges()[0]["amount_cents"] == 20_000
    row = sql.one("SELECT request FROM payments_attempt")
    assert row is not None
    request = sql.answer(row["request"])
    assert request["network_ref"] and (request["initiator"], request["reason"]) == ("merchant", "recurring")
    assert charge.begin(saved_ask(bill, 1, card, mandate_id=None, initiator="merchant")).code == "mandate_ended"


def test_an_answer_that_is_lost_is_unknown_and_found_under_the_same_key(processor: Desk) -> None:
    with clock.fixed(AT) as time:
        for turn, fault in enumerate(("charge_lost", "charge_500_after", "charge_dropped", "charge_500_before"), 1):
            bill = a_bill(20_000, family=fault)
            card = a_card(processor, bill)
            processor.fault(fault)
            answer = charge.charge(saved_ask(bill, 20_000, card, mandate_id=None))
            assert (answer.code, answer.state) == ("ended", "unknown"), fault
            assert holds.standing(bill.account_id, [bill.bill_id])[bill.bill_id].why == "unknown"
            assert take.pay(bill.ask(1)).code in ("being_paid", "above_owed")
            time.advance(seconds=60)
            assert sweep.sweep() == {"looked": 1, "ended": 1}
            assert _state(answer.payment_id) == "succeeded" and len(processor.charges()) == turn
            assert bill.figures()["open_cents"] == 0


def test_once_the_key_is_dead_it_is_only_asked_about(processor: Desk) -> None:
    with clock.fixed(AT) as time:
        bill, card = _card(processor)
        processor.fault("charge_dropped", times=1_000)
        made = charge.charge(saved_ask(bill, 20_000, card, mandate_id=None))
        time.advance(hours=23, seconds=1)
        processor.fault("saved_500", times=1)
        for _ in range(3):
            sweep.sweep()
            time.advance(minutes=6)
        assert _state(made.payment_id) == "unknown", "a list without it is no proof on the first day"
        time.advance(hours=24)
        sweep.sweep()
        assert _state(made.payment_id) == "voided" and processor.charges() == []
        assert bill.figures()["payable_cents"] == 20_000
        # Whatever the sweeper did since the key died, it sent nothing.
        row = sql.one("SELECT count(*) AS n FROM payments_event WHERE event = 'expired'")
        assert row == {"n": 1}


def test_found_in_the_list_after_the_key_died(processor: Desk) -> None:
    with clock.fixed(AT) as time:
        bill, card = _card(processor)
        processor.fault("charge_lost")
        made = charge.charge(saved_ask(bill, 20_000, card, mandate_id=None))
        time.advance(hours=30)
        sweep.sweep()
        assert _state(made.payment_id) == "succeeded" and len(processor.charges()) == 1


def test_killed_before_the_call_the_sweeper_makes_it(processor: Desk) -> None:
    with clock.fixed(AT) as time:
        bill, card = _card(processor)
        begun = charge.begin(saved_ask(bill, 20_000, card, mandate_id=None))
        time.advance(seconds=21)
        at_once([sweep.sweep] * 4)
        assert _state(begun.payment_id) == "succeeded" and len(processor.charges()) == 1


def test_killed_before_the_answer_is_recorded_it_is_not_charged_twice(
    processor: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(Exception):
        pass

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with clock.fixed(AT) as time:
        bill, card = _card(processor)
        ask = saved_ask(bill, 20_000, card, mandate_id=None)
        with monkeypatch.context() as torn, pytest.raises(Killed):
            torn.setattr(charging, "record", killed)
            charge.charge(ask)
        assert len(processor.charges()) == 1
        time.advance(seconds=21)
        sweep.sweep()
        assert charge.charge(ask).state == "succeeded" and len(processor.charges()) == 1


def test_a_bank_that_says_no_leaves_the_bill_open(processor: Desk) -> None:
    bill, card = _card(processor, number=NO_MONEY)
    answer = charge.charge(saved_ask(bill, 20_000, card, mandate_id=None))
    assert (answer.code, answer.state) == ("declined", "failed")
    assert bill.figures()["payable_cents"] == 20_000
    row = sql.one("SELECT state FROM methods_method WHERE id = %s", (card,))
    assert row == {"state": "ready"}, "a soft no may be tried again"
    # A card that is kept is no card that is tried out: nobody is shut out by it.
    for _ in range(3):
        charge.charge(saved_ask(bill, 20_000, card, mandate_id=None))
    assert take.pay(bill.ask(1_000)).code == "open"


def test_a_no_for_good_puts_the_card_away(processor: Desk) -> None:
    bill, card = _card(processor)
    processor.fault("stolen_card")
    assert charge.charge(saved_ask(bill, 20_000, card, mandate_id=None)).code == "declined"
    row = sql.one("SELECT state, why FROM methods_method WHERE id = %s", (card,))
    assert row == {"state": "disabled", "why": "stolen_card"}
    assert charge.charge(saved_ask(bill, 20_000, card, mandate_id=None)).code == "method_gone"


def test_a_card_that_the_processor_forgot_is_put_away(processor: Desk) -> None:
    bill, card = _card(processor)
    row = sql.one("SELECT token_ref FROM methods_method WHERE id = %s", (card,))
    assert row is not None
    gateway().forget_method(row["token_ref"])
    answer = charge.charge(saved_ask(bill, 20_000, card, mandate_id=None))
    assert (answer.code, bill.figures()["payable_cents"]) == ("declined", 20_000)
    assert sql.one("SELECT state FROM methods_method WHERE id = %s", (card,)) == {"state": "disabled"}


def test_a_charge_that_takes_its_time_is_finished_by_its_message(processor: Desk) -> None:
    bill, card = _card(processor)
    processor.fault("processing")
    answer = charge.charge(saved_ask(bill, 20_000, card, mandate_id=None))
    assert answer.state == "pending" and charge.charge(saved_ask(bill, 1, card, mandate_id=None)).code == "being_paid"
    processor.shell.admin("POST", "clock", {"advance_seconds": 10})
    processor.shell.admin("POST", "callbacks/flush", {})
    callbacks.apply_due()
    assert _state(answer.payment_id) == "succeeded" and bill.figures()["open_cents"] == 0


def test_a_bill_of_another_account_is_held_before_the_card_is_charged(processor: Desk) -> None:
    one, two = a_bill(10_000, family="1"), a_bill(7_000, family="2")
    card = a_card(processor, one)
    others = ((two.account_id, two.bill_id, 7_000),)
    answer = charge.charge(saved_ask(one, 10_000, card, mandate_id=None, others=others))
    assert answer.state == "succeeded" and processor.charges()[0]["amount_cents"] == 17_000
    assert one.figures()["open_cents"] == two.figures()["open_cents"] == 0
    assert agreed(one, card)
