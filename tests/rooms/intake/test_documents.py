"""Papers that people sent: sealed in the table, whole when taken over, and never taken twice."""

from __future__ import annotations

import argparse
import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import pytest
from cryptography.exceptions import InvalidTag
from django.db import IntegrityError, transaction

from caretill.cli import documents as verb
from caretill.cli.frame import Answer
from caretill.core import clock, limits, sql
from caretill.core.ids import show_pay_code
from caretill.formats import papers
from caretill.intake import documents
from caretill.intake.documents import Sent
from caretill.regions import catalog
from house.sent_papers import jpeg, pdf

SENT = Sent("oregon", "help", "H0012345678", "Juana Solano", (("pdf", pdf()), ("jpeg", jpeg())))


def test_nothing_of_it_can_be_read_in_the_table(db: None) -> None:
    number = documents.keep(SENT, None)
    row = sql.one("SELECT * FROM intake_document WHERE number = %s", (number,))
    assert row is not None
    sealed = bytes(row["sealed"])
    for clear in (b"Juana", b"H0012345678", b"%PDF", b"JFIF", b"help"):
        assert clear not in sealed
    assert "Solano" not in str({name: value for name, value in row.items() if name != "sealed"})


def test_taken_over_it_is_whole_and_waits_no_more(db: None, tmp_path: Path) -> None:
    number = documents.keep(SENT, None)
    assert [each.number for each in documents.waiting()] == [number]
    folder = tmp_path / "in"
    assert documents.take(folder) == [number]
    name = show_pay_code(number)
    assert (folder / f"{name}-1.pdf").read_bytes() == pdf()
    assert (folder / f"{name}-2.jpeg").read_bytes() == jpeg()
    told = json.loads((folder / f"{name}.json").read_text())
    assert (told["name"], told["bill_number"], told["about"]) == ("Juana Solano", "H0012345678", "help")
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert documents.waiting() == [] and documents.take(folder) == []


def test_a_row_that_was_changed_or_moved_does_not_open(db: None, tmp_path: Path) -> None:
    first, second = documents.keep(SENT, None), documents.keep(SENT, None)
    sql.execute(
        "UPDATE intake_document SET sealed = (SELECT sealed FROM intake_document WHERE number = %s) WHERE number = %s",
        (first, second),
    )
    with pytest.raises(InvalidTag):
        documents.take(tmp_path)
    assert [each.number for each in documents.waiting()] == [second]


AT = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


def test_what_was_taken_over_is_forgotten_after_its_days(db: None, tmp_path: Path) -> None:
    with clock.fixed(AT) as time:
        taken = [documents.keep(SENT, None) for _ in range(3)]
        documents.take(tmp_path)
        waits = documents.keep(SENT, None)
        time.advance(days=90, seconds=-1)
        assert documents.old() == documents.Forgotten(0, 0) and documents.forget().count == 0
        time.advance(seconds=1)
        due = documents.old()
        assert due.count == 3 and due.size_bytes > 3 * len(pdf())
        told: list[int] = []
        with mock.patch.object(documents, "SET", 2):
            assert documents.forget(told.append) == due
        assert told == [2, 3], "set after set"
        rows = sql.query("SELECT * FROM intake_document WHERE number = ANY(%s)", (taken,))
        assert len(rows) == 3
        for row in rows:
            assert row["sealed"] is None and row["kinds"] == [] and row["owner_id"] == row["id"]
            assert (row["recorded_at"], row["taken_at"], row["forgotten_at"]) == (AT, AT, clock.now())
        assert [each.number for each in documents.waiting()] == [waits], "nobody took it over: it stays, however old"
        assert documents.forget().count == 0


def test_the_command_says_first_what_would_go(db: None, tmp_path: Path) -> None:
    def forget(*more: str) -> Answer:
        parser = argparse.ArgumentParser()
        verb.arguments(parser)
        return verb.run(parser.parse_args(["forget", *more]))

    with clock.fixed(AT) as time:
        documents.keep(SENT, None)
        documents.take(tmp_path)
        time.advance(days=90)
        dry = forget("--dry-run")
        assert "1 sendings would be forgotten" in dry.line and dry.figures and dry.figures["forgotten"] == 0
        assert documents.old().count == 1
        done = forget()
        assert "1 sendings forgotten" in done.line and done.figures and done.figures["forgotten"] == 1
        assert documents.old().count == 0


def test_the_organisation_says_after_how_many_days(db: None, tmp_path: Path) -> None:
    quick = dataclasses.replace(catalog.organisation(), documents_days=7)
    with clock.fixed(AT) as time, mock.patch.object(catalog, "organisation", lambda: quick):
        documents.keep(SENT, None)
        documents.take(tmp_path)
        time.advance(days=7)
        assert documents.old().count == 1


def test_content_goes_only_with_its_moment_and_only_of_what_was_taken(db: None) -> None:
    documents.keep(SENT, None)
    for change in ("sealed = NULL", "sealed = NULL, forgotten_at = recorded_at", "forgotten_at = recorded_at"):
        with pytest.raises(IntegrityError), transaction.atomic():
            sql.execute(f"UPDATE intake_document SET {change}")


def test_too_much_together_is_refused(db: None) -> None:
    half = b"0" * (papers.LARGEST_BYTES // 2 + 1)
    with pytest.raises(papers.Refused):
        documents.keep(Sent("oregon", "bill", "", "J", (("pdf", half), ("pdf", half))), None)


def test_a_network_may_send_ten_an_hour(db: None) -> None:
    assert [documents.allowed("192.0.2.1") for _ in range(10)] == [0] * 10
    assert documents.allowed("192.0.2.1") > 0
    assert documents.allowed("192.0.2.2") == 0


def test_a_network_that_is_stopped_leaves_room_for_the_others(db: None) -> None:
    for _ in range(40):
        documents.allowed("192.0.2.1")
    assert limits.counts([limits.Limit("document_all", "", 2000, 86_400)]) == [10]
