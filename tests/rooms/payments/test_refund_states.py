"""A refund on its way: pending, unknown, gone, come back; swept when nobody finished it; voids."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from caretill.core import clock, sql
from caretill.payments import callbacks, charge, gateways, look, refund, take, void
from house.cast import Bill, a_bill
from house.desk import Desk
from house.ledgerbook import pay
from house.saved import a_card, saved_ask

PENDING, FAILS = "4000000000007726", "4000000000005126"


def paid_with(processor: Desk, bill: Bill, card: str) -> UUID:
    answer = take.pay(bill.ask(14_000))
    assert answer.payment_id
    processor.card(answer.url, card)
    assert look.came_back(bill.account_id, answer.payment_id) == "succeeded"
    callbacks.apply_due()
    return answer.payment_id


def states() -> list[str]:
    return [row["state"] for row in sql.query("SELECT state FROM payments_refund ORDER BY id")]


def held(kind: str) -> int:
    row = sql.one(
        "SELECT coalesce(sum(abs(debits_posted - credits_posted)), 0)::int AS n FROM ledger_balance WHERE kind = %s",
        (kind,),
    )
    assert row is not None
    return int(row["n"])


def told() -> list[str]:
    rows = sql.query("SELECT topic FROM core_outbox WHERE topic LIKE 'refund%%' ORDER BY id")
    return [row["topic"] for row in rows]


def pass_time(processor: Desk, time: clock.FixedClock, **span: float) -> None:
    """For us and for the processor, whose messages come then."""
    time.advance(**span)
    processor.shell.admin("POST", "clock", {"advance_seconds": int(timedelta(**span).total_seconds())})


@pytest.mark.parametrize(
    ("card", "ends", "topics", "credit"),
    [(PENDING, "succeeded", "refund_made", 0), (FAILS, "failed", "refund_failed", 5_000)],
)
def test_a_pending_refund_ends_by_itself(processor: Desk, card: str, ends: str, topics: str, credit: int) -> None:
    with clock.fixed(clock.now()) as time:
        bill = a_bill(14_000)
        payment = paid_with(processor, bill, card)
        answer = refund.refund(bill.account_id, payment, 5_000, uuid4(), "asked")
        assert (answer["code"], states(), held("refund_payable"), told()) == ("pending", ["pending"], 5_000, [])
        assert bill.figures()["open_cents"] == 5_000
        assert refund.sweep() == {"looked": 0, "ended": 0}
        pass_time(processor, time, hours=2)
        # The processor's messages are lost: the sweeper asks by the refund's name there.
        assert refund.sweep() == {"looked": 1, "ended": 1}
        assert (states(), held("refund_payable"), held("credit")) == ([ends], 0, credit)
        assert told() == [topics]
        callbacks.apply_due()
        assert (states(), told()) == ([ends], [topics])
        row = sql.one("SELECT refunded_cents FROM payments_payment WHERE id = %s", (payment,))
        assert row == {"refunded_cents": 5_000 if ends == "succeeded" else 0}


def test_the_processors_word_ends_it_too(processor: Desk) -> None:
    with clock.fixed(clock.now()) as time:
        bill = a_bill(14_000)
        payment = paid_with(processor, bill, FAILS)
        refund.refund(bill.account_id, payment, 14_000, uuid4(), "asked")
        pass_time(processor, time, minutes=30)
        processor.shell.flush()
        callbacks.apply_due()
        assert (states(), held("credit")) == (["failed"], 14_000)


def test_killed_before_the_call_it_is_sent_by_the_sweeper(processor: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with clock.fixed(clock.now()) as time:
        bill = a_bill(14_000)
        payment = pay(processor, (bill, 14_000))
        key = uuid4()
        with monkeypatch.context() as broken, pytest.raises(Killed):
            broken.setattr(refund, "_send", killed)
            refund.refund(bill.account_id, payment, 4_000, key, "asked")
        assert (states(), refund.sweep()) == (["submitting"], {"looked": 0, "ended": 0})
        time.advance(minutes=1)
        assert refund.sweep() == {"looked": 1, "ended": 1}
        assert (states(), bill.figures()["open_cents"]) == (["succeeded"], 4_000)
        assert refund.refund(bill.account_id, payment, 4_000, key, "asked")["code"] == "repeat"
        assert sum(row["amount_cents"] for row in processor.shell.log() if row["what"] == "refund.made") == 4_000


@pytest.mark.parametrize(
    ("fault", "ends", "open_cents"), [("refund_lost", "succeeded", 4_000), ("refund_dropped", "failed", 0)]
)
def test_once_the_key_is_over_it_is_only_asked_about(processor: Desk, fault: str, ends: str, open_cents: int) -> None:
    with clock.fixed(clock.now()) as time:
        bill = a_bill(14_000)
        payment = pay(processor, (bill, 14_000))
        processor.fault(fault)
        assert refund.refund(bill.account_id, payment, 4_000, uuid4(), "asked")["code"] == "unknown"
        sent = len(processor.shell.log())
        time.advance(days=2)
        assert refund.sweep() == {"looked": 1, "ended": 1}
        assert (states(), bill.figures()["open_cents"], held("credit")) == ([ends], open_cents, 0)
        later = [row["what"] for row in processor.shell.log()[sent:]]
        assert "refund.made" not in later, "nothing is sent once the key is not certain any more"


def test_what_the_processor_refuses_changes_nothing(processor: Desk) -> None:
    bill = a_bill(14_000)
    payment = pay(processor, (bill, 14_000))
    row = sql.one("SELECT charge_ref FROM payments_payment")
    assert row is not None
    gateways.gateway().refund("there", row["charge_ref"], 14_000, "office")
    answer = refund.refund(bill.account_id, payment, 4_000, uuid4(), "asked")
    assert (answer["code"], answer["failure_code"]) == ("refused", "refund_too_big")
    assert (bill.figures()["open_cents"], held("refund_payable"), held("credit")) == (0, 0, 0)
    callbacks.apply_due()
    assert bill.figures()["open_cents"] == 14_000


def test_a_void_takes_all_of_it_back_before_it_settles(processor: Desk) -> None:
    with clock.fixed(clock.now()) as time:
        bill = a_bill(14_000)
        payment = pay(processor, (bill, 14_000))
        key = uuid4()
        processor.fault("void_lost")
        assert void.void(bill.account_id, payment, key)["code"] == "unknown"
        time.advance(minutes=1)
        assert refund.sweep() == {"looked": 1, "ended": 1}
        assert void.void(bill.account_id, payment, key)["code"] == "repeat"
        assert bill.figures()["open_cents"] == 14_000
        assert void.void(bill.account_id, payment, uuid4())["code"] == "already_refunded"
        callbacks.apply_due()
        assert states() == ["succeeded"]
        assert void.void(bill.account_id, uuid4(), uuid4())["code"] == "missing"


def test_a_void_that_comes_too_late_changes_nothing(processor: Desk) -> None:
    with clock.fixed(clock.now()) as time:
        bill = a_bill(14_000)
        payment = pay(processor, (bill, 14_000))
        pass_time(processor, time, days=2)
        assert void.void(bill.account_id, payment, uuid4())["code"] == "too_late"
        assert (bill.figures()["open_cents"], held("refund_payable"), states()) == (0, 0, ["failed"])


def test_a_void_made_there_is_booked(processor: Desk) -> None:
    bill = a_bill(14_000)
    payment = pay(processor, (bill, 14_000))
    row = sql.one("SELECT charge_ref FROM payments_payment")
    assert row is not None
    gateways.gateway().void("there", row["charge_ref"])
    processor.shell.flush()
    callbacks.apply_due()
    assert (bill.figures()["open_cents"], states()) == (14_000, ["succeeded"])
    assert refund.refund(bill.account_id, payment, 1, uuid4(), "asked")["code"] == "above_captured"


def test_of_a_saved_card_too(processor: Desk) -> None:
    """Its charge has no checkout: refunds, voids and disputes are heard by the charge alone."""
    bill = a_bill(14_000)
    card = a_card(processor, bill)
    first = charge.charge(saved_ask(bill, 6_000, card, mandate_id=None))
    second = charge.charge(saved_ask(bill, 8_000, card, mandate_id=None))
    assert first.payment_id and second.payment_id and bill.figures()["open_cents"] == 0
    rows = sql.query("SELECT charge_ref FROM payments_payment ORDER BY id")
    assert refund.refund(bill.account_id, first.payment_id, 1_000, uuid4(), "asked")["code"] == "refunded"
    gateways.gateway().refund("there", rows[0]["charge_ref"], 2_000, "office")
    gateways.gateway().void("there too", rows[1]["charge_ref"])
    processor.shell.flush()
    callbacks.apply_due()
    assert (bill.figures()["open_cents"], len(states())) == (11_000, 3)
    made = processor.shell.admin("POST", "disputes", {"charge": rows[0]["charge_ref"]})
    processor.shell.flush()
    callbacks.apply_due()
    assert (made["amount_cents"], held("dispute_hold")) == (3_000, 3_000)
