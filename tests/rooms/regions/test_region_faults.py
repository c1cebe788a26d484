"""Faults in the rest of a region's file: each reported once, on its line, in words."""

from __future__ import annotations

import pytest

from rooms.regions.spoiled import HAWAII, OREGON, VIRGINIA, Case, Scratch

CASES = [
    Case(
        "unknown field at the top",
        OREGON,
        'code = "OR"',
        'code = "OR"\nsize = 1',
        "size",
        'unknown field "size" in the file',
    ),
    Case(
        "unknown table",
        OREGON,
        "[hours]",
        "[openings]\na = 1\n\n[hours]",
        "[openings]",
        'unknown field "openings" in the file',
    ),
    Case(
        "unknown field in an array of tables",
        OREGON,
        'roll = "next_business_day"',
        'rol = "x"\nroll = "next_business_day"',
        'rol = "x"',
        'unknown field "rol" in [[due_rules]] number 2 (did you mean "roll"?)',
    ),
    Case(
        "missing field",
        OREGON,
        'time_zone = "America/Los_Angeles"\n',
        "",
        "# Oregon",
        'field "time_zone" is missing in the file',
    ),
    Case(
        "wrong type, text for a number",
        OREGON,
        "days = 21",
        'days = "21"',
        'days = "21"',
        '"days" in [[due_rules]] number 3 must be a whole number, not text',
    ),
    Case(
        "wrong type, true for a number",
        OREGON,
        "days = 21",
        "days = true",
        "days = true",
        '"days" in [[due_rules]] number 3 must be a whole number, not true or false',
    ),
    Case(
        "wrong type, a number with a point",
        OREGON,
        "days = 21",
        "days = 21.0",
        "days = 21.0",
        '"days" in [[due_rules]] number 3 must be a whole number, not a number with a point',
    ),
    Case(
        "wrong type, a date with a time",
        OREGON,
        "from = 2026-10-01",
        "from = 2026-10-01T00:00:00",
        "from = 2026-10-01T",
        '"from" in [[due_rules]] number 3 must be a date, not a date with a time',
    ),
    Case(
        "wrong type in a list",
        OREGON,
        '"977", "978"',
        '"977", 978',
        "978,",
        '"zip_prefixes" in the file: entry 9 must be text, not a whole number',
    ),
    Case(
        "number out of range",
        OREGON,
        "days = 21",
        "days = 0",
        "days = 0",
        '"days" in [[due_rules]] number 3: 0 is not between 1 and 365',
    ),
    Case(
        "bad shape",
        OREGON,
        'phone = "(503) 555-0110"',
        'phone = "503 555 0110"',
        "503 555 0110",
        '"phone" in [contacts.medical_bills]: "503 555 0110" does not look like (503) 555-0100 or 1-800-555-0100',
    ),
    Case(
        "bad shape in a list of several lines",
        OREGON,
        '"971", ',
        '"971",\n    "97x",\n    ',
        '"97x"',
        '"zip_prefixes" in the file: "97x" does not look like 970',
    ),
    Case(
        "twice in a list",
        OREGON,
        '"971", ',
        '"971",\n  "970", ',
        '  "970", "972"',
        '"zip_prefixes" in the file: "970" stands there twice',
    ),
    Case(
        "bad time zone",
        OREGON,
        "America/Los_Angeles",
        "America/Los_Angelos",
        "Angelos",
        '"time_zone" in the file: there is no time zone "America/Los_Angelos" (did you mean "America/Los_Angeles"?)',
    ),
    Case(
        "unknown weekday",
        OREGON,
        "tuesday =",
        "tusday =",
        "tusday",
        'unknown field "tusday" in [hours] (did you mean "tuesday"?)',
    ),
    Case(
        "hours that are none",
        OREGON,
        'friday = ["08:00-18:00"]',
        'friday = ["8-18"]',
        "8-18",
        '"friday" in [hours]: "8-18" does not look like 08:00-18:00',
    ),
    Case(
        "hours that end first",
        OREGON,
        'friday = ["08:00-18:00"]',
        'friday = ["18:00-08:00"]',
        "18:00-08:00",
        '"friday" in [hours]: "18:00-08:00" ends before it begins',
    ),
    Case(
        "hours that take no time",
        OREGON,
        'friday = ["08:00-18:00"]',
        'friday = ["08:00-08:00"]',
        "08:00-08:00",
        '"friday" in [hours]: "08:00-08:00" ends before it begins',
    ),
    Case(
        "hours that overlap",
        VIRGINIA,
        'friday = ["08:00-12:00", "13:00-17:00"]',
        'friday = [\n  "08:00-12:00",\n  "11:59-17:00",\n]',
        "11:59",
        '"friday" in [hours]: "11:59-17:00" overlaps or comes before the hours in front of it',
    ),
    Case(
        "hours after midnight",
        VIRGINIA,
        'friday = ["08:00-12:00", "13:00-17:00"]',
        'friday = ["08:00-24:00", "13:00-17:00"]',
        "08:00-24:00",
        '"friday" in [hours]: "13:00-17:00" overlaps or comes before the hours in front of it',
    ),
    Case(
        "a holiday twice",
        HAWAII,
        "    2026-03-26,\n",
        "    2026-03-26,\n    2026-06-11,\n",
        "    2026-06-11,\n    2027-06-11",
        '"dates" in [holidays.kamehameha]: 2026-06-11 is a holiday twice',
    ),
    Case(
        "unknown topic",
        OREGON,
        "[contacts.help_paying]",
        "[contacts.help_payng]",
        "[contacts.help_payng]",
        'unknown topic "help_payng" in [contacts] (did you mean "help_paying"?)',
    ),
    Case(
        "unknown payee",
        OREGON,
        'professional = "medical_group"',
        'professional = "medical_grup"',
        "medical_grup",
        '"professional" in [payees]: "medical_grup" is none of hospital, medical_group, plan '
        '(did you mean "medical_group"?)',
    ),
    Case(
        "an account for nobody",
        HAWAII,
        "[processor_accounts]",
        '[processor_accounts]\nclinic = "acct_clinic"',
        "clinic = ",
        'unknown field "clinic" in [processor_accounts]',
    ),
    Case(
        "a kind of bill that is none",
        OREGON,
        'kinds = ["pharmacy"]',
        'kinds = ["farmacy"]',
        '["farmacy"]',
        '"kinds" in [[due_rules]] number 3: there is no kind of bill "farmacy" (did you mean "pharmacy"?)',
    ),
    Case(
        "two rules from one day",
        OREGON,
        "from = 2026-10-01",
        "from = 2025-07-01",
        'from = 2025-07-01\nkinds = ["pharmacy"]',
        "[[due_rules]] number 3: two rules for pharmacy hold from 2025-07-01",
    ),
    Case(
        "no first rule",
        OREGON,
        "[[due_rules]]\nkinds",
        "[[due_rules]]\nfrom = 2020-01-01\nkinds",
        "[[due_rules]]",
        '[[due_rules]] need a rule without "from" for hospital, professional, pharmacy bills',
    ),
    Case(
        "not TOML",
        OREGON,
        'code = "OR"',
        'code = "OR',
        'code = "OR',
        "is not TOML: Illegal character '\\n'",
    ),
    Case(
        "a table twice",
        OREGON,
        "[payees]",
        "[hours]\n\n[payees]",
        "[hours]\n\n[payees]",
        "is not TOML: Cannot declare ('hours',) twice",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_one_fault_is_named_once_with_its_line(scratch: Scratch, case: Case) -> None:
    scratch.spoil(case)


def test_hours_may_touch_and_end_at_midnight(scratch: Scratch) -> None:
    scratch.edit(OREGON, 'friday = ["08:00-18:00"]', 'friday = ["08:00-12:00", "12:00-24:00"]')
    assert scratch.faults() == []
