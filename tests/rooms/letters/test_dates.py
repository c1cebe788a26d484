"""Days and hours in words."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from caretill.letters.dates import clock_time, day_of, day_range, long_date, short_date, span


def test_days() -> None:
    assert long_date(date(2026, 3, 4), "en") == "March 4, 2026"
    assert long_date("2026-03-04", "es") == "4 de marzo de 2026"
    assert short_date("2026-03-04", "en") == "Mar 4, 2026"
    assert short_date("2026-03-04T23:00:00+00:00", "es") == "4 mar 2026"
    assert day_of(datetime(2026, 3, 4, 23, tzinfo=UTC)) == date(2026, 3, 4)


@pytest.mark.parametrize(
    ("at", "en", "es"),
    [
        (time(8), "8 a.m.", "8 a. m."),
        (time(17, 5), "5:05 p.m.", "5:05 p. m."),
        (time(12), "noon", "mediodía"),
        (time(0), "midnight", "medianoche"),
        (time(0, 30), "12:30 a.m.", "12:30 a. m."),
        (time(12, 30), "12:30 p.m.", "12:30 p. m."),
    ],
)
def test_hours(at: time, en: str, es: str) -> None:
    assert clock_time(at, "en").replace("\u00a0", " ") == en
    assert clock_time(at, "es").replace("\u00a0", " ") == es


def test_ranges() -> None:
    assert day_range([0, 1, 2, 3, 4], "en") == "Monday to Friday"
    assert day_range([5], "es") == "sábado"
    assert span(time(8), time(18), "en").replace("\u00a0", " ") == "8 a.m. to 6 p.m."
