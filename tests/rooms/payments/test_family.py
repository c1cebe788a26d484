"""Bills of several accounts in one payment: all of them are booked, or none, and nothing stays forwarded."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from caretill.cli import check
from caretill.core import clock, sql
from caretill.intake import postings
from caretill.payments import access, batch, callbacks, family, look, motion, refund, sweep, take
from caretill.payments.gateways import gateway
from house.cast import a_bill
from house.desk import Desk
from house.families import Family, a_family, forwarded


def _pays(processor: Desk, made: Family, *cents: int) -> take.Answer:
    answer = take.pay(made.ask(*cents))
    assert answer.code == "open"
    processor.card(answer.url)
    assert look.came_back(made.bills[0].account_id, answer.payment_id) == "succeeded"
    return answer


def test_five_bills_of_four_accounts_are_paid_at_once(processor: Desk) -> None:
    made = a_family()
    owed = made.payable()
    answer = take.pay(made.ask())
    assert answer.code == "open"
    assert made.payable() == [0] * 5 and [bill.figures()["status"] for bill in made.bills] == ["being_paid"] * 5
    assert forwarded() == 0, "while it is under way nothing but reservations"
    processor.card(answer.url)
    assert look.came_back(made.bills[0].account_id, answer.payment_id) == "succeeded"
    assert made.paid() == owed and forwarded() == 0
    assert [len(bill.figures()["payments"]) for bill in made.bills] == [1] * 5
    assert [charge["amount_cents"] for charge in processor.charges()] == [sum(owed)]
    receipt = access.receipt_figures(made.bills[0].account_id, answer.payment_id)
    assert receipt["amount_cents"] == sum(owed)
    assert {(part["bill_number"], part["amount_cents"], part["left_cents"]) for part in receipt["parts"]} == {
        (bill.number, cents, 0) for bill, cents in zip(made.bills, owed, strict=True)
    }
    assert len({part["account_id"] for part in receipt["parts"]}) == 4 and len(receipt["payee_names"]) == 2
    assert callbacks.apply_due() == 1
    assert made.paid() == owed
    for bill, cents in zip(made.bills, owed, strict=True):
        (found,) = motion.of_bill(bill.account_id, bill.bill_id)
        assert (found["payment_id"], found["amount_cents"]) == (answer.payment_id, cents)
        assert found["account_id"] == made.bills[0].account_id
    assert sql.one("SELECT count(*) AS n FROM payments_attempt WHERE lease_until IS NOT NULL") == {"n": 0}


def test_accounts_are_held_and_booked_in_their_order_whoever_pays(
    processor: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two payments that want the same accounts meet at the first of them: of both, one gets all."""
    made = Family(tuple(reversed(a_family().bills)))
    real = sql.call
    seen: list[tuple[str, UUID]] = []

    def call(function: str, account_id: UUID, payload: dict[str, object]) -> dict[str, object]:
        seen.append((function, account_id))
        return real(function, account_id, payload)

    monkeypatch.setattr(sql, "call", call)
    _pays(processor, made)
    for function in ("payments_share_reserve", "payments_share_end"):
        assert [account for name, account in seen if name == function] == sorted({b.account_id for b in made.bills})


def test_the_payer_may_have_no_bill_of_their_own_in_it(processor: Desk) -> None:
    payer = a_bill(5_000)
    made = a_family(accounts=2)
    others = tuple((bill.account_id, bill.bill_id, 1_000) for bill in made.bills)
    answer = take.pay(payer.ask(0, parts=(), others=others))
    processor.card(answer.url)
    assert look.came_back(payer.account_id, answer.payment_id) == "succeeded"
    assert made.paid() == [1_000] * 3 and payer.figures()["paid_here_cents"] == 0


def test_the_same_key_is_the_same_payment_and_another_amount_elsewhere_is_refused(processor: Desk) -> None:
    made = a_family()
    ask = made.ask()
    first = take.pay(ask)
    assert take.pay(ask) == first
    account, bill, cents = ask.others[-1]
    assert take.pay(replace(ask, others=(*ask.others[:-1], (account, bill, cents - 1)))).code == "key_conflict"
    assert sum(row["amount_cents"] for row in sql.query("SELECT amount_cents FROM payments_payment")) == ask.total_cents


def test_above_what_is_owed_at_one_of_them_nothing_is_held_and_no_payment_stands(processor: Desk) -> None:
    made = a_family()
    owed = made.payable()
    assert take.pay(made.ask(*owed[:-1], owed[-1] + 1)).code == "above_owed"
    assert take.pay(replace(made.ask(), others=((uuid4(), uuid4(), 100),))).code == "not_found"
    assert made.payable() == owed
    assert sql.one("SELECT count(*) AS n FROM payments_payment") == {"n": 0}


def test_a_bill_held_in_another_account_is_waited_for_and_no_other_door_pays_one_of_ours(processor: Desk) -> None:
    made = a_family()
    owed = made.payable()
    last = made.bills[-1]
    single = take.pay(last.ask(1_000, visit=b"another"))
    told = take.pay(made.ask(*owed))
    assert (told.code, told.payment_id, told.mine) == ("being_paid", single.payment_id, False) and told.until
    assert made.payable()[:-1] == owed[:-1]
    take.stop(last.account_id, single.payment_id)
    whole = take.pay(made.ask(*owed))
    assert whole.code == "open"
    other = take.pay(last.ask(1_000, visit=b"another"))
    assert (other.code, other.payment_id, other.mine) == ("being_paid", whole.payment_id, False)
    mine = take.pay(last.ask(1_000))
    assert (mine.mine, mine.holder_account_id) == (True, made.bills[0].account_id)
    assert take.stop(made.bills[0].account_id, whole.payment_id) == "voided"
    assert made.payable() == owed and take.pay(last.ask(1_000)).code == "open"


def test_somebody_faster_between_the_look_and_the_hold_voids_it_and_lets_all_go(
    processor: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = a_family()
    owed = made.payable()
    account = made.bills[0].account_id
    ask = made.ask(*owed)
    payees = family.look(ask.region, ask.bills)
    single = take.pay(made.bills[-1].ask(1_000, visit=b"another"))
    monkeypatch.setattr(family, "look", lambda region, bills: payees)
    told = take.pay(ask)
    assert (told.code, told.payment_id, told.state) == ("being_paid", single.payment_id, "voided")
    assert made.payable()[:-1] == owed[:-1]
    again = take.pay(ask)
    assert (again.code, again.state) == ("ended", "voided"), "the key is spent: a new form has a new one"
    assert access.payment_figures(account, again.payment_id)["state"] == "voided"
    assert [row for row in processor.shell.log() if row["what"] == "session.created"] != []
    assert len([row for row in processor.shell.log() if row["what"] == "session.created"]) == 1


def test_an_abandoned_page_falls_free_for_everybody(processor: Desk) -> None:
    with clock.fixed(clock.now()) as time:
        made = a_family()
        owed = made.payable()
        take.pay(made.ask())
        time.advance(minutes=31)
        sweep.sweep()
        assert made.payable() == owed
        answer = take.pay(made.ask())
        time.advance(minutes=31)
        assert take.pay(made.bills[-1].ask(1_000)).code == "open", "asked for at once where its time is over"
        assert access.payment_figures(made.bills[0].account_id, answer.payment_id)["state"] == "voided"


def test_declined_cards_leave_every_bill_owed(processor: Desk) -> None:
    made = a_family()
    owed = made.payable()
    answer = take.pay(made.ask())
    for _ in range(5):
        processor.card(answer.url, "4000000000000002")
    assert look.came_back(made.bills[0].account_id, answer.payment_id) == "failed"
    assert made.payable() == owed and made.paid() == [0] * 5


def test_a_success_after_the_void_is_the_payers_credit(processor: Desk) -> None:
    made = a_family()
    owed = made.payable()
    account = made.bills[0].account_id
    answer = take.pay(made.ask())
    row = sql.one("SELECT session_ref FROM payments_attempt")
    open_session = gateway().retrieve_session(row["session_ref"])
    expired = replace(open_session, status="expired")
    look.late_word(account, answer.payment_id, expired)
    assert made.payable() == owed
    paid = replace(open_session, status="complete", outcome="paid", charge_id="late", amount_cents=sum(owed))
    assert look.late_word(account, answer.payment_id, paid) == "succeeded"
    assert made.payable() == owed and forwarded() == 0
    credit = sql.one(
        "SELECT account_id, credits_posted FROM ledger_balance WHERE kind = 'credit' AND credits_posted > 0"
    )
    assert credit == {"account_id": account, "credits_posted": sum(owed)}


def test_a_whole_refund_opens_every_bill_again_once(processor: Desk) -> None:
    made = a_family()
    owed = made.payable()
    account = made.bills[0].account_id
    answer = _pays(processor, made)
    key = uuid4()
    assert refund.refund(account, answer.payment_id, sum(owed), key, "asked")["code"] == "refunded"
    assert refund.refund(account, answer.payment_id, sum(owed), key, "asked")["code"] == "repeat"
    callbacks.apply_due()
    assert made.payable() == owed and made.paid() == [0] * 5 and forwarded() == 0
    kinds = [[entry["kind"] for entry in bill.figures()["payments"]] for bill in made.bills]
    assert [sorted(found) for found in kinds] == [["here", "refund"]] * 5


def test_a_refund_comes_off_the_bill_that_is_named_then_off_the_last(processor: Desk) -> None:
    made = a_family()
    account = made.bills[0].account_id
    answer = _pays(processor, made)
    named = made.bills[2]
    refund.refund(account, answer.payment_id, 3_000, uuid4(), "asked", {named.bill_id: 3_000})
    assert made.payable() == [0, 0, 3_000, 0, 0]
    key = uuid4()
    assert refund.refund(account, answer.payment_id, 1_000, key, "asked")["code"] == "refunded"
    assert refund.refund(account, answer.payment_id, 1_000, key, "asked")["code"] == "repeat"
    assert sum(made.payable()) == 4_000 and forwarded() == 0
    last = max(made.bills, key=lambda bill: bill.bill_id)
    assert last.figures()["open_cents"] == 1_000
    rest = sum(made.paid())
    assert refund.refund(account, answer.payment_id, rest + 1, uuid4(), "asked")["code"] == "above_captured"


def test_a_refund_takes_first_what_a_bill_no_longer_needs(processor: Desk) -> None:
    bills = [a_bill(10_000, family=f"s{number}", number=f"S{number}") for number in range(3)]
    made = Family(tuple(bills))
    answer = _pays(processor, made)
    a_bill(6_000, family="s1", number="S1", version=2)
    assert bills[1].figures()["credit_cents"] == 4_000
    refund.refund(bills[0].account_id, answer.payment_id, 5_000, uuid4(), "lowered")
    assert bills[1].figures()["credit_cents"] == 0
    last = max(bills, key=lambda bill: bill.bill_id)
    assert sum(made.payable()) == 1_000 and last.figures()["open_cents"] == 1_000


def test_a_refund_made_at_the_processor_reaches_the_bills(processor: Desk) -> None:
    made = a_family()
    _pays(processor, made)
    callbacks.apply_due()
    charge = sql.one("SELECT charge_ref FROM payments_payment")
    gateway().refund("made there", charge["charge_ref"], 4_000, "office")
    assert callbacks.apply_due() == 1
    assert sum(made.payable()) == 4_000 and forwarded() == 0


def test_a_set_of_outcomes_books_a_familys_payment_too(processor: Desk) -> None:
    made, single = a_family(), a_bill(7_000, family="alone")
    owed = made.payable()
    answers = [take.pay(made.ask()), take.pay(single.ask(7_000))]
    outcomes = []
    for bill, answer in zip((made.bills[0], single), answers, strict=True):
        processor.card(answer.url)
        row = sql.one(
            "SELECT a.session_ref, p.amount_cents FROM payments_attempt a JOIN payments_payment p"
            " ON p.id = a.payment_id WHERE p.id = %s",
            (answer.payment_id,),
        )
        session = gateway().retrieve_session(row["session_ref"])
        outcomes.append(
            batch.outcome_of(bill.account_id, answer.payment_id, "oregon", "sandbox", row["amount_cents"], session)
        )
    assert batch.record_set(outcomes) == [{"code": "applied", "state": "succeeded"}] * 2
    assert made.paid() == owed and single.figures()["status"] == "paid"
    assert [told["code"] for told in batch.record_set(outcomes)] == ["repeat", "repeat"]


def test_the_day_is_told_to_billing_with_the_payments_reference(processor: Desk) -> None:
    made = a_family()
    answer = _pays(processor, made)
    refund.refund(made.bills[0].account_id, answer.payment_id, 2_000, uuid4(), "asked", {made.bills[3].bill_id: 2_000})
    figures = access.receipt_figures(made.bills[0].account_id, answer.payment_id)
    rows = sql.query(sql.load(postings.__file__, "postings.sql"), {"day": figures["business_date"]})
    assert {row["reference"] for row in rows} == {figures["reference"]}
    assert sorted(row["bill_number"] for row in rows if row["kind"] == "payment") == sorted(
        bill.number for bill in made.bills
    )
    back = [(row["bill_number"], row["amount_cents"]) for row in rows if row["kind"] == "refund"]
    assert back == [(made.bills[3].number, -2_000)] and len(rows) == 6


SPOILT = {
    "23 ": "SELECT ledger_post(account_id, jsonb_build_array(jsonb_build_object('transfer_id', gen_random_uuid(),"
    " 'debit_kind', 'forwarded', 'debit_ref', id, 'credit_kind', 'clearing', 'credit_ref', id, 'amount_cents', 1,"
    " 'code', 'forward_back', 'phase', 'posted', 'payee', 'hospital')), id, id, 'USD', business_date, now())"
    " FROM payments_payment",
    "23b ": "UPDATE payments_payment SET family = false",
    "23c ": "UPDATE payments_forward SET state = 'released' WHERE bill_id = (SELECT max(bill_id::text)::uuid"
    " FROM payments_forward)",
    "12b ": "UPDATE payments_forward SET amount_cents = amount_cents + 1",
    "15b ": "UPDATE payments_giveback SET amount_cents = amount_cents + 1",
}


@pytest.mark.parametrize("law", SPOILT)
def test_the_laws_see_what_is_wrong_with_a_familys_payment(processor: Desk, law: str) -> None:
    made = a_family()
    answer = _pays(processor, made)
    refund.refund(made.bills[0].account_id, answer.payment_id, 1_000, uuid4(), "asked")
    assert check.broken() == {}
    with transaction.atomic():
        sql.execute(SPOILT[law])
        assert [name for name in check.broken() if name.startswith(f"payments.{law}")]
        transaction.set_rollback(True)


def test_the_laws_see_what_is_held_without_a_claim(processor: Desk) -> None:
    made = a_family()
    take.pay(made.ask())
    with transaction.atomic():
        sql.execute("DELETE FROM payments_claim WHERE bill_id = %s", (made.bills[-1].bill_id,))
        assert [name for name in check.broken() if name.startswith("payments.5c ")]
        transaction.set_rollback(True)
