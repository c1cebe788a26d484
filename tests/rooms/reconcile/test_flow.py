"""From a charge to the bank: payout listed, file read, operations matched, money at the bank booked once."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from caretill.core import clock, sql
from caretill.formats import payout_csv
from caretill.payments import callbacks
from caretill.payments.gateways.sandbox import answers
from caretill.reconcile import bank_files, run
from caretill.reconcile.differences import differences, standing
from house.bank import at_bank, clearing
from house.cast import a_bill
from house.desk import Desk
from house.ledgerbook import give_back, pay


def settled(payment_id: UUID) -> date | None:
    row = sql.one("SELECT settled_on FROM payments_payment WHERE id = %s", (payment_id,))
    assert row is not None
    found: date | None = row["settled_on"]
    return found


def moved(kind: str) -> int:
    row = sql.one(
        "SELECT coalesce(sum(CASE WHEN debit_kind = %(kind)s THEN amount_cents ELSE -amount_cents END), 0)::bigint AS c"
        " FROM ledger_transfer WHERE %(kind)s IN (debit_kind, credit_kind)",
        {"kind": kind},
    )
    assert row is not None
    return int(row["c"])


def later(processor: Desk, time: clock.FixedClock, days: int = 1) -> None:
    """So many nights go by, at the processor too."""
    for _ in range(days):
        time.advance(days=1)
        processor.shell.flush()


def test_both_sides_name_the_same_columns() -> None:
    assert ",".join(payout_csv.HEAD) == answers.PAYOUT_HEAD


def test_a_charge_and_a_refund_come_to_the_bank(time: clock.FixedClock, processor: Desk, tmp_path: Path) -> None:
    first, second = a_bill(family="1"), a_bill(family="2")
    one, two = pay(processor, (first, 20_000)), pay(processor, (second, 5_000))
    give_back(first, one, 2_500)
    assert run.turn()["listed"] == 0
    later(processor, time)
    assert {k: v for k, v in run.turn().items() if v} == {"listed": 1, "filed": 1, "operations": 3}
    payout = sql.one("SELECT * FROM reconcile_payout")
    assert payout is not None and payout["gross_cents"] == 22_500 and payout["state"] == "filed"
    # Nothing is booked before the bank says that it has the money, and no statement was read yet.
    assert (clearing(one), clearing(two), settled(one)) == (17_500, 5_000, None)
    later(processor, time)
    bank_files.bring_in("bai2", at_bank(tmp_path, date(2026, 11, 4), (120, "INTEREST")))
    assert run.turn()["payouts"] == 0  # it is promised for the fifth, and the file of the fourth lacks it
    later(processor, time)
    bank_files.bring_in("bai2", at_bank(tmp_path, date(2026, 11, 5)))
    counts = run.turn()
    assert (counts["payouts"], counts["booked"]) == (1, 3)
    assert (clearing(one), clearing(two)) == (0, 0)
    assert settled(one) == settled(two) == date(2026, 11, 5)
    fees = (20_000 * 290 + 5_000) // 10_000 + 30 + (5_000 * 290 + 5_000) // 10_000 + 30
    assert (moved("bank"), moved("fee")) == (22_500 - fees, fees)
    assert {k: v for k, v in run.turn().items() if v} == {}
    (left,) = differences()
    assert (left.kind, left.amount_cents, left.age_days) == ("suspense", 120, 1)
    assert standing()["waiting"] == 0 and standing()["on_the_way_cents"] == 0


def test_without_statements_the_processors_word_counts(time: clock.FixedClock, processor: Desk) -> None:
    bill = a_bill()
    payment = pay(processor, (bill, 20_000))
    later(processor, time)
    run.turn()
    later(processor, time)
    assert run.turn()["booked"] == 0
    later(processor, time)
    counts = run.turn()
    assert (counts["payouts"], counts["booked"]) == (1, 1)
    assert clearing(payment) == 0 and settled(payment) == date(2026, 11, 5)
    assert differences() == []


@pytest.mark.parametrize("days", [1, 3])
def test_nights_that_went_by_unseen_are_caught_up(time: clock.FixedClock, processor: Desk, days: int) -> None:
    for night in range(days):
        pay(processor, (a_bill(family=f"n{night}"), 10_000 + night))
        later(processor, time)
    later(processor, time, 5)
    counts = run.turn()
    assert (counts["listed"], counts["filed"], counts["booked"]) == (days, days, days)


def test_news_of_a_payout_is_no_stranger(time: clock.FixedClock, processor: Desk) -> None:
    pay(processor, (a_bill(), 20_000))
    later(processor, time, 5)
    callbacks.apply_due()
    row = sql.one("SELECT count(*) AS n, min(answer) AS answer FROM payments_callback WHERE kind LIKE 'payout.%%'")
    assert row == {"n": 2, "answer": "payout"}
