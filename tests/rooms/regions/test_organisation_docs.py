"""`docs/organisation.md` names every field, token, topic and choice that the files may have."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from caretill.regions import models
from caretill.regions.organisation_file import FILLS, TEXTS
from caretill.regions.theme import TOKENS
from rooms.regions.spoiled import LARKSPUR, OREGON, OTHER, ROOT, Scratch

DOCS = (ROOT / "docs" / "organisation.md").read_text(encoding="utf-8")
# Names that a file's author chooses or that the docs give by rule: payees, holidays, languages, days of the week.
FREE = {"payees", "processor_accounts", "holidays"}


def fields(table: dict[str, Any], within: str = "") -> set[str]:
    """Every field of a file, without the names that its author chooses."""
    found: set[str] = set()
    for key, value in table.items():
        if within not in FREE and key not in {"en", "es", *models.WEEKDAYS}:
            found.add(key)
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                found |= fields(inner, key if within == "" else "")
    return found


@pytest.mark.parametrize("folder", [LARKSPUR, OTHER], ids=lambda folder: folder.name)
def test_every_field_is_explained(folder: Any) -> None:
    prose = re.sub(r"```.*?```", "", DOCS, flags=re.DOTALL)
    known = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`[^`\n]+`", prose))))
    for path in sorted(folder.rglob("*.toml")):
        assert fields(tomllib.loads(path.read_text(encoding="utf-8"))) <= known, path


def test_every_choice_is_named() -> None:
    choices = {
        *models.FIELD_NAMES,
        *models.PAPER_SPOTS,
        *models.TOPICS,
        *models.BILL_KINDS,
        *models.ROLLS,
        *models.AUTOCOMPLETE,
        *models.INPUT_MODES,
        *models.NUMBER_SCOPES.values(),
        *models.FORMAT_KINDS,
        *TEXTS,
        *TOKENS,
    }
    assert [each for each in sorted(choices) if not re.search(rf"`[^`\n]*\b{each}\b[^`\n]*`", DOCS)] == []
    assert [each for each in FILLS if f"`{{{each}}}`" not in DOCS] == []


def test_the_fault_that_the_docs_show_is_what_is_printed(scratch: Scratch) -> None:
    shown = next(line for line in DOCS.splitlines() if line.startswith("organisation/regions/oregon.toml:"))
    scratch.edit(
        OREGON, '[fields.zip]\nlabel = { en = "ZIP code", es = "Código postal" }\n', "[fields.zip]\nlable = 1\n"
    )
    assert shown in scratch.faults()
