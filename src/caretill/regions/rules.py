"""Dates and hours of a region: when a bill is due, when somebody answers, by when an answer is promised.

Hours are wall-clock hours of the region. They are compared as moments, so a day of 23 or 25 hours needs no care.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from babel.dates import format_date

from caretill.core.words import say
from caretill.regions.models import DueRule, Region, Span

_DAY = timedelta(days=1)
_ROLLS = {"next_business_day": _DAY, "previous_business_day": -_DAY}
_DAY_SHAPES = {"en": "EEEE, MMMM d", "es": "EEEE d 'de' MMMM"}


def due_rule(region: Region, kind: str, issue_date: date) -> DueRule:
    """The rule for bills of that kind issued on that day: the latest that had begun."""
    begun = [rule for rule in region.due_rules if kind in rule.kinds and rule.since <= issue_date]
    return max(begun, key=lambda rule: rule.since)


def due_date(region: Region, kind: str, issue_date: date) -> date:
    """The day by which a bill issued on `issue_date` is to be paid, by the region's dated rules."""
    rule = due_rule(region, kind, issue_date)
    due = issue_date + timedelta(days=rule.days)
    step = _ROLLS.get(rule.roll)
    while step is not None and not is_business_day(region, due):
        due += step
    return max(due, issue_date)


def is_business_day(region: Region, day: date) -> bool:
    """Monday to Friday, and no holiday of the region. Support on a Saturday does not make it one."""
    return day.weekday() < 5 and day not in region.holidays


def support_open(region: Region, at: datetime) -> bool:
    """Whether somebody answers at that moment (any zone; it must have one)."""
    return any(opens <= at < closes for opens, closes in _spans_of_day(region, _local_day(region, at)))


def next_opening(region: Region, at: datetime) -> datetime:
    """The first moment from `at` on, in UTC, at which support opens; later than `at` unless it opens right then."""
    return next(opens for opens, _ in _spans_from(region, at) if opens >= at)


def promise_time(region: Region, at: datetime, minutes: int) -> datetime:
    """The moment, in UTC, when that many minutes of support hours have gone by since `at`.

    Within support hours that is `at` plus the minutes; what does not fit into the day goes on at the next opening. A
    later question never gets an earlier promise. Seconds are rounded up to the full minute.
    """
    if minutes <= 0:
        raise ValueError("a promise needs at least one minute")
    left = timedelta(minutes=minutes)
    for opens, closes in _spans_from(region, at):
        begin = max(opens, at.astimezone(UTC))
        if closes - begin >= left:
            return _full_minute(begin + left)
        left -= closes - begin
    raise AssertionError("support hours never add up to the promise")


def _full_minute(at: datetime) -> datetime:
    whole = at.replace(second=0, microsecond=0)
    return whole if whole == at else whole + timedelta(minutes=1)


def _local_day(region: Region, at: datetime) -> date:
    if at.tzinfo is None:
        raise ValueError("support hours need a time with a zone")
    return at.astimezone(region.zone).date()


def _spans_of_day(region: Region, day: date) -> Iterator[tuple[datetime, datetime]]:
    """The support hours of a day as moments in UTC."""
    if day in region.holidays:
        return
    for span in region.hours.get(day.weekday(), ()):
        yield _moment(region, day, span.opens), _closing(region, day, span)


def _spans_from(region: Region, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """All support hours that end after `at`, in order."""
    day = _local_day(region, at)
    while True:
        for opens, closes in _spans_of_day(region, day):
            if closes > at:
                yield opens, closes
        day += _DAY


def _closing(region: Region, day: date, span: Span) -> datetime:
    return _moment(region, day + _DAY if span.closes == time(0) else day, span.closes)


def _moment(region: Region, day: date, at: time) -> datetime:
    return datetime.combine(day, at, region.zone).astimezone(UTC)


def opening_words(region: Region, at: datetime, language: str) -> str:
    """One sentence or two: whether somebody answers now and until when, or when somebody does."""
    today = _local_day(region, at)
    until = next((closes for opens, closes in _spans_of_day(region, today) if opens <= at < closes), None)
    if until is not None:
        text = say(language, "regions.opening.open", time=clock_words(until.astimezone(region.zone).time(), language))
    else:
        when = moment_words(region, next_opening(region, at), at, language)
        holiday = region.holidays.get(today)
        if holiday:
            text = say(language, "regions.opening.holiday", holiday=holiday[language], when=when)
        else:
            text = say(language, "regions.opening.closed", when=when)
    # "5 p.m." has its own full stop; a sentence that ends with it needs no second one.
    return text.replace("..", ".")


def moment_words(region: Region, moment: datetime, at: datetime, language: str) -> str:
    """A moment as said at `at`: `today at 5 p.m.`, `tomorrow at 8 a.m.`, `Monday, March 2, at 8 a.m.`"""
    local = moment.astimezone(region.zone)
    days = (local.date() - _local_day(region, at)).days
    spoken = clock_words(local.time(), language)
    if days in (0, 1):
        return say(language, f"regions.moment.{('today', 'tomorrow')[days]}", time=spoken)
    return say(language, "regions.moment.day", day=day_words(local.date(), language), time=spoken)


def promise_words(region: Region, moment: datetime, at: datetime, language: str) -> str:
    """A promised moment as said at `at`: `by 5 p.m. today`, `by 9 a.m. on Monday, March 2`."""
    local = moment.astimezone(region.zone)
    days = (local.date() - _local_day(region, at)).days
    spoken = clock_words(local.time(), language)
    if days in (0, 1):
        return say(language, f"regions.promise.{('today', 'tomorrow')[days]}", time=spoken)
    return say(language, "regions.promise.day", day=day_words(local.date(), language), time=spoken)


def day_words(day: date, language: str) -> str:
    """`Monday, March 2`, `lunes 2 de marzo`."""
    return format_date(day, _DAY_SHAPES[language], locale=language)


def clock_words(at: time, language: str) -> str:
    """`8 a.m.`, `5:30 p.m.`, `noon`; in Spanish with its article, as it stands after a word: `las 8 a. m.`"""
    if at.minute == 0 and at.hour in (0, 12):
        return say(language, f"regions.clock.{'noon' if at.hour else 'midnight'}")
    half = "morning" if at.hour < 12 else "afternoon"
    hour = at.hour % 12 or 12
    number = "one" if hour == 1 else "other"
    return say(language, f"regions.clock.{half}.{number}", time=f"{hour}:{at.minute:02d}" if at.minute else str(hour))
