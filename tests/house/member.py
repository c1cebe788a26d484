"""People with an account, for tests: a login with access to what a bill's family has, and a browser signed in as it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.test import Client

from caretill.core import clock, sql
from caretill.core.ids import uuid7
from caretill.people import passwords, sessions
from caretill.people.viewer import NOBODY
from caretill.web.account import member as door

PASSWORD = "seven quiet otters swim"
_kept: dict[str, str] = {}


@dataclass(frozen=True)
class MemberOf:
    """A login that stands in the database, and the cookie of a browser signed in as it."""

    login_id: UUID
    email: str
    password: str
    token: str

    def session(self) -> sessions.Session:
        found = sessions.who(self.token)
        assert found is not None
        return found

    def client(self) -> Client:
        """A browser without JavaScript that is signed in."""
        client = Client(SERVER_NAME="127.0.0.1")
        client.cookies[door.cookie()] = self.token
        return client


def a_login(email: str = "juana@example.org", *, region: str = "oregon", password: str = PASSWORD) -> UUID:
    """A login that may do nothing yet."""
    login_id = uuid7()
    now = clock.now()
    sql.execute(
        "INSERT INTO people_login (id, email, email_key, password, whole_password, region, first_name, last_name,"
        " street, city, state, zip, phone, language, paperless, made_at, changed_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, 'Juana', 'Solano', '1 Example Street', 'Sampleton', 'OR', '97201', '', 'en',"
        " false, %s, %s)",
        (login_id, email, email.lower(), _hashed(password), passwords.alone(password), region, now, now),
    )
    return login_id


def grant(login_id: UUID, account_id: UUID, level: str = "holder", person_id: UUID = NOBODY) -> None:
    """Let a login do something on an account."""
    sql.execute(
        "INSERT INTO people_access (login_id, account_id, person_id, level, given_at) VALUES (%s, %s, %s, %s, %s)",
        (login_id, account_id, person_id, level, clock.now()),
    )


def a_member(
    account_id: UUID | None,
    level: str = "holder",
    person_id: UUID = NOBODY,
    *,
    email: str = "juana@example.org",
    region: str = "oregon",
) -> MemberOf:
    """A login with access, signed in. `account_id` None: with access to nothing."""
    login_id = a_login(email, region=region)
    if account_id is not None:
        grant(login_id, account_id, level, person_id)
    return MemberOf(login_id, email, PASSWORD, sessions.begin(login_id, b"device", "Firefox", second=False))


def person_of(account_id: UUID) -> UUID:
    """The first person on an account."""
    row = sql.one("SELECT id FROM people_person WHERE account_id = %s ORDER BY id LIMIT 1", (account_id,))
    assert row is not None
    return UUID(str(row["id"]))


def since(moment: datetime) -> float:
    """Seconds since then, on the tests' clock."""
    return (clock.now() - moment).total_seconds()


def _hashed(password: str) -> str:
    """Hashing takes its time on purpose: once a password is enough for tests."""
    return _kept.setdefault(password, passwords.keep(password))
