"""A debit that came back for want of money goes again, as the rules allow; and how many come back."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from uuid import UUID

import pytest

from caretill.ach import again, build, rates, settle
from caretill.core import clock, sql
from caretill.formats import nacha_read
from caretill.methods import pause
from house.cast import Bill, a_bill
from house.debits import MONDAY, Bank, a_return, entry, filed, queued, state, took
from house.saved import a_bank, agreed


def _debit(family: str = "1", cents: int = 15_000, kind: str = "recurring") -> tuple[Bill, UUID]:
    bill = a_bill(20_000, family=family)
    method = a_bank(bill)
    return bill, queued(bill, cents, method_id=method, mandate_id=agreed(bill, method, kind))


def test_presented_again_twice_and_never_a_fourth_time(db: None) -> None:
    with clock.fixed(MONDAY) as now:
        bill, payment = _debit(kind="once")
        bank = Bank()
        filed(bank)
        seen = []
        for presentment in (2, 3, 4):
            now.advance(days=1)
            settle.settle()
            now.advance(days=2)
            assert took(a_return(entry(payment), "R01", information=str(presentment))).applied == 1
            assert bill.figures()["payable_cents"] == 20_000
            assert again.present()["begun"] == 0, "not before some days have gone by"
            now.advance(days=8)
            begun = again.present()["begun"]
            assert again.present()["begun"] == 0
            if not begun:
                break
            row = sql.one("SELECT payment_id FROM ach_again WHERE presentment = %s", (presentment,))
            assert row is not None
            payment = row["payment_id"]
            built = filed(bank)
            (found,) = nacha_read.entries(io.BytesIO(bank.files[built.name]))
            seen.append((found.batch.description, found.amount_cents, found.batch.company_id))
            assert (entry(payment)["presentment"], state(payment)) == (presentment, "pending")
        assert seen == [("RETRY PYMT", 15_000, "1001000002")] * 2 and presentment == 4


def test_what_was_paid_meanwhile_is_not_presented_again(db: None) -> None:
    with clock.fixed(MONDAY) as now:
        bill, payment = _debit(cents=20_000)
        filed()
        took(a_return(entry(payment), "R09"))
        other = queued(bill, 6_000)
        now.advance(days=9)
        assert again.present() == {"begun": 0, "dropped": 0, "waiting": 1}
        filed()
        now.advance(days=1)
        settle.settle()
        assert state(other) == "succeeded"
        assert again.present() == {"begun": 0, "dropped": 1, "waiting": 0}
        row = sql.one("SELECT why FROM ach_again")
        assert row == {"why": "paid_meanwhile"} and bill.figures()["payable_cents"] == 14_000
        assert build.build().planned == 0


def test_rates_are_exact_to_one_entry() -> None:
    assert rates.level(0, 0, 50, 80) == "fine"
    assert rates.level(1, 400, 50, 80) == "alert"
    assert rates.level(1, 401, 50, 80) == "fine"
    assert rates.level(2, 500, 50, 80) == "hold"
    assert rates.level(2, 501, 50, 80) == "alert"
    assert rates.level(5, 1_000, 50, 80) == "hold"
    assert rates.level(6, 1_000, 50, 80) == "above"
    assert rates.level(1, 0, 50, 80) == "above"


def test_rates_count_sixty_days_of_each_payee(db: None) -> None:
    with clock.fixed(MONDAY) as now:
        made = [_debit(family=str(number), cents=1_000)[1] for number in range(4)]
        filed()
        took(a_return(entry(made[0]), "R10"), a_return(entry(made[1]), "R03"), a_return(entry(made[2]), "R16"))
        found = {(rate.payee, rate.kind): (rate.returned, rate.debits, rate.level) for rate in rates.rates()}
        assert found == {
            ("medical_group", "unauthorised"): (1, 4, "above"),
            ("medical_group", "administrative"): (1, 4, "above"),
            ("medical_group", "overall"): (3, 4, "above"),
        }
        assert rates.watch() == {"failed": 3, "held": 1}
        [held] = pause.listed()
        assert (held["payee"], held["kind"], held["returned"]) == ("medical_group", "overall", 3)
        now.at = datetime(2027, 1, 22, 18, tzinfo=UTC)
        assert rates.rates() == []
        assert rates.watch() == {"failed": 0, "held": 0} and not pause.listed()


def test_what_is_claimed_between_two_looks_settles_first(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settlement claims the entry just after the return had looked: it is booked, then it comes back."""
    with clock.fixed(MONDAY):
        bill, payment = _debit()
        filed()
        row, look, turns = entry(payment), settle.finish, []

        def late(account_id: UUID, entry_id: UUID) -> None:
            look(account_id, entry_id)
            if not turns:
                sql.execute("UPDATE ach_entry SET state = 'settling' WHERE id = %s", (entry_id,))
            turns.append(entry_id)

        monkeypatch.setattr(settle, "finish", late)
        assert took(a_return(row, "R02")).applied == 1
        assert (state(payment), entry(payment)["state"], len(turns)) == ("succeeded", "returned", 2)
        assert bill.figures()["payable_cents"] == 20_000
