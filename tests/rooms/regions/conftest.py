"""The two organisations of the tests, and a copy of the first to spoil."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from caretill.regions.catalog import load
from caretill.regions.models import Organisation
from rooms.regions.spoiled import LARKSPUR, OTHER, Scratch


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    return Scratch(Path(shutil.copytree(LARKSPUR, tmp_path / "organisation")))


@pytest.fixture(scope="session")
def larkspur() -> Organisation:
    return load(LARKSPUR)


@pytest.fixture(scope="session")
def other() -> Organisation:
    return load(OTHER)
