"""Whatever a feed says and whoever pays meanwhile, a bill ends at what its last version and its payments make it."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caretill.core import sql
from caretill.payments import look, take
from house.cast import Bill, a_bill
from house.desk import Desk, processor_desk

__all__ = ["processor_desk"]
FAMILIES = itertools.count(1000)

cents = st.integers(0, 50_000)
version = st.tuples(st.just("version"), st.integers(1, 60_000), cents, cents, cents)
payment = st.tuples(st.sampled_from(["pay", "give_up", "hold"]), st.integers(1, 60_000))


def expect(bill: Bill, last: tuple[int, int, int, int], paid: int, held: int) -> None:
    charge, discount, plan, desk = last
    figures = bill.figures()
    net = charge - discount - plan - desk - paid
    assert figures["open_cents"] - figures["credit_cents"] == net
    assert figures["pending_cents"] == held
    assert figures["open_cents"] >= held
    assert figures["open_cents"] == held or figures["credit_cents"] == 0, "owed and in credit at once"
    assert figures["paid_here_cents"] == paid


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(version, payment), min_size=1, max_size=8))
def test_any_order_of_versions_and_payments_adds_up(processor: Desk, steps: list[tuple[Any, ...]]) -> None:
    family, number = str(next(FAMILIES)), f"P{next(FAMILIES):010d}"
    last, paid, held, turn = (30_000, 0, 0, 0), 0, 0, 1
    bill = a_bill(30_000, family=family, number=number)
    for step in steps:
        if step[0] == "version":
            turn += 1
            last = step[1:]
            charge, discount, plan, desk = last
            a_bill(
                charge, family=family, number=number, version=turn, discount_cents=discount, plan_paid_cents=plan,
                desk_cents=desk, desk_version=turn,
            )  # fmt: skip
        elif not held:
            amount = min(step[1], bill.figures()["payable_cents"])
            answer = take.pay(bill.ask(amount)) if amount else None
            if answer is None or answer.code != "open":
                continue
            if step[0] == "pay":
                processor.card(answer.url)
                assert look.came_back(bill.account_id, answer.payment_id) == "succeeded"
                paid += amount
            elif step[0] == "give_up":
                assert take.stop(bill.account_id, answer.payment_id) == "voided"
            else:
                held = amount
        expect(bill, last, paid, held)


def test_the_same_version_again_changes_nothing_and_an_older_one_is_ignored(db: None) -> None:
    bill = a_bill(14_000, number="P1", version=5)
    before = sql.query("SELECT count(*) AS n, max(recorded_at) AS at FROM ledger_transfer")
    a_bill(14_000, number="P1", version=5)
    a_bill(90_000, number="P1", version=4)
    assert sql.query("SELECT count(*) AS n, max(recorded_at) AS at FROM ledger_transfer") == before
    assert bill.figures()["version"] == 5


def test_the_same_version_with_other_figures_is_sent_back(db: None) -> None:
    bill = a_bill(14_000, number="P1", version=5)
    try:
        a_bill(15_000, number="P1", version=5)
    except AssertionError as refused:
        assert "same_version_differs" in str(refused)
    else:
        raise AssertionError("it went in")
    assert bill.figures()["open_cents"] == 14_000


def test_status_words(db: None) -> None:
    assert a_bill(1_000, family="a").figures()["status"] == "open"
    assert a_bill(1_000, family="b", due=date(2020, 1, 1)).figures()["status"] == "overdue"
    assert a_bill(1_000, family="c", desk_cents=1_000).figures()["status"] == "paid"
    assert a_bill(2, family="d", desk_cents=7_500).figures()["status"] == "credit"
    assert a_bill(2, family="d2", desk_cents=7_500).figures()["credit_cents"] == 7_498
