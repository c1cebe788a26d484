"""Each kind of bad input is refused with its file, row, field and reason, and the rest goes in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from caretill.billing import access
from caretill.core import ids, sql
from caretill.web.pages.bill import split
from rooms.intake.deliveries import SAMPLE, Feed, Rows, bring, reasons, stands

pytestmark = pytest.mark.usefixtures("db")
MISSED = "P1000000004"
Change = Callable[[Rows], Any]


def cell(table: str, place: int, **cells: str) -> Change:
    """A delivery in which a row has other cells."""
    return lambda rows: rows[table][place].update(cells)


def twice(table: str, place: int, **cells: str) -> Change:
    """A delivery in which a row stands twice, the second time with other cells."""
    return lambda rows: rows[table].append(rows[table][place] | cells)


def without(table: str, *places: int) -> Change:
    """A delivery in which rows are missing."""

    def change(rows: Rows) -> None:
        rows[table] = [row for place, row in enumerate(rows[table]) if place not in places]

    return change


# The last bill (row 5 of bills, rows 7 and 8 of lines) goes back with its lines; its payments find no bill then.
GONE = {
    ("lines", 7, ""): "bill_refused",
    ("lines", 8, ""): "bill_refused",
    ("payments", 4, "bill_number"): "unknown_bill",
    ("payments", 5, "bill_number"): "unknown_bill",
}
# The same where line 8 is refused for a reason of its own.
HIT = {key: reason for key, reason in GONE.items() if key != ("lines", 8, "")}
CASES: list[tuple[str, Change, dict[tuple[str, int, str], str]]] = [
    ("three decimals", cell("lines", 6, charge="120.500"),
     {**HIT, ("lines", 8, "charge"): "too_many_decimals", ("bills", 5, ""): "line_refused"}),
    ("negative", cell("lines", 6, plan_paid="-60.25"),
     {**HIT, ("lines", 8, "plan_paid"): "negative", ("bills", 5, ""): "line_refused"}),
    ("huge", cell("lines", 6, charge="123456789.00"),
     {**HIT, ("lines", 8, "charge"): "too_big", ("bills", 5, ""): "line_refused"}),
    ("exponent", cell("lines", 6, charge="1e3"),
     {**HIT, ("lines", 8, "charge"): "not_a_number", ("bills", 5, ""): "line_refused"}),
    ("card number", cell("lines", 6, description="charged to 4242424242424242"),
     {**HIT, ("lines", 8, "description"): "card_number", ("bills", 5, ""): "line_refused"}),
    ("too many taken off", cell("lines", 6, discount="100.00", written_off="20.51"),
     {**HIT, ("lines", 8, "discount"): "above_charge", ("bills", 5, ""): "line_refused"}),
    ("no such day", cell("bills", 3, service_from="2026-02-30"),
     {**GONE, ("bills", 5, "service_from"): "no_such_day"}),
    ("care ends before it begins", cell("bills", 3, service_to="2026-08-01"),
     {**GONE, ("bills", 5, "service_to"): "before_service_from"}),
    ("due before it is issued", cell("bills", 3, due_date="2026-09-09"),
     {**GONE, ("bills", 5, "due_date"): "before_issue_date"}),
    ("region", cell("bills", 3, region="texas"),
     {**GONE, ("bills", 5, "region"): "unknown_region", ("lines", 7, ""): "bill_not_in_delivery",
      ("lines", 8, ""): "bill_not_in_delivery"}),
    ("payee", cell("bills", 3, payee="landlord"), {**GONE, ("bills", 5, "payee"): "unknown_payee"}),
    ("account", cell("bills", 3, account_number="F19999999"),
     {**GONE, ("bills", 5, "account_number"): "unknown_account"}),
    ("person", cell("bills", 3, health_record_number="301301"),
     {**GONE, ("bills", 5, "health_record_number"): "unknown_person"}),
    ("somebody else's person", cell("bills", 0, health_record_number="000000301"),
     {("bills", 2, "health_record_number"): "unknown_person", ("lines", 2, ""): "bill_refused",
      ("lines", 3, ""): "bill_refused"}),
    ("pay code", cell("bills", 3, pay_code="ABCDEFGHJKMNZ"),
     {**GONE, ("bills", 5, "pay_code"): "bad_check_character"}),
    ("no lines", without("lines", 5, 6),
     {("bills", 5, ""): "no_lines", ("payments", 4, "bill_number"): "unknown_bill",
      ("payments", 5, "bill_number"): "unknown_bill"}),
    ("bill twice, other figures", twice("bills", 3, provider_name="Dr. Who Else"),
     {**GONE, ("bills", 5, ""): "duplicate_in_file", ("bills", 6, ""): "duplicate_in_file"}),
    ("bill twice, other account", twice("bills", 3, account_number="F10000001", region="oregon"),
     {**GONE, ("bills", 5, ""): "duplicate_in_file", ("bills", 6, ""): "duplicate_in_file"}),
    ("line twice, other figures", twice("lines", 6, charge="120.51"),
     {**GONE, ("lines", 8, ""): "duplicate_in_file", ("lines", 9, ""): "duplicate_in_file",
      ("bills", 5, ""): "line_refused"}),
    ("line of no bill", twice("lines", 6, bill_number="P9999999999"),
     {("lines", 9, ""): "bill_not_in_delivery"}),
    ("payment twice, other figures", twice("payments", 2, amount="49.00"),
     {("payments", 4, ""): "duplicate_in_file", ("payments", 6, ""): "duplicate_in_file"}),
    ("account twice, other name", twice("accounts", 2, guarantor_last_name="Nakayama"),
     {**GONE, ("accounts", 4, ""): "duplicate_in_file", ("accounts", 5, ""): "duplicate_in_file",
      ("people", 5, "account_number"): "unknown_account", ("bills", 5, "account_number"): "unknown_account"}),
    ("person on two accounts", twice("people", 3, account_number="F10000001"),
     {("people", 5, ""): "duplicate_in_file" }),
    ("method", cell("payments", 2, method="gold"), {("payments", 4, "method"): "not_one_of"}),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_it_is_refused_and_the_rest_goes_in(
    tmp_path: Path, change: Change, expected: dict[tuple[str, int, str], str]
) -> None:
    if "pay_code" in str(expected):

        def with_codes(rows: Rows) -> None:
            for row in rows["bills"]:
                row["pay_code"] = ""
            change(rows)

        summary = Feed(tmp_path).send(with_codes)
    elif any(reason == "duplicate_in_file" and table == "people" for (table, _, _), reason in expected.items()):

        def in_one_region(rows: Rows) -> None:
            rows["accounts"].append(rows["accounts"][2] | {"account_number": "F10000001"})
            change(rows)

        summary = Feed(tmp_path).send(in_one_region)
        expected = expected | {
            ("people", 6, ""): "duplicate_in_file",
            ("bills", 5, "health_record_number"): "unknown_person",
            **GONE,
        }
    else:
        summary = Feed(tmp_path).send(change)
    assert reasons(summary) == expected
    refused = {(table, row) for table, row, _ in expected}
    assert summary.rejected == len(refused)
    assert summary.read == summary.applied + summary.unchanged + summary.older + summary.rejected
    assert summary.unchanged == summary.older == 0
    kept = sql.query("SELECT file FROM intake_refused GROUP BY 1 ORDER BY 1")
    assert [row["file"] for row in kept] == sorted({f"{table}.csv" for table, _, _ in expected})


def test_parts_above_the_share_lose_no_bill_and_owe_no_cent_more(tmp_path: Path) -> None:
    feed = Feed(tmp_path)
    before = feed.send().figures

    def dearer(rows: Rows) -> None:
        rows["bills"][3]["version"] = "999999999"
        rows["lines"][6]["copay"] = "999.00"

    summary = feed.send(dearer)
    assert summary.reasons == {}
    assert summary.figures["parts_above_lines"] == before["parts_above_lines"] + 1
    assert stands(MISSED) == {"open": 6_025, "credit": 0}
    found = sql.one("SELECT account_id, id FROM billing_bill WHERE number = %s", (MISSED,))
    assert found
    figures = access.bill_figures(found["account_id"], found["id"])
    assert max(line["copay_cents"] for line in figures["lines"]) == 99_900 and split(figures) == []


def test_the_same_rows_twice_are_one(tmp_path: Path) -> None:
    def doubled(rows: Rows) -> None:
        for table in rows.values():
            table.extend(dict(row) for row in table[:])

    summary = Feed(tmp_path).send(doubled)
    assert (summary.read, summary.applied, summary.unchanged, summary.rejected) == (44, 22, 22, 0)
    assert summary.figures["lines"] == 7


def test_a_line_count_that_differs(tmp_path: Path) -> None:
    def counted(rows: Rows) -> None:
        for row, count in zip(rows["bills"], ("2", "2", "1", "3"), strict=True):
            row["line_count"] = count

    summary = Feed(tmp_path).send(counted)
    assert reasons(summary) == {**GONE, ("bills", 5, ""): "line_count_differs"}


def test_pay_codes_belong_to_one_bill(tmp_path: Path) -> None:
    feed = Feed(tmp_path)
    code, other = ids.new_pay_code(), ids.new_pay_code()

    def codes(*given: str) -> Change:
        def change(rows: Rows) -> None:
            for row, each in zip(rows["bills"], given, strict=True):
                row["pay_code"] = each

        return change

    # Two bills of one region with one code: both are refused. In another region it is another code.
    summary = feed.send(codes(code, code, code, ""))
    taken = {key: reason for key, reason in reasons(summary).items() if key[0] == "bills"}
    assert taken == {("bills", 2, "pay_code"): "pay_code_taken", ("bills", 3, "pay_code"): "pay_code_taken"}
    # The bill keeps the code that is printed.
    summary = feed.send(codes("", other, other, ""))
    assert {key: reason for key, reason in reasons(summary).items() if key[0] == "bills"} == {
        ("bills", 4, "pay_code"): "pay_code_differs"
    }

    # Another bill cannot have it.
    def taken_by_another(rows: Rows) -> None:
        codes(other, "", code, "")(rows)
        rows["bills"][0]["bill_number"] = "H1000000009"
        for line in rows["lines"][:2]:
            line["bill_number"] = "H1000000009"

    summary = feed.send(taken_by_another)
    assert {key: reason for key, reason in reasons(summary).items() if key[0] == "bills"} == {
        ("bills", 2, "pay_code"): "pay_code_taken"
    }


def test_numbers_of_another_account_are_refused(tmp_path: Path) -> None:
    feed = Feed(tmp_path)
    feed.send()

    def move(rows: Rows) -> None:
        rows["accounts"].append(rows["accounts"][2] | {"account_number": "F10000009"})
        rows["people"][3]["account_number"] = "F10000009"
        rows["people"].append(rows["people"][3] | {"health_record_number": "000000999"})
        rows["bills"][3] |= {"account_number": "F10000009", "health_record_number": "000000999", "version": "9"}

    summary = feed.send(move)
    assert reasons(summary) == {
        ("people", 5, "health_record_number"): "number_taken",
        ("bills", 5, "bill_number"): "number_taken",
        **GONE,
    }


def test_damage_takes_its_bill_along_and_no_other(tmp_path: Path) -> None:
    for path in SAMPLE.iterdir():
        text = path.read_bytes()
        if path.name == "lines.csv":
            text = text.replace(b'"X-ray, chest"', b"X-ray, chest").replace(b"Flu vaccine", b"Flu \xff vaccine")
        (tmp_path / path.name).write_bytes(text)
    summary = bring(tmp_path)
    assert reasons(summary) == {
        ("lines", 2, ""): "bill_refused",
        ("lines", 3, ""): "wrong_columns",
        ("lines", 4, ""): "bill_refused",
        ("lines", 5, ""): "not_utf8",
        ("bills", 2, ""): "line_refused",
        ("bills", 3, ""): "line_refused",
        ("payments", 2, "bill_number"): "unknown_bill",
    }


def test_ten_thousand_refused_rows(tmp_path: Path) -> None:
    def many(rows: Rows) -> None:
        rows["lines"] += [rows["lines"][6] | {"line_number": str(n), "charge": "-1"} for n in range(10, 10_010)]

    summary = Feed(tmp_path).send(many)
    assert summary.reasons == {"negative": 10_000, "bill_refused": 2, "unknown_bill": 2, "line_refused": 1}
    assert summary.figures["bills"] == 3
