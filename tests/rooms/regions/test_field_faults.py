"""Faults in the lookup fields and lookups of a region: each reported once, on its line, in words."""

from __future__ import annotations

import pytest

from rooms.regions.spoiled import HAWAII, OREGON, VIRGINIA, Case, Scratch

CASES = [
    Case(
        "unknown field",
        OREGON,
        'label = { en = "ZIP code", es = "Código postal" }',
        'label = { en = "ZIP code", es = "Código postal" }\nlable = "x"',
        "lable",
        'unknown field "lable" in [fields.zip] (did you mean "label"?)',
    ),
    Case(
        "missing in a table",
        OREGON,
        'place = "zip"\n',
        "",
        "[fields.zip]",
        'field "place" is missing in [fields.zip]',
    ),
    Case(
        "wrong type, text for a table",
        OREGON,
        'format = { kind = "zip" }',
        'format = "zip"',
        'format = "zip"',
        '"format" in [fields.zip] must be a table, not text',
    ),
    Case(
        "empty text",
        OREGON,
        'example = "Rivera"',
        'example = ""',
        'example = ""',
        '"example" in [fields.last_name]: is empty',
    ),
    Case(
        "text with spaces around it",
        OREGON,
        'example = "Rivera"',
        'example = " Rivera"',
        '" Rivera"',
        '"example" in [fields.last_name]: begins or ends with a space',
    ),
    Case(
        "text too long",
        OREGON,
        'label = { en = "Last name"',
        f'label = {{ en = "{"x" * 41}"',
        "x" * 41,
        '"en" in [fields.last_name.label]: has 41 characters, more than 40',
    ),
    Case(
        "text that cannot be printed",
        OREGON,
        'en = "Last name"',
        'en = "Last\\u0007name"',
        "u0007",
        '"en" in [fields.last_name.label]: holds a character that cannot be printed',
    ),
    Case(
        "a language without text",
        OREGON,
        'label = { en = "Last name", es = "Apellido" }',
        'label = { en = "Last name" }',
        'label = { en = "Last name" }',
        '"label" in [fields.last_name] has no text in language "es"',
    ),
    Case(
        "a language that nobody asked for",
        OREGON,
        'es = "Apellido" }',
        'es = "Apellido", fr = "Nom" }',
        'fr = "Nom"',
        'unknown field "fr" in [fields.last_name.label]',
    ),
    Case(
        "unknown field name",
        OREGON,
        "[fields.bill_number]",
        "[fields.bill_nummer]",
        "[fields.bill_nummer]",
        'unknown field name "bill_nummer" in [fields] (did you mean "bill_number"?)',
    ),
    Case(
        "unknown spot",
        OREGON,
        'place = "bill_number"',
        'place = "bill_nummer"',
        "bill_nummer",
        '"place" in [fields.bill_number]: "bill_nummer" is none of pay_code, bill_number, account_number, '
        "health_record_number, group_block, group_number, subgroup, bill_group, last_name, zip "
        '(did you mean "bill_number"?)',
    ),
    Case(
        "example that does not fit",
        OREGON,
        'example = "97201"',
        'example = "9720"',
        'example = "9720"',
        '"example" in [fields.zip]: "9720" does not fit the format of its own field',
    ),
    Case(
        "pay code example with a wrong check",
        OREGON,
        'example = "3YNE-G2H7-15DQ-S"',
        'example = "3YNE-G2H7-15DQ-T"',
        "15DQ-T",
        '"example" in [fields.pay_code]: "3YNE-G2H7-15DQ-T" does not fit the format of its own field',
    ),
    Case(
        "format of another kind of field",
        OREGON,
        '{ kind = "zip" }',
        '{ kind = "digits", min = 5, max = 5 }',
        "min = 5",
        '"kind" in [fields.zip.format]: "digits" is none of zip',
    ),
    Case(
        "format that says nothing",
        OREGON,
        '{ kind = "zip" }',
        '{ kind = "zip", max = 5 }',
        "max = 5",
        '"max" in [fields.zip.format] says nothing for the format "zip"',
    ),
    Case(
        "a field that would take a card number",
        HAWAII,
        "min = 1, max = 9, pad_to = 9",
        "min = 1, max = 16",
        "max = 16",
        '"max" in [fields.health_record_number.format]: 16 is not between 1 and 12',
    ),
    Case(
        "fewest above most",
        HAWAII,
        "min = 1, max = 9, pad_to = 9",
        "min = 10, max = 9, pad_to = 9",
        "min = 10",
        '"min" in [fields.health_record_number.format]: 10 is more than "max", 9',
    ),
    Case(
        "padding shorter than the number",
        HAWAII,
        "min = 1, max = 9, pad_to = 9",
        "min = 1, max = 9, pad_to = 8",
        "pad_to = 8",
        '"pad_to" in [fields.health_record_number.format]: 8 is less than "max", 9',
    ),
    Case(
        "unknown autocomplete",
        OREGON,
        '"postal-code"',
        '"postal_code"',
        "postal_code",
        '"autocomplete" in [fields.zip]: "postal_code" is none of off, postal-code, family-name, name '
        '(did you mean "postal-code"?)',
    ),
    Case(
        "a lookup with a field that is not there",
        OREGON,
        'fields = ["pay_code", "zip"]',
        'fields = [\n  "pay_code",\n  "subgroup",\n]',
        '"subgroup"',
        '"fields" in [[lookups]] number 1: this region has no field "subgroup"',
    ),
    Case(
        "a lookup without a second fact",
        OREGON,
        'fields = ["pay_code", "zip"]',
        'fields = ["pay_code"]',
        'fields = ["pay_code"]',
        '"fields" in [[lookups]] number 1 needs at least 2 entries',
    ),
    Case(
        "a number that is not asked for",
        OREGON,
        'number_field = "pay_code"',
        'number_field = "bill_number"',
        "number_field",
        '"number_field" in [[lookups]] number 1: "bill_number" is not one of its fields',
    ),
    Case(
        "the wrong scope",
        OREGON,
        'scope = "bill"',
        'scope = "person"',
        "scope",
        '"scope" in [[lookups]] number 1: pay_code names a bill, not a person',
    ),
    Case(
        "two lookups of one name",
        VIRGINIA,
        'name = "pay_code"\ntitle',
        'name = "bill"\ntitle',
        'name = "bill"\ntitle = { en = "Pay code',
        '"name" in [[lookups]] number 2: there are two lookups "bill"',
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_one_fault_is_named_once_with_its_line(scratch: Scratch, case: Case) -> None:
    scratch.spoil(case)
