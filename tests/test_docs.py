"""What the docs say is true: every path they name exists, every command they name is one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from caretill.cli import frame

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
ROOMS = ROOT / "src" / "caretill"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_named_is_there(page: Path) -> None:
    named = re.findall(r"(?<![\w/.])((?:docs|src|tests|bench|organisation)/[\w./-]*[\w/])", page.read_text())
    missing = [path for path in named if not re.search(r"/[A-Z]{2,}", path) and not (ROOT / path).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_named_is_one(page: Path) -> None:
    named = re.findall(r"\./caretill ([a-z]+)", page.read_text())
    assert set(named) <= {*frame.COMMANDS, "test", "help"}


def test_the_tour_names_rooms_and_files_that_stand() -> None:
    text = (ROOT / "docs" / "tour.md").read_text()
    for name in re.findall(
        r"`((?:config|core|formats|regions|ledger|people|billing|payments|intake|letters|web|sim)/[\w./]+)`", text
    ):
        assert (ROOMS / name).exists(), name


def test_pictures_named_in_the_readme_are_there() -> None:
    for name in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (ROOT / "README.md").read_text()):
        assert (ROOT / name).is_file(), name
