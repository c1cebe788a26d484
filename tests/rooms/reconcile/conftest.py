"""The processor inside the test's process, and a clock that stands before the processor starts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from caretill.core import clock
from house.desk import processor_desk

__all__ = ["held_clock", "processor_desk"]

MONDAY = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)


@pytest.fixture(name="time")
def held_clock() -> Iterator[clock.FixedClock]:
    """Name it before `processor`: a processor pays out from the night after it began."""
    with clock.fixed(MONDAY) as held:
        yield held
