"""`caretill import` and `caretill export csv`: what they print, what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from caretill.cli import export, import_
from caretill.cli.frame import OK, USAGE, Refused
from house.commands import command
from rooms.intake.deliveries import SAMPLE, sample, write

pytestmark = pytest.mark.usefixtures("db")


def test_import_prints_a_summary(capsys: pytest.CaptureFixture[str]) -> None:
    answer = command(import_, "csv", str(SAMPLE))
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "read 22 rows: 22 applied, 0 unchanged, 0 older, 0 rejected",
        "4 bills (1 hospital, 2 professional, 1 pharmacy), 7 lines",
        "charged $4,670.52, insurance paid $2,821.25, adjusted $1,105.00, patient $775.25",
        "1 lines with parts above the patient's share: told as they came, nothing more is owed",
        "2 bills open for $660.25, 1 with credit of $5.98",
        "4 payments taken elsewhere, $90.00, of it at the desk $40.00",
    ]
    assert printed.err == ""
    keys = {"files", "read", "applied", "unchanged", "rejected", "bills", "lines", "charged_cents"}
    keys |= {"insurance_paid_cents", "adjusted_cents", "patient_cents", "credit_cents"}
    assert keys <= answer.figures.keys() and answer.figures["charged_cents"] == 467_052


def test_import_names_what_it_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = sample()
    rows["payments"][2]["amount"] = "1e3"
    answer = command(import_, "csv", str(write(tmp_path, rows)))
    printed = capsys.readouterr()
    assert printed.err == "payments.csv:4: payments.amount: not_a_number (1e3)\n"
    assert "rejected, not_a_number: 1" in printed.out
    assert answer.code == OK and answer.figures["rejected"] == 1


@pytest.mark.parametrize(
    ("words", "says", "code"),
    [
        (["csv", "nowhere"], "nowhere: no such file or folder; nothing was applied", 1),
        (["synthea", str(SAMPLE)], "no patients.csv", 1),
        (["csv", str(SAMPLE), "--region", "hawaii"], "for synthea", USAGE),
        (["synthea", str(SAMPLE), "--region", "texas"], "no region 'texas'", USAGE),
        (["synthea", str(SAMPLE), "--shift-to", "1 May"], "not a date", USAGE),
        (["synthea", str(SAMPLE), "--feed-version", "-1"], "a whole number", USAGE),
    ],
)
def test_import_refuses(words: list[str], says: str, code: int) -> None:
    with pytest.raises(Refused, match=says) as refused:
        command(import_, *words)
    assert refused.value.code == code


def test_export_csv(tmp_path: Path) -> None:
    command(import_, "csv", str(SAMPLE))
    answer = command(export, "csv", str(tmp_path / "out.zip"))
    assert answer.line.startswith("3 accounts, 4 people, 4 bills, 7 lines, 4 payments written to ")
    assert answer.figures["tables"]["lines"] == 7
    for words in (["csv"], ["csv", "x", "--number", "1"]):
        with pytest.raises(Refused):
            command(export, *words)
    with pytest.raises(OSError, match="No such file"):
        command(export, "csv", str(tmp_path / "nowhere" / "out.zip"))
