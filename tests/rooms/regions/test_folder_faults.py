"""Faults of several files together: all of them at once, by file and line, and what is away or doubled."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from caretill.regions.catalog import load
from caretill.regions.check import check
from caretill.regions.faults import CatalogFaults
from rooms.regions.spoiled import FRONT, HAWAII, OREGON, SPANISH, Scratch


def test_the_untouched_copy_has_no_fault(scratch: Scratch) -> None:
    assert scratch.faults() == []


def test_all_faults_of_all_files_come_at_once_by_file_and_line(scratch: Scratch) -> None:
    scratch.edit(OREGON, "days = 21", "days = 0")
    scratch.edit(OREGON, 'code = "OR"', 'code = "Oregon"')
    scratch.edit(FRONT, 'slug = "larkspur"', "slug = 7")
    scratch.edit(HAWAII, 'tty = "711"', 'tty = "7111"')
    scratch.edit("notices/fr.toml", 'name = "Français"', "")
    found = scratch.faults()
    assert [fault.split(":")[0].removeprefix("organisation/") for fault in found] == [
        "notices/fr.toml",
        FRONT,
        HAWAII,
        OREGON,
        OREGON,
    ]
    assert [fault.split(": ", 1)[1] for fault in found[3:]] == [
        '"code" in the file: "Oregon" does not look like OR',
        '"days" in [[due_rules]] number 3: 0 is not between 1 and 365',
    ]


def test_load_raises_what_check_lists(scratch: Scratch) -> None:
    scratch.edit(OREGON, "days = 21", "days = 0")
    with pytest.raises(CatalogFaults) as raised:
        load(scratch.folder)
    assert list(raised.value.faults) == check(scratch.folder)
    assert str(raised.value) == str(raised.value.faults[0])


def test_paths_are_shown_from_the_working_folder(scratch: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch.edit(OREGON, "lookups]]", "lookups]]\nlable = 1")
    line = scratch.line_of(OREGON, "lable")
    monkeypatch.chdir(scratch.folder.parent)
    assert str(check(Path("organisation"))[0]).startswith(f"organisation/regions/oregon.toml:{line}: unknown field ")


def test_a_text_under_a_wrong_name_is_missing_and_unknown(scratch: Scratch) -> None:
    scratch.edit(SPANISH, "[texts.assistance_notice]", "[texts.asistance_notice]")
    outer, inner = scratch.line_of(SPANISH, "[texts.billing_notice]"), scratch.line_of(SPANISH, "[texts.asistance")
    assert scratch.faults() == [
        f'organisation/{SPANISH}:{outer}: field "assistance_notice" is missing in [texts]',
        f'organisation/{SPANISH}:{inner}: unknown field "asistance_notice" in [texts] '
        '(did you mean "assistance_notice"?)',
    ]


def test_a_field_that_every_region_needs(scratch: Scratch) -> None:
    path = scratch.folder / "regions/georgia.toml"
    text = path.read_text(encoding="utf-8")
    start = text.index("[fields.zip]")
    path.write_text(text[:start] + text[text.index("[[lookups]]") :], encoding="utf-8")
    found = scratch.faults()
    assert found[0].endswith("[fields.zip] is missing: the one box and the pay link of every region need it")
    assert '"fields" in [[lookups]] number 2: this region has no field "zip"' in found[1]
    assert '"fields" in [register]: this region has no field "zip"' in found[2]
    assert len(found) == 3


def test_a_zip_prefix_in_two_regions_names_both(scratch: Scratch) -> None:
    scratch.edit("regions/washington.toml", '"980", ', '"980",\n    "979", ')
    line = scratch.line_of("regions/washington.toml", '"979"')
    (fault,) = scratch.faults()
    assert fault.startswith(f'organisation/regions/washington.toml:{line}: "979" already means the region of ')
    assert fault.endswith("organisation/regions/oregon.toml")


@pytest.mark.parametrize(
    ("old", "new", "at", "place"),
    [
        ('code = "WA"', 'code = "OR"', 'code = "OR"', "or"),
        ('"Washington State"', '"Oregon"', "aliases", "oregon"),
        ('en = "Washington"', 'en = "Óregon"', "Óregon", "oregon"),
    ],
)
def test_a_name_in_two_regions(scratch: Scratch, old: str, new: str, at: str, place: str) -> None:
    scratch.edit("regions/washington.toml", old, new)
    line = scratch.line_of("regions/washington.toml", at)
    (fault,) = scratch.faults()
    assert fault.startswith(f'organisation/regions/washington.toml:{line}: "{place}" already means the region of ')


def test_the_first_region_by_name_keeps_its_place_whichever_line_the_other_claims(scratch: Scratch) -> None:
    shutil.copy(scratch.folder / OREGON, scratch.folder / "regions/oregon-two.toml")
    found = scratch.faults()
    assert found
    assert all(fault.startswith("organisation/regions/oregon.toml:") for fault in found)


def test_files_that_are_away_or_unreadable(scratch: Scratch) -> None:
    (scratch.folder / OREGON).write_bytes(b'code = "OR"\nname = "\xff"\n')
    assert scratch.faults() == ["organisation/regions/oregon.toml:2: is not UTF-8 text"]
    (scratch.folder / OREGON).rename(scratch.folder / "regions/oregon.tml")
    assert scratch.faults() == ["organisation/regions/oregon.tml:1: is not read: its name does not end in .toml"]
    (scratch.folder / FRONT).unlink()
    assert scratch.faults() == ["organisation/organisation.toml:1: cannot be read: No such file or directory"]


def test_a_folder_without_regions(scratch: Scratch) -> None:
    shutil.rmtree(scratch.folder / "regions")
    (fault,) = scratch.faults()
    assert fault.startswith("organisation/organisation.toml:1: there is no file in ")


def test_a_language_of_the_pages_without_texts(scratch: Scratch) -> None:
    (scratch.folder / SPANISH).unlink()
    (fault,) = scratch.faults()
    line = scratch.line_of(FRONT, "languages =")
    assert fault.startswith(f'organisation/organisation.toml:{line}: language "es" has no texts: ')
    assert fault.endswith("organisation/notices/es.toml is missing")


def test_a_language_that_caretill_does_not_speak(scratch: Scratch) -> None:
    scratch.edit(FRONT, 'languages = ["en", "es"]', 'languages = ["en", "es", "vi"]')
    line = scratch.line_of(FRONT, "languages =")
    wanted = f'organisation/organisation.toml:{line}: "languages" in the file: Caretill has no words in "vi"'
    assert wanted in scratch.faults()


def test_english_is_always_there(scratch: Scratch) -> None:
    scratch.edit(FRONT, 'languages = ["en", "es"]', 'languages = ["es"]')
    assert any(fault.endswith('"en" must be one of them') for fault in scratch.faults())


def test_names_of_files_are_slugs_and_languages(scratch: Scratch) -> None:
    (scratch.folder / OREGON).rename(scratch.folder / "regions/Oregon 2.toml")
    (scratch.folder / "notices/fr.toml").rename(scratch.folder / "notices/french.toml")
    assert scratch.faults() == [
        'organisation/notices/french.toml:1: the name of this file, "french", is not a language code such as "es" '
        'or "zh-Hant"',
        'organisation/regions/Oregon 2.toml:1: the name of this file, "Oregon 2", must be small letters and dashes',
    ]


@pytest.mark.parametrize("table", ["hours", "contacts", "fields", "lookups", "register", "payees", "due_rules"])
def test_a_table_that_is_missing_is_one_fault(scratch: Scratch, table: str) -> None:
    path = scratch.folder / OREGON
    kept: list[str] = []
    inside = False
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            inside = line.strip("[]").split(".")[0] == table
        if not inside:
            kept.append(line)
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    wanted = f'organisation/{OREGON}:1: field "{table}" is missing in the file'
    # Lookups and [register] name fields; without any they have their own faults.
    named = ("[[lookups]]", "[register]")
    assert [fault for fault in scratch.faults() if not any(each in fault for each in named)] == [wanted]


def test_an_empty_table_of_hours(scratch: Scratch) -> None:
    path = scratch.folder / "regions/colorado.toml"
    text = path.read_text(encoding="utf-8")
    start = text.index("[hours]\n") + len("[hours]\n")
    path.write_text(text[:start] + text[text.index("[holidays") :], encoding="utf-8")
    line = scratch.line_of("regions/colorado.toml", "[hours]")
    assert scratch.faults() == [f"organisation/regions/colorado.toml:{line}: [hours] has no day with hours"]
