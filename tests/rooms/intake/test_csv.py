"""The documented CSV goes in: figures, versions, repeats; and comes out the same."""

from __future__ import annotations

import gzip
import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from caretill.billing import access
from caretill.core import sql
from caretill.formats.blocks import FileFault
from caretill.intake import export, run
from rooms.intake.deliveries import SAMPLE, Feed, Rows, bring, reasons, sample, stands, write

pytestmark = pytest.mark.usefixtures("db")
VISIT = "P1000000002"
MISSED = "P1000000004"


def counts() -> dict[str, int]:
    """Rows of everything an import may write."""
    tables = (
        "people_account",
        "people_person",
        "billing_bill",
        "billing_line",
        "billing_outside_payment",
        "billing_change",
        "billing_lookup_key",
        "ledger_transfer",
        "ledger_balance",
        "intake_refused",
    )
    rows = {table: sql.one(f"SELECT count(*) AS n FROM {table}") for table in tables}
    return {table: row["n"] for table, row in rows.items() if row}


def test_the_sample_goes_in() -> None:
    summary = bring(SAMPLE)
    assert summary.reasons == {}
    assert (summary.read, summary.applied, summary.rejected) == (22, 22, 0)
    assert summary.figures == {
        "bills": 4, "hospital": 1, "professional": 2, "pharmacy": 1, "lines": 7, "charged_cents": 467_052,
        "insurance_paid_cents": 282_125, "adjusted_cents": 110_500, "patient_cents": 77_525, "parts_above_lines": 1,
        "payments": 4, "payments_cents": 9_000, "desk_paid_cents": 4_000, "open_bills": 2, "open_cents": 66_025,
        "credit_bills": 1, "credit_cents": 598,
    }  # fmt: skip
    assert stands("H1000000001") == {"open": 60_000, "credit": 0}
    assert stands(VISIT) == {"open": 0, "credit": 0}
    assert stands("R1000000003") == {"open": 0, "credit": 598}
    assert stands(MISSED) == {"open": 6_025, "credit": 0}
    names = {each["name"]: each["sha256"] for each in summary.files}
    assert names["bills.csv"] == hashlib.sha256((SAMPLE / "bills.csv").read_bytes()).hexdigest()


def test_the_bill_shows_what_came(tmp_path: Path) -> None:
    Feed(tmp_path).send()
    row = sql.one("SELECT account_id, id FROM billing_bill WHERE number = %s", (MISSED,))
    assert row is not None
    figures = access.bill_figures(row["account_id"], row["id"])
    assert figures["charged_cents"] == 19_550 and figures["written_off_cents"] == 2_500
    assert [line["text"] for line in figures["lines"]] == ["Missed visit", 'Therapy, "15 minutes"']
    assert figures["open_cents"] == 6_025 and figures["elsewhere_paid_cents"] == 5_000


def test_the_same_delivery_again_changes_nothing() -> None:
    first = bring(SAMPLE)
    before = counts()
    again = bring(SAMPLE)
    assert again.known and (again.read, again.applied, again.unchanged) == (22, 0, 22)
    assert all((each["applied"], each["unchanged"]) == (0, each["read"]) for each in again.tables.values())
    assert again.figures == first.figures
    assert counts() == before


def test_the_same_rows_in_another_file_change_nothing(tmp_path: Path) -> None:
    bring(SAMPLE)
    before = counts()
    packed = tmp_path / "all.zip"
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("one.csv", "".join((SAMPLE / f"{name}.csv").read_text() for name in sample()))
    single = tmp_path / "all.csv.gz"
    single.write_bytes(gzip.compress(b"".join((SAMPLE / f"{name}.csv").read_bytes() for name in reversed(sample()))))
    for path in (packed, single):
        summary = bring(path)
        assert not summary.known
        assert (summary.read, summary.applied, summary.unchanged, summary.rejected) == (22, 0, 22, 0)
        assert counts() == before


@pytest.mark.parametrize("name", ["folder", "all.zip", "all.csv", "all.csv.gz"])
def test_what_came_in_goes_out_the_same(tmp_path: Path, name: str) -> None:
    bring(SAMPLE)
    written = export.export_csv(tmp_path / name)
    assert written == {name: len(rows) for name, rows in sample().items()}
    before = counts()
    summary = bring(tmp_path / name)
    assert (summary.applied, summary.unchanged, summary.rejected) == (0, 22, 0)
    assert counts() == before
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_an_export_adds_only_what_the_import_worked_out(tmp_path: Path) -> None:
    rows = sample()
    rows["bills"][3] |= {"payee": "", "due_date": ""}
    rows["accounts"][0]["language"] = ""
    rows["people"][0]["health_record_number"] = "101"
    bring(write(tmp_path / "in", rows))
    export.export_csv(tmp_path / "out")
    for table, was in sample().items():
        exported = (tmp_path / "out" / f"{table}.csv").read_text(encoding="utf-8")
        if table == "bills":
            codes = sql.query("SELECT number, pay_code FROM billing_bill")
            code = {row["number"]: row["pay_code"] for row in codes}
            count = {row["bill_number"]: 0 for row in was} | {"H1000000001": 2, VISIT: 2, "R1000000003": 1, MISSED: 2}
            head = list(was[0])[:-1]
            expected = [[*head, "pay_code", "currency", "line_count", "private"]]
            expected += [
                [*list(row.values())[:-1], code[row["bill_number"]], "USD", str(count[row["bill_number"]]), "no"]
                for row in was
            ]
            # The due date that was left out came by the region's rule.
            assert exported.splitlines()[:4] == [",".join(cells) for cells in expected[:4]]
            assert exported.splitlines()[4].startswith(f"oregon,F10000003,{MISSED},2,professional,medical_group,")
        elif table == "accounts":
            assert exported == (SAMPLE / "accounts.csv").read_text(encoding="utf-8").replace(",es,", ",en,")
        else:
            assert exported == (SAMPLE / f"{table}.csv").read_text(encoding="utf-8")


def test_a_newer_version_posts_the_difference(tmp_path: Path) -> None:
    feed = Feed(tmp_path)
    feed.send()

    def lower(rows: Rows) -> None:
        rows["bills"][3]["version"] = "3"
        rows["lines"][6]["plan_paid"] = "100.25"
        rows["lines"][6]["coinsurance"] = "20.25"

    summary = feed.send(lower)
    assert summary.tables["bills"] == {"read": 4, "applied": 1, "unchanged": 3, "older": 0, "rejected": 0}
    assert summary.tables["lines"] == {"read": 7, "applied": 2, "unchanged": 5, "older": 0, "rejected": 0}
    assert stands(MISSED) == {"open": 2_025, "credit": 0}
    change = sql.one("SELECT from_version, to_version, deltas FROM billing_change")
    assert change is not None and (change["from_version"], change["to_version"]) == (2, 3)
    assert sql.answer(change["deltas"]) == {"plan_paid": -4_000}

    def below(rows: Rows) -> None:
        lower(rows)
        rows["bills"][3]["version"] = "4"
        rows["lines"][6] |= {"plan_paid": "120.50", "coinsurance": "0.00"}
        rows["lines"][5] |= {"written_off": "75.00", "not_covered": "0.00"}

    feed.send(below)
    assert stands(MISSED) == {"open": 0, "credit": 5_000}


def test_an_older_version_is_ignored_and_counted(tmp_path: Path) -> None:
    feed = Feed(tmp_path)
    feed.send()

    def older(rows: Rows) -> None:
        rows["bills"][3]["version"] = "1"
        rows["lines"][6]["charge"] = "999.00"
        rows["payments"][2] |= {"version": "2", "amount": "1.00"}

    summary = feed.send(older)
    assert summary.tables["bills"]["older"] == 1 and summary.tables["lines"]["older"] == 2
    assert summary.tables["payments"]["older"] == 1
    assert summary.rejected == 0 and summary.applied == 0
    assert stands(MISSED) == {"open": 6_025, "credit": 0}


def test_the_same_version_with_other_figures_is_refused(tmp_path: Path) -> None:
    feed = Feed(tmp_path)
    feed.send()

    def other(rows: Rows) -> None:
        rows["lines"][6]["charge"] = "999.00"
        rows["payments"][2]["amount"] = "51.00"

    summary = feed.send(other)
    assert reasons(summary) == {
        ("bills", 5, "version"): "same_version_differs",
        ("lines", 7, ""): "bill_refused",
        ("lines", 8, ""): "bill_refused",
        ("payments", 4, "version"): "same_version_differs",
    }
    assert stands(MISSED) == {"open": 6_025, "credit": 0}


def test_a_payment_is_taken_back_by_a_newer_version(tmp_path: Path) -> None:
    feed = Feed(tmp_path)
    feed.send()
    summary = feed.send(lambda rows: rows["payments"][2].update(version="4", amount="0.00"))
    assert summary.tables["payments"]["applied"] == 1
    assert stands(MISSED) == {"open": 11_025, "credit": 0}


def test_payments_alone_find_their_bills(tmp_path: Path) -> None:
    bring(SAMPLE)
    rows = sample()
    rows["payments"][2] |= {"payment_number": "C-79", "amount": "10.25"}
    rows["payments"][3] |= {"bill_number": "P9999999999"}
    summary = bring(write(tmp_path, {"payments": rows["payments"][2:]}))
    assert summary.tables == {"payments": {"read": 2, "applied": 1, "unchanged": 0, "older": 0, "rejected": 1}}
    assert reasons(summary) == {("payments", 3, "bill_number"): "unknown_bill"}
    assert stands(MISSED) == {"open": 5_000, "credit": 0}


def test_bills_that_came_too_early_go_in_the_next_time(tmp_path: Path) -> None:
    rows = sample()
    early = write(tmp_path / "early", {name: rows[name] for name in ("bills", "lines")})
    summary = bring(early)
    assert (summary.applied, summary.rejected) == (0, 11) and summary.reasons["unknown_account"] == 4
    bring(write(tmp_path / "late", {name: rows[name] for name in ("accounts", "people")}))
    again = bring(early)
    assert (again.applied, again.rejected) == (11, 0)


def test_addresses_are_kept_up_to_date(tmp_path: Path) -> None:
    feed = Feed(tmp_path)
    feed.send()
    summary = feed.send(lambda rows: rows["accounts"][2].update(city="Newtown", zip="97202"))
    assert summary.tables["accounts"] == {"read": 3, "applied": 1, "unchanged": 2, "older": 0, "rejected": 0}
    row = sql.one("SELECT city, zip FROM people_account WHERE number = 'F10000003'")
    assert row == {"city": "Newtown", "zip": "97202"}


def test_a_file_that_cannot_be_read_applies_nothing(tmp_path: Path) -> None:
    rows = sample()
    folder = write(tmp_path, rows)
    (folder / "zz.csv").write_text("region,account,colour\n")
    with pytest.raises(FileFault, match=r"zz\.csv: line 1: "):
        bring(folder)
    assert set(counts().values()) == {0}
    assert sql.query("SELECT 1 FROM intake_delivery") == []


def test_one_import_at_a_time(
    second_connection: Callable[[], psycopg.Connection[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "LOCK_WAIT", "100ms")
    with second_connection() as other:
        other.execute("SELECT pg_advisory_lock(%s)", (run.LOCK,))
        with pytest.raises(run.ImportBusy):
            bring(SAMPLE)
    assert bring(SAMPLE).applied == 22
