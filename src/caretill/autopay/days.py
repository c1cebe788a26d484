"""Days on which something can be taken, and until when a person may still change their mind.

That is a banking day, for cards as well: one rule, said in what is agreed to. A bank debit's file leaves by the cut-off
of the banking day before (regions.bankdays), and what is in it was claimed by a run before; a card is charged
from the first moment of the day on the region's clocks.
"""

from __future__ import annotations

import calendar
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from caretill.core import clock
from caretill.regions import bankdays, catalog

NOTICE = timedelta(days=10)  # at least so long before a debit whose amount varies (EFT-1; 12 CFR 1005.10(d))
AHEAD = timedelta(days=14)  # automatic payment is planned, and its notice leaves, so long before
MOST_AHEAD = timedelta(days=366)
RUN_TIME = timedelta(hours=2)  # for a run to take what has closed, and for the file to be written, before the cut-off
BY_HAND = datetime(9999, 1, 1, tzinfo=UTC)  # when a due closes of which nothing is taken by itself
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Slot:
    """A day on which something can be taken, and the moment (UTC) until which it can be changed.

    `moved` says why it is not the day that was wished: past, too_soon, rest (the banks rest) or "".
    """

    take_on: date
    closes_at: datetime
    moved: str = ""


def closes_at(take_on: date, method_kind: str, region: str) -> datetime:
    """Until when what is taken on that day can be changed or cancelled."""
    if method_kind == "bank":
        bank = catalog.organisation().debit_bank
        return bankdays.file_by(take_on, bank.cut_off if bank else bankdays.CUT_OFF) - RUN_TIME
    return first_moment(take_on, region)


def first_moment(day: date, region: str) -> datetime:
    """The first moment of a day on a region's clocks, in UTC."""
    return datetime.combine(day, time(0), ZoneInfo(catalog.region(region).time_zone)).astimezone(UTC)


def last_minute(closes: datetime) -> datetime:
    """The last whole minute before it closes: of a day's first moment nobody knows which midnight is meant."""
    return closes - timedelta(minutes=1)


def today(region: str) -> date:
    """The day it is on a region's clocks."""
    return clock.today(catalog.region(region).time_zone)


def slot(wish: date, method_kind: str, region: str) -> Slot:
    """The first possible day on or after `wish`; why it is another one than that."""
    now, moved = clock.now(), "past" if wish < today(region) else ""
    day = max(wish, today(region))
    while True:
        if not bankdays.is_banking_day(day):
            moved = moved or "rest"
        elif (closes := closes_at(day, method_kind, region)) > now:
            return Slot(day, closes, moved)
        else:
            moved = moved or "too_soon"
        day += _DAY


def noticed(told_on: date, wish: date, method_kind: str, region: str) -> Slot:
    """The first possible day on or after `wish` that keeps the days of notice after `told_on`."""
    return slot(max(wish, told_on + NOTICE), method_kind, region)


def in_month(year: int, month: int, day: int) -> date:
    """That day of the month, or its last where the month has no such day."""
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def monthly(first: date, day: int) -> Iterator[date]:
    """That day of every month, from the first that is not before `first`."""
    year, month = first.year, first.month
    while True:
        if (found := in_month(year, month, day)) >= first:
            yield found
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)


def months_later(first: date, count: int) -> date:
    """The same day so many months later, or the last of that month."""
    year, month = divmod(first.year * 12 + first.month - 1 + count, 12)
    return in_month(year, month + 1, first.day)


def after_no_day(year: int, month: int) -> date:
    """The day that follows the end of a month: what is meant by a 31 February is not known, so the next that is one."""
    return months_later(date(year, month, 1), 1)


def is_day_of(day: date, wish: int) -> bool:
    """Whether `wish` (1 to 31) falls on that day of its month; 29 to 31 are the last day of shorter months."""
    return in_month(day.year, day.month, wish) == day


@functools.lru_cache(maxsize=128)
def wishes_of(day: date) -> tuple[int, ...]:
    """The wishes (1 to 31) that fall on that day."""
    return tuple(wish for wish in range(1, 32) if is_day_of(day, wish))
