"""The search of a history: an amount, (part of) a number, a day or a month as people write them, and three choices.

What was typed may be more than one of these: `2026` is a year, an amount and part of a number. All are meant.
"""

from __future__ import annotations

import calendar
import functools
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from babel.dates import get_month_names
from django.http import HttpRequest, QueryDict

from caretill.core import tokens
from caretill.core.money import MoneyError, parse_form_cents
from caretill.core.words import LANGUAGES
from caretill.payments.history import KINDS, Find, Place, Wanted
from caretill.web.forms.form import Form, Reader

FEWEST_OF_A_NUMBER = 4
KEPT_SECONDS = 12 * 3600
_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?")
_WRITTEN = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})")
_MONTH_YEAR = re.compile(r"(\d{1,2})[-/.](\d{4})")
_WORD = re.compile(r"[^\W\d_]+|\d+")


@dataclass(frozen=True)
class HistoryForm(Form):
    """`find` as typed, `year`, `person` and `kind` as chosen; empty for all."""

    find: str = ""
    year: str = ""
    person: str = ""
    kind: str = ""

    @classmethod
    def read(cls, request: HttpRequest) -> Self:
        """What was posted."""
        reader = Reader(request)
        find, year, person, kind = (reader.text(name) for name in ("find", "year", "person", "kind"))
        return cls(find=find, year=year, person=person, kind=kind, **reader.outcome())  # type: ignore[arg-type]

    @classmethod
    def of(cls, query: QueryDict) -> tuple[Self, bool]:
        """What an address of ours asks for, and whether its search was too long ago to be read."""
        find, over = "", False
        if sealed := query.get("find", ""):
            try:
                find = str(tokens.unseal("history", sealed)["find"])
            except (tokens.TokenError, KeyError):
                over = True
        year, person, kind = (query.get(name, "") for name in ("year", "person", "kind"))
        return cls(find=find, year=year, person=person, kind=kind), over

    @property
    def query(self) -> dict[str, str]:
        """For an address: what was typed is sealed, so that no number stands in it."""
        held = {"year": self.year, "person": self.person, "kind": self.kind}
        if self.find:
            held["find"] = tokens.seal("history", {"find": self.find}, KEPT_SECONDS)
        return {name: text for name, text in held.items() if text}

    @property
    def wanted(self) -> Wanted:
        """What is meant; a choice that cannot be is as if it had not been made."""
        year = int(self.year) if re.fullmatch(r"[0-9]{4}", self.year) else None
        kind = self.kind if self.kind in KINDS else ""
        return Wanted(year, _uuid(self.person), kind, meant(self.find) if self.find else None)


def place_of(query: QueryDict) -> Place | None:
    """Where a page begins, from its address; the first page where that cannot be read."""
    sealed = query.get("after", "")
    try:
        held = tokens.unseal("history_page", sealed) if sealed else None
    except tokens.TokenError:
        return None
    if held is None:
        return None
    return Place(date.fromisoformat(held["d"]), datetime.fromisoformat(held["a"]), UUID(held["i"]))


def place_in(place: Place) -> str:
    """A place as text for an address."""
    held = {"d": place.day.isoformat(), "a": place.at.isoformat(), "i": str(place.id)}
    return tokens.seal("history_page", held, KEPT_SECONDS)


def meant(typed: str) -> Find:
    """All that a text may mean. One that means nothing finds nothing."""
    number = re.sub(r"[^A-Z0-9]", "", typed.upper())
    return Find(
        cents=_cents(typed),
        number=number if len(number) >= FEWEST_OF_A_NUMBER and any(map(str.isdigit, number)) else "",
        days=tuple(dict.fromkeys(span for span in (*_figures(typed), *_words(typed)))),
    )


def _cents(typed: str) -> int | None:
    try:
        return parse_form_cents(typed) or None
    except MoneyError:
        return None


def _figures(typed: str) -> list[tuple[date, date]]:
    """Days written in figures. `03/04/2026` is read both ways: month first as in English, day first as in Spanish."""
    bare = typed.replace(" ", "")
    if re.fullmatch(r"\d{4}", bare):
        return _span(int(bare), None, None)
    if found := _ISO.fullmatch(bare):
        year, month, day = found.groups()
        return _span(int(year), int(month), int(day) if day else None)
    if found := _MONTH_YEAR.fullmatch(bare):
        return _span(int(found[2]), int(found[1]), None)
    if found := _WRITTEN.fullmatch(bare):
        one, other, year = (int(text) for text in found.groups())
        year += 2000 if year < 100 else 0
        return _span(year, one, other) + _span(year, other, one)
    return []


def _words(typed: str) -> list[tuple[date, date]]:
    """`March 2026`, `4 de marzo de 2026`, `Mar 4, 2026`."""
    words = [word for word in _WORD.findall(_plain(typed)) if word not in ("de", "del", "of", "the")]
    months = [_months()[word] for word in words if word in _months()]
    figures = [int(word) for word in words if word.isdigit()]
    years = [figure for figure in figures if figure >= _FIRST_YEAR]
    days = [figure for figure in figures if figure < _FIRST_YEAR]
    if len(months) != 1 or len(years) != 1 or len(days) > 1 or len(words) != len(figures) + 1:
        return []
    return _span(years[0], months[0], days[0] if days else None)


def _span(year: int, month: int | None, day: int | None) -> list[tuple[date, date]]:
    """The first and the last day that are meant, or none where there is no such day."""
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return []
    if month is None:
        return [(date(year, 1, 1), date(year, 12, 31))]
    if not 1 <= month <= 12:
        return []
    last = calendar.monthrange(year, month)[1]
    if day is None:
        return [(date(year, month, 1), date(year, month, last))]
    return [(date(year, month, day),) * 2] if 1 <= day <= last else []


@functools.cache
def _months() -> dict[str, int]:
    """Every name of a month, long and short, in every language of ours."""
    names: dict[str, int] = {}
    for language in LANGUAGES:
        for width in ("wide", "abbreviated"):
            known: Any = get_month_names(width, locale=language)
            names |= {_plain(name).strip("."): month for month, name in known.items()}
    return names


def _plain(text: str) -> str:
    """Small letters without accents."""
    parts = unicodedata.normalize("NFD", text.lower())
    return "".join(each for each in parts if not unicodedata.combining(each))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return UUID(int=0)  # nobody's: a made-up person finds nothing
