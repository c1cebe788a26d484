"""The banks' days as a person writes them down: by hand from the Fed's list. The product's rules are judged by it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
CUT_OFF = time(17)  # as the organisation of simulations says
_RESTS = """
    2026-01-01 2026-01-19 2026-02-16 2026-05-25 2026-06-19 2026-09-07 2026-10-12 2026-11-11 2026-11-26 2026-12-25
    2027-01-01 2027-01-18 2027-02-15 2027-05-31 2027-07-05 2027-09-06 2027-10-11 2027-11-11 2027-11-25
    2028-01-17 2028-02-21 2028-05-29 2028-06-19 2028-07-04 2028-09-04 2028-10-09 2028-11-23 2028-12-25
"""
RESTS = frozenset(date.fromisoformat(each) for each in _RESTS.split())


def works(day: date) -> bool:
    """Whether the banks do."""
    return day.weekday() < 5 and day not in RESTS


def after(day: date, count: int = 1) -> date:
    """So many banking days later; 0 is that day or the next on which they work."""
    while not works(day) or count > 0:
        day += timedelta(days=1)
        count -= works(day)
    return day


def soonest(at: datetime) -> date:
    """When a debit of that moment can move money: the banking day after the one whose files it is in."""
    local = at.astimezone(NEW_YORK)
    day = local.date()
    if not works(day) or local.time() >= CUT_OFF:
        day = after(day)
    return after(day)
