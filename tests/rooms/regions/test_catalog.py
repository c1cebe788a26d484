"""The organisation in use: another folder, another name, look and set of fields, and not a line of code."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.test import override_settings

from caretill.regions import catalog, rules
from caretill.regions.check import check, notes, report
from caretill.regions.models import Organisation
from caretill.regions.numbers import candidates, stored_value
from rooms.regions.spoiled import LARKSPUR, OTHER, Scratch


def test_the_demo_organisation_is_the_default() -> None:
    assert catalog.DEFAULT_FOLDER == LARKSPUR
    with override_settings(CARETILL_ORGANISATION=""):
        assert catalog.organisation().name == "Larkspur Health"
        assert len(catalog.regions()) == 9


def test_another_folder_changes_everything() -> None:
    with override_settings(CARETILL_ORGANISATION=OTHER):
        known = catalog.organisation()
        assert known.name == "Pinhollow Care Network"
        assert [region.slug for region in catalog.regions()] == ["maine", "vermont"]
        assert catalog.region("maine").name["es"] == "Maine"
        assert catalog.find_region("05401") is catalog.region("vermont")
        assert catalog.find_region("97201") is None
        with pytest.raises(catalog.UnknownRegion):
            catalog.region("oregon")
    with override_settings(CARETILL_ORGANISATION=str(LARKSPUR)):
        assert catalog.find_region("97201") is catalog.region("oregon")


def test_it_is_read_once() -> None:
    with override_settings(CARETILL_ORGANISATION=OTHER):
        assert catalog.organisation() is catalog.organisation()


def test_a_folder_with_faults_is_not_used(scratch: Scratch) -> None:
    scratch.edit("organisation.toml", 'slug = "larkspur"', "")
    with override_settings(CARETILL_ORGANISATION=scratch.folder), pytest.raises(catalog.CatalogFaults):
        catalog.organisation()


def test_name_look_and_fields_differ(larkspur: Organisation, other: Organisation) -> None:
    assert other.name != larkspur.name
    assert other.theme["light"]["brand"] != larkspur.theme["light"]["brand"]
    assert Path(other.logo_svg).read_text() != Path(larkspur.logo_svg).read_text()
    assert set(other.payees) == {"clinics"}
    assert other.region("vermont").lookups[0].fields == ("account_number", "last_name")
    labels = {region.fields["pay_code"].label["en"] for region in other.regions}
    assert labels == {"Web code"}


def test_a_number_format_that_the_demo_organisation_does_not_have(larkspur: Organisation, other: Organisation) -> None:
    maine = other.region("maine")
    chart = maine.fields["health_record_number"]
    assert (chart.format.kind, chart.format.min, chart.format.max) == ("alnum", 7, 7)
    for region in larkspur.regions:
        assert all(chart.format != field.format for field in region.fields.values())
    assert chart.clean("k48-21bz") == "K4821BZ"
    assert stored_value(maine, "health_record_number", "k4821 bz") == "K4821BZ"
    real = [each.kind for each in candidates(maine, "k4821bz") if not each.is_dummy]
    assert real == ["health_record_number"]


def test_its_rules_are_its_own(other: Organisation) -> None:
    vermont, maine = other.regions[1], other.regions[0]
    assert rules.due_date(vermont, "hospital", date(2026, 11, 23)) == date(2026, 12, 11)  # 13 December is a Sunday
    assert rules.due_date(vermont, "pharmacy", date(2026, 12, 12)) == date(2026, 12, 31)  # New Year's Day, rolled back
    night = datetime(2026, 11, 23, 7, tzinfo=UTC)
    assert rules.support_open(vermont, night)
    assert not rules.support_open(maine, night)


def test_both_are_in_order() -> None:
    assert check(LARKSPUR) == []
    assert check(OTHER) == []


def test_a_report_says_what_is_left_to_do() -> None:
    found = report(LARKSPUR, date(2026, 11, 22))
    assert found.faults == ()
    assert found.lines() == [
        "note: notices: no reviewer is named for ar, de, en, es, fa, fr, hi, hy, ja, ko, pt, ru, tl, uk, vi, zh-Hant",
        "9 regions, 0 faults, 1 note",
    ]


def test_a_report_counts_languages_and_looks_at_the_end_of_the_calendar(other: Organisation) -> None:
    assert notes(other, date(2027, 12, 31)) == [
        "notices: language help is offered in 1 language besides English, the federal rule asks for 15"
    ]
    assert notes(other, date(2028, 1, 1))[1:] == [
        f"regions/{slug}.toml: the holidays end in 2028; due dates and hours after that know weekends only"
        for slug in ("maine", "vermont")
    ]


def test_a_report_of_faults(scratch: Scratch) -> None:
    scratch.edit("regions/oregon.toml", "days = 21", "days = 0")
    found = report(scratch.folder, date(2026, 11, 22))
    assert found.notes == ()
    assert found.lines() == [str(found.faults[0]), "1 fault"]
