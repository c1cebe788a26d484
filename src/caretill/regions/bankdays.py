"""The calendar of the Federal Reserve Banks: when a bank debit goes, settles and posts.

Holidays by rule for any year (12 CFR 1072, Operating Circular 4, the Fed's holiday schedule): one that falls on a
Sunday is kept on Monday, one that falls on a Saturday is kept on no other day. Times are wall-clock times in New York,
compared as moments, so the days of 23 and 25 hours need no care.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
CUT_OFF = time(17, 0)  # by then a file for the next banking day is with our bank, where the organisation says no other
SAME_DAY_MOST_CENTS = 100_000_000  # a same-day entry is at most a million dollars (ACH-7)
# Same-day windows: the file is there by the first time, its entries settle at the second (ACH-7).
SAME_DAY = ((time(10, 30), time(13, 0)), (time(14, 45), time(17, 0)), (time(16, 45), time(18, 0)))

_DAY = timedelta(days=1)
_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6
_JUNETEENTH_SINCE = 2021
_KING_SINCE = 1986


@dataclass(frozen=True)
class Window:
    """A same-day window: both moments in UTC."""

    closes: datetime
    settles: datetime


@lru_cache(maxsize=256)
def holidays(year: int) -> dict[date, str]:
    """The days of that year, other than Saturdays and Sundays, on which the banks rest, with a name for each."""
    found = {
        date(year, 1, 1): "new_year",
        _nth(year, 2, _MONDAY, 3): "presidents",
        _nth(year, 6, _MONDAY, 1) - 7 * _DAY: "memorial",
        date(year, 7, 4): "independence",
        _nth(year, 9, _MONDAY, 1): "labor",
        _nth(year, 10, _MONDAY, 2): "columbus",
        date(year, 11, 11): "veterans",
        _nth(year, 11, _THURSDAY, 4): "thanksgiving",
        date(year, 12, 25): "christmas",
    }
    if year >= _KING_SINCE:
        found[_nth(year, 1, _MONDAY, 3)] = "king"
    if year >= _JUNETEENTH_SINCE:
        found[date(year, 6, 19)] = "juneteenth"
    kept = {day + _DAY if day.weekday() == _SUNDAY else day: name for day, name in found.items()}
    return {day: name for day, name in sorted(kept.items()) if day.weekday() != _SATURDAY}


def _nth(year: int, month: int, weekday: int, count: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))


def is_banking_day(day: date) -> bool:
    return day.weekday() < _SATURDAY and day not in holidays(day.year)


def on_or_after(day: date) -> date:
    """That day where the banks work, else the next on which they do."""
    while not is_banking_day(day):
        day += _DAY
    return day


def next_banking_day(day: date) -> date:
    """The first banking day after `day`."""
    return on_or_after(day + _DAY)


def add(day: date, count: int) -> date:
    """So many banking days after `day` (before it, where negative); `day` itself need be none. 0 is `on_or_after`."""
    if count == 0:
        return on_or_after(day)
    step = _DAY if count > 0 else -_DAY
    for _ in range(abs(count)):
        day += step
        while not is_banking_day(day):
            day += step
    return day


def between(first: date, last: date) -> int:
    """How many banking days lie after `first`, up to and with `last`; 0 where `last` is not after `first`."""
    return sum(is_banking_day(first + timedelta(days=each)) for each in range(1, (last - first).days + 1))


def eastern_day(at: datetime) -> date:
    """The day it is in New York at that moment (any zone; it must have one)."""
    if at.tzinfo is None:
        raise ValueError("the bank's day needs a time with a zone")
    return at.astimezone(EASTERN).date()


def moment(day: date, at: time) -> datetime:
    """A wall-clock time in New York as a moment in UTC."""
    return datetime.combine(day, at, EASTERN).astimezone(UTC)


def same_day_window(at: datetime) -> Window | None:
    """The same-day window that is still open at that moment, the earliest one; None where today has none left."""
    day = eastern_day(at)
    if not is_banking_day(day):
        return None
    windows = (Window(moment(day, closes), moment(day, settles)) for closes, settles in SAME_DAY)
    return next((window for window in windows if at < window.closes), None)


def file_day(at: datetime, cut_off: time = CUT_OFF) -> date:
    """The banking day with whose files one of that moment goes: today until the cut-off, else the next one."""
    day = eastern_day(at)
    return day if is_banking_day(day) and at < moment(day, cut_off) else next_banking_day(day)


def effective_entry_date(at: datetime, same_day: bool = False, cut_off: time = CUT_OFF) -> date:
    """The earliest day that an entry filed at that moment can ask to settle on.

    Same-day: today while a window is open. Otherwise the banking day after the one whose files it goes with.
    """
    if same_day and same_day_window(at) is not None:
        return eastern_day(at)
    if same_day:
        return next_banking_day(eastern_day(at))
    return next_banking_day(file_day(at, cut_off))


def settles_on(effective: date) -> date:
    """The day the money moves: the effective date, or the next banking day where the banks rest on it."""
    return on_or_after(effective)


def posts_on(at: datetime, wanted: date | None = None, same_day: bool = False, cut_off: time = CUT_OFF) -> date:
    """The honest day for a person: when the debit leaves the account, agreed at that moment, asked for `wanted`.

    Never earlier than the banks can, never on a day on which they rest, never before the day that was asked for.
    """
    earliest = effective_entry_date(at, same_day, cut_off)
    return settles_on(max(earliest, wanted) if wanted else earliest)


def file_by(effective: date, cut_off: time = CUT_OFF) -> datetime:
    """The last moment, in UTC, at which a file for that settlement day can go: the cut-off of the banking day before.

    Until then a debit can still be taken back.
    """
    return moment(add(settles_on(effective), -1), cut_off)


def return_by(settled: date, days: int, calendar: bool) -> date:
    """The last day on which a return reaches us in time: so many banking days, or calendar days, after settlement.

    It is due at our bank by the opening of the second banking day; of the banking day after the sixtieth day (ACH-4).
    """
    if calendar:
        return next_banking_day(settled + timedelta(days=days))
    return add(settled, days)
