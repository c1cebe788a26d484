"""Days as people write them, in English and Spanish as used in the United States."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

from babel.dates import format_date

_CLOCK = {
    "en": ("a.m.", "p.m."),
    "es": ("a.\u00a0m.", "p.\u00a0m."),
}
_NAMED = {("en", 12): "noon", ("es", 12): "mediodía", ("en", 0): "midnight", ("es", 0): "medianoche"}
_DAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
}
_TO = {"en": " to ", "es": " a "}


def day_of(value: date | str) -> date:
    """A day from a date, a time stamp or ISO text: figures that went through JSON hold text."""
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(value[:10])


def long_date(value: date | str, language: str) -> str:
    """`March 4, 2026`, `4 de marzo de 2026`."""
    return _written(day_of(value), "long", language)


def short_date(value: date | str, language: str) -> str:
    """`Mar 4, 2026`, `4 mar 2026`: the month stays a word, so no order of numbers can be mistaken."""
    return _written(day_of(value), "medium", language)


@functools.lru_cache(maxsize=4096)
def _written(day: date, form: Literal["long", "medium"], language: str) -> str:
    """The days of bills repeat, and writing one costs as much as a line of a page."""
    return format_date(day, form, language)


def clock_time(at: time, language: str) -> str:
    """`8 a.m.`, `5:30 p.m.`, `noon`; no line end can cut it."""
    if at.minute == 0 and (named := _NAMED.get((language, at.hour))):
        return named
    morning, afternoon = _CLOCK[language]
    minute = f":{at.minute:02d}" if at.minute else ""
    return f"{(at.hour - 1) % 12 + 1}{minute}\u00a0{morning if at.hour < 12 else afternoon}"


def day_range(days: Iterable[int], language: str) -> str:
    """`Monday to Friday`, from the numbers of days that follow each other (Monday is 0)."""
    numbers = list(days)
    names = _DAYS[language]
    if len(numbers) == 1:
        return names[numbers[0]]
    return f"{names[numbers[0]]}{_TO[language]}{names[numbers[-1]]}"


def span(opens: time, closes: time, language: str) -> str:
    """`8 a.m. to 6 p.m.`"""
    return f"{clock_time(opens, language)}{_TO[language]}{clock_time(closes, language)}"


def day_there(moment: str, zone: ZoneInfo) -> date:
    """The day of a moment (ISO 8601, with its offset) on the clocks of that zone."""
    return datetime.fromisoformat(moment).astimezone(zone).date()
