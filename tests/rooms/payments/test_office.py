"""What the office types: refund, void, disputes, and the report of money nobody moved."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest

from caretill.cli import disputes, export, refund, void
from caretill.cli.frame import Answer, Refused
from caretill.core import clock, sql
from house.cast import a_bill
from house.desk import Desk
from house.ledgerbook import pay


def typed(command: ModuleType, *words: str) -> Answer:
    parser = argparse.ArgumentParser()
    command.arguments(parser)
    answer: Answer = command.run(parser.parse_args(words))
    return answer


def payment_row() -> dict[str, Any]:
    row = sql.one("SELECT id, reference, check_code, charge_ref FROM payments_payment ORDER BY id DESC LIMIT 1")
    assert row is not None
    return row


def test_a_payment_is_named_in_three_ways_and_a_key_makes_two_calls_one(processor: Desk) -> None:
    bill = a_bill(14_000)
    pay(processor, (bill, 14_000))
    row, key = payment_row(), str(uuid4())
    for _ in range(2):
        answer = typed(refund, row["reference"], "10.00", "--key", key)
    assert answer.figures is not None and (answer.figures["code"], answer.code) == ("repeat", 0)
    assert bill.figures()["open_cents"] == 1_000
    typed(refund, row["check_code"], "20")
    answer = typed(refund, str(row["id"]))
    assert answer.figures is not None and answer.figures["amount_cents"] == 11_000
    assert bill.figures()["open_cents"] == 14_000
    answer = typed(refund, row["reference"], "1")
    assert answer.figures is not None and (answer.figures["code"], answer.code) == ("above_captured", 1)
    for words in (["ZZZZZZZZZZ"], [row["reference"], "-3"], [row["reference"], "abc"]):
        with pytest.raises(Refused):
            typed(refund, *words)


def test_a_void_and_a_dispute(processor: Desk) -> None:
    bill = a_bill(14_000)
    pay(processor, (bill, 14_000))
    first = payment_row()
    assert typed(void, first["reference"]).line == "$140.00 taken back; it never happened"
    assert typed(void, first["reference"]).code == 1
    pay(processor, (bill, 14_000))
    made = processor.shell.admin("POST", "disputes", {"charge": payment_row()["charge_ref"]})
    answer = typed(disputes, "look")
    assert answer.figures == {"new": 1, "looked": 1, "ended": 0}
    listed = typed(disputes, "list")
    assert listed.figures is not None
    assert [row["amount_cents"] for row in listed.figures["disputes"]] == [14_000]
    assert typed(refund, payment_row()["reference"], "1").code == 1
    processor.shell.admin("POST", f"disputes/{made['id']}", {"status": "won"})
    assert typed(disputes, "look").figures == {"new": 0, "looked": 1, "ended": 1}
    assert typed(disputes, "list").line == "0 disputes open, $0.00"


def test_credit_that_nobody_moved_is_reported_by_state(processor: Desk, tmp_path: Path) -> None:
    bill = a_bill(14_000)
    pay(processor, (bill, 14_000))
    a_bill(9_000, version=2)
    path = tmp_path / "dormant.csv"
    assert typed(export, "dormant-credit", str(path)).figures == {
        "path": str(path), "rows": 0, "amount_cents": 0, "years": 3,
    }  # fmt: skip
    with clock.fixed(clock.now()) as time:
        time.advance(days=3 * 366)
        answer = typed(export, "dormant-credit", str(path), "--years", "3")
    assert answer.figures is not None and answer.figures["amount_cents"] == 5_000
    [row] = csv.DictReader(path.read_text().splitlines())
    assert (row["state"], row["account_number"], row["credit"]) == ("OR", bill.account_number, "50.00")
    with pytest.raises(Refused):
        typed(export, "dormant-credit", str(path), "--years", "0")
