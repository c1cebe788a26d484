"""The tables of return and change codes: complete, dated, and what they say about each class of entry."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from caretill.formats import nacha_codes
from caretill.formats.nacha_codes import BadCorrection, Corrected, UnknownCode

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "ach"
DAY = date(2026, 11, 24)
# As the design fixes them: what is done beyond the reversal.
HANDLED = {
    "re_present": "R01 R09",
    "revoke": "R05 R07 R10 R29 R51",
    "correct": "R11",
    "hold": "R08 R16",
    "bereaved": "R14 R15",
    "alarm": "R24",
    "dishonoured": "R61 R62 R67 R68 R69 R70",
    "contested": "R71 R72 R73 R74 R75 R76 R77",
}
DISABLED = "R02 R03 R04 R20"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not here")
@pytest.mark.parametrize(
    ("name", "pattern", "codes"),
    [
        ("moov-returns.md", r"^\| `(R\d\d)` \|", nacha_codes.return_codes()),
        ("moov-changes.md", r"^\| `(C[01]\d)` \|", nacha_codes.change_codes()),
    ],
)
def test_every_published_code_is_known(name: str, pattern: str, codes: list[str]) -> None:
    published = set(re.findall(pattern, (SHARED / name).read_text(), re.MULTILINE))
    assert len(published) > 10
    assert published <= set(codes)


def test_handling_is_what_the_design_says() -> None:
    by_handling: dict[str, set[str]] = {}
    for code in nacha_codes.return_codes():
        found = nacha_codes.returned(code, DAY)
        assert found.handling in nacha_codes.HANDLINGS
        by_handling.setdefault(found.handling, set()).add(code)
    assert {name: set(codes.split()) for name, codes in HANDLED.items()} == {
        name: codes for name, codes in by_handling.items() if name not in ("disable", "office")
    }
    assert set(DISABLED.split()) <= by_handling["disable"]


@pytest.mark.parametrize(
    ("codes", "days", "calendar"),
    [("R01 R02 R03 R04 R08 R09 R29", 2, False), ("R05 R07 R10 R11", 60, True), ("R68", 5, False)],
)
def test_windows(codes: str, days: int, calendar: bool) -> None:
    for code in codes.split():
        found = nacha_codes.returned(code, DAY)
        assert (found.window_days, found.calendar) == (days, calendar), code


def test_a_window_by_agreement_has_no_days() -> None:
    assert nacha_codes.returned("R31", DAY).window_days is None


@pytest.mark.parametrize(
    ("code", "fits"),
    [
        ("R01", "PPD WEB TEL CCD"), ("R05", "CCD"), ("R07", "PPD WEB TEL"), ("R10", "PPD WEB TEL"),
        ("R11", "PPD WEB TEL"), ("R29", "CCD"), ("R31", "CCD"), ("R37", ""), ("R51", ""), ("R80", ""),
    ],
)  # fmt: skip
def test_which_entries_a_code_can_come_for(code: str, fits: str) -> None:
    found = nacha_codes.returned(code, DAY).fits
    assert {sec for sec in ("PPD", "WEB", "TEL", "CCD") if sec in found} == set(fits.split())


def test_rates() -> None:
    counted: dict[str, set[str]] = {"": set()}
    for code in nacha_codes.return_codes():
        counted.setdefault(nacha_codes.returned(code, DAY).counts, set()).add(code)
    assert counted["unauthorised"] == {"R05", "R07", "R10", "R29", "R51"}
    assert counted["administrative"] == {"R02", "R03", "R04"}
    limits = nacha_codes.thresholds()
    assert (limits.unauthorised, limits.administrative, limits.overall, limits.days) == (50, 300, 1500, 60)
    assert (nacha_codes.windows().again_days, nacha_codes.windows().again_most) == (180, 2)


def test_a_code_means_what_it_meant_on_its_day() -> None:
    assert nacha_codes.returned("R11", date(2020, 3, 31)).handling == "office"
    assert nacha_codes.returned("R11", date(2020, 4, 1)).handling == "correct"
    with pytest.raises(UnknownCode):
        nacha_codes.returned("R01", date(2014, 9, 18))


@pytest.mark.parametrize("code", ["R00", "R48", "R86", "C92", "", "r01"])
def test_an_unknown_code_is_said(code: str) -> None:
    with pytest.raises(UnknownCode):
        nacha_codes.returned(code, DAY)
    with pytest.raises(UnknownCode):
        nacha_codes.corrected(code, "", DAY)


@pytest.mark.parametrize(
    ("code", "raw", "expected"),
    [
        ("C01", "1918171614", Corrected(account="1918171614")),
        ("C01", "19-1817 1614", Corrected(account="1918171614")),
        ("C02", "231399991", Corrected(routing="231399991")),
        ("C03", "231399991   1918171614", Corrected(routing="231399991", account="1918171614")),
        ("C04", "Ana Nunez", Corrected(name="Ana Nunez")),
        ("C05", "37", Corrected(account_type="savings")),
        ("C06", "1918171614          27", Corrected(account="1918171614", account_type="checking")),
        (
            "C07", "2313999911918171614       37",
            Corrected(routing="231399991", account="1918171614", account_type="savings"),
        ),
        ("C09", "A12345", Corrected(individual_id="A12345")),
        ("C13", "", Corrected()),
    ],
)  # fmt: skip
def test_corrected_data_by_code(code: str, raw: str, expected: Corrected) -> None:
    assert nacha_codes.corrected(code, raw, DAY) == expected


@pytest.mark.parametrize(
    ("code", "raw", "why"),
    [
        ("C01", "", "empty"), ("C01", "12345678901234X", "account"), ("C02", "231399992", "routing"),
        ("C03", "231399991", "account"), ("C05", "99", "account_type"), ("C05", "47", "account_type"),
        ("C07", "231399991123456           XX", "account_type"),
    ],
)  # fmt: skip
def test_corrected_data_that_cannot_be_used(code: str, raw: str, why: str) -> None:
    with pytest.raises(BadCorrection) as caught:
        nacha_codes.corrected(code, raw, DAY)
    assert caught.value.code == why
