"""Due dates, support hours and promises: by example at the edges, and against a reckoning minute by minute."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caretill.regions import rules
from caretill.regions.catalog import load
from caretill.regions.models import BILL_KINDS, Organisation, Region, Span
from rooms.regions.spoiled import LARKSPUR, OTHER

ALL = (*load(LARKSPUR).regions, *load(OTHER).regions)
REGIONS = st.sampled_from(ALL)
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2028, 12, 1), timezones=st.just(UTC))
# The nights on which American clocks jump, where hours on the wall are missing or come twice.
JUMPS = st.builds(
    lambda day, minutes: datetime(*day, tzinfo=UTC) + timedelta(minutes=minutes),
    st.sampled_from([(2026, 3, 8), (2026, 11, 1), (2027, 3, 14), (2027, 11, 7)]),
    st.integers(0, 36 * 60),
)


def at(region: Region, *parts: int) -> datetime:
    """A wall-clock time of the region."""
    return datetime(*parts, tzinfo=region.zone)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("slug", "kind", "issued", "due"),
    [
        ("oregon", "hospital", date(1968, 2, 1), date(1968, 3, 2)),  # a Saturday: the first rule rolls nothing
        ("oregon", "hospital", date(2025, 6, 30), date(2025, 7, 30)),
        ("oregon", "hospital", date(2025, 7, 3), date(2025, 8, 4)),  # 2 August is a Saturday
        ("oregon", "pharmacy", date(2026, 9, 30), date(2026, 10, 30)),
        ("oregon", "pharmacy", date(2026, 10, 1), date(2026, 10, 22)),
        ("oregon", "hospital", date(2026, 10, 1), date(2026, 11, 2)),  # 31 October is a Saturday
        ("oregon", "hospital", date(2026, 11, 27), date(2026, 12, 28)),  # a Sunday
        ("oregon", "hospital", date(2026, 11, 25), date(2026, 12, 28)),  # Christmas on a Friday, then the weekend
        ("california", "hospital", date(2026, 6, 30), date(2026, 7, 30)),
        ("california", "hospital", date(2026, 7, 1), date(2026, 8, 17)),  # 45 days end on a Saturday
        ("california", "professional", date(2026, 7, 1), date(2026, 7, 31)),
        ("california", "pharmacy", date(2027, 3, 1), date(2027, 4, 1)),  # 31 March is a holiday in California
        ("colorado", "pharmacy", date(2027, 3, 1), date(2027, 3, 31)),
        ("district-of-columbia", "hospital", date(2026, 12, 28), date(2027, 1, 27)),
        ("district-of-columbia", "hospital", date(2026, 12, 2), date(2026, 12, 31)),  # New Year's Day, rolled back
        ("district-of-columbia", "hospital", date(2027, 1, 1), date(2027, 2, 1)),  # from here on rolled forward
        ("hawaii", "professional", date(2028, 2, 1), date(2028, 3, 7)),  # leap day counted
    ],
)
def test_due_dates(larkspur: Organisation, slug: str, kind: str, issued: date, due: date) -> None:
    assert rules.due_date(larkspur.region(slug), kind, issued) == due


@settings(deadline=None, max_examples=400)
@given(REGIONS, st.sampled_from(BILL_KINDS), st.dates(date(1968, 1, 1), date(2060, 1, 1)))
def test_a_due_date_keeps_the_rule_that_held_on_the_day_of_issue(region: Region, kind: str, issued: date) -> None:
    due = rules.due_date(region, kind, issued)
    rule = rules.due_rule(region, kind, issued)
    plain = issued + timedelta(days=rule.days)
    assert rule.since <= issued
    assert not any(kind in other.kinds and rule.since < other.since <= issued for other in region.due_rules)
    if rule.roll == "none":
        assert due == plain
        return
    assert rules.is_business_day(region, due)
    assert due >= issued
    between = sorted((due, plain))
    passed = [between[0] + timedelta(days=n) for n in range((between[1] - between[0]).days + 1)]
    assert not any(rules.is_business_day(region, day) for day in passed if day != due)
    assert (due >= plain) == (rule.roll == "next_business_day") or due == plain


def test_business_days(larkspur: Organisation) -> None:
    california = larkspur.region("california")
    assert rules.is_business_day(california, date(2026, 11, 23))
    assert not rules.is_business_day(california, date(2026, 11, 26))
    assert not rules.is_business_day(california, date(2026, 11, 28))  # support answers on Saturdays, banks do not
    assert rules.support_open(california, at(california, 2026, 11, 28, 9))


def test_hours_are_those_of_the_region(larkspur: Organisation) -> None:
    monday_noon_in_new_york = datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("America/New_York"))
    open_then = {each.slug for each in larkspur.regions if rules.support_open(each, monday_noon_in_new_york)}
    # Noon there is 9 in the west, 7 in Honolulu; Virginia is at lunch.
    assert open_then == {each.slug for each in larkspur.regions} - {"hawaii", "virginia"}


def test_the_first_and_the_last_minute(larkspur: Organisation) -> None:
    oregon = larkspur.region("oregon")
    opens, closes = at(oregon, 2026, 11, 23, 8), at(oregon, 2026, 11, 23, 18)
    second = timedelta(seconds=1)
    assert not rules.support_open(oregon, opens - second)
    assert rules.support_open(oregon, opens)
    assert rules.support_open(oregon, closes - second)
    assert not rules.support_open(oregon, closes)
    assert rules.next_opening(oregon, opens) == opens
    assert rules.next_opening(oregon, opens + second) == at(oregon, 2026, 11, 24, 8)


def test_a_saturday_holiday_is_kept_on_both_days(larkspur: Organisation) -> None:
    california = larkspur.region("california")
    assert not rules.support_open(california, at(california, 2026, 7, 3, 9))
    assert not rules.support_open(california, at(california, 2026, 7, 4, 9))


def test_a_line_that_never_closes(other: Organisation) -> None:
    vermont = other.region("vermont")
    moment = at(vermont, 2026, 3, 7, 22)
    for _ in range(24 * 60 * 3):
        moment += timedelta(minutes=1)
        assert rules.support_open(vermont, moment)
    asked = at(vermont, 2026, 3, 7, 23, 59)
    assert rules.promise_time(vermont, asked, 240) == asked.astimezone(UTC) + timedelta(minutes=240)


@pytest.mark.parametrize(
    ("slug", "asked", "minutes", "promised"),
    [
        ("oregon", (2026, 11, 23, 9, 0), 60, (2026, 11, 23, 10, 0)),
        ("oregon", (2026, 11, 23, 17, 0), 60, (2026, 11, 23, 18, 0)),
        ("oregon", (2026, 11, 23, 17, 30), 60, (2026, 11, 24, 8, 30)),
        ("oregon", (2026, 11, 23, 3, 0), 60, (2026, 11, 23, 9, 0)),
        ("oregon", (2026, 11, 20, 19, 0), 60, (2026, 11, 23, 9, 0)),
        ("oregon", (2026, 11, 25, 17, 59), 2, (2026, 11, 27, 8, 1)),
        ("oregon", (2026, 11, 23, 8, 0), 1200, (2026, 11, 24, 18, 0)),
        ("virginia", (2026, 11, 23, 11, 45), 30, (2026, 11, 23, 13, 15)),
        ("california", (2026, 11, 27, 12, 0), 60, (2026, 11, 28, 9, 0)),
        ("district-of-columbia", (2026, 3, 6, 17, 30), 60, (2026, 3, 9, 8, 30)),  # the clocks jump in between
    ],
)
def test_promises(
    larkspur: Organisation, slug: str, asked: tuple[int, ...], minutes: int, promised: tuple[int, ...]
) -> None:
    region = larkspur.region(slug)
    assert rules.promise_time(region, at(region, *asked), minutes) == at(region, *promised)


def test_a_promise_is_a_full_minute(larkspur: Organisation) -> None:
    oregon = larkspur.region("oregon")
    asked = at(oregon, 2026, 11, 23, 9) + timedelta(seconds=1)
    assert rules.promise_time(oregon, asked, 60) == at(oregon, 2026, 11, 23, 10, 1)


@settings(deadline=None, max_examples=200)
@given(REGIONS, st.one_of(MOMENTS, JUMPS), st.integers(1, 200))
def test_a_promise_is_what_counting_open_minutes_gives(region: Region, asked: datetime, minutes: int) -> None:
    asked = asked.replace(second=0, microsecond=0)
    left, moment = minutes, asked
    while left:
        if rules.support_open(region, moment):
            left -= 1
            moment += timedelta(minutes=1)
        else:
            moment = rules.next_opening(region, moment)
    assert rules.promise_time(region, asked, minutes) == moment


@settings(deadline=None, max_examples=400)
@given(REGIONS, st.one_of(MOMENTS, JUMPS), st.integers(1, 3000), st.integers(0, 4000))
def test_promises_keep_their_order_and_fall_into_support_hours(
    region: Region, asked: datetime, minutes: int, later: int
) -> None:
    promised = rules.promise_time(region, asked, minutes)
    assert promised >= asked + timedelta(minutes=minutes)
    assert promised.tzinfo is UTC
    assert rules.support_open(region, promised - timedelta(minutes=1))
    assert promised <= rules.promise_time(region, asked + timedelta(minutes=later), minutes)


@settings(deadline=None, max_examples=400)
@given(REGIONS, st.one_of(MOMENTS, JUMPS))
def test_open_is_what_the_wall_clock_says_but_in_the_hours_that_jump(region: Region, moment: datetime) -> None:
    local = moment.astimezone(region.zone)
    spans = () if local.date() in region.holidays else region.hours.get(local.weekday(), ())
    wall = any(span.opens <= local.time() and (local.time() < span.closes or span.closes == time(0)) for span in spans)
    # Nobody of the samples opens or closes between one and three at night, so the wall clock is never in doubt.
    assert rules.support_open(region, moment) == wall
    assert rules.next_opening(region, moment) >= moment


def test_a_night_shift_over_a_jump_of_the_clocks(larkspur: Organisation) -> None:
    night = dataclasses.replace(larkspur.region("oregon"), hours={6: (Span(time(0), time(4)),)})
    spring, autumn = at(night, 2026, 3, 8), at(night, 2026, 11, 1)
    # From midnight to four on the wall are three hours in March and five in November.
    for midnight, hours in ((spring, 3), (autumn, 5)):
        begin = midnight.astimezone(UTC)
        assert [rules.support_open(night, begin + timedelta(hours=n)) for n in range(6)] == [
            n < hours for n in range(6)
        ]
        assert rules.promise_time(night, begin, hours * 60) == begin + timedelta(hours=hours)


def test_a_time_without_a_zone_is_refused(larkspur: Organisation) -> None:
    oregon = larkspur.region("oregon")
    for ask in (rules.support_open, rules.next_opening):
        with pytest.raises(ValueError, match="zone"):
            ask(oregon, datetime(2026, 11, 23, 9))
    with pytest.raises(ValueError, match="at least one minute"):
        rules.promise_time(oregon, datetime(2026, 11, 23, 9, tzinfo=UTC), 0)


@pytest.mark.parametrize(
    ("now", "english", "spanish"),
    [
        ((2026, 11, 23, 9), "We are open now. We close at noon.", "Estamos abiertos ahora. Cerramos a mediodía."),
        ((2026, 11, 23, 14), "We are open now. We close at 5 p.m.", "Estamos abiertos ahora. Cerramos a las 5 p. m."),
        (
            (2026, 11, 23, 12, 30),
            "We are closed now. We open today at 1 p.m.",
            "Ahora está cerrado. Abrimos hoy a la 1 p. m.",
        ),
        (
            (2026, 11, 23, 20),
            "We are closed now. We open tomorrow at 8 a.m.",
            "Ahora está cerrado. Abrimos mañana a las 8 a. m.",
        ),
        (
            (2026, 11, 26, 9),
            "We are closed today for Thanksgiving Day. We open Monday, November 30, at 8 a.m.",
            "Hoy está cerrado por Día de Acción de Gracias. Abrimos el lunes 30 de noviembre, a las 8 a. m.",
        ),
    ],
)
def test_words_of_opening(larkspur: Organisation, now: tuple[int, ...], english: str, spanish: str) -> None:
    virginia = larkspur.region("virginia")
    assert rules.opening_words(virginia, at(virginia, *now), "en") == english
    assert rules.opening_words(virginia, at(virginia, *now), "es") == spanish


@pytest.mark.parametrize(
    ("promised", "english", "spanish"),
    [
        ((2026, 11, 23, 17, 30), "by 5:30 p.m. today", "hoy antes de las 5:30 p. m."),
        ((2026, 11, 24, 9), "by 9 a.m. tomorrow", "mañana antes de las 9 a. m."),
        ((2026, 11, 30, 13), "by 1 p.m. on Monday, November 30", "el lunes 30 de noviembre antes de la 1 p. m."),
        ((2026, 11, 24, 0), "by midnight tomorrow", "mañana antes de medianoche"),
    ],
)
def test_words_of_a_promise(larkspur: Organisation, promised: tuple[int, ...], english: str, spanish: str) -> None:
    oregon = larkspur.region("oregon")
    now = at(oregon, 2026, 11, 23, 10)
    assert rules.promise_words(oregon, at(oregon, *promised), now, "en") == english
    assert rules.promise_words(oregon, at(oregon, *promised), now, "es") == spanish
