"""A family's whole history: what was paid (`payments.history`) and what was written to them, as one list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from heapq import merge
from itertools import islice
from typing import Any
from uuid import UUID

from caretill.core import audit, sql
from caretill.payments import history
from caretill.payments.history import Entry, Place, Wanted, part_of
from caretill.payments.itemised import opens
from caretill.people.viewer import Hidden, Viewer

SET = 500


@dataclass(frozen=True)
class Told:
    """A statement in a list. `open`: whether its paper, which says what was done, is open to the viewer."""

    id: UUID
    account_id: UUID
    bill_id: UUID
    bill_number: str
    number: int
    day: date
    at: datetime
    amount_cents: int
    payee_name: str
    first_name: str
    due_date: date
    open: bool

    @property
    def place(self) -> Place:
        """For the page that begins after it."""
        return Place(self.day, self.at, self.id)


def page(viewer: Viewer, wanted: Wanted, most: int, before: Place | None = None) -> tuple[list[Entry], Place | None]:
    """At most `most` entries, newest first, and where the next page begins; None where this is the last.

    Two queries. The caller logs the read.
    """
    found = _next(viewer, wanted, most + 1, before)
    return found[:most], found[most - 1].place if len(found) > most else None


def entries(viewer: Viewer, wanted: Wanted) -> Iterator[Entry]:
    """All that are wanted, newest first, fetched by sets of 500 while they are read."""
    before: Place | None = None
    while True:
        found, before = page(viewer, wanted, SET, before)
        yield from found
        if before is None:
            return


def note_read(viewer: Viewer, what: str) -> None:
    """Log that a member looked at what all their accounts paid."""
    audit.record_reads(viewer.accounts, viewer.name, what)


def statements(viewer: Viewer, most: int, before: Place | None = None) -> tuple[list[Told], Place | None]:
    """At most `most` statements of the bills that the viewer may see, newest first, those after `before`; and where the
    next page begins, None where this is the last. One query. The read is logged.
    """
    rows = _statements(viewer, Wanted(), most + 1, before)
    note_read(viewer, "statements")
    found = [_told(viewer, row) for row in rows[:most]]
    return found, found[-1].place if len(rows) > most else None


def statement(viewer: Viewer, statement_id: UUID) -> Told:
    """One of them, whose paper is open to the viewer. The read is logged. Raises Hidden."""
    rows = _statements(viewer, Wanted(), 1, None, statement_id)
    told = _told(viewer, rows[0]) if rows else None
    if told is None or not told.open:
        raise Hidden
    audit.record_read(told.account_id, viewer.name, "statement", told.id)
    return told


def _next(viewer: Viewer, wanted: Wanted, most: int, before: Place | None) -> list[Entry]:
    paid = history.page(viewer, wanted, most, before)
    told = [] if wanted.kind not in ("", "statement") else _statements(viewer, wanted, most, before)
    written = (_entry(viewer, row) for row in told)
    return list(islice(merge(paid, written, key=_age, reverse=True), most))


def _age(entry: Entry) -> tuple[date, datetime, int]:
    """As the database orders them; it compares ids by their bytes."""
    return entry.day, entry.at, entry.id.int


def _statements(
    viewer: Viewer, wanted: Wanted, most: int, before: Place | None, statement_id: UUID | None = None
) -> list[dict[str, Any]]:
    if not viewer.accounts:
        return []
    asked = history.params(viewer, wanted, most, before) | {"statement": statement_id}
    return sql.query(sql.load(__file__, "statement_list.sql"), asked)


def _entry(viewer: Viewer, row: dict[str, Any]) -> Entry:
    return Entry(
        kind="statement",
        id=row["id"],
        payment_id=None,
        day=row["day"],
        at=row["at"],
        amount_cents=row["amount_cents"],
        paid_cents=0,
        refunded_cents=0,
        reference="",
        method_brand="",
        method_last4="",
        parts=(part_of(row),),
        open=opens(viewer, row),
    )


def _told(viewer: Viewer, row: dict[str, Any]) -> Told:
    part = part_of(row)
    return Told(
        id=row["id"],
        account_id=row["account_id"],
        bill_id=row["bill_id"],
        bill_number=row["bill_number"],
        number=row["statement_number"],
        day=row["day"],
        at=row["at"],
        amount_cents=row["amount_cents"],
        payee_name=part.payee_name,
        first_name=part.first_name,
        due_date=row["due_date"],
        open=opens(viewer, row),
    )
