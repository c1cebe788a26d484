"""What was paid here leaves as a numbered file a day, the same bytes whenever it is asked for."""

from __future__ import annotations

import argparse
import csv
import io
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from caretill.cli import check, export
from caretill.cli.frame import Refused
from caretill.core import clock, sql
from caretill.intake import postings
from caretill.payments import allocate, look, refund, returns, take
from house.cast import Bill, a_bill
from house.desk import Desk, processor_desk

__all__ = ["processor_desk"]
NOON = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)


def paid(processor: Desk, bill: Bill, cents: int) -> UUID:
    """Pay some of a bill, start to finish."""
    answer = take.pay(bill.ask(cents))
    assert answer.payment_id is not None
    processor.card(answer.url)
    assert look.came_back(bill.account_id, answer.payment_id) == "succeeded"
    return answer.payment_id


def lines(file: postings.PostingFile) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.body.decode())))


def asked(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    export.arguments(parser)
    return parser.parse_args(words)


def test_a_file_for_each_day_that_is_over(processor: Desk) -> None:
    with clock.fixed(NOON) as day:
        bill, other = a_bill(14_000), a_bill(9_000, region="hawaii", family="2")
        assert postings.make_files() == []
        payment = paid(processor, bill, 10_000)
        assert postings.make_files() == []
        # Noon of the next day in Oregon; the day before is over everywhere, Hawaii too.
        day.advance(days=1)
        paid(processor, other, 9_000)
        assert refund.refund(bill.account_id, payment, 2_500, uuid4(), "asked")["code"] == "refunded"
        assert postings.make_files() == [1]
        day.advance(days=2)
        assert postings.make_files() == [2, 3]
        assert postings.make_files() == []
    first, second, third = postings.files()
    assert [each.business_date for each in (first, second, third)] == [date(2026, 11, day) for day in (20, 21, 22)]
    assert first.name == "postings-000001-2026-11-20.csv"
    [posting] = [row for row in lines(first) if row["record"] == "posting"]
    assert (posting["account_number"], posting["bill_number"]) == (bill.account_number, bill.number)
    assert (posting["kind"], posting["amount"], posting["payee"]) == ("payment", "100.00", "medical_group")
    assert (posting["region"], posting["currency"], posting["reverses"]) == ("oregon", "USD", "")
    row = sql.one("SELECT reference FROM payments_payment WHERE id = %s", (payment,))
    assert row is not None and posting["payment_reference"] == row["reference"]
    totals = {row["kind"]: (row["amount"], row["count"]) for row in lines(second) if row["record"] == "total"}
    assert (
        totals["payment"] == ("90.00", "1") and totals["refund"] == ("-25.00", "1") and totals["all"] == ("65.00", "2")
    )
    assert (second.credit_cents, second.debit_cents, second.rows) == (9_000, 2_500, 2)
    assert (third.rows, len(lines(third))) == (0, 9)
    assert not any("Pat" in each.body.decode() or "pat@" in each.body.decode() for each in (first, second))


def test_credit_moved_and_moved_back(processor: Desk) -> None:
    with clock.fixed(NOON) as day:
        bill, other = a_bill(14_000), a_bill(6_000, number="P0000000777")
        paid(processor, bill, 14_000)
        a_bill(9_000, version=2)
        moved = allocate.allocate(bill.account_id, "oregon", bill.bill_id, other.bill_id, 5_000)
        assert moved["code"] == "allocated"
        assert allocate.reverse(bill.account_id, "oregon", moved["transfer_id"])["code"] == "reversed"
        day.advance(days=2)
        postings.make_files()
    rows = [row for row in lines(postings.files([1])[0]) if row["record"] == "posting"]
    assert [(row["kind"], row["amount"], row["bill_number"]) for row in rows] == [
        ("payment", "140.00", bill.number),
        ("allocation", "50.00", "P0000000777"),
        ("reversal", "-50.00", "P0000000777"),
    ]
    assert rows[2]["reverses"] == rows[1]["posting_id"] == str(moved["transfer_id"])


def test_what_the_bank_took_back_is_told(processor: Desk) -> None:
    with clock.fixed(NOON) as day:
        bill = a_bill(14_000)
        payment = paid(processor, bill, 14_000)
        assert refund.refund(bill.account_id, payment, 4_000, uuid4(), "asked")["code"] == "refunded"
        assert returns.apply_return(bill.account_id, payment, 14_000, "R10", "line")["owed_back_cents"] == 4_000
        assert returns.undo(bill.account_id, "line")["code"] == "undone"
        day.advance(days=2)
        postings.make_files()
    rows = [row for row in lines(postings.files([1])[0]) if row["record"] == "posting"]
    assert sorted((row["kind"], row["amount"], row["bill_number"]) for row in rows) == [
        ("payment", "140.00", bill.number),
        ("refund", "-40.00", bill.number),
        ("restored", "100.00", bill.number),
        ("restored", "40.00", ""),
        ("return", "-100.00", bill.number),
        ("return", "-40.00", ""),
    ]


def test_the_same_bytes_again_until_acknowledged(processor: Desk, tmp_path: Path) -> None:
    with clock.fixed(NOON) as day:
        paid(processor, a_bill(14_000), 14_000)
        day.advance(days=2)
        answer = export.run(asked("postings", str(tmp_path / "one")))
        assert answer.figures["made"] == [1, 2] and answer.line.endswith("$140.00 in, $0.00 back")
        name = answer.figures["files"][0]["name"]
        kept = (tmp_path / "one" / name).read_bytes()
        day.advance(hours=1)
        assert export.run(asked("postings", "--acknowledge", "1")).figures["acknowledged"] == [1]
        left = export.run(asked("postings", str(tmp_path / "two")))
        assert [each["number"] for each in left.figures["files"]] == [2]
        again = export.run(asked("postings", str(tmp_path / "two"), "--number", "1"))
        assert [each["number"] for each in again.figures["files"]] == [1]
    assert (tmp_path / "two" / name).read_bytes() == kept
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == [
        "postings-000001-2026-11-20.csv",
        "postings-000002-2026-11-21.csv",
    ]
    for words in (["postings", "--acknowledge", "9"], ["postings", str(tmp_path), "--number", "9"], ["postings"]):
        with pytest.raises(Refused):
            export.run(asked(*words))


def test_laws_see_a_file_that_was_changed(processor: Desk, owner_connection: psycopg.Connection[object]) -> None:
    with clock.fixed(NOON) as day:
        paid(processor, a_bill(14_000), 14_000)
        day.advance(days=3)
        postings.make_files()
    assert not [law for law in check.broken() if law.startswith("intake")]
    owner_connection.execute("UPDATE intake_posting_file SET body = body || 'x', rows = 5 WHERE number = 1")
    owner_connection.execute("UPDATE intake_posting_file SET number = 7 WHERE number = 2")
    assert {law.split()[0] for law in check.broken()} == {"intake.11c", "intake.11d", "intake.11e"}
    owner_connection.execute("DELETE FROM intake_posting_file")
