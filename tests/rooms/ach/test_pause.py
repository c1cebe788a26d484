"""Too many debits came back: who waits, who answers for it, and what the office sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from caretill.ach import rates
from caretill.autopay import enrol, runs
from caretill.cli import ach
from caretill.cli.frame import BROKEN, Refused
from caretill.core import clock
from caretill.methods import keep, pause
from house import later, wallet
from house.cast import a_bill
from house.commands import command
from house.debits import MONDAY, came_back


@pytest.mark.parametrize(("count", "held"), [(0, 0), (2, 0), (3, 1)])
def test_two_returns_say_little_and_three_hold(db: None, count: int, held: int) -> None:
    with clock.fixed(MONDAY):
        assert came_back(count)["held"] == held and pause.paused() is bool(held)
        assert rates.watch()["held"] == 0, "once"
        assert pause.paused() is bool(held)


def test_nobody_adds_an_account_or_agrees_to_more_from_one(db: None) -> None:
    with clock.fixed(MONDAY):
        payer = later.a_payer(a_bill(20_000, family="9"))
        came_back(3)
        ask = keep.BankAsk(payer.bill.account_id, None, "Pat Payer", wallet.ROUTING, "000987654321", "checking")
        assert keep.add_bank(ask).code == "paused"
        refused = enrol.enrol(payer.wish(), enrol.Terms(day=5))
        assert refused.order_id is None
        pause.allow("medical_group", "Ada")
        assert keep.add_bank(ask).code == "added" and later.enrolled(payer)


def test_automatic_payment_that_was_agreed_to_goes_on(db: None) -> None:
    with clock.fixed(MONDAY) as now:
        payer = later.a_payer(a_bill(20_000, family="9"))
        order = later.enrolled(payer, day=7)
        came_back(3)
        runs.plan_dues()
        later.told()
        now.advance(days=12)
        later.ran()
        assert [due["state"] for due in later.dues(order)] == ["begun"]


def test_a_person_answers_for_it_and_the_status_says_so(
    db: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with clock.fixed(MONDAY):
        came_back(3)
        status = command(ach, "status", data=tmp_path)
        told = "medical_group: 3 of 4 came back (overall): no new bank debits until it is better"
        assert status.code == BROKEN and told in capsys.readouterr().out
        assert status.figures and status.figures["paused"][0]["payee"] == "medical_group"
        for wrong in ((), ("--payee", "medical_group"), ("--payee", "hospital", "--who", "Ada")):
            with pytest.raises(Refused):
                command(ach, "allow", *wrong, data=tmp_path)
        assert pause.paused()
        for _ in range(2):
            allowed = command(ach, "allow", "--payee", "medical_group", "--who", "Ada", data=tmp_path)
            assert "Ada answers for it" in allowed.line and not pause.paused()
        rates.watch()
        assert not pause.paused(), "it stays so while the rate is high"
        command(ach, "status", data=tmp_path)
        assert "allowed by Ada" in capsys.readouterr().out
