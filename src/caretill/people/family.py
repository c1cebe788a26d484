"""The people on the billing accounts of a member, who else may see, pay or manage for them, and invitations.

Who manages for a person knows who else may see them; others know of themselves alone. A grown child is managed by who
sees their care (`people.age`): the guarantor no longer says who does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from caretill.core import audit, clock, sql
from caretill.people import age
from caretill.people.viewer import LEVELS, NOBODY, Hidden, Level, Viewer
from caretill.regions import catalog

SAID_BEFORE_AND_AFTER = timedelta(days=31)


@dataclass(frozen=True)
class Member:
    """Somebody on an account. `level`: what the viewer may do for them; `opens`: whether their care is shown to them.

    `turning`: the day they are grown, if that is a month away at most.
    """

    person_id: UUID
    first_name: str
    last_name: str
    relation: str
    birth_date: date | None
    you: bool
    grown: bool
    turning: date | None
    level: Level | None
    opens: bool
    manages: bool


@dataclass(frozen=True)
class Share:
    """What one login may do on an account, by person. `holder`: the guarantor. `email` only for who manages."""

    login_id: UUID
    first_name: str
    last_name: str
    email: str
    you: bool
    holder: bool
    own: tuple[UUID, ...]
    rights: Mapping[UUID, Level]
    until: Mapping[UUID, datetime]

    @property
    def name(self) -> str:
        """As it is said on pages."""
        return f"{self.first_name} {self.last_name}".strip()

    def ends(self, region: str) -> dict[UUID, date]:
        """The day on which a right ends by itself, by person."""
        zone = ZoneInfo(catalog.region(region).time_zone)
        return {person_id: moment.astimezone(zone).date() for person_id, moment in self.until.items()}


@dataclass(frozen=True)
class Waiting:
    """An invitation that nobody has taken yet."""

    id: UUID
    email: str
    rights: Mapping[UUID, Level]
    expires_at: datetime


@dataclass(frozen=True)
class Household:
    """One billing account as a viewer sees it. `everybody`: whether the viewer may give something for all on it."""

    account_id: UUID
    region: str
    first_name: str
    holder: bool
    everybody: bool
    people: tuple[Member, ...]
    shares: tuple[Share, ...]
    invites: tuple[Waiting, ...] = field(default=())

    @property
    def managed(self) -> tuple[UUID, ...]:
        """Whom the viewer may let others see, pay or manage for; NOBODY first where that is everybody."""
        people = tuple(each.person_id for each in self.people if each.manages)
        return (NOBODY, *people) if self.everybody else people

    def share(self, login_id: UUID) -> Share:
        """What that login may do, as far as the viewer may know. Raises Hidden."""
        found = next((each for each in self.shares if each.login_id == login_id), None)
        if found is None:
            raise Hidden
        return found


def read(viewer: Viewer) -> tuple[Household, ...]:
    """Every account of a member with its people, who else may see them, and invitations. Two statements; logged."""
    found = figures(viewer, viewer.accounts)
    audit.record_reads((each.account_id for each in found), viewer.name, "household")
    return found


def one(viewer: Viewer, account_id: UUID) -> Household:
    """One account on which the viewer manages for somebody. Raises Hidden."""
    found = figures(viewer, (account_id,)) if viewer.reach(account_id) else ()
    if not found or not found[0].managed:
        raise Hidden
    audit.record_read(account_id, viewer.name, "household", None)
    return found[0]


def shown(viewer: str, account_id: UUID, invite_id: UUID) -> None:
    """Log that somebody sees an invitation: who holds its link (`invited`), or a member."""
    audit.record_read(account_id, viewer, "invitation", invite_id)


def today(region: str) -> date:
    """The day it is where the account is kept."""
    return clock.today(catalog.region(region).time_zone)


def figures(viewer: Viewer, accounts: tuple[UUID, ...]) -> tuple[Household, ...]:
    """As `read`, unlogged: for the verbs of this room. Accounts that the viewer does not reach are left out."""
    asked = sql.load(__file__, "household.sql")
    reached = [each for each in accounts if viewer.reach(each)]
    row = sql.one(asked, {"accounts": reached, "now": clock.now()}) if reached else None
    return tuple(_household(viewer, each) for each in sql.answer(row["figures"])["accounts"]) if row else ()


def _household(viewer: Viewer, row: dict[str, Any]) -> Household:
    account_id = UUID(row["account_id"])
    reach = viewer.reach(account_id)
    assert reach is not None
    day = today(row["region"])
    known = tuple(_member(viewer, account_id, each, day) for each in row["people"])
    people = tuple(each for each in known if each.level or each.you)
    everybody = viewer.allows("manage", account_id, None)
    managed = {each.person_id for each in people if each.manages} | ({NOBODY} if everybody else set())
    shares = _shares(viewer, row["shares"], managed)
    waiting = (_waiting(each) for each in row["invites"])
    invites = tuple(each for each in waiting if managed and set(each.rights) <= managed)
    return Household(account_id, row["region"], row["first_name"], reach.holder, everybody, people, shares, invites)


def _member(viewer: Viewer, account_id: UUID, row: dict[str, Any], day: date) -> Member:
    reach = viewer.reach(account_id)
    assert reach is not None
    person_id, born = UUID(row["person_id"]), date.fromisoformat(row["birth_date"]) if row["birth_date"] else None
    grown = age.grown(born, row["relation"], day)
    opens = reach.opens(person_id, grown=grown)
    return Member(
        person_id=person_id,
        first_name=row["first_name"],
        last_name=row["last_name"],
        relation=row["relation"],
        birth_date=born,
        you=person_id in reach.selves,
        grown=grown,
        turning=_turning(row["relation"], born, day),
        level=reach.level(person_id),
        opens=opens,
        manages=opens and viewer.allows("manage", account_id, person_id),
    )


def _turning(relation: str, born: date | None, day: date) -> date | None:
    if relation != "child" or born is None:
        return None
    birthday = age.grown_on(born)
    return birthday if abs(birthday - day) <= SAID_BEFORE_AND_AFTER else None


def _shares(viewer: Viewer, rows: list[dict[str, Any]], managed: set[UUID]) -> tuple[Share, ...]:
    """By login: rows about whom the viewer manages for, and about everybody, since those see them too."""
    by_login: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        person_id = UUID(row["person_id"])
        mine = UUID(row["login_id"]) == viewer.login_id
        if mine or person_id in managed or (managed and person_id == NOBODY):
            by_login.setdefault(row["login_id"], []).append(row)
    return tuple(_share(viewer, held, bool(managed)) for held in by_login.values())


def _share(viewer: Viewer, rows: list[dict[str, Any]], telling: bool) -> Share:
    first = rows[0]
    given = [row for row in rows if row["level"] in LEVELS]
    return Share(
        login_id=UUID(first["login_id"]),
        first_name=first["first_name"],
        last_name=first["last_name"],
        email=first["email"] if telling else "",
        you=UUID(first["login_id"]) == viewer.login_id,
        holder=any(row["level"] == "holder" for row in rows),
        own=tuple(UUID(row["person_id"]) for row in rows if row["level"] == "own"),
        rights={UUID(row["person_id"]): row["level"] for row in given},
        until={UUID(row["person_id"]): datetime.fromisoformat(row["until"]) for row in given if row["until"]},
    )


def _waiting(row: dict[str, Any]) -> Waiting:
    rights = {UUID(person): level for person, level in row["rights"].items()}
    return Waiting(UUID(row["id"]), row["email"], rights, datetime.fromisoformat(row["expires_at"]))
