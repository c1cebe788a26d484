"""Statements made, kept and made again; a run that can be stopped anywhere."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from caretill.core import clock, sql
from caretill.letters import pdf, statements
from caretill.letters.scan_line import read_scan_line
from caretill.people.viewer import Hidden
from house import cast, desk
from rooms.letters.reading import amounts, text


def rows(bill: cast.Bill) -> list[dict[str, Any]]:
    return sql.query(
        "SELECT * FROM letters_statement WHERE account_id = %s AND bill_id = %s ORDER BY number",
        (bill.account_id, bill.bill_id),
    )


def test_a_bill_gets_its_first_statement(db: None) -> None:
    bill = cast.a_bill(20_000, discount_cents=5_000, plan_paid_cents=9_000)
    issued = statements.issue(bill.account_id, bill.bill_id)
    assert (issued.number, issued.new) == (1, True)
    row = rows(bill)[0]
    assert (row["language"], row["version"], row["layout"]) == ("es", 1, pdf.layout())
    paper = statements.again(bill.account_id, issued.id)
    assert hashlib.sha256(paper).digest() == bytes(row["sha256"])
    assert "Usted debe $60.00" in text(paper)


def test_the_figures_are_those_of_the_screen(db: None) -> None:
    bill = cast.a_bill(123_456, discount_cents=23_456, plan_paid_cents=40_000, desk_cents=1_000)
    figures = bill.figures()
    paper = statements.statement_pdf(figures, "en")
    for name in ("charged_cents", "discount_cents", "plan_paid_cents", "desk_paid_cents", "open_cents"):
        shown = f"${figures[name] // 100:,}.{figures[name] % 100:02d}"
        assert shown in [each.lstrip("-") for each in amounts(paper)], name
    for printed in (bill.number, bill.account_number, bill.zip, bill.last_name, "Iker Solano", "Office visit"):
        assert printed in text(paper)


def test_nothing_new_makes_no_new_statement(db: None) -> None:
    bill = cast.a_bill()
    first = statements.issue(bill.account_id, bill.bill_id)
    with clock.fixed(clock.now()) as later:
        later.advance(days=60)
        second = statements.issue(bill.account_id, bill.bill_id)
    assert (second.id, second.number, second.new) == (first.id, 1, False)


def test_a_newer_version_makes_the_next_one_and_says_what_changed(db: None) -> None:
    bill = cast.a_bill(20_000)
    first = statements.issue(bill.account_id, bill.bill_id)
    before = statements.again(bill.account_id, first.id)
    cast.a_bill(20_000, plan_paid_cents=12_500, version=2)
    second = statements.issue(bill.account_id, bill.bill_id)
    assert (second.number, second.new) == (2, True)
    said = text(statements.again(bill.account_id, second.id))
    assert "Su plan pagó $125.00 más. En total, son $125.00 menos por pagar." in said
    assert statements.again(bill.account_id, first.id) == before, "what was said once stays said"
    assert [row["number"] for row in rows(bill)] == [1, 2]


def test_eight_at_once_make_one(db: None) -> None:
    bill = cast.a_bill()
    made = desk.at_once([lambda: statements.issue(bill.account_id, bill.bill_id)] * 8)
    assert len({each.id for each in made}) == 1 and sum(each.new for each in made) == 1
    assert len(rows(bill)) == 1


def test_a_bill_that_is_not_there(db: None) -> None:
    with pytest.raises(Hidden):
        statements.issue(uuid4(), uuid4())
    with pytest.raises(statements.StatementGone):
        statements.again(uuid4(), uuid4())


def test_a_paper_that_would_differ_is_not_given_out(db: None) -> None:
    bill = cast.a_bill()
    issued = statements.issue(bill.account_id, bill.bill_id)
    sql.execute("UPDATE letters_statement SET sha256 = '\\x00' WHERE id = %s", (issued.id,))
    with pytest.raises(statements.StatementGone, match="drawn differently"):
        statements.again(bill.account_id, issued.id)


def test_a_run_makes_what_is_due_and_nothing_twice(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "SET", 3)
    bills = [cast.a_bill(10_000 + number, family=str(number)) for number in range(8)]
    statements.issue(bills[0].account_id, bills[0].bill_id)
    assert statements.run(processes=1, most=4, folder=tmp_path).planned == 4
    rest = statements.run(processes=1, folder=tmp_path)
    assert (rest.planned, rest.done, rest.failed) == (3, 3, 0)
    assert statements.run(processes=1).planned == 0
    asked = {row["figures"]["payable_cents"] for bill in bills for row in map(parsed, rows(bill))}
    assert asked == {10_000 + number for number in range(8)}
    papers = sorted(tmp_path.glob("*"))
    assert len(papers) == 7 and all(path.suffix == ".pdf" for path in papers)
    for bill in bills[1:]:
        row = rows(bill)[0]
        paper = (tmp_path / f"{bill.bill_id}-1.pdf").read_bytes()
        assert hashlib.sha256(paper).digest() == bytes(row["sha256"])
    cast.a_bill(99_999, family="3", version=2)
    again = statements.run(processes=1)
    assert (again.planned, again.done, again.amount_cents) == (1, 1, 99_999)
    assert [row["number"] for row in rows(bills[3])] == [1, 2]


def parsed(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"figures": sql.answer(row["figures"])}


def test_a_killed_run_leaves_whole_sets_and_goes_on(db: None) -> None:
    bills = [cast.a_bill(5_000, family=str(number)) for number in range(12)]
    program = (
        "import django; django.setup()\n"
        "from caretill.letters import statements\n"
        "statements.SET = 2\n"
        "if __name__ == '__main__':\n"
        "    print('begun', flush=True); statements.run(processes=1)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    begun = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment)
    assert begun.stdout is not None and begun.stdout.readline() == b"begun\n"
    until = time.perf_counter() + 30
    while kept() == 0 and time.perf_counter() < until:
        time.sleep(0.02)
    begun.send_signal(signal.SIGKILL)
    begun.wait()
    begun.stdout.close()
    there = kept()
    assert 0 < there <= 12 and there % 2 == 0
    rest = statements.run(processes=1)
    assert rest.done == 12 - there
    assert all(len(rows(bill)) == 1 for bill in bills)


def kept() -> int:
    row = sql.one("SELECT count(*) AS n FROM letters_statement")
    assert row is not None
    return int(row["n"])


def test_a_bill_that_cannot_be_drawn_is_counted_and_the_rest_goes_on(db: None) -> None:
    good, bad = cast.a_bill(1_000, family="good"), cast.a_bill(2_000, family="bad")
    sql.execute("UPDATE billing_bill SET kind = 'professional', pay_code = 'broken' WHERE id = %s", (bad.bill_id,))
    done = statements.run(processes=1)
    assert (done.planned, done.done, done.failed) == (2, 1, 1)
    assert len(rows(good)) == 1 and not rows(bad)
    sql.execute("UPDATE billing_bill SET pay_code = %s WHERE id = %s", (bad.pay_code, bad.bill_id))


def test_the_printed_scan_line_finds_the_bill(db: None) -> None:
    bill = cast.a_bill(7_700)
    issued = statements.issue(bill.account_id, bill.bill_id)
    said = text(statements.again(bill.account_id, issued.id))
    start = said.index("1 ", said.index("Lo que manda"))
    line = said[start : start + 39]
    read = read_scan_line(line)
    assert (read.pay_code, read.statement, read.amount_cents) == (bill.pay_code, 1, 7_700)


def told() -> int:
    row = sql.one("SELECT count(*) AS n FROM core_outbox WHERE topic = 'statement_ready'")
    assert row is not None
    return int(row["n"])


def test_a_statement_that_asks_for_money_is_told_once(db: None) -> None:
    bill = cast.a_bill(7_700)
    statements.issue(bill.account_id, bill.bill_id)
    statements.issue(bill.account_id, bill.bill_id)
    assert told() == 1
    cast.a_bill(8_800, version=2)
    statements.run(processes=1)
    assert told() == 2


def test_nobody_is_told_of_a_statement_that_asks_for_nothing(db: None) -> None:
    cast.a_bill(7_700, desk_cents=7_700)
    statements.run(processes=1)
    assert kept() == 1 and told() == 0


def test_papers_that_were_made_before_are_written_again(db: None, tmp_path: Path) -> None:
    bill = cast.a_bill(7_700)
    issued = statements.issue(bill.account_id, bill.bill_id)
    day = clock.today("UTC")
    assert statements.papers(tmp_path, day) == (1, 0, 0)
    (paper,) = tmp_path.iterdir()
    assert paper.name == f"oregon-{bill.number}-1.pdf"
    assert paper.read_bytes() == statements.again(bill.account_id, issued.id)
    assert statements.papers(tmp_path, day + timedelta(days=1)) == (0, 0, 0)
