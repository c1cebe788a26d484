"""Bank debits at the bank: a file that settled, one that came back before or after, a return nobody knows."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from caretill.ach import settle
from caretill.core import clock, sql
from caretill.reconcile import bank_files, run
from caretill.reconcile.differences import differences
from house.bank import bai2_text, clearing
from house.cast import a_bill
from house.debits import MONDAY, a_return, entry, filed, queued, state, took

TUESDAY = date(2026, 11, 24)


def told(folder: Path, day: date, *cents: int) -> None:
    path = folder / f"{day}.bai"
    path.write_text(bai2_text(day, [(each, "ACH SETL LARKSPUR") for each in cents]))
    bank_files.bring_in("bai2", path)


def turn() -> tuple[int, int]:
    counts = run.turn(ask=False)
    return counts["payouts"], counts["booked"]


def test_a_file_settles_and_one_of_it_comes_back(db: None, tmp_path: Path) -> None:
    with clock.fixed(MONDAY) as now:
        kept, back = queued(a_bill(20_000, family="1"), 15_000), queued(a_bill(20_000, family="2"), 4_000)
        filed()
        told(tmp_path, date(2026, 11, 23))
        # The file's money may be at the bank before the debit is settled here: it is booked when that has ended.
        now.advance(hours=18)
        told(tmp_path, TUESDAY, 19_000)
        assert turn() == (1, 0)
        now.advance(hours=3)
        assert settle.settle()["settled"] == 2
        assert turn() == (0, 2)
        assert (clearing(kept), clearing(back)) == (0, 0)
        rows = sql.query("SELECT settled_on FROM payments_payment")
        assert [row["settled_on"] for row in rows] == [TUESDAY, TUESDAY]
        now.advance(days=2)
        took(a_return(entry(back), "R01"))
        assert turn() == (0, 0) and clearing(back) == -4_000
        told(tmp_path, date(2026, 11, 27), -4_000)
        now.advance(days=1)
        assert turn() == (1, 1)
        assert clearing(back) == 0 and state(back) == "succeeded"
        assert differences() == [] and turn() == (0, 0)


def test_one_that_came_back_before_it_settled_leaves_nothing(db: None, tmp_path: Path) -> None:
    with clock.fixed(MONDAY) as now:
        payment = queued(a_bill(20_000), 15_000)
        filed()
        took(a_return(entry(payment), "R02"))
        assert state(payment) == "failed"
        now.advance(days=1)
        told(tmp_path, TUESDAY, 15_000, -15_000)
        assert turn() == (2, 2)
        assert clearing(payment) == 0 and differences() == []


def test_a_return_that_nobody_knows_is_listed(db: None, tmp_path: Path) -> None:
    with clock.fixed(MONDAY) as now:
        payment = queued(a_bill(20_000), 15_000)
        filed()
        stranger = entry(payment) | {"trace": "125099990009999", "amount_cents": 700}
        took(a_return(stranger, "R01"))
        now.advance(days=1)
        settle.settle()
        told(tmp_path, TUESDAY, 15_000, -700)
        assert turn() == (2, 1)
        assert [(each.kind, each.amount_cents) for each in differences()] == [("missing_here", -700)]


def test_without_statements_our_own_calendar_counts(db: None) -> None:
    with clock.fixed(MONDAY) as now:
        payment = queued(a_bill(20_000), 15_000)
        filed()
        assert turn() == (0, 0)
        now.advance(days=1)
        settle.settle()
        assert turn() == (1, 1) and clearing(payment) == 0
