"""Long silences, and rows that nobody can make sense of: nothing is given up early, and one holds up no other."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from caretill.core import clock, outbox, sql
from caretill.core.ids import uuid7
from caretill.payments import access, callbacks, gateways, look, sweep, take
from caretill.payments.gateways.base import GatewayRefused, Session
from house.cast import Bill, a_bill
from house.desk import Desk

BEGIN = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


def _paid(processor: Desk, **family: str) -> tuple[Bill, take.Answer]:
    bill = a_bill(14_000, **family)
    answer = take.pay(bill.ask(14_000))
    processor.card(answer.url)
    return bill, answer


def test_a_refund_made_there_is_booked_after_sixteen_hours_of_silence(processor: Desk) -> None:
    with clock.fixed(BEGIN) as time:
        bill, answer = _paid(processor)
        look.came_back(bill.account_id, answer.payment_id)
        callbacks.apply_due()
        charge = access.payment_figures(bill.account_id, answer.payment_id)
        row = sql.one("SELECT charge_ref FROM payments_payment")
        assert row is not None and charge["refunded_cents"] == 0
        gateways.gateway().refund("office", row["charge_ref"], 4_000, "office")
        processor.fault("retrieve_500", 10_000)
        for _ in range(16 * 60):
            time.advance(minutes=1)
            callbacks.apply_due()
        assert bill.figures()["open_cents"] == 0
        processor.shell.admin("POST", "faults/clear")
        time.advance(minutes=6)
        assert callbacks.apply_due() == 1
        assert bill.figures()["open_cents"] == 4_000


def test_a_message_is_kept_while_the_processor_does_not_know_our_key(
    processor: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clock.fixed(BEGIN) as time:
        bill, answer = _paid(processor)

        def refuse(_: str) -> Session:
            raise GatewayRefused("not_allowed", 401)

        with monkeypatch.context() as patch:
            patch.setattr(gateways.gateway(), "retrieve_session", refuse)
            assert callbacks.apply_due() == 0
        time.advance(minutes=1)
        assert callbacks.apply_due() == 1
        assert access.payment_figures(bill.account_id, answer.payment_id)["state"] == "succeeded"


def test_a_message_that_breaks_us_holds_up_no_other(processor: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with clock.fixed(BEGIN):
        payments = [_paid(processor, family=str(number)) for number in range(3)]
        honest = gateways.gateway().retrieve_session
        bad = sql.one("SELECT object_ref FROM payments_callback LIMIT 1")
        assert bad is not None

        def strange(session_id: str) -> Session:
            if session_id == bad["object_ref"]:
                raise ZeroDivisionError
            return honest(session_id)

        monkeypatch.setattr(gateways.gateway(), "retrieve_session", strange)
        assert callbacks.apply_due() == 2
        states = [access.payment_figures(bill.account_id, answer.payment_id)["state"] for bill, answer in payments]
        assert sorted(states) == ["requires_action", "succeeded", "succeeded"]


def test_a_payment_that_breaks_the_sweeper_holds_up_no_other(processor: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with clock.fixed(BEGIN) as time:
        processor.fault("callback_lost", 3)
        for number in range(3):
            _paid(processor, family=str(number))
        honest, seen = gateways.gateway().retrieve_session, []

        def strange(session_id: str) -> Session:
            seen.append(session_id)
            if session_id == seen[0]:
                raise ZeroDivisionError
            return honest(session_id)

        monkeypatch.setattr(gateways.gateway(), "retrieve_session", strange)
        time.advance(minutes=3)
        assert sweep.sweep() == {"looked": 3, "ended": 2}
        assert sweep.sweep()["looked"] == 0, "the third has a time of its own again"


def test_letters_wait_for_a_mail_server_over_a_weekend_and_for_no_broken_one(db: None) -> None:
    with clock.fixed(BEGIN) as time:
        good, bad = uuid7(), uuid7()
        for row_id in (bad, good):
            sql.execute(
                "INSERT INTO core_outbox (account_id, id, topic, body, due_at, tries)"
                " VALUES (%s, %s, 'x', '{}', %s, 0)",
                (uuid4(), row_id, clock.now()),
            )
        away = True

        def deliver(topic: str, account_id: UUID, row_id: UUID, body: dict[str, Any]) -> None:
            if row_id == bad:
                raise KeyError("nobody knows")
            if away:
                raise ConnectionRefusedError

        for _ in range(72):
            assert outbox.relay(deliver) == 0
            time.advance(hours=1)
        away = False
        assert outbox.relay(deliver) == 1
