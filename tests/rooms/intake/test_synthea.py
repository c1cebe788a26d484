"""A real Synthea export, whole: its totals are the sums of its files, and a second run changes nothing.

The sums are made here with nothing but the csv module.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import shutil
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from caretill.billing import lookup
from caretill.core import ids, sql
from caretill.formats.blocks import FileFault
from caretill.intake import run, synthea
from caretill.intake.summary import Summary
from caretill.regions import catalog, names
from rooms.intake.deliveries import reasons

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "data" / "synthea"
pytestmark = [
    pytest.mark.usefixtures("db"),
    pytest.mark.skipif(not FOLDER.is_dir(), reason="the shared data is not here"),
]
PAID = ("CASH", "CHECK", "CC")
# The newer export spells these otherwise; it also has columns that are not needed.
NEWER = {"START_YEAR": "START_DATE", "END_YEAR": "END_DATE", "OWNERSHIP": "PLAN_OWNERSHIP", "OWNERNAME": "OWNER_NAME"}


def table(name: str) -> list[dict[str, str]]:
    plain = FOLDER / f"{name}.csv"
    raw = plain.read_bytes() if plain.exists() else gzip.decompress((FOLDER / f"{name}.csv.gz").read_bytes())
    return list(csv.DictReader(io.StringIO(raw.decode())))


def cents(text: str) -> int:
    amount = Decimal(text or 0) * 100
    assert amount == int(amount)
    return int(amount)


def sums(with_patients: bool = False) -> dict[str, int]:
    """What the files add up to."""
    medications = {row["CODE"] for row in table("medications")}
    kinds = {
        row["Id"]: "hospital" if row["HEALTHCARECLAIMTYPEID1"] == "2" else "professional" for row in table("claims")
    }
    charged: dict[str, int] = defaultdict(int)
    insurance: dict[str, int] = defaultdict(int)
    desk: dict[str, int] = defaultdict(int)
    patients: dict[str, int] = defaultdict(int)
    lines = patient = 0
    for row in table("claims_transactions"):
        claim, kind, method = row["CLAIMID"], row["TYPE"], row["METHOD"]
        if kind == "CHARGE":
            lines += 1
            charged[claim] += cents(row["AMOUNT"])
            if row["PROCEDURECODE"] in medications:
                kinds[claim] = "pharmacy"
        if kind in ("CHARGE", "TRANSFERIN") and row["TRANSFERTYPE"] == "p":
            patient += cents(row["AMOUNT"])
        if kind == "PAYMENT" and method == "ECHECK":
            insurance[claim] += cents(row["PAYMENTS"])
        if kind == "PAYMENT" and method == "COPAY":
            desk[claim] += cents(row["PAYMENTS"])
        if kind == "PAYMENT" and method in PAID and with_patients:
            patients[claim] += cents(row["PAYMENTS"])
    left = {claim: charged[claim] - insurance[claim] - desk[claim] - patients[claim] for claim in kinds}
    return {
        "bills": len(kinds),
        **{kind: list(kinds.values()).count(kind) for kind in ("hospital", "professional", "pharmacy")},
        "lines": lines,
        "charged_cents": sum(charged.values()),
        "insurance_paid_cents": sum(insurance.values()),
        "adjusted_cents": 0,
        "patient_cents": patient + sum(desk.values()),
        "desk_paid_cents": sum(desk.values()),
        "payments_cents": sum(desk.values()) + sum(patients.values()),
        "open_bills": sum(each > 0 for each in left.values()),
        "open_cents": sum(each for each in left.values() if each > 0),
        "credit_bills": sum(each < 0 for each in left.values()),
        "credit_cents": -sum(each for each in left.values() if each < 0),
    }


def bring(folder: Path = FOLDER, **options: object) -> Summary:
    return run.bring_in(run.Ask("synthea", folder, options))


def figures(summary: Summary) -> dict[str, int]:
    return {name: amount for name, amount in summary.figures.items() if name not in ("payments", "parts_above_lines")}


def rows(query: str) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in sql.query(query)]


def test_totals_are_the_sums_of_the_files() -> None:
    expected = sums()
    assert (expected["bills"], expected["hospital"], expected["professional"], expected["pharmacy"]) == (
        1_267, 256, 348, 663,
    )  # fmt: skip
    assert expected["lines"] == 1_545 and expected["charged_cents"] == 109_240_273
    assert (expected["insurance_paid_cents"], expected["patient_cents"]) == (1_547_358, 108_803_037)
    assert (expected["open_bills"], expected["open_cents"]) == (1_019, 105_949_036)
    assert (expected["credit_bills"], expected["credit_cents"]) == (189, 1_110_121)

    summary = bring()
    assert figures(summary) == expected
    assert summary.reasons == {} and summary.read == summary.applied == 3_311
    assert {each["name"]: each["sha256"] for each in summary.files}["patients.csv"] == hashlib.sha256(
        (FOLDER / "patients.csv").read_bytes()
    ).hexdigest()

    tables = (
        "billing_bill",
        "billing_line",
        "ledger_transfer",
        "ledger_balance",
        "billing_lookup_key",
        "people_account",
    )
    before = {name: rows(f"SELECT * FROM {name} ORDER BY 1, 2") for name in tables}
    again = bring()
    assert again.known and (again.applied, again.unchanged) == (0, 3_311)
    assert figures(again) == expected
    # With what patients paid, it is another delivery of the same bills: only payments are new.
    paid = bring(patient_payments=True)
    assert figures(paid) == sums(with_patients=True)
    assert (paid.applied, paid.unchanged) == (paid.tables["payments"]["read"] - 445, 3_311)
    assert before["billing_bill"] == rows("SELECT * FROM billing_bill ORDER BY 1, 2")
    assert before["billing_line"] == rows("SELECT * FROM billing_line ORDER BY 1, 2")


def test_who_and_where() -> None:
    bring()
    slugs = sorted(region.slug for region in catalog.regions())

    def number(what: str, key: str) -> int:
        return int(hashlib.sha256(f"{what}:{key}".encode()).hexdigest()[:15], 16)

    accounts = {row["number"]: row for row in sql.query("SELECT * FROM people_account")}
    assert len(accounts) == 27
    for patient in table("patients"):
        account = accounts[f"F{number('account', patient['Id']) % 10**8:08d}"]
        assert account["region"] == slugs[number("region", patient["Id"]) % len(slugs)]
        if patient["ZIP"]:
            assert account["zip"] == patient["ZIP"]
        else:
            found = catalog.find_region(account["zip"])
            assert found is not None and found.slug == account["region"]
        assert account["state"] == "MA" and len(account["group_number"]) == 6 and len(account["subgroup"]) == 3
    people = {row["health_record_number"]: row for row in sql.query("SELECT * FROM people_person")}
    child = next(patient for patient in table("patients") if patient["FIRST"] == "Maynard46")
    person = people[f"{number('health_record', child['Id']) % 10**9:09d}"]
    assert (person["first_name"], person["last_name"], person["relation"]) == ("Maynard46", "Mosciski958", "child")
    guardian = accounts[f"F{number('account', child['Id']) % 10**8:08d}"]
    assert guardian["last_name"] in ("Mosciski958", "Buckridge80") and guardian["first_name"] != "Maynard46"

    bills = {row["number"]: row for row in sql.query("SELECT * FROM billing_bill")}
    claim = table("claims")[0]
    bill = bills[f"H{number('bill', claim['Id']) % 10**10:010d}"]
    assert bill["kind"] == "hospital" and bill["issue_date"].isoformat() == claim["LASTBILLEDDATEP"][:10]
    assert ids.clean_pay_code(bill["pay_code"]) == bill["pay_code"]
    encounter = next(row for row in table("encounters") if row["Id"] == claim["APPOINTMENTID"])
    place = next(row for row in table("organizations") if row["Id"] == encounter["ORGANIZATION"])
    assert bill["provider_name"] == place["NAME"]
    assert bill["due_date"] >= bill["issue_date"]


def test_one_region_and_other_dates() -> None:
    summary = bring(region="hawaii", shift_to="2026-11-01")
    assert figures(summary) == sums()
    assert rows("SELECT DISTINCT region FROM people_account") == [("hawaii",)]
    moved = date(2026, 11, 1) - max(date.fromisoformat(row["LASTBILLEDDATEP"][:10]) for row in table("claims"))
    assert moved.days > 0
    days = [date.fromisoformat(row["FROMDATE"][:10]) for row in table("claims_transactions") if row["TYPE"] == "CHARGE"]
    assert rows("SELECT max(issue_date) FROM billing_bill") == [(date(2026, 11, 1),)]
    assert rows("SELECT min(service_date), max(service_date) FROM billing_line") == [
        (min(days) + moved, max(days) + moved)
    ]


def changed(folder: Path, change: Callable[[str, list[str]], list[str]]) -> Path:
    """The export as plain files, with lines changed: `change(name, lines)`."""
    folder.mkdir()
    for path in FOLDER.iterdir():
        if ".csv" in path.name:
            raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            name = path.name.removesuffix(".gz")
            lines = change(name, raw.decode().splitlines())
            (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_the_newer_headers(tmp_path: Path) -> None:
    """Other names, other order, more columns: it reads by name."""

    def newer(name: str, lines: list[str]) -> list[str]:
        cells = list(csv.reader(lines))
        cells[0] = [NEWER.get(each, each) for each in cells[0]]
        turned = [[*reversed(row), "more"] for row in cells]
        turned[0][-1] = "INCOME"
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(turned)
        return text.getvalue().splitlines()

    summary = bring(changed(tmp_path / "v3", newer))
    assert figures(summary) == sums() and summary.rejected == 0


def test_damage_takes_its_bill_along(tmp_path: Path) -> None:
    claim = table("claims")[5]["Id"]
    patient = table("patients")[3]["Id"]

    def damage(name: str, lines: list[str]) -> list[str]:
        if name == "claims_transactions.csv":
            place = next(n for n, line in enumerate(lines) if f",{claim}," in line and ",CHARGE," in line)
            lines[place] = lines[place].replace(",CHARGE,", ",CHARGE,-")
        if name == "patients.csv":
            lines = [line for line in lines if not line.startswith(patient)]
        return lines

    summary = bring(changed(tmp_path / "damaged", damage))
    lost = [row for row in table("claims") if row["PATIENTID"] == patient]
    assert summary.figures["bills"] == 1_267 - 1 - len(lost)
    assert summary.reasons["unknown_patient"] == len(lost) and summary.reasons["negative"] == 1
    assert summary.reasons["line_refused"] == 1
    assert summary.read == summary.applied + summary.rejected
    assert {key[0] for key, reason in reasons(summary).items() if reason == "negative"} == {"claims_transactions"}


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "part", ignore=shutil.ignore_patterns("claims.csv*", "providers.csv"))
    with pytest.raises(FileFault, match=r"no claims\.csv, no providers\.csv"):
        bring(tmp_path / "part")


def test_the_bills_to_try_are_found() -> None:
    bring()
    found = synthea.to_try()
    assert len(found) == len({row["region"] for row in found}) >= 7
    for row in found:
        region = catalog.region(row["region"])
        for name in ("bill_number", "pay_code", "account_number", "health_record_number"):
            facts = dict.fromkeys(lookup.FACTS) | {"zip": row["zip"]}
            hit = lookup.find(region.slug, [(name, row[name])], facts)
            assert hit is not None, (name, row)
            assert lookup.find(region.slug, [(name, row[name])], facts | {"zip": "00000"}) is None
        facts = {name: row[name] for name in ("zip", "group_number", "subgroup", "bill_group")}
        assert lookup.find(region.slug, [("health_record_number", row["health_record_number"])], facts) is not None
        facts = {"last_norm": names.normal_name(row["last_name"])}
        assert lookup.find(region.slug, [("account_number", row["account_number"])], facts) is not None
