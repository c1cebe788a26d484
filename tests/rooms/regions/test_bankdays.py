"""The Federal Reserve calendar against lists written down by hand, and the honest days that follow from it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caretill.regions import bankdays

# Month and day of every weekday on which the Federal Reserve Banks rest, year by year.
RESTS = {
    2022: "0117 0221 0530 0620 0704 0905 1010 1111 1124 1226",
    2023: "0102 0116 0220 0529 0619 0704 0904 1009 1123 1225",
    2024: "0101 0115 0219 0527 0619 0704 0902 1014 1111 1128 1225",
    2025: "0101 0120 0217 0526 0619 0704 0901 1013 1111 1127 1225",
    2026: "0101 0119 0216 0525 0619 0907 1012 1111 1126 1225",
    2027: "0101 0118 0215 0531 0705 0906 1011 1111 1125",
    2028: "0117 0221 0529 0619 0704 0904 1009 1123 1225",
    2029: "0101 0115 0219 0528 0619 0704 0903 1008 1112 1122 1225",
    2030: "0101 0121 0218 0527 0619 0704 0902 1014 1111 1128 1225",
    2031: "0101 0120 0217 0526 0619 0704 0901 1013 1111 1127 1225",
}
DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


def eastern(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return bankdays.moment(date(year, month, day), time(hour, minute))


def test_ten_years_day_by_day() -> None:
    rests = {date(year, int(each[:2]), int(each[2:])) for year, days in RESTS.items() for each in days.split()}
    day, worked = date(2022, 1, 1), 0
    while day.year <= 2031:
        expected = day.weekday() < 5 and day not in rests
        assert bankdays.is_banking_day(day) is expected, day
        worked += expected
        day += timedelta(days=1)
    assert worked == 2608 - sum(len(days.split()) for days in RESTS.values())


def test_older_years_knew_fewer_holidays() -> None:
    assert bankdays.is_banking_day(date(2019, 6, 19))
    assert bankdays.is_banking_day(date(2020, 6, 19))
    assert bankdays.is_banking_day(date(2021, 6, 18))
    assert bankdays.is_banking_day(date(1985, 1, 21))


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2026, 11, 25), 1, date(2026, 11, 27)),  # over Thanksgiving
        (date(2026, 7, 2), 1, date(2026, 7, 3)),  # the fourth is a Saturday: Friday is worked
        (date(2026, 12, 31), 2, date(2027, 1, 5)),
        (date(2026, 11, 28), 0, date(2026, 11, 30)),
        (date(2026, 11, 30), 0, date(2026, 11, 30)),
        (date(2026, 11, 30), -1, date(2026, 11, 27)),
        (date(2026, 11, 29), -2, date(2026, 11, 25)),
    ],
)
def test_add(day: date, count: int, expected: date) -> None:
    assert bankdays.add(day, count) == expected


@given(day=DAYS, count=st.integers(1, 12))
def test_add_counts_what_between_counts(day: date, count: int) -> None:
    later = bankdays.add(day, count)
    assert bankdays.is_banking_day(later)
    assert bankdays.between(day, later) == count
    assert bankdays.add(later, -count) <= day or bankdays.add(later, -count) == bankdays.add(day, 0)


@pytest.mark.parametrize(
    ("at", "same_day", "expected"),
    [
        (eastern(2026, 11, 24, 16, 59), False, date(2026, 11, 25)),
        (eastern(2026, 11, 24, 17), False, date(2026, 11, 27)),  # after the cut-off: tomorrow's files, then a holiday
        (eastern(2026, 11, 21, 9), False, date(2026, 11, 24)),  # a Saturday: Monday's files
        (eastern(2026, 11, 24, 10, 29), True, date(2026, 11, 24)),
        (eastern(2026, 11, 24, 16, 44), True, date(2026, 11, 24)),
        (eastern(2026, 11, 24, 16, 45), True, date(2026, 11, 25)),
        (eastern(2026, 11, 22, 12), True, date(2026, 11, 23)),
        (eastern(2027, 3, 14, 23, 30), False, date(2027, 3, 16)),  # the day of 23 hours is a Sunday
    ],
)
def test_effective_entry_date(at: datetime, same_day: bool, expected: date) -> None:
    assert bankdays.effective_entry_date(at, same_day) == expected


def test_the_cut_off_is_the_organisations_own() -> None:
    at = eastern(2026, 11, 24, 14)
    assert bankdays.file_day(at, time(15)) == date(2026, 11, 24)
    assert bankdays.file_day(at, time(14)) == date(2026, 11, 25)


@pytest.mark.parametrize(
    ("hour", "minute", "closes", "settles"),
    [(0, 0, 10.5, 13), (10, 29, 10.5, 13), (10, 30, 14.75, 17), (14, 45, 16.75, 18), (16, 44, 16.75, 18)],
)
@pytest.mark.parametrize("day", [(2026, 7, 8), (2026, 12, 8)])  # summer and winter time
def test_same_day_windows(day: tuple[int, int, int], hour: int, minute: int, closes: float, settles: float) -> None:
    window = bankdays.same_day_window(eastern(*day, hour, minute))
    midnight = eastern(*day, 0)
    assert window is not None
    assert (window.closes - midnight, window.settles - midnight) == (timedelta(hours=closes), timedelta(hours=settles))


def test_no_window_is_left() -> None:
    assert bankdays.same_day_window(eastern(2026, 7, 8, 16, 45)) is None
    assert bankdays.same_day_window(eastern(2026, 11, 26, 9)) is None  # Thanksgiving


def test_the_moment_follows_daylight_saving() -> None:
    assert bankdays.moment(date(2026, 3, 6), time(17)) == datetime(2026, 3, 6, 22, tzinfo=UTC)
    assert bankdays.moment(date(2026, 3, 9), time(17)) == datetime(2026, 3, 9, 21, tzinfo=UTC)


def test_it_posts_on_the_day_asked_for_or_the_next_the_banks_can() -> None:
    at = eastern(2026, 12, 22, 9)
    assert bankdays.posts_on(at) == date(2026, 12, 23)
    assert bankdays.posts_on(at, date(2026, 12, 25)) == date(2026, 12, 28)
    assert bankdays.posts_on(at, date(2026, 12, 1)) == date(2026, 12, 23)
    assert bankdays.posts_on(at, same_day=True) == date(2026, 12, 22)


@given(at=MOMENTS, wanted=st.dates(date(2020, 1, 1), date(2040, 1, 1)))
def test_what_is_promised_can_be_kept(at: datetime, wanted: date) -> None:
    day = bankdays.posts_on(at, wanted)
    assert bankdays.is_banking_day(day)
    assert day >= wanted
    assert at < bankdays.file_by(day)
    earlier = bankdays.add(day, -1)
    assert earlier < wanted or bankdays.file_by(earlier) <= at


def test_when_a_return_can_still_come() -> None:
    settled = date(2026, 9, 30)
    assert bankdays.return_by(settled, 2, calendar=False) == date(2026, 10, 2)
    assert bankdays.return_by(settled, 60, calendar=True) == date(2026, 11, 30)
    assert bankdays.return_by(date(2026, 11, 24), 2, calendar=False) == date(2026, 11, 27)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        bankdays.posts_on(datetime(2026, 12, 22, 9))
