"""What is agreed on a page and debited: killed between each two steps, sent many times, refused. One debit each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest

from caretill.core import clock, sql
from caretill.methods import mandates
from caretill.methods.keep import BankAsk
from caretill.payments import charge, charging, family, from_bank, sweep
from caretill.payments.from_bank import Offer
from caretill.payments.take import Answer
from house.cast import Bill, a_bill
from house.desk import Desk, at_once
from house.saved import ROUTING, a_bank, saved_ask

NUMBER = "000123456789"


class Killed(Exception):
    """The process ends here."""


def _killed(*_: object, **__: object) -> Any:
    raise Killed


def _offer(bill: Bill, cents: int) -> Offer:
    return from_bank.offer(bill.region, "en", cents, last4="6789", account_type="checking", guest=True)


def _paying(bill: Bill, cents: int = 20_000, key: UUID | None = None, **more: Any) -> Callable[[], Answer]:
    """One press, that can be made again."""
    ask = saved_ask(bill, cents, from_bank.nobody(), mandate_id=None, key=key or uuid4(), channel="guest", **more)
    bank = BankAsk(bill.account_id, None, "Pat Payer", ROUTING, NUMBER, "checking")
    return partial(from_bank.pay, ask, _offer(bill, ask.total_cents).text, bank)


def _count(table: str, where: str = "true") -> int:
    row = sql.one(f"SELECT count(*) AS n FROM {table} WHERE {where}")
    assert row is not None
    return int(row["n"])


def test_killed_between_two_steps_the_next_press_finishes(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[tuple[Any, str]] = [
        (from_bank.validate, "begin"),
        (from_bank.mandates, "agree"),
        (charge, "begin"),
        (charging, "send"),
    ]
    for turn, (where, what) in enumerate(steps, 1):
        bill = a_bill(20_000, family=str(turn))
        press = _paying(bill)
        with monkeypatch.context() as torn, pytest.raises(Killed):
            torn.setattr(where, what, _killed)
            press()
        assert press().code == "queued", what
        counts = [_count(table) for table in ("payments_payment", "methods_mandate", "methods_method")]
        assert counts == [turn] * 3 and bill.figures()["payable_cents"] == 0, what


def test_many_presses_at_once_agree_once(db: None) -> None:
    bill = a_bill(20_000)
    answers = at_once([_paying(bill, key=(key := uuid4()))] * 24)
    assert {answer.code for answer in answers} == {"queued"} and len({answer.payment_id for answer in answers}) == 1
    assert (_count("methods_mandate"), _count("methods_method")) == (1, 1)
    assert mandates.live(bill.account_id, uuid5(key, "mandate"))


def test_what_could_not_be_held_is_agreed_to_by_nobody(db: None) -> None:
    bill = a_bill(20_000)
    charge.charge(saved_ask(bill, 1_000, a_bank(bill)))
    key = uuid4()
    assert _paying(bill, 5_000, key)().code == "being_paid"
    assert not mandates.live(bill.account_id, uuid5(key, "mandate"))
    assert _count("payments_payment") == 1


def test_a_wrong_account_keeps_nothing(db: None) -> None:
    bill = a_bill(20_000)
    ask = saved_ask(bill, 20_000, from_bank.nobody(), mandate_id=None)
    wrong = BankAsk(bill.account_id, None, "Pat Payer", "123456789", NUMBER, "checking")
    assert from_bank.pay(ask, _offer(bill, 20_000).text, wrong).code == "routing_wrong"
    assert (_count("payments_payment"), _count("methods_mandate"), _count("methods_method")) == (0, 0, 0)


def test_the_account_is_kept_for_one_payment_and_asked_about_before_it(db: None) -> None:
    bill = a_bill(20_000)
    answer = _paying(bill)()
    row = sql.one("SELECT m.login_id, m.validation, m.state FROM methods_method m")
    assert row == {"login_id": None, "validation": "prenote", "state": "checking"}
    assert charge.withdraw(bill.account_id, answer.payment_id or uuid4()) == "withdrawn"


def test_bills_of_two_accounts_are_all_held_before_a_file_may_take_the_debit(
    processor: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = a_bill(10_000, family="1"), a_bill(7_000, family="2")
    others = ((two.account_id, two.bill_id, 7_000),)
    with clock.fixed(clock.now()) as time:
        ask = saved_ask(one, 10_000, a_bank(one), others=others)
        with monkeypatch.context() as torn, pytest.raises(Killed):
            torn.setattr(family, "reserve", _killed)
            charge.charge(ask)
        in_queue = "SELECT count(*) AS n FROM payments_payment WHERE state = 'submitting' AND posts_on IS NOT NULL"
        assert sql.one(in_queue) == {"n": 0}
        time.advance(seconds=21)
        assert sweep.sweep()["looked"] == 1
        assert sql.one(in_queue) == {"n": 1}
        assert one.figures()["payable_cents"] == two.figures()["payable_cents"] == 0
        assert sweep.sweep()["looked"] == 0
        assert charge.charge(ask).code == "queued"


def test_what_somebody_took_meanwhile_lets_the_whole_family_payment_go(processor: Desk) -> None:
    one, two = a_bill(10_000, family="1"), a_bill(7_000, family="2")
    begun = charge.begin(saved_ask(one, 10_000, a_bank(one), others=((two.account_id, two.bill_id, 7_000),)))
    charge.charge(saved_ask(two, 7_000, a_bank(two)))
    assert begun.payment_id is not None
    assert charging.send(one.account_id, begun.payment_id).code == "being_paid"
    assert one.figures()["payable_cents"] == 10_000
    assert _count("payments_payment", "state = 'voided'") == 1
