"""What a family paid: every payment, refund and payment elsewhere that a member may see, and its sums.

Amounts are those of the ledger, by bill: whoever may see one person of an account sees what went to that person's
bills, and nothing of the others. Nothing here says what care was given.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from caretill.core import sql
from caretill.people.viewer import Reach, Viewer
from caretill.regions import catalog

# What somebody may ask for, and the kinds of entry that are meant.
KINDS: dict[str, tuple[str, ...]] = {
    "payment": ("payment", "on_its_way", "failed"),
    "refund": ("refund", "returned", "restored"),
    "outside": ("desk", "elsewhere"),
    "statement": (),
}


@dataclass(frozen=True)
class Find:
    """What was typed into the search, as all that it may mean: an amount, (part of) a number, some days."""

    cents: int | None = None
    number: str = ""
    days: tuple[tuple[date, date], ...] = ()


@dataclass(frozen=True)
class Wanted:
    """Which entries: of a year, of a person, of a kind (one of KINDS), found by `find`. Each None or empty: all."""

    year: int | None = None
    person: UUID | None = None
    kind: str = ""
    find: Find | None = None

    @property
    def narrow(self) -> bool:
        """Whether anything is left out."""
        return self != Wanted()


@dataclass(frozen=True)
class Place:
    """Where a page ends: the next begins with what is older than that."""

    day: date
    at: datetime
    id: UUID


@dataclass(frozen=True)
class Part:
    """What an entry moved for one bill; no bill and no person where it became credit of the account."""

    account_id: UUID
    bill_id: UUID | None
    bill_number: str
    payee_name: str
    person_id: UUID | None
    first_name: str
    last_name: str
    amount_cents: int


@dataclass(frozen=True)
class Entry:
    """One thing that happened. `kind`: payment, refund, returned (a bank debit that came back, or a lost dispute),
    restored (a refund that came back to us, or a return that the bank took back), desk, elsewhere, on_its_way, failed
    or statement.

    `amount_cents` is what it was about; `paid_cents` and `refunded_cents` what of it counts in the sums. `open`: a
    statement whose paper, which says what was done, is open to the viewer. `helper`: who paid it by a link; their card
    is not told.
    """

    kind: str
    id: UUID
    payment_id: UUID | None
    day: date
    at: datetime
    amount_cents: int
    paid_cents: int
    refunded_cents: int
    reference: str
    method_brand: str
    method_last4: str
    parts: tuple[Part, ...]
    open: bool = False
    helper: str = ""

    @property
    def place(self) -> Place:
        """For the page that begins after it."""
        return Place(self.day, self.at, self.id)


@dataclass(frozen=True)
class Sum:
    """What was paid and given back in a year for one person; for none where it became credit of the account."""

    year: int
    person_id: UUID | None
    first_name: str
    last_name: str
    paid_cents: int
    refunded_cents: int


@dataclass(frozen=True)
class Choices:
    """Whom and which years a member can ask for: people (id, first name, last name), and the year of first care."""

    people: tuple[tuple[UUID, str, str], ...]
    since: int | None


def page(viewer: Viewer, wanted: Wanted, most: int, before: Place | None = None) -> list[Entry]:
    """At most `most` entries, newest first, those after `before`; one query. The caller logs the read."""
    if not viewer.accounts or wanted.kind == "statement":
        return []
    statement = sql.load(__file__, "history.sql") + sql.load(__file__, "history_page.sql")
    return [_entry(row) for row in sql.query(statement, params(viewer, wanted, most, before))]


def sums(viewer: Viewer, wanted: Wanted) -> list[Sum]:
    """Of all entries that are wanted, on every page of them: by year, newest first, and person."""
    if not viewer.accounts or wanted.kind == "statement":
        return []
    statement = sql.load(__file__, "history.sql") + sql.load(__file__, "history_sums.sql")
    rows = sql.query(statement, params(viewer, wanted, 0, None))
    return [Sum(**row | {"first_name": row["first_name"] or "", "last_name": row["last_name"] or ""}) for row in rows]


def choices(viewer: Viewer) -> Choices:
    """Everybody with a bill that the viewer may see."""
    asked = {"reach": reach_rows(viewer), "accounts": list(viewer.accounts)}
    rows = sql.query(sql.load(__file__, "history_people.sql"), asked) if viewer.accounts else []
    people = tuple((row["id"], row["first_name"], row["last_name"]) for row in rows)
    return Choices(people, min((row["since"].year for row in rows), default=None))


def reach_rows(viewer: Viewer) -> str:
    """A member's reach as the queries read it: by account everybody, or some people."""
    return sql.dumps([_reach_row(reach) for reach in viewer.reaches])


def _reach_row(reach: Reach) -> dict[str, Any]:
    people = [person for person in {*reach.people, *reach.selves} if reach.level(person)]
    return {"account_id": reach.account_id, "everybody": reach.everybody is not None, "people": people}


def params(viewer: Viewer, wanted: Wanted, most: int, before: Place | None) -> dict[str, Any]:
    """What the queries of a history ask for, here and in the rooms above."""
    find = wanted.find or Find()
    return {
        "reach": reach_rows(viewer),
        "accounts": list(viewer.accounts),
        "person": wanted.person,
        "year": wanted.year,
        "kinds": list(KINDS[wanted.kind]) if wanted.kind else None,
        "finding": wanted.find is not None,
        "cents": find.cents,
        "number": find.number,
        "days": sql.dumps([{"since": since, "until": until} for since, until in find.days]),
        "before_day": before.day if before else None,
        "before_at": before.at if before else None,
        "before_id": before.id if before else None,
        "most": most,
    }


def part_of(row: dict[str, Any]) -> Part:
    """A part of an entry, with the payee's name as people know it."""
    payees = catalog.organisation().payees
    return Part(
        UUID(str(row["account_id"])),
        UUID(str(row["bill_id"])) if row["bill_id"] else None,
        row["bill_number"] or "",
        payees[row["payee"]].name if row["payee"] else "",
        UUID(str(row["person_id"])) if row["person_id"] else None,
        row["first_name"] or "",
        row["last_name"] or "",
        row["amount_cents"],
    )


def _entry(row: dict[str, Any]) -> Entry:
    parts = json.loads(row["parts"]) if isinstance(row["parts"], str) else row["parts"]
    return Entry(**row | {"parts": tuple(part_of(part) for part in parts)})
