"""Disputes: opened, won, lost, by message and by asking; while one is open nothing is given back."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from caretill.core import clock, sql
from caretill.payments import access, callbacks, disputes, refund, returns
from house.cast import a_bill
from house.desk import Desk
from house.ledgerbook import give_back, pay


def open_one(processor: Desk, **more: Any) -> str:
    row = sql.one("SELECT charge_ref FROM payments_payment ORDER BY id DESC LIMIT 1")
    assert row is not None
    answer = processor.shell.admin("POST", "disputes", {"charge": row["charge_ref"], **more})
    processor.shell.flush()
    callbacks.apply_due()
    return str(answer["id"])


def decide(processor: Desk, dispute: str, status: str) -> None:
    processor.shell.admin("POST", f"disputes/{dispute}", {"status": status})
    processor.shell.flush()


def held(kind: str) -> int:
    row = sql.one(
        "SELECT coalesce(sum(abs(debits_posted - credits_posted)), 0)::int AS n FROM ledger_balance WHERE kind = %s",
        (kind,),
    )
    assert row is not None
    return int(row["n"])


def test_an_open_dispute_holds_the_money_and_refuses_refunds(processor: Desk) -> None:
    bill = a_bill(14_000)
    payment = pay(processor, (bill, 14_000))
    open_one(processor)
    assert (held("dispute_hold"), bill.figures()["open_cents"]) == (14_000, 0)
    assert refund.refund(bill.account_id, payment, 1_000, uuid4(), "asked")["code"] == "dispute_open"
    assert [row["state"] for row in disputes.listed()] == ["open"]
    figures = access.payment_figures(bill.account_id, payment)
    assert access.check(figures["check_code"]) == {"answer": "returned"}
    topics = {row["topic"] for row in sql.query("SELECT topic FROM core_outbox")}
    assert "dispute_opened" in topics
    callbacks.apply_due()
    assert held("dispute_hold") == 14_000


@pytest.mark.parametrize(("status", "open_cents"), [("won", 0), ("lost", 14_000)])
@pytest.mark.parametrize("message", [True, False])
def test_it_ends_by_message_or_by_asking(processor: Desk, status: str, open_cents: int, message: bool) -> None:
    with clock.fixed(clock.now()) as time:
        bill = a_bill(14_000)
        payment = pay(processor, (bill, 14_000))
        dispute = open_one(processor)
        if not message:
            processor.fault("callback_lost")
        decide(processor, dispute, status)
        if message:
            callbacks.apply_due()
            assert disputes.sweep() == {"looked": 0, "ended": 0}
        else:
            assert held("dispute_hold") == 14_000
            time.advance(hours=2)
            assert disputes.sweep() == {"looked": 1, "ended": 1}
        assert (held("dispute_hold"), bill.figures()["open_cents"]) == (0, open_cents)
        row = sql.one("SELECT state, lost_cents FROM payments_payment")
        assert row == {"state": "succeeded", "lost_cents": open_cents}
        answer = refund.refund(bill.account_id, payment, 1_000, uuid4(), "asked")["code"]
        assert answer == ("refunded" if status == "won" else "above_captured")
        figures = access.payment_figures(bill.account_id, payment)
        expected = "part_refunded" if status == "won" else "returned"
        assert access.check(figures["check_code"]) == {"answer": expected}


def test_one_that_is_over_when_it_is_heard_of_is_booked_whole(processor: Desk) -> None:
    bill = a_bill(14_000)
    pay(processor, (bill, 14_000))
    row = sql.one("SELECT charge_ref FROM payments_payment")
    assert row is not None
    dispute = processor.shell.admin("POST", "disputes", {"charge": row["charge_ref"], "amount_cents": 6_000})
    decide(processor, dispute["id"], "lost")
    assert callbacks.apply_due() == 2
    assert (held("dispute_hold"), bill.figures()["open_cents"]) == (0, 6_000)
    found = sql.query("SELECT state, amount_cents, owed_back_cents FROM payments_dispute")
    assert found == [{"state": "lost", "amount_cents": 6_000, "owed_back_cents": 0}]


def test_lost_after_the_debit_came_back_too_is_owed_by_the_payer(processor: Desk) -> None:
    bill = a_bill(14_000)
    payment = pay(processor, (bill, 14_000))
    give_back(bill, payment, 4_000)
    dispute = open_one(processor)
    returns.apply_return(bill.account_id, payment, 6_000, "R10", "line")
    decide(processor, dispute, "lost")
    callbacks.apply_due()
    # 14,000 came; 4,000, 6,000 and 10,000 went: the last 6,000 had left us before.
    assert (bill.figures()["open_cents"], held("returned_item"), held("dispute_hold")) == (14_000, 6_000, 0)


def test_of_a_stranger_nothing_is_booked(processor: Desk) -> None:
    bill = a_bill(14_000)
    pay(processor, (bill, 14_000))
    row = sql.one("SELECT charge_ref FROM payments_payment")
    assert row is not None
    dispute = processor.shell.admin("POST", "disputes", {"charge": row["charge_ref"]})
    sql.execute("DELETE FROM payments_object WHERE object_ref = %s", (row["charge_ref"],))
    assert disputes.heard("sandbox", dispute["id"]) == "foreign"
    assert held("dispute_hold") == 0
    sql.execute(
        "INSERT INTO payments_object (provider, object_ref, account_id, payment_id)"
        " SELECT 'sandbox', charge_ref, account_id, id FROM payments_payment"
    )


def test_one_whose_messages_were_lost_is_found_by_listing(processor: Desk) -> None:
    bill = a_bill(14_000)
    pay(processor, (bill, 14_000))
    row = sql.one("SELECT charge_ref FROM payments_payment")
    assert row is not None
    processor.fault("callback_lost")
    processor.shell.admin("POST", "disputes", {"charge": row["charge_ref"]})
    callbacks.apply_due()
    assert held("dispute_hold") == 0
    assert disputes.find_new() == {"seen": 1, "new": 1}
    assert (held("dispute_hold"), disputes.find_new()) == (14_000, {"seen": 1, "new": 0})
