"""`caretill import bai2|camt` and `caretill reconcile`: what they print, what they refuse, how they end."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from caretill.cli import import_, reconcile
from caretill.cli.frame import BROKEN, OK, USAGE, Refused
from caretill.core import clock
from caretill.payments.gateways import installed
from house.bank import at_bank, bai2_text
from house.commands import command
from house.desk import Desk
from house.remitter import Remitter, a_charge


def test_from_a_payout_to_no_differences(
    time: clock.FixedClock, processor: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ref = a_charge(processor, 10_000)[1]
    with installed("sandbox", Remitter()) as made:  # type: ignore[arg-type]
        made.pay_out([("charge", ref, ref, 10_000, 320)])  # type: ignore[attr-defined]
        time.advance(days=2)
        bank = tmp_path / "first.bai"
        bank.write_text(bai2_text(time.at.date(), [(-700, "RENT")]))
        assert command(import_, "bai2", str(bank)).line == (
            "1 statements: 1 open; 0.00 USD came in, 7.00 USD went out; 0 payouts at the bank, 0 operations booked"
        )
        answer = command(reconcile)
        assert answer.code == BROKEN and answer.line == "1 differences"
        printed = capsys.readouterr().out.splitlines()
        assert printed[:3] == [
            "1 payouts new, 1 files read, 0 refused; 0 payouts at the bank, 0 operations booked",
            "1 payouts of $96.80: $0.00 at the bank, $96.80 on the way; 1 operations wait",
            "   0 days  suspense: theirs -7.00 USD; account 5678 451 B1 RENT",
        ]
        key = answer.figures["differences"][0]["key"]  # type: ignore[index]
        assert command(reconcile, "--note", key, "--because", "the rent").figures == {"key": key, "code": "noted"}
        path = at_bank(tmp_path, time.at.date(), number=2)
        assert command(import_, "bai2", str(path)).line == (
            "1 statements: 1 open; 96.80 USD came in, 0.00 USD went out; 1 payouts at the bank, 1 operations booked"
        )
        assert command(import_, "bai2", str(path)).line.startswith("1 statements: 1 known (this file was here before)")
        answer = command(reconcile, "--offline")
        assert (answer.code, answer.line) == (OK, "no differences")
        assert answer.figures["standing"]["booked_cents"] == 9_680  # type: ignore[index]
        noted = command(reconcile, "--noted")
        assert noted.code == OK and noted.figures["noted"][0]["because"] == "the rent"  # type: ignore[index]


def test_a_processor_without_an_answer_is_said(
    db: None, time: clock.FixedClock, capsys: pytest.CaptureFixture[str]
) -> None:
    with installed("sandbox", Remitter(dark=True)):  # type: ignore[arg-type]
        assert command(reconcile).code == BROKEN
    assert "the processor gave no answer" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("module", "words", "says", "code"),
    [
        (import_, ["bai2", "nowhere.bai"], "no such file; nothing was applied", 1),
        (import_, ["camt", "."], "needs one file", USAGE),
        (import_, ["csv", "x", "--again"], "--again is for bai2 and camt", USAGE),
        (reconcile, ["--because", "x"], "--because goes with --note", USAGE),
        (reconcile, ["--note", "line x"], "needs --because", USAGE),
        (reconcile, ["--note", "line x", "--because", "y"], "there is no difference line x", 1),
    ],
)
def test_asked_wrongly(db: None, module: ModuleType, words: list[str], says: str, code: int) -> None:
    with pytest.raises(Refused) as caught:
        command(module, *words)
    assert says in str(caught.value) and caught.value.code == code
