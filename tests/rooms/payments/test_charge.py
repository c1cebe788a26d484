"""Money from a saved bank account: begun once, held, taken back before its file, or settled; at most what is owed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import connections

from caretill.core import clock, sql
from caretill.methods import mandates
from caretill.payments import access, batch, charge, holds, sweep, take
from caretill.payments.record import record
from caretill.regions import catalog
from house.cast import Bill, a_bill
from house.desk import Desk, at_once
from house.saved import a_bank, agreed, saved_ask

AT = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)  # a Monday


def _payment(payment_id: UUID | None) -> dict[str, Any]:
    row = sql.one(
        "SELECT p.state, p.posts_on, p.amount_cents, p.method_brand, p.method_last4, a.gateway, a.state AS attempt"
        " FROM payments_payment p JOIN payments_attempt a ON a.account_id = p.account_id AND a.payment_id = p.id"
        " WHERE p.id = %s",
        (payment_id,),
    )
    assert row is not None
    return row


def _queued(ask: charge.SavedAsk) -> UUID:
    answer = charge.charge(ask)
    assert answer.code == "queued" and answer.payment_id is not None
    return answer.payment_id


def _told(bill: Bill, payment_id: UUID, event: str, **figures: object) -> dict[str, Any]:
    return record(
        bill.account_id, payment_id, bill.region, event, provider="ach", object_ref=f"trace {payment_id}",
        evidence=event, **figures,
    )  # fmt: skip


def test_a_bank_debit_waits_for_its_file_and_holds_its_bill(db: None) -> None:
    with clock.fixed(AT):
        bill = a_bill(20_000)
        ask = saved_ask(bill, 15_000, a_bank(bill))
        answer = charge.charge(ask)
        assert answer.code == "queued"
        kept = _payment(answer.payment_id)
        assert kept == {
            "state": "submitting", "posts_on": date(2026, 11, 24), "amount_cents": 15_000, "method_brand": "bank",
            "method_last4": "6789", "gateway": "ach", "attempt": "queued",
        }  # fmt: skip
        assert bill.figures()["payable_cents"] == 5_000
        stands = holds.standing(bill.account_id, [bill.bill_id])[bill.bill_id]
        assert (stands.why, stands.posts_on, stands.amount_cents) == ("debit", date(2026, 11, 24), 15_000)
        assert take.pay(bill.ask(5_000)).code == "being_paid"
        assert charge.charge(ask) == answer, "the same form again is the same payment"


def test_it_is_taken_back_before_its_file_and_not_after(db: None) -> None:
    bill = a_bill(20_000)
    first = _queued(saved_ask(bill, 15_000, a_bank(bill)))
    assert charge.withdraw(bill.account_id, first) == "withdrawn"
    assert charge.withdraw(bill.account_id, first) == "withdrawn"
    assert bill.figures()["payable_cents"] == 20_000 and _payment(first)["state"] == "voided"
    second = _queued(saved_ask(bill, 15_000, a_bank(bill)))
    assert _told(bill, second, "filed")["state"] == "pending"
    assert charge.withdraw(bill.account_id, second) == "too_late"
    assert charge.withdraw(bill.account_id, uuid4()) == "missing"


def test_the_file_and_the_payer_at_once_one_of_them_has_it(db: None) -> None:
    for turn in range(5):
        bill = a_bill(20_000, family=str(turn))
        made = _queued(saved_ask(bill, 15_000, a_bank(bill)))
        calls: list[Callable[[], Any]] = [partial(_told, bill, made, "filed")]
        file, *back = at_once([*calls, *[partial(charge.withdraw, bill.account_id, made)] * 3])
        state = _payment(made)["state"]
        assert (state, file["code"], set(back)) in (
            ("pending", "applied", {"too_late"}),
            ("voided", "ignored", {"withdrawn"}),
        )


def test_settled_it_is_on_the_bill_and_returned_before_that_it_never_was(db: None) -> None:
    one, two = a_bill(20_000, family="1"), a_bill(20_000, family="2")
    paid, came_back = (_queued(saved_ask(bill, 20_000, a_bank(bill))) for bill in (one, two))
    for bill, made in ((one, paid), (two, came_back)):
        _told(bill, made, "filed")
    _told(one, paid, "succeeded", amount_cents=20_000)
    _told(two, came_back, "returned", failure_code="R01")
    assert one.figures()["open_cents"] == 0 and two.figures()["payable_cents"] == 20_000
    assert _payment(came_back)["state"] == "failed"
    assert holds.standing(two.account_id, [two.bill_id]) == {}


def test_64_presses_at_once_are_one_debit(db: None) -> None:
    bill = a_bill(20_000)
    ask = saved_ask(bill, 15_000, a_bank(bill))
    answers = at_once([partial(charge.charge, ask)] * 64)
    assert {(answer.code, answer.payment_id) for answer in answers} == {("queued", answers[0].payment_id)}
    assert sql.one("SELECT count(*) AS n FROM payments_payment") == {"n": 1}
    assert bill.figures()["pending_cents"] == 15_000


def test_what_is_taken_in_the_payers_name_is_at_most_what_is_owed(db: None) -> None:
    bill, other = a_bill(20_000, number="P1"), a_bill(5_000, number="P2")
    method = a_bank(bill)
    named = {"initiator": "merchant", "reason": "recurring", "kind": "recurring"}
    whole = saved_ask(bill, 0, method, parts=((bill.bill_id, 99_000), (other.bill_id, 99_000)), **named)
    begun = charge.begin(whole)
    assert begun.code == "begun" and _payment(begun.payment_id)["amount_cents"] == 25_000
    assert begun.payment_id is not None
    _told(bill, begun.payment_id, "filed")
    _told(bill, begun.payment_id, "succeeded", amount_cents=25_000)
    assert charge.begin(saved_ask(bill, 0, method, parts=((bill.bill_id, 1),), **named)).code == "above_owed"
    assert charge.begin(saved_ask(other, 6_000, method)).code == "above_owed"
    assert sql.one("SELECT count(*) AS n FROM core_idempotency") == {"n": 1}, "a refusal leaves no key"


def test_nothing_is_debited_without_what_was_agreed(db: None) -> None:
    bill = a_bill(20_000)
    method, unproved, refused = a_bank(bill), a_bank(bill, validation="none"), a_bank(bill, validation="failed")
    ended = agreed(bill, method, "recurring")
    mandates.end(bill.account_id, ended, "stopped")
    assert charge.charge(saved_ask(bill, 100, method, mandate_id=ended)).code == "mandate_ended"
    assert charge.charge(saved_ask(bill, 100, method, mandate_id=None)).code == "mandate_ended"
    assert charge.charge(saved_ask(bill, 100, method, mandate_id=agreed(bill, unproved))).code == "mandate_ended"
    assert charge.charge(saved_ask(bill, 100, unproved)).code == "not_validated"
    assert charge.charge(saved_ask(bill, 100, refused)).code == "not_validated"
    sql.execute("UPDATE methods_method SET state = 'disabled', is_default = false WHERE id = %s", (method,))
    assert charge.charge(saved_ask(bill, 100, method)).code == "method_gone"
    assert charge.charge(saved_ask(bill, 100, uuid4(), mandate_id=None)).code == "method_gone"
    assert bill.figures()["pending_cents"] == 0


def test_what_was_agreed_for_one_payment_pays_once(db: None) -> None:
    bill = a_bill(20_000)
    method = a_bank(bill)
    once = agreed(bill, method, "once")
    asks = [saved_ask(bill, 1_000, method, mandate_id=once) for _ in range(8)]
    codes = sorted(answer.code for answer in at_once([partial(charge.begin, ask) for ask in asks]))
    assert codes[0] == "begun" and set(codes[1:]) <= {"being_paid", "mandate_ended"}
    [row] = sql.query("SELECT id FROM payments_payment")
    charge.withdraw(bill.account_id, row["id"])
    assert charge.begin(saved_ask(bill, 1_000, method, mandate_id=once)).code == "begun"


def test_what_was_agreed_for_one_payment_pays_no_second_bill(db: None) -> None:
    bill, other = a_bill(20_000, number="P1"), a_bill(20_000, number="P2")
    method = a_bank(bill)
    once = agreed(bill, method, "once")
    assert charge.begin(saved_ask(bill, 1_000, method, mandate_id=once)).code == "begun"
    assert charge.begin(saved_ask(other, 1_000, method, mandate_id=once)).code == "mandate_ended"
    assert [each["code"] for each in charge.begin_set([saved_ask(other, 1, method, mandate_id=once)])] == [
        "mandate_ended"
    ]


@pytest.mark.parametrize("in_set", [False, True])
@pytest.mark.parametrize(
    ("ends", "code"),
    [
        ("UPDATE methods_mandate SET ended_at = now()", "mandate_ended"),
        ("UPDATE methods_method SET state = 'disabled', is_default = false", "method_gone"),
    ],
)
def test_who_cancels_in_the_same_moment_comes_before_or_after(
    second_connection: Callable[[], psycopg.Connection[Any]], ends: str, code: str, in_set: bool
) -> None:
    bill = a_bill(20_000)
    ask = saved_ask(bill, 1_000, a_bank(bill), kind="recurring")

    def begun() -> str:
        try:
            return str(charge.begin_set([ask])[0]["code"]) if in_set else charge.begin(ask).code
        finally:
            connections.close_all()

    cancels = second_connection()
    cancels.execute(ends)
    with ThreadPoolExecutor(1) as pool:
        taking = pool.submit(begun)
        with pytest.raises(TimeoutError):
            taking.result(0.3)
        cancels.commit()
        assert taking.result(20) == code
    assert bill.figures()["pending_cents"] == 0


def test_a_deposit_goes_on_the_account_when_it_is_settled(db: None) -> None:
    bill = a_bill(20_000)
    method = a_bank(bill)
    account = catalog.region(bill.region).processor_accounts["medical_group"]
    kept = {"deposit_cents": 3_000, "processor_account": account}
    alone = _queued(saved_ask(bill, 0, method, parts=(), **kept))
    both = _queued(saved_ask(bill, 20_000, method, **kept | {"deposit_cents": 500}))
    held = "SELECT credits_posted FROM ledger_balance WHERE kind = 'deposit' AND ref = %s"
    assert sql.one(held, (bill.account_id,)) is None
    for made in (alone, both):
        _told(bill, made, "filed")
    _told(bill, alone, "succeeded", amount_cents=3_000)
    outcome = batch.Outcome(bill.account_id, both, bill.region, "ach", "trace 2", "settled", 20_500)
    assert [answer["code"] for answer in batch.record_set([outcome])] == ["applied"]
    assert sql.one(held, (bill.account_id,)) == {"credits_posted": 3_500}
    assert bill.figures()["open_cents"] == 0


def test_a_debit_of_an_account_that_is_still_asked_about_posts_when_its_bank_answered(db: None) -> None:
    with clock.fixed(AT):
        bill = a_bill(20_000)
        made = charge.charge(saved_ask(bill, 1_000, a_bank(bill, validation="prenote")))
        # The question settles on Tuesday; Thursday is Thanksgiving; three banking days after it is Monday.
        assert _payment(made.payment_id)["posts_on"] == date(2026, 12, 1)
        later = a_bill(20_000, family="2")
        wish = saved_ask(later, 1_000, a_bank(later), take_on=date(2026, 12, 25))
        assert _payment(charge.charge(wish).payment_id)["posts_on"] == date(2026, 12, 28)


def test_a_cheque_in_the_post_is_waited_for_by_runs_and_warns_people(db: None) -> None:
    bill = a_bill(20_000)
    until = clock.now() + timedelta(days=10)
    holds.hold(bill.account_id, bill.bill_id, "cheque", until, "guest", amount_cents=20_000)
    stands = holds.standing(bill.account_id, [bill.bill_id])[bill.bill_id]
    assert (stands.why, stands.until, stands.amount_cents) == ("cheque", until, 20_000)
    method = a_bank(bill)
    run = {"initiator": "merchant", "reason": "recurring", "kind": "recurring"}
    asked = saved_ask(bill, 1_000, method, **run)
    assert charge.begin(asked).code == "being_paid"
    assert [each["code"] for each in charge.begin_set([asked])] == ["being_paid"]
    assert charge.begin(saved_ask(bill, 1_000, method)).code == "begun", "who is there may pay all the same"
    holds.release(bill.account_id, bill.bill_id, "cheque")
    assert holds.standing(bill.account_id, [bill.bill_id])[bill.bill_id].why == "debit"


def test_a_set_has_the_effects_of_each_by_itself(db: None) -> None:
    bills = [a_bill(10_000 + number, family=str(number)) for number in range(6)]
    methods = [a_bank(bill) for bill in bills]
    run = {"initiator": "merchant", "reason": "recurring", "kind": "recurring"}
    asks = [saved_ask(bill, 99_000, method, **run) for bill, method in zip(bills, methods, strict=True)]
    assert asks[1].mandate_id is not None
    mandates.end(bills[1].account_id, asks[1].mandate_id, "stopped")
    charge.charge(saved_ask(bills[2], 1, methods[2]))
    above = saved_ask(bills[3], 99_000, methods[3])
    asks[3] = above
    twice = saved_ask(bills[4], 500, methods[4], **run)
    answers = charge.begin_set([*asks, asks[0], twice])
    codes = [answer["code"] for answer in answers]
    assert codes == ["begun", "mandate_ended", "being_paid", "above_owed", "begun", "begun", "repeat", "being_paid"]
    assert answers[0]["payment_id"] == answers[6]["payment_id"] and answers[0]["amount_cents"] == 10_000
    assert [bill.figures()["payable_cents"] for bill in bills] == [0, 10_001, 10_001, 10_003, 0, 0]
    again = [answer["code"] for answer in charge.begin_set(asks)]
    assert again == ["repeat", "mandate_ended", "being_paid", "above_owed", "repeat", "repeat"]


def test_sets_at_once_take_each_bill_once(db: None) -> None:
    bills = [a_bill(10_000, family=str(number)) for number in range(12)]
    methods = [a_bank(bill) for bill in bills]
    run = {"initiator": "merchant", "reason": "recurring", "kind": "recurring"}
    sets = [
        [saved_ask(bill, 10_000, method, **run) for bill, method in zip(bills, methods, strict=True)] for _ in range(4)
    ]
    found = at_once([partial(charge.begin_set, asks[::-1] if place % 2 else asks) for place, asks in enumerate(sets)])
    codes = [answer["code"] for answers in found for answer in answers]
    assert codes.count("begun") == 12 and codes.count("being_paid") == 36
    assert sql.one("SELECT count(*) AS n FROM payments_payment") == {"n": 12}


def test_the_sweeper_leaves_bank_debits_to_their_file(processor: Desk) -> None:
    with clock.fixed(AT) as time:
        bill = a_bill(20_000)
        made = _queued(saved_ask(bill, 1_000, a_bank(bill)))
        time.advance(days=4_000)
        assert sweep.sweep() == {"looked": 0, "ended": 0}
        assert take.stop(bill.account_id, made) == "submitting"
        assert access.payment_figures(bill.account_id, made)["state"] == "submitting"
