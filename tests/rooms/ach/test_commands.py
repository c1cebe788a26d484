"""`caretill ach` and `caretill import ach-returns`: what they print, what they refuse, how they end."""

from __future__ import annotations

from pathlib import Path

import pytest

from caretill.ach import settle
from caretill.cli import ach, frame, import_, work
from caretill.cli.frame import BROKEN, OK, Refused
from caretill.core import clock
from house.cast import a_bill
from house.commands import command
from house.debits import MONDAY, a_return, entry, kept, queued, state


def test_a_day_with_debits(db: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with clock.fixed(MONDAY) as now:
        payment = queued(a_bill(20_000), 15_000)
        built = command(ach, "build", data=tmp_path)
        assert built.line == (
            "ach-20261123-A.ach: 1 debits for $150.00, 0 accounts to prove; 0 wait, 0 ended; settles from 2026-11-24"
        )
        assert built.figures is not None
        assert {"planned": 1, "done": 1, "failed": 0, "amount_cents": 15_000}.items() <= built.figures.items()
        assert {"seconds", "peak_mib"} <= built.figures.keys()
        sent = command(ach, "send", data=tmp_path)
        assert sent.line == f"1 files to {tmp_path / 'ach'}, $150.00"
        assert (tmp_path / "ach" / "ach-20261123-A.ach").exists()
        assert command(ach, "send", data=tmp_path).line.startswith("0 files")
        assert command(ach, "send", "--again", "ach-20261123-A.ach", data=tmp_path).line.startswith("1 files")
        assert command(ach, "build", data=tmp_path).line.startswith("nothing to file")
        status = command(ach, "status", data=tmp_path)
        assert status.code == OK and status.line.startswith("0 wait for $0.00, 1 to settle for $150.00")
        now.advance(days=1)
        settle.settle()
        path = kept(tmp_path, a_return(entry(payment), "R10"), a_return(entry(payment) | {"trace": "1" * 15}, "R10"))
        told = command(import_, "ach-returns", str(path), data=tmp_path)
        assert told.line == (
            "2 lines: 1 applied, 0 noted, 0 repeated, 1 kept aside; $150.00 came back, $150.00 is owed again"
        )
        assert told.figures is not None
        assert {"read": 2, "applied": 1, "rejected": 1, "payments": 1, "amount_cents": 15_000}.items() <= (
            told.figures.items()
        )
        again = command(import_, "ach-returns", str(path), data=tmp_path)
        assert "(this file was here before)" in again.line and state(payment) == "succeeded"
        status = command(ach, "status", data=tmp_path)
        assert status.code == BROKEN and "1 for the office" in status.line
        out = capsys.readouterr().out
        assert "kept aside, unknown_trace: 1" in out and "unauthorised returns 1 of 1: above" in out


def test_a_broken_file_is_told_with_line_and_reason(
    db: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "broken.ach"
    path.write_text("5225LARKSPUR\n")
    told = command(import_, "ach-returns", str(path), data=tmp_path)
    assert told.code == BROKEN and told.line.startswith("broken.ach is not sound: ")
    assert "broken.ach: line 1: The file does not begin with a file header." in capsys.readouterr().err


@pytest.mark.parametrize("words", [("ach-returns", "."), ("ach-returns", "missing.ach")])
def test_asked_wrongly(db: None, tmp_path: Path, words: tuple[str, str]) -> None:
    with pytest.raises((Refused, OSError)):
        command(import_, words[0], str(tmp_path / words[1]), data=tmp_path)
    with pytest.raises(Refused, match="no file"):
        command(ach, "send", "--again", "nothing.ach", data=tmp_path)


def test_it_is_among_the_commands_and_the_turns_of_the_worker() -> None:
    assert frame.COMMANDS["ach"].module == "caretill.cli.ach"
    assert [step.name for step in work.LANES["debits"]] == ["returned", "settled", "again", "rates"]
