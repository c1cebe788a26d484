"""What is taken later: days with amounts, automatic payment's terms, a plan's choice.

Ids are taken as they are and compared with what may be chosen: some of their digits may look like a card.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Self
from uuid import UUID, uuid4

from django.http import HttpRequest

from caretill.autopay import days
from caretill.autopay.enrol import MOST_DAYS_BEFORE, Terms
from caretill.autopay.schedules import MOST
from caretill.core.money import MoneyError, parse_form_cents, plain
from caretill.letters.dates import long_date
from caretill.web import preferences
from caretill.web.forms.amount import LONGEST_AMOUNT, read_cents
from caretill.web.forms.form import Form, Reader

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_WRITTEN = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})")
HAND = "hand"


def read_day(reader: Reader, name: str, typed: str, language: str) -> date | None:
    """A day as people write one: month, day, year. One that no calendar has is answered with the next that is."""
    iso, written = _ISO.fullmatch(typed), _WRITTEN.fullmatch(typed)
    if iso:
        year, month, day = (int(each) for each in iso.groups())
    elif written:
        month, day, year = (int(each) for each in written.groups())
        year += 2000 if year < 100 else 0
    else:
        reader.fault(name, "later.error.date_shape" if typed else "later.error.date_missing")
        return None
    try:
        return date(year, month, day)
    except ValueError:
        if 1 <= month <= 12 and 29 <= day <= 31 and 2000 <= year < 2200:
            reader.fault(name, "later.error.no_such_day", date=long_date(days.after_no_day(year, month), language))
        else:
            reader.fault(name, "later.error.date_shape")
        return None


@dataclass(frozen=True)
class ScheduleForm(Form):
    """Rows of a day and an amount as typed, and the way to pay. `chosen` are the rows that mean something."""

    rows: tuple[tuple[str, str], ...] = (("", ""),)
    method: str = ""
    key: str = ""
    chosen: tuple[tuple[date, int], ...] = ()

    @classmethod
    def read(cls, request: HttpRequest, most_cents: int, ways: Sequence[str]) -> Self:
        """What was posted; else one row with all that is owed and the first way to pay."""
        if request.method != "POST":
            return cls(rows=(("", plain(most_cents)),), method=ways[0] if ways else "", key=str(uuid4()))
        reader, language = Reader(request), preferences.of(request).language
        count = max(1, min(MOST, sum(name.startswith("on_") for name in request.POST)))
        rows = tuple((reader.text(f"on_{n}"), reader.text(f"amount_{n}", longest=LONGEST_AMOUNT)) for n in range(count))
        method, key = reader.post.get("method", ""), _key(reader)
        if "more" in request.POST and count < MOST:
            return cls(rows=(*rows, ("", "")), method=method, key=key)
        chosen = []
        for place, (typed_on, typed_cents) in enumerate(rows):
            if place and not typed_on and not typed_cents:
                continue
            on = read_day(reader, f"on_{place}", typed_on, language)
            cents = read_cents(reader, f"amount_{place}", typed_cents, most_cents, language)
            if on and cents:
                chosen.append((on, cents))
        if method not in ways:
            reader.fault("method", "later.error.method")
        kept = tuple(row for place, row in enumerate(rows) if place == 0 or any(row))
        return cls(rows=kept, method=method, key=key, chosen=tuple(chosen), **reader.outcome())  # type: ignore[arg-type]


@dataclass(frozen=True)
class AutopayForm(Form):
    """The terms as typed. `terms` stands when nothing is wrong; `account` is whose bills."""

    what: str = ""
    when: str = "before"
    day: str = ""
    days_before: str = "3"
    cap: str = ""
    tell_also: bool = False
    method: str = ""
    key: str = ""
    account: UUID | None = None
    terms: Terms = field(default_factory=Terms)

    @classmethod
    def read(cls, request: HttpRequest, whats: Sequence[str], ways: Sequence[str], before: Self) -> Self:
        """What was posted; else what stands."""
        if request.method != "POST":
            return before
        reader, language = Reader(request), preferences.of(request).language
        when, key = reader.text("when"), _key(reader)
        what, method = (reader.post.get(name, "") for name in ("what", "method"))
        day, ahead = reader.text("day"), reader.text("days_before")
        cap = reader.text("cap", longest=LONGEST_AMOUNT)
        if what not in whats:
            reader.fault("what", "later.error.what")
        if method not in ways:
            reader.fault("method", "later.error.method")
        if when not in ("day", "before"):
            reader.fault("when", "later.error.when")
        number = _number(reader, "day", day, 1, 31) if when == "day" else None
        early = _number(reader, "days_before", ahead, 0, MOST_DAYS_BEFORE) if when == "before" else None
        cap_cents = _cap(reader, cap, language)
        account, scope, ref = (*what.split("|"), "", "", "")[:3]
        outcome = reader.outcome()
        terms = Terms(
            scope=scope if scope in ("person", "kind") else "all",  # type: ignore[arg-type]
            person_id=UUID(ref) if scope == "person" and what in whats else None,
            bill_kind=ref if scope == "kind" else "",
            cap_cents=cap_cents, day=number, days_before=early, tell_also="tell_also" in request.POST,
        )  # fmt: skip
        return cls(
            what=what, when=when, day=day, days_before=ahead, cap=cap, tell_also=terms.tell_also, method=method,
            key=key, account=UUID(account) if what in whats else None, terms=terms,
            **outcome,  # type: ignore[arg-type]
        )  # fmt: skip


@dataclass(frozen=True)
class MoveForm(Form):
    """Another day, as typed."""

    on: str = ""
    day: date | None = None

    @classmethod
    def read(cls, request: HttpRequest) -> Self:
        """What was posted."""
        reader = Reader(request)
        typed = reader.text("on")
        day = read_day(reader, "on", typed, preferences.of(request).language) if request.method == "POST" else None
        return cls(on=typed, day=day, **reader.outcome())  # type: ignore[arg-type]


@dataclass(frozen=True)
class PlanForm(Form):
    """`offer` is a number of payments, or `monthly` with an amount a month; `first` the day of the first payment."""

    offer: str = ""
    monthly: str = ""
    first: str = ""
    method: str = HAND
    key: str = ""
    first_on: date | None = None
    monthly_cents: int = 0

    @classmethod
    def read(cls, request: HttpRequest, offers: Sequence[str], ways: Sequence[str], before: Self) -> Self:
        """What was posted; else the longest offer."""
        if request.method != "POST":
            return before
        reader, language = Reader(request), preferences.of(request).language
        offer, typed, first = (reader.text(name) for name in ("offer", "monthly", "first"))
        method = reader.post.get("method", "")
        monthly_cents = 0
        if offer == "monthly":
            monthly_cents = read_cents(reader, "monthly", typed, 100_000_000, language)
        elif offer not in offers:
            reader.fault("offer", "plans.error.offer")
        first_on = read_day(reader, "first", first, language)
        if method != HAND and method not in ways:
            reader.fault("method", "later.error.method")
        return cls(
            offer=offer, monthly=typed, first=first, method=method, key=_key(reader), first_on=first_on,
            monthly_cents=monthly_cents, **reader.outcome(),  # type: ignore[arg-type]
        )  # fmt: skip


def _key(reader: Reader) -> str:
    """The form's key, made with the page; a page without one gets a new one."""
    try:
        return str(UUID(reader.post.get("key", "")))
    except ValueError:
        return str(uuid4())


def _number(reader: Reader, name: str, typed: str, low: int, high: int) -> int | None:
    if typed.isascii() and typed.isdecimal() and low <= int(typed) <= high:
        return int(typed)
    reader.fault(name, f"later.error.{name}", low=low, high=high)
    return None


def _cap(reader: Reader, typed: str, language: str) -> int | None:
    """Nothing typed: no limit."""
    if not typed:
        return None
    try:
        cents = parse_form_cents(typed, language)
    except MoneyError:
        cents = 0
    if cents <= 0:
        reader.fault("cap", "later.error.cap")
        return None
    return cents
