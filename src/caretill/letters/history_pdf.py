"""A history as paper and as a table: the same entries and sums that the page shows, in the words of one language."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from caretill.core.money import plain, show
from caretill.core.words import say
from caretill.letters import pdf
from caretill.letters.dates import long_date, short_date
from caretill.letters.letterhead import Letterhead, letterhead
from caretill.letters.receipts import method_in_words
from caretill.payments.history import Entry, Sum

COLUMNS = ("date", "what", "person", "payee", "bills", "number", "method", "amount", "paid", "refunded")
BYTE_ORDER = "\ufeff"  # without it, spreadsheets take UTF-8 for something else
# What makes a spreadsheet run a cell as a formula where a text begins with it.
_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class Said:
    """An entry in words: what it was, whom it was for, its numbers, how it was paid."""

    what: str
    people: str
    payees: str
    bills: str
    method: str


@dataclass(frozen=True)
class Cover:
    """What stands on top of a history: whose it is, what was chosen (empty: everything), the day it was made."""

    region: str
    name: str
    chosen: str
    made_on: date


def said(entry: Entry, language: str) -> Said:
    """The words of an entry, for page, paper and table alike."""
    people = _once(f"{part.first_name} {part.last_name}".strip() for part in entry.parts)
    on_account = say(language, "history.credit") if any(part.bill_id is None for part in entry.parts) else ""
    return Said(
        what=_what(entry, language),
        people=people,
        payees=_once(part.payee_name for part in entry.parts),
        bills=_once([*(part.bill_number for part in entry.parts), on_account]),
        method=_method(entry, language),
    )


def _what(entry: Entry, language: str) -> str:
    if entry.helper and entry.kind == "payment":
        return say(language, "history.what.helper", name=entry.helper)
    return say(language, f"history.what.{entry.kind}")


def _method(entry: Entry, language: str) -> str:
    if entry.kind in ("desk", "elsewhere"):
        return say(language, f"history.method.{entry.kind}")
    if not entry.method_last4:
        return ""
    return method_in_words({"method_brand": entry.method_brand, "method_last4": entry.method_last4}, language)


def _once(texts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(text for text in texts if text))


def all_together(sums: Iterable[Sum]) -> tuple[int, int, int]:
    """Paid, given back and the difference, in cents."""
    held = list(sums)
    paid, refunded = sum(each.paid_cents for each in held), sum(each.refunded_cents for each in held)
    return paid, refunded, paid - refunded


def person_in_sums(one: Sum, language: str) -> str:
    """Whose sum it is and of which year; money on no bill is the account's."""
    person = f"{one.first_name} {one.last_name}".strip() if one.person_id else say(language, "history.credit")
    return say(language, "history.sums.of", person=person, year=one.year)


def csv_lines(entries: Iterable[Entry], language: str) -> Iterator[str]:
    """A table with a head, line by line; columns are COLUMNS. Amounts as `1234.50`, days as `2026-11-22`.

    The columns paid and refunded add up to the sums of the page. No cell can be taken for a formula.
    """
    yield BYTE_ORDER + _line([say(language, f"history.file.{name}") for name in COLUMNS])
    for entry in entries:
        yield _line(_cells(entry, language))


def _cells(entry: Entry, language: str) -> list[str]:
    words = said(entry, language)
    texts = (words.what, words.people, words.payees, words.bills, entry.reference, words.method)
    amounts = (entry.amount_cents, entry.paid_cents, entry.refunded_cents)
    return [entry.day.isoformat(), *map(_harmless, texts), *map(plain, amounts)]


def _harmless(text: str) -> str:
    """The text, with a mark in front of what a spreadsheet would run."""
    return f"'{text}" if text.lstrip(" ").startswith(_RUNS) else text


def _line(cells: list[str]) -> str:
    held = io.StringIO()
    csv.writer(held, lineterminator="\r\n").writerow(cells)
    return held.getvalue()


def history_pdf(entries: Iterable[Entry], sums: list[Sum], cover: Cover, language: str) -> bytes:
    """As tagged PDF."""
    head = letterhead(cover.region, language)
    return pdf.pdf("history.typ", history_page(entries, sums, cover, language, head), head.frame)


def history_page(
    entries: Iterable[Entry], sums: list[Sum], cover: Cover, language: str, head: Letterhead
) -> dict[str, Any]:
    """All that `history.typ` shows, in words of that language."""

    def words(key: str, **figures: object) -> str:
        return say(language, f"history.{key}", **figures)

    def written(cents: int) -> str:
        return show(cents, language)

    return {
        "title": words("file.document"),
        "date": [cover.made_on.year, cover.made_on.month, cover.made_on.day],
        "running": words("file.running", organisation=head.name),
        "page_word": words("file.page"),
        "of_word": words("file.of"),
        "heading": words("file.document"),
        "facts": [
            [words("file.whose"), cover.name],
            [words("file.made"), long_date(cover.made_on, language)],
            [words("file.shows"), cover.chosen or words("file.everything")],
        ],
        "sums": {
            "heading": words("sums.title"),
            "head": [words(f"sums.{name}") for name in ("person", "paid", "refunded", "kept")],
            "rows": [
                [
                    person_in_sums(each, language),
                    *map(written, (each.paid_cents, each.refunded_cents, each.paid_cents - each.refunded_cents)),
                ]
                for each in sums
            ],
            "total": [words("sums.total"), *map(written, all_together(sums))],
        },
        "list": {
            "heading": words("file.list"),
            "head": [words(f"file.{name}") for name in ("date", "what", "person", "numbers", "paid", "refunded")],
            "rows": [_row(entry, language) for entry in entries],
            "none": words("file.none"),
        },
    }


def _row(entry: Entry, language: str) -> list[str]:
    words = said(entry, language)
    what = words.what
    if entry.kind == "statement":
        what += f". {say(language, 'history.asked', amount=show(entry.amount_cents, language))}"
    elif entry.kind in ("on_its_way", "failed"):
        what += f": {show(entry.amount_cents, language)}. {say(language, f'history.note.{entry.kind}')}"
    return [
        short_date(entry.day, language),
        what,
        words.people,
        _once([entry.reference, words.bills]),
        show(entry.paid_cents, language) if entry.paid_cents else "",
        show(entry.refunded_cents, language) if entry.refunded_cents else "",
    ]
