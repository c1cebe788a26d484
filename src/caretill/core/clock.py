"""The only place that knows the time.

Everything else asks `now()`, so a test or a simulation can hold the clock still and move it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


class FixedClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("a clock needs a time with a zone")
        self.at = at.astimezone(UTC)

    def advance(self, **by: float) -> datetime:
        """Move forward by `timedelta(**by)` and return the new time."""
        self.at += timedelta(**by)
        return self.at


_fixed: list[FixedClock] = []


def now() -> datetime:
    """The present moment, in UTC."""
    return _fixed[-1].at if _fixed else datetime.now(UTC)


def today(time_zone: str) -> date:
    """The calendar day in that zone: a business date is fixed with this when a row is written."""
    return now().astimezone(ZoneInfo(time_zone)).date()


def monotonic() -> float:
    """Seconds for measuring how long something took; it follows no calendar."""
    return time.monotonic()


@contextmanager
def fixed(at: datetime) -> Iterator[FixedClock]:
    """Hold the clock of this process at `at` inside the block. For tests and simulations."""
    clock = FixedClock(at)
    _fixed.append(clock)
    try:
        yield clock
    finally:
        _fixed.remove(clock)
