"""The processor inside the test's process, and a way to say figures while a long test runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from house.desk import processor_desk

__all__ = ["processor_desk"]


@pytest.fixture
def say_(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print a line past the capture."""

    def told(line: str) -> None:
        with capsys.disabled():
            print(line, flush=True)

    return told
