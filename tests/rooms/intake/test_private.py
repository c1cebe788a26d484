"""A visit that the feed marks as private: kept, told apart by version, exported again."""

from __future__ import annotations

from pathlib import Path

import pytest

from caretill.core import sql
from caretill.intake import export
from rooms.intake.deliveries import Feed, Rows, bring, reasons, sample, write

pytestmark = pytest.mark.usefixtures("db")
HOSPITAL = "H1000000001"


def marked(rows: Rows, mark: str, version: str = "1") -> None:
    """The first bill marked; the column stands in the file for all of them."""
    for place, row in enumerate(rows["bills"]):
        row["private"] = mark if place == 0 else ""
    rows["bills"][0]["version"] = version


def private() -> set[str]:
    """The numbers of the bills that are."""
    return {row["number"] for row in sql.query("SELECT number FROM billing_bill WHERE private")}


def test_no_column_and_an_empty_cell_mean_no(tmp_path: Path) -> None:
    feed = Feed(tmp_path)
    feed.send()
    assert private() == set()
    again = feed.send(lambda rows: marked(rows, ""))
    assert (again.applied, again.rejected) == (0, 0)
    assert private() == set()


def test_a_marked_visit_is_private_and_goes_out_marked(tmp_path: Path) -> None:
    Feed(tmp_path).send(lambda rows: marked(rows, "yes"))
    assert private() == {HOSPITAL}
    export.export_csv(tmp_path / "out")
    lines = (tmp_path / "out" / "bills.csv").read_text(encoding="utf-8").splitlines()
    assert [line.rpartition(",")[2] for line in lines] == ["private", "yes", "no", "no", "no"]
    again = bring(tmp_path / "out")
    assert (again.applied, again.unchanged, again.rejected) == (0, 22, 0)


def test_another_mark_is_a_newer_version(tmp_path: Path) -> None:
    feed = Feed(tmp_path)
    feed.send()
    refused = feed.send(lambda rows: marked(rows, "yes"))
    assert "same_version_differs" in reasons(refused).values()
    assert private() == set()
    feed.send(lambda rows: marked(rows, "yes", "2"))
    assert private() == {HOSPITAL}
    feed.send(lambda rows: marked(rows, "no", "3"))
    assert private() == set()


def test_another_word_is_refused(tmp_path: Path) -> None:
    rows = sample()
    marked(rows, "maybe")
    found = reasons(bring(write(tmp_path / "in", rows)))
    assert found[("bills", 2, "private")] == "not_one_of"
    assert private() == set()
