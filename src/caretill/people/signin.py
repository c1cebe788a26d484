"""Signing in: an address and a password, what comes after it, and the session that begins.

A wrong address and a wrong password are one thing: the same statements, the same hash work, one answer. A password of
15 characters is enough; a shorter one needs a second step, and who has set up a second step always takes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from django.db import transaction

from caretill.core import outbox, sql
from caretill.people import factors, passwords, sessions, tries
from caretill.people.tries import Gate, Place

# What follows a right password: `in`, a second step, or setting one up, because the password is too short alone.
Then = Literal["in", "second", "add"]


@dataclass(frozen=True)
class Tried:
    """What came of a try. `login_id` only after a right password; `gate` says what is asked where it is not open."""

    gate: Gate = "open"
    login_id: UUID | None = None
    then: Then = "in"


def email_key(email: str) -> str:
    """A mail address as it is compared."""
    return passwords.normal(email).strip().lower()


def by_password(email: str, password: str, place: Place, worked: Callable[[Gate], bool]) -> Tried:
    """Try an address and a password. `worked` says whether the work that a gate asks has been done; it is used up."""
    row = _row(email, place)
    counts = tries.of_password(email_key(email), place, own=row["own"])
    gate = counts.gate()
    if gate == "closed" or (gate != "open" and not worked(gate)):
        return Tried(gate)
    if not counts.begin():
        return Tried("closed")
    if not passwords.matches(row["password"], password):
        return Tried()
    counts.right()
    return Tried(login_id=row["id"], then=_then(row))


def by_code(login_id: UUID, code: str, place: Place) -> Gate | Literal["right", "wrong"]:
    """Try the code of an app, or a recovery code, after the password. Each is good once."""
    counts = tries.of_second(str(login_id), own=_own(login_id, place))
    if counts.gate() == "closed" or not counts.begin():
        return "closed"
    if not (factors.take_totp(login_id, code) or factors.take_recovery(login_id, code)):
        return "wrong"
    counts.right()
    return "right"


def proves(email: str, password: str, place: Place) -> Gate | Literal["right", "wrong"]:
    """Whether somebody who is signed in knows their password; misses count like those at the door."""
    row = _row(email, place)
    counts = tries.of_password(email_key(email), place, own=True)
    if counts.gate() == "closed" or not counts.begin():
        return "closed"
    if not passwords.matches(row["password"], password):
        return "wrong"
    counts.right()
    return "right"


def enter(login_id: UUID, device: bytes, browser: str, *, second: bool, before: str = "") -> str:
    """Begin a session, once everything is checked: the text of its cookie. `before` is the cookie this browser had.

    Whoever was signed in here before is signed out. A browser new to this login is told to its owner by mail.
    """
    with transaction.atomic():
        if before:
            sessions.end(before)
        if not sessions.known_device(login_id, device):
            outbox.put(login_id, "new_device", {"browser": browser})
        return sessions.begin(login_id, device, browser, second=second)


def set_password(login_id: UUID, password: str) -> None:
    """Keep a new password, which the caller has checked (passwords.fault, factors.may_be_short)."""
    sql.execute(
        "UPDATE people_login SET password = %s, whole_password = %s WHERE id = %s",
        (passwords.keep(password), passwords.alone(password), login_id),
    )


def trust(login_id: UUID, device: bytes) -> None:
    """Know a browser as one of the login's own, and forget the misses in those: its owner proved it by other means."""
    sessions.known_device(login_id, device)
    here = Place(device, "")
    tries.of_password(email_key(email_of(login_id)), here, own=True).clear()
    tries.of_second(str(login_id), own=True).clear()


def mark(login_id: UUID) -> str:
    """A short digest of the login's password: what was allowed by the old one ends with it. Empty without a login."""
    row = sql.one("SELECT password FROM people_login WHERE id = %s", (login_id,))
    return hashlib.sha256(row["password"].encode()).hexdigest()[:16] if row else ""


def _row(email: str, place: Place) -> dict[str, Any]:
    key = email_key(email)
    row = sql.one(sql.load(__file__, "sign_in.sql"), {"email_key": key, "device": place.device})
    assert row is not None
    return row


def _own(login_id: UUID, place: Place) -> bool:
    return bool(sql.query("SELECT 1 FROM people_device WHERE login_id = %s AND device = %s", (login_id, place.device)))


def _then(row: dict[str, Any]) -> Then:
    if row["totp"] or (not row["whole"] and row["passkeys"]):
        return "second"
    return "in" if row["whole"] else "add"


def email_of(login_id: UUID) -> str:
    """The address of a login."""
    row = sql.one("SELECT email FROM people_login WHERE id = %s", (login_id,))
    return str(row["email"]) if row else ""


def tell(login_id: UUID, topic: str) -> None:
    """Tell the owner by mail that something changed: password_changed or factor_changed."""
    outbox.put(login_id, topic, {})


def changed(session: sessions.Session, topic: str) -> None:
    """How somebody signs in has changed: every other browser is signed out, and the owner is told by mail."""
    sessions.end_all(session.login_id, but=session.id)
    tell(session.login_id, topic)
