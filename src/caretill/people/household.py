"""Giving others what one may do on a billing account, changing it and taking it back.

Only who manages for a person says who else may: the guarantor for everybody whose care is open to them, a person for
themself, and whom either let manage. Nobody gives more than they hold, neither when they invite nor when the invitation
is taken. What somebody else gives for a child ends when the child is grown (`people.age`). Taking back works at once:
rights are read anew with every request.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from caretill.core import clock, outbox, sql, tokens
from caretill.core.ids import uuid7
from caretill.people import age, family, sessions
from caretill.people.family import Household
from caretill.people.viewer import LEVELS, NOBODY, Hidden, Level, Viewer
from caretill.regions import catalog

INVITE_DAYS = 14
MOST_WAITING = 10  # invitations of one account that nobody has taken
MOST_A_DAY = 10  # invitations that one account sends in 24 hours
MOST_HELPERS = 30  # logins that may do something on an account by what others gave, those invited counted in
_INVITE_SECONDS = INVITE_DAYS * 86_400
Wishes = Mapping[UUID, Level | None]  # by person, NOBODY for everybody; None: nothing
Outcome = Literal["changed", "ended", "same"]


class Gone(Exception):
    """An invitation that cannot be taken: unknown, used, ended, too old, or not the inviter's to give any more."""


class OwnInvitation(Exception):
    """Who invited opened the link themself."""


class TooMany(Exception):
    """Enough invitations wait, or were sent today."""


class Full(Exception):
    """As many can see the account as a list shows."""


@dataclass(frozen=True)
class Offer:
    """What an invitation gives now. `people`: first names by person, for those whose right is by name."""

    account_id: UUID
    id: UUID
    by_login: UUID
    by_name: str
    region: str
    email: str
    rights: Mapping[UUID, Level]
    people: Mapping[UUID, str]
    expires_at: datetime


def invite(viewer: Viewer, account_id: UUID, email: str, wishes: Wishes) -> None:
    """Offer rights by mail: a link that works once, for 14 days. An older offer to the same address ends.

    `wishes` holds at least one level. Raises Hidden where it speaks of somebody for whom the viewer does not manage,
    TooMany, Full.
    """
    now = clock.now()
    rights = {str(person): level for person, level in wishes.items() if level}
    with transaction.atomic():
        household = family.one(viewer, account_id)
        if not rights or not _may_give(household, wishes):
            raise Hidden
        _lock(account_id)
        sql.execute(
            "UPDATE people_invite SET ended_at = %s WHERE account_id = %s AND lower(email) = lower(%s)"
            " AND taken_at IS NULL AND ended_at IS NULL",
            (now, account_id, email),
        )
        row = sql.one(
            "SELECT count(*) FILTER (WHERE taken_at IS NULL AND ended_at IS NULL AND expires_at > %s) AS waiting,"
            " count(*) FILTER (WHERE made_at > %s) AS today, (SELECT count(DISTINCT x.login_id) FROM people_access x"
            " WHERE x.account_id = %s AND x.level IN ('see', 'pay', 'manage')"
            " AND (x.ended_at IS NULL OR x.ended_at > %s)) AS helpers FROM people_invite WHERE account_id = %s",
            (now, now - timedelta(days=1), account_id, now, account_id),
        )
        if row is None or row["waiting"] >= MOST_WAITING or row["today"] >= MOST_A_DAY:
            raise TooMany
        if row["waiting"] + row["helpers"] >= MOST_HELPERS:
            raise Full
        token, invite_id = secrets.token_urlsafe(32), uuid7()
        sql.execute(
            "INSERT INTO people_invite (account_id, id, by_login, email, rights, digest, made_at, expires_at)"
            " VALUES (%s, %s, %s, %s, %s::jsonb, %s, %s, %s)",
            (account_id, invite_id, viewer.login_id, email, sql.dumps(rights), _digest(token), now,
             now + timedelta(days=INVITE_DAYS)),
        )  # fmt: skip
        sealed = tokens.seal("invite", {"token": token}, _INVITE_SECONDS)
        outbox.put(account_id, "invite", {"invite_id": invite_id, "sealed": sealed})


def offer(token: str) -> Offer:
    """What an invitation's link would give now. Raises Gone."""
    return _offer(token, "")


def take(login_id: UUID, token: str) -> Offer:
    """The login gets what the invitation offers and its giver still holds; once. The inviter is told by mail.

    What the login held already stays where it was more. Raises Gone, OwnInvitation.
    """
    with transaction.atomic():
        found = _offer(token, " FOR UPDATE OF i")
        if found.by_login == login_id:
            raise OwnInvitation
        giver = viewer_of(found.by_login)
        (household,) = family.figures(giver, (found.account_id,))
        for person_id, level in found.rights.items():
            _give(giver, household, login_id, person_id, level, exactly=False)
        sql.execute(
            "UPDATE people_invite SET taken_by = %s, taken_at = %s WHERE account_id = %s AND id = %s",
            (login_id, clock.now(), found.account_id, found.id),
        )
        outbox.put(found.by_login, "invite_taken", {})
    return found


def decline(token: str) -> None:
    """Who was invited does not want it: the link ends. Nothing happens where it has ended."""
    sql.execute(
        "UPDATE people_invite SET ended_at = %s WHERE digest = %s AND taken_at IS NULL AND ended_at IS NULL",
        (clock.now(), _digest(token)),
    )


def give(viewer: Viewer, account_id: UUID, login_id: UUID, wishes: Wishes) -> None:
    """Let a login have rights at once, without an invitation: for worlds that are made up. Nobody is told.

    Raises Hidden as `invite` does.
    """
    with transaction.atomic():
        household = family.one(viewer, account_id)
        if not _may_give(household, wishes):
            raise Hidden
        for person_id, level in wishes.items():
            if level:
                _give(viewer, household, login_id, person_id, level, exactly=False)


def end_invite(viewer: Viewer, account_id: UUID, invite_id: UUID) -> None:
    """Take an invitation back that nobody has taken. Raises Hidden."""
    if invite_id not in {each.id for each in family.one(viewer, account_id).invites}:
        raise Hidden
    sql.execute(
        "UPDATE people_invite SET ended_at = %s WHERE account_id = %s AND id = %s AND taken_at IS NULL",
        (clock.now(), account_id, invite_id),
    )


def change(viewer: Viewer, account_id: UUID, login_id: UUID, wishes: Wishes) -> Outcome:
    """Let a login do from now on what `wishes` says of each person; of whom it does not speak, all stays as it is.

    Answers `ended` where nothing is left to that login, `same` where nothing changed. Both are told by mail. Raises
    Hidden where that is not the viewer's to say.
    """
    with transaction.atomic():
        _lock(account_id)
        household = family.one(viewer, account_id)
        share = household.share(login_id)
        fixed = (*share.own, *([NOBODY] if share.holder else []))
        if share.you or not _may_give(household, wishes) or any(wishes.get(each) for each in fixed):
            raise Hidden
        moved = [person for person, level in wishes.items() if share.rights.get(person) != level]
        for person_id in moved:
            _set(viewer, household, login_id, person_id, wishes[person_id])
        return _told(viewer, account_id, login_id) if moved else "same"


def leave(viewer: Viewer, account_id: UUID) -> None:
    """Give up all that others gave one on an account; they and the one who leaves are told. Raises Hidden."""
    assert viewer.login_id is not None
    now = clock.now()
    with transaction.atomic():
        ended = sql.query(
            "UPDATE people_access SET ended_at = %s WHERE login_id = %s AND account_id = %s"
            " AND level IN ('see', 'pay', 'manage') AND (ended_at IS NULL OR ended_at > %s) RETURNING given_by",
            (now, viewer.login_id, account_id, now),
        )
        if not ended:
            raise Hidden
        _end_invites_of(account_id, viewer.login_id)
        outbox.put(viewer.login_id, "access_ended", {"to": "taker"})
        for giver in {row["given_by"] for row in ended} - {None, viewer.login_id}:
            outbox.put(giver, "access_ended", {"to": "giver"})


def viewer_of(login_id: UUID) -> Viewer:
    """A login's viewer as it would be if it were signed in now."""
    rows = sql.query(sql.load(__file__, "reaches.sql"), {"login": login_id, "now": clock.now()})
    return Viewer("member", NOBODY, login_id=login_id, reaches=sessions.reaches(rows))


def _offer(token: str, lock: str) -> Offer:
    row = sql.one(
        "SELECT i.account_id, i.id, i.by_login, i.email, i.rights, i.expires_at, a.region, l.first_name, l.last_name"
        " FROM people_invite i JOIN people_account a ON a.account_id = i.account_id JOIN people_login l"
        " ON l.id = i.by_login WHERE i.digest = %s AND i.taken_at IS NULL AND i.ended_at IS NULL AND i.expires_at > %s"
        + lock,
        (_digest(token), clock.now()),
    )
    if row is None:
        raise Gone
    offered = {UUID(person): level for person, level in sql.answer(row["rights"]).items()}
    seen = family.figures(viewer_of(row["by_login"]), (row["account_id"],))
    rights = {person: level for person, level in offered.items() if seen and person in seen[0].managed}
    if not rights:
        raise Gone
    return Offer(
        account_id=row["account_id"],
        id=row["id"],
        by_login=row["by_login"],
        by_name=f"{row['first_name']} {row['last_name']}".strip(),
        region=row["region"],
        email=row["email"],
        rights=rights,
        people={each.person_id: each.first_name for each in seen[0].people if each.person_id in rights},
        expires_at=row["expires_at"],
    )


def _may_give(household: Household, wishes: Wishes) -> bool:
    """`manage` is the most there is: who manages for a person holds all that can be given for them."""
    return set(wishes) <= set(household.managed) and all(level in (*LEVELS, None) for level in wishes.values())


def _set(viewer: Viewer, household: Household, login_id: UUID, person_id: UUID, level: Level | None) -> None:
    if level:
        _give(viewer, household, login_id, person_id, level, exactly=True)
        return
    sql.execute(
        "UPDATE people_access SET ended_at = %s WHERE login_id = %s AND account_id = %s AND person_id = %s"
        " AND level IN ('see', 'pay', 'manage')",
        (clock.now(), login_id, household.account_id, person_id),
    )


def _give(giver: Viewer, household: Household, login_id: UUID, person_id: UUID, level: Level, *, exactly: bool) -> None:
    """`exactly`: lower what stands as well."""
    given: dict[str, Any] = {"login": login_id, "account": household.account_id, "person": person_id, "level": level}
    given |= {"by": giver.login_id, "now": clock.now(), "until": _until(household, person_id), "exactly": exactly}
    sql.execute(sql.load(__file__, "give.sql"), given)


def _until(household: Household, person_id: UUID) -> datetime | None:
    """Midnight before the day a child is grown, unless they give it themself."""
    person = next((each for each in household.people if each.person_id == person_id), None)
    if person is None or person.you or person.grown or person.relation != "child" or person.birth_date is None:
        return None
    zone = ZoneInfo(catalog.region(household.region).time_zone)
    return datetime.combine(age.grown_on(person.birth_date), datetime.min.time(), zone)


def _told(viewer: Viewer, account_id: UUID, login_id: UUID) -> Outcome:
    """Tell both of a change by mail; whether anything is left to the login."""
    assert viewer.login_id is not None
    left = viewer_of(login_id).reach(account_id) is not None
    if not left:
        _end_invites_of(account_id, login_id)
    topic = "access_changed" if left else "access_ended"
    outbox.put(login_id, topic, {"to": "taker"})
    outbox.put(viewer.login_id, topic, {"to": "giver"})
    return "changed" if left else "ended"


def _end_invites_of(account_id: UUID, login_id: UUID) -> None:
    sql.execute(
        "UPDATE people_invite SET ended_at = %s WHERE account_id = %s AND by_login = %s AND taken_at IS NULL"
        " AND ended_at IS NULL",
        (clock.now(), account_id, login_id),
    )


def _lock(account_id: UUID) -> None:
    """One change of an account's rights at a time."""
    sql.query("SELECT 1 FROM people_account WHERE account_id = %s FOR NO KEY UPDATE", (account_id,))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
