"""What a member sees of the bills of their accounts: what is owed on all, a list, one bill, and what they may pay.

Missing and forbidden get the same answer. Whose care is shown is asked of `people.viewer` alone, person by person; the
queries get the answer as lists of people. Every read is logged, a row an account.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from caretill.billing import access
from caretill.core import audit, clock, sql
from caretill.people.age import grown
from caretill.people.viewer import Hidden, Viewer
from caretill.regions import catalog

Row = dict[str, Any]
PAGE = 20
STATES = ("owed", "past_due", "paid", "all")
# What a bill says of care: none of it where the care is not open.
_CARE = ("kind", "provider_name", "service_from", "service_to", "issue_date")


@dataclass(frozen=True)
class Person:
    """Somebody whose bills a member may see. `opens`: their care too; `opens_private`: even care marked private."""

    account_id: UUID
    id: UUID
    first_name: str
    last_name: str
    region: str
    opens: bool
    opens_private: bool


@dataclass(frozen=True)
class Filters:
    """Of a list. `state` is owed, past_due, paid or all; `after` is the bill that the page before ended with."""

    person: UUID | None = None
    region: str = ""
    kind: str = ""
    state: str = "owed"
    after: UUID | None = None

    @property
    def narrow(self) -> bool:
        """Whether anything but the state is asked for."""
        return bool(self.person or self.region or self.kind)


@dataclass(frozen=True)
class Page:
    """A page of a list, the people and regions that can be filtered by, and where the next page begins."""

    rows: tuple[Row, ...]
    people: tuple[Person, ...]
    after: UUID | None

    @property
    def regions(self) -> tuple[str, ...]:
        """Where the accounts are."""
        return tuple(dict.fromkeys(person.region for person in self.people))


@dataclass(frozen=True)
class Owed:
    """What is owed on all bills of a member, in cents. Rows are bills with something to pay, on its way or in credit,
    oldest due first. `credit_cents` is money of theirs that no bill needs, `deposit_cents` what they put
    on their account.
    """

    rows: tuple[Row, ...]
    people: tuple[Person, ...]
    credit_cents: int
    deposit_cents: int = 0

    @functools.cached_property
    def payable(self) -> tuple[Row, ...]:
        """Bills on which something can be paid now."""
        return tuple(row for row in self.rows if row["payable_cents"] > 0)

    @property
    def payable_cents(self) -> int:
        """All that is owed, less what is on its way."""
        return sum(row["payable_cents"] for row in self.payable)

    @property
    def pending_cents(self) -> int:
        """On its way: a payment under way holds it."""
        return sum(row["pending_cents"] for row in self.rows)

    @functools.cached_property
    def past_due(self) -> tuple[Row, ...]:
        """Bills whose day is over."""
        return tuple(row for row in self.payable if row["past_due"])

    @functools.cached_property
    def coming(self) -> tuple[Row, ...]:
        """Bills whose day is today or to come, the nearest first."""
        return tuple(row for row in self.payable if not row["past_due"])

    @functools.cached_property
    def next_due(self) -> tuple[Row, ...]:
        """Those of the nearest day to come."""
        coming = self.coming
        return tuple(row for row in coming if row["due_date"] == coming[0]["due_date"])


def cents(rows: Iterable[Row]) -> int:
    """What can be paid on these bills."""
    return sum(row["payable_cents"] for row in rows)


def owed(viewer: Viewer) -> Owed:
    """What is owed and by when, over all accounts. Logged."""
    people = seen(viewer)
    rows = _rows(
        viewer,
        people,
        " AND (r.debits_posted <> r.credits_posted OR c.debits_posted <> c.credits_posted) ORDER BY b.due_date, b.id",
    )
    held = sql.query(
        "SELECT account_id, coalesce(sum(credits_posted - debits_posted - debits_pending)"
        " FILTER (WHERE kind = 'credit'), 0)::bigint AS credit_cents,"
        " coalesce(sum(credits_posted - debits_posted - debits_pending) FILTER (WHERE kind = 'deposit'), 0)::bigint"
        " AS deposit_cents FROM ledger_balance WHERE account_id = ANY(%s) AND kind IN ('credit', 'deposit')"
        " GROUP BY account_id",
        (_everybody(viewer),),
    )
    whole = {row["account_id"] for row in held}
    credit = sum(row["credit_cents"] for row in held)
    credit += sum(row["credit_cents"] for row in rows if row["account_id"] not in whole)
    audit.record_reads(viewer.accounts, viewer.name, "amounts")
    return Owed(tuple(rows), people, credit, sum(row["deposit_cents"] for row in held))


def bill_list(viewer: Viewer, filters: Filters) -> Page:
    """A page of bills: those to pay by due date, all others the newest first. Logged."""
    people = seen(viewer)
    forward = filters.state in ("owed", "past_due")
    beyond, way = (">", "") if forward else ("<", " DESC")
    tail, figures = _narrowed(filters)
    if filters.after:
        tail += (
            f" AND (b.due_date, b.id) {beyond} (SELECT o.due_date, o.id FROM billing_bill o"
            " WHERE o.account_id = ANY(%(accounts)s) AND o.id = %(after)s)"
        )
    tail += f" ORDER BY b.due_date{way}, b.id{way} LIMIT {PAGE + 1}"
    rows = _rows(viewer, people, tail, figures)
    audit.record_reads(viewer.accounts, viewer.name, "amounts")
    more = rows[PAGE - 1]["bill_id"] if len(rows) > PAGE else None
    return Page(tuple(rows[:PAGE]), people, more)


def _narrowed(filters: Filters) -> tuple[str, Row]:
    """The filters as conditions. A kind says something of the care, so it finds only bills whose care is open."""
    tail = ""
    if filters.person:
        tail += " AND b.person_id = %(person)s"
    if filters.region:
        tail += " AND b.region = %(region)s"
    if filters.kind:
        tail += (
            " AND b.kind = %(kind)s AND CASE WHEN b.private THEN b.person_id = ANY(%(opens_private)s)"
            " ELSE b.person_id = ANY(%(opens)s) END"
        )
    if filters.state == "paid":
        tail += " AND r.debits_posted = r.credits_posted"
    elif filters.state != "all":
        tail += " AND r.debits_posted > r.credits_posted"
    if filters.state == "past_due":
        tail += (
            " AND r.debits_posted - r.credits_posted > r.credits_pending"
            " AND b.due_date < (%(todays)s::jsonb ->> b.region)::date"
        )
    return tail, {
        "person": filters.person,
        "region": filters.region,
        "kind": filters.kind,
        "after": filters.after,
        "todays": sql.dumps({each.slug: clock.today(each.time_zone) for each in catalog.organisation().regions}),
    }


def to_pay(viewer: Viewer, bills: Sequence[UUID]) -> list[Row]:
    """Those of the bills that the member may pay, paid ones too, in the order they were asked for. Logged."""
    rows = _rows(viewer, seen(viewer), " AND b.id = ANY(%(bills)s)", {"bills": list(bills)})
    mine = [row for row in rows if viewer.allows("pay", row["account_id"], row["person_id"])]
    audit.record_reads(tuple({row["account_id"] for row in mine}), viewer.name, "amounts")
    return sorted(mine, key=lambda row: bills.index(row["bill_id"]))


def may_pay(viewer: Viewer, account_id: UUID, bills: Sequence[UUID]) -> bool:
    """Whether the member may, now, pay each of these bills."""
    if viewer.reach(account_id) is None:
        return False
    rows = sql.query(
        "SELECT person_id FROM billing_bill WHERE account_id = %s AND id = ANY(%s)", (account_id, list(bills))
    )
    return len(rows) == len(set(bills)) and all(viewer.allows("pay", account_id, row["person_id"]) for row in rows)


def read_bill(viewer: Viewer, bill_id: UUID) -> Row:
    """One bill as `access.bill_figures` has it, `opens`, `pays` and `first_name` on top. Logged. Raises Hidden.

    Where its care is not open (`people.viewer.Reach.opens`), only payee, number, amounts and due date are in it.
    """
    found = sql.one(
        "SELECT b.account_id, b.person_id, b.private, b.region, p.relation, p.birth_date FROM billing_bill b"
        " LEFT JOIN people_person p ON p.account_id = b.account_id AND p.id = b.person_id"
        " WHERE b.account_id = ANY(%s) AND b.id = %s",
        (list(viewer.accounts), bill_id),
    )
    if found is None or not viewer.allows("see", found["account_id"], found["person_id"]):
        raise Hidden
    account_id = found["account_id"]
    figures = access.bill_figures(account_id, bill_id)
    more = {
        "account_id": account_id,
        "bill_id": bill_id,
        "person_id": found["person_id"],
        "first_name": figures["patient_first"] or "",
        "opens": _opens(viewer, found, private=found["private"]),
        "pays": viewer.allows("pay", account_id, found["person_id"]),
    }
    audit.record_read(account_id, viewer.name, "lines" if more["opens"] else "amounts", bill_id)
    return {**(figures if more["opens"] else {name: figures[name] for name in access.OWED}), **more}


def seen(viewer: Viewer) -> tuple[Person, ...]:
    """Everybody on the accounts whose bills the member may see, the guarantor first. One query."""
    rows = sql.query(sql.load(__file__, "member_people.sql"), {"accounts": list(viewer.accounts)})
    return tuple(
        Person(
            row["account_id"],
            row["id"],
            row["first_name"],
            row["last_name"],
            row["region"],
            _opens(viewer, row | {"person_id": row["id"]}, private=False),
            _opens(viewer, row | {"person_id": row["id"]}, private=True),
        )
        for row in rows
        if viewer.allows("see", row["account_id"], row["id"])
    )


def scope(viewer: Viewer, people: Iterable[Person]) -> dict[str, list[UUID]]:
    """What a member may see, as the parameters of queries."""
    found = tuple(people)
    return {
        "accounts": list(viewer.accounts),
        "everybody": _everybody(viewer),
        "people": [person.id for person in found],
        "opens": [person.id for person in found if person.opens],
        "opens_private": [person.id for person in found if person.opens_private],
    }


def _everybody(viewer: Viewer) -> list[UUID]:
    return [reach.account_id for reach in viewer.reaches if reach.everybody]


def _opens(viewer: Viewer, row: Mapping[str, Any], *, private: bool) -> bool:
    reach = viewer.reach(row["account_id"])
    today = clock.today(catalog.region(row["region"]).time_zone)
    of_age = grown(row["birth_date"], row["relation"] or "", today)
    return reach is not None and reach.opens(row["person_id"], private=private, grown=of_age)


def _rows(viewer: Viewer, people: Sequence[Person], tail: str, figures: Mapping[str, Any] | None = None) -> list[Row]:
    """Bills with their person's first name, where they stand, and nothing of a care that is not open."""
    text = sql.load(__file__, "member_rows.sql") + tail
    names = {person.id: person.first_name for person in people}
    todays: dict[str, date] = {}
    rows = sql.query(text, scope(viewer, people) | dict(figures or {}))
    for row in rows:
        if row["region"] not in todays:
            todays[row["region"]] = clock.today(catalog.region(row["region"]).time_zone)
        today = todays[row["region"]]
        row["first_name"] = names.get(row["person_id"], "")
        row["status"] = access.status(row | {"paid_here_cents": row["charged_cents"] - row["open_cents"]}, today)
        row["past_due"] = row["payable_cents"] > 0 and row["due_date"] < today
        row["pays"] = viewer.allows("pay", row["account_id"], row["person_id"])
        if row["said_until"] and row["said_until"] <= clock.now():
            row["said_why"] = None  # what was announced did not come
        if not row["opens"]:
            row |= dict.fromkeys(_CARE)
    return rows
