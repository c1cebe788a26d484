"""Browsers that are signed in. The cookie is 256 random bits; the database keeps its digest.

A session ends ten minutes after it was last seen (rules.md HIP-5), twelve hours after it began, when it is signed out
here or from another device, and when the password changes.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from caretill.core import clock, sql
from caretill.core.blind import blind_index
from caretill.people.viewer import NOBODY, Level, Reach, Viewer

IDLE = timedelta(minutes=10)
WARN_BEFORE = timedelta(minutes=2)
LONGEST = timedelta(hours=12)
FRESH = timedelta(minutes=15)  # who changes how they sign in has proved who they are so long ago at most
MOST_LISTED = 50
NOTE_EVERY = timedelta(seconds=20)  # `seen_at` is written this often at most: a page costs no write for it
_GIVEN: dict[str, Level] = {"holder": "manage", "own": "manage", "manage": "manage", "pay": "pay", "see": "see"}


@dataclass(frozen=True)
class Session:
    """A browser that is signed in, whose it is, and what that login may do."""

    id: bytes
    login_id: UUID
    email: str
    first_name: str
    last_name: str
    region: str
    language: str
    paperless: bool
    began_at: datetime
    seen_at: datetime
    fresh_at: datetime
    reaches: tuple[Reach, ...]

    @property
    def viewer(self) -> Viewer:
        """For every `access.py`."""
        return Viewer("member", NOBODY, login_id=self.login_id, reaches=self.reaches)

    @property
    def fresh(self) -> bool:
        """Whether the person proved a short while ago who they are."""
        return clock.now() - self.fresh_at <= FRESH

    @property
    def tag(self) -> str:
        """Stands in the forms of its pages, so that a page of one person's is not sent as another's."""
        return blind_index("who", "", str(self.login_id)).hex()[:12]

    @property
    def seconds_left(self) -> int:
        """Until it ends, for a page that warns before."""
        return max(0, int((self.ends_at - clock.now()).total_seconds()))

    @property
    def warn_seconds(self) -> int:
        """How long before the end a page warns."""
        return int(WARN_BEFORE.total_seconds())

    @property
    def ends_at(self) -> datetime:
        """When it ends unless something is done before."""
        return min(self.seen_at + IDLE, self.began_at + LONGEST)


def begin(login_id: UUID, device: bytes, browser: str, *, second: bool) -> str:
    """Sign a browser in: the text of its cookie. The caller has checked everything. `browser` is words for the list."""
    token = secrets.token_urlsafe(32)
    now = clock.now()
    sql.execute(
        "INSERT INTO people_signed_in (id, login_id, device, browser, second, began_at, seen_at, fresh_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (_digest(token), login_id, device, browser[:80], second, now, now, now),
    )
    return token


def who(token: str) -> Session | None:
    """The session of a cookie, with the login and all that it may do; one query. None where it has ended."""
    now = clock.now()
    row = sql.one(
        sql.load(__file__, "who.sql"),
        {"id": _digest(token), "seen_after": now - IDLE, "began_after": now - LONGEST, "now": now},
    )
    if row is None:
        return None
    if now - row["seen_at"] > NOTE_EVERY:
        sql.execute("UPDATE people_signed_in SET seen_at = %s WHERE id = %s AND ended_at IS NULL", (now, row["id"]))
        row["seen_at"] = now
    return Session(**row | {"id": bytes(row["id"]), "reaches": reaches(sql.answer(row["reaches"])["rows"])})


def idles_in(token: str) -> int:
    """Seconds until a session ends unless something is done; asking does nothing. 0 where it has ended."""
    row = sql.one(
        "SELECT seen_at, began_at FROM people_signed_in WHERE id = %s AND ended_at IS NULL", (_digest(token),)
    )
    ends = min(row["seen_at"] + IDLE, row["began_at"] + LONGEST) if row else clock.now()
    return max(0, int((ends - clock.now()).total_seconds()))


def reaches(rows: list[dict[str, Any]]) -> tuple[Reach, ...]:
    """Rows of people_access (account, person, level, and the guarantor's own people as `selves`), by account."""
    accounts: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        accounts.setdefault(row["account"], []).append(row)
    return tuple(_reach(UUID(account), held) for account, held in accounts.items())


def _reach(account_id: UUID, rows: list[dict[str, Any]]) -> Reach:
    everybody = next((row for row in rows if UUID(row["person"]) == NOBODY), None)
    own = {UUID(row["person"]) for row in rows if row["level"] == "own"}
    return Reach(
        account_id,
        everybody=_GIVEN[everybody["level"]] if everybody else None,
        people={UUID(row["person"]): _GIVEN[row["level"]] for row in rows if row is not everybody},
        selves=frozenset(own | {UUID(each) for row in rows for each in row["selves"] or ()}),
        holder=everybody is not None and everybody["level"] == "holder",
    )


def prove(session: Session) -> None:
    """Note that the person just proved again who they are."""
    sql.execute("UPDATE people_signed_in SET fresh_at = %s WHERE id = %s", (clock.now(), session.id))


def end(token: str) -> None:
    """Sign this browser out."""
    sql.execute(
        "UPDATE people_signed_in SET ended_at = %s WHERE id = %s AND ended_at IS NULL", (clock.now(), _digest(token))
    )


def end_one(session: Session, other: bytes) -> None:
    """Sign another browser of the same login out."""
    sql.execute(
        "UPDATE people_signed_in SET ended_at = %s WHERE id = %s AND login_id = %s AND ended_at IS NULL",
        (clock.now(), other, session.login_id),
    )


def end_all(login_id: UUID, but: bytes | None = None) -> None:
    """Sign every browser of a login out, except perhaps one."""
    sql.execute(
        "UPDATE people_signed_in SET ended_at = %s WHERE login_id = %s AND ended_at IS NULL AND id <> %s",
        (clock.now(), login_id, but or b""),
    )


def listed(session: Session) -> list[dict[str, Any]]:
    """Browsers signed in now: id, browser, began_at, seen_at, `here`. The latest first, at most MOST_LISTED of them;
    `end_all` ends the others too.
    """
    now = clock.now()
    rows = sql.query(
        "SELECT id, browser, began_at, seen_at FROM people_signed_in WHERE login_id = %s AND ended_at IS NULL"
        " AND seen_at > %s AND began_at > %s ORDER BY seen_at DESC LIMIT %s",
        (session.login_id, now - IDLE, now - LONGEST, MOST_LISTED),
    )
    return [row | {"id": bytes(row["id"]), "here": bytes(row["id"]) == session.id} for row in rows]


def known_device(login_id: UUID, device: bytes) -> bool:
    """Note that a login signs in from a device; whether it had before, or is this login's first."""
    row = sql.one(
        "WITH before AS (SELECT count(*) AS n, count(*) FILTER (WHERE device = %(device)s) AS same"
        " FROM people_device WHERE login_id = %(login)s), noted AS ("
        " INSERT INTO people_device (login_id, device, first_at, last_at)"
        " VALUES (%(login)s, %(device)s, %(now)s, %(now)s)"
        " ON CONFLICT (login_id, device) DO UPDATE SET last_at = excluded.last_at)"
        " SELECT n, same FROM before",
        {"login": login_id, "device": device, "now": clock.now()},
    )
    assert row is not None
    return bool(row["same"]) or row["n"] == 0


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
