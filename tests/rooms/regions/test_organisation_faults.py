"""Faults in the organisation's own file and its texts: each reported once, on its line, in words."""

from __future__ import annotations

import pytest

from rooms.regions.spoiled import FRONT, SPANISH, Case, Scratch

CASES = [
    Case(
        "colour that is none",
        FRONT,
        'page = "#ffffff"',
        'page = "white"',
        'page = "white"',
        '"page" in [theme.light]: "white" does not look like #1c1b2b (six small hex digits)',
    ),
    Case(
        "unknown colour token",
        FRONT,
        'page = "#ffffff"',
        'page = "#ffffff"\npaige = "#ffffff"',
        "paige",
        'unknown field "paige" in [theme.light] (did you mean "page"?)',
    ),
    Case(
        "tax id",
        FRONT,
        '"00-1000002"',
        '"1000002"',
        '"1000002"',
        '"tax_id" in [payees.medical_group]: "1000002" does not look like 00-1234567',
    ),
    Case(
        "logo that is away",
        FRONT,
        '"logo.svg"',
        '"bird.svg"',
        "bird.svg",
        '"logo" in the file: bird.svg cannot be read: No such file or directory',
    ),
    Case(
        "logo elsewhere",
        FRONT,
        '"logo.svg"',
        '"../logo.svg"',
        "../logo.svg",
        '"logo" in the file: "../logo.svg" does not look like logo.svg',
    ),
    Case(
        "two colours on paper",
        FRONT,
        '"logo-paper.svg"',
        '"logo.svg"',
        'logo_paper = "logo.svg"',
        '"logo_paper" in the file: logo.svg has 3 colours, not one',
    ),
    Case(
        "payee key",
        FRONT,
        "[payees.plan]",
        '[payees."Plan A"]',
        '[payees."Plan A"]',
        '[payees.Plan A]: "Plan A" must be small letters, digits and underscores',
    ),
    Case(
        "an unknown placeholder",
        SPANISH,
        "{name} tiene",
        "{nombre} tiene",
        'text = """\n{nombre}',
        '"text" in [texts.assistance_notice]: has a placeholder {nombre} that nothing fills '
        "(known: {name}, {short_name}, {website}, {phone}, {tty}, {email}, {mail_address})",
    ),
    Case(
        "a broken placeholder",
        SPANISH,
        'title = "Sobre esta factura"',
        'title = "Sobre esta {factura"',
        "{factura",
        "\"title\" in [texts.billing_notice]: has a broken placeholder (expected '}' before end of string)",
    ),
    Case(
        "a language line without a telephone",
        "notices/fr.toml",
        " Appelez le {phone} (TTY {tty}).",
        " Appelez-nous (TTY {tty}).",
        "text =",
        '"text" in [language_line] must name the phone: {phone}',
    ),
    Case(
        "a reviewer without a day",
        "notices/fr.toml",
        'translator = "Caretill project"',
        'translator = "Caretill project"\nreviewer = "A. Reader"',
        "reviewer =",
        '[language_line] names a reviewer and no day: "reviewed_on" is missing',
    ),
    Case(
        "a direction that is none",
        "notices/ar.toml",
        '"rtl"',
        '"right"',
        '"right"',
        '"direction" in the file: "right" is none of ltr, rtl',
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_one_fault_is_named_once_with_its_line(scratch: Scratch, case: Case) -> None:
    scratch.spoil(case)
