"""Papers that people sent: sealed in the table, whole when taken over, and never taken twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from caretill.core import limits, sql
from caretill.core.ids import show_pay_code
from caretill.formats import papers
from caretill.intake import documents
from caretill.intake.documents import Sent
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
