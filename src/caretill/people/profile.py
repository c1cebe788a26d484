"""What a login says about itself, and every change of it: kept, told to the old contact, undone for 48 hours, exported.

A field is one question of the profile and the columns that answer it. The caller has cleaned the values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from dataclasses import fields as dataclass_fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from caretill.core import audit, clock, outbox, sql
from caretill.core.ids import uuid7
from caretill.people import sessions

UNDO_FOR = timedelta(hours=48)
FIELDS: Mapping[str, tuple[str, ...]] = {
    "name": ("first_name", "last_name"),
    "address": ("street", "city", "state", "zip"),
    "email": ("email",),
    "phone": ("phone",),
    "language": ("language",),
    "paper": ("paperless",),
    "quiet": ("quiet_from", "quiet_to"),
}
# What somebody who got into the account would change to keep its owner out: told at the old contact, with a way back.
TOLD = ("email", "address", "name", "phone")
_COLUMNS = (
    "email, region, first_name, last_name, street, city, state, zip, phone, language, paperless, quiet_from, quiet_to"
)


class EmailTaken(ValueError):
    """Another login has this address."""


@dataclass(frozen=True)
class Profile:
    """All that a login says about itself. `quiet_from` and `quiet_to` are hours (0 to 23) of its region, or None."""

    email: str
    region: str
    first_name: str
    last_name: str
    street: str
    city: str
    state: str
    zip: str
    phone: str
    language: str
    paperless: bool
    quiet_from: int | None
    quiet_to: int | None

    def of(self, field: str) -> dict[str, Any]:
        """The values of one field."""
        every = asdict(self)
        return {column: every[column] for column in FIELDS[field]}


_COLUMNS = ", ".join(each.name for each in dataclass_fields(Profile))


@dataclass(frozen=True)
class Undoable:
    """A change as its link shows it: which field, until when it can be undone, and whether that is still so."""

    field: str
    until: datetime
    undone: bool

    @property
    def open(self) -> bool:
        """Whether the button does something."""
        return not self.undone and clock.now() < self.until


def read(login_id: UUID, viewer: str) -> Profile:
    """The profile of a login. The read is logged, under the login's own id. Raises LookupError."""
    row = _row(login_id)
    audit.record_read(login_id, viewer, "profile", login_id)
    return Profile(**row)


def region_of(login_id: UUID) -> str:
    """The region of a login, whose letterhead its mails have. Raises LookupError."""
    return str(_row(login_id)["region"])


def change(login_id: UUID, field: str, values: Mapping[str, Any]) -> UUID | None:
    """Write new values of a field; the id of the change, None where nothing is different.

    The old contact is told of what is in TOLD, and everybody who listens by `account_changed`. Raises EmailTaken.
    """
    with transaction.atomic():
        row = _row(login_id, lock=True)
        return _write(login_id, field, {column: row[column] for column in FIELDS[field]}, dict(values))


def change_paper(login_id: UUID, paperless: bool, language: str, version: str, digest: bytes) -> UUID | None:
    """Go without paper, or back to it; what was agreed to is kept as evidence (rules.md ESG-1)."""
    with transaction.atomic():
        made = change(login_id, "paper", {"paperless": paperless})
        consent(login_id, "paperless", paperless, language, version, digest)
        return made


def consent(login_id: UUID, kind: str, agreed: bool, language: str, version: str, digest: bytes) -> None:
    """Keep what somebody agreed to, or took back: which words, in which language."""
    sql.execute(
        "INSERT INTO people_consent (login_id, id, kind, agreed, version, language, digest, recorded_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (login_id, uuid7(), kind, agreed, version, language, digest, clock.now()),
    )


def undoable(login_id: UUID, change_id: UUID) -> Undoable | None:
    """The change of a link, None where there is none."""
    row = _change(login_id, change_id)
    return Undoable(row["field"], row["made_at"] + UNDO_FOR, row["undone_at"] is not None) if row else None


def undo(login_id: UUID, change_id: UUID) -> bool:
    """Put back what was there before a change, and sign every browser out; False where it is too late or was done.

    Later changes of the same field end with it: whoever made them keeps no link that leads back to theirs. The new
    contact is told. Raises EmailTaken where the old address is somebody else's by now.
    """
    with transaction.atomic():
        row = _row(login_id, lock=True)
        made = _change(login_id, change_id)
        if made is None or made["undone_at"] is not None or clock.now() >= made["made_at"] + UNDO_FOR:
            return False
        field, now = made["field"], clock.now()
        sql.execute(
            "UPDATE people_change SET undone_at = %s"
            " WHERE login_id = %s AND field = %s AND made_at >= %s AND undone_at IS NULL",
            (now, login_id, field, made["made_at"]),
        )
        present = {column: row[column] for column in FIELDS[field]}
        _write(login_id, field, present, sql.answer(made["old"]), undoing=True)
        sessions.end_all(login_id)
        return True


def _write(
    login_id: UUID, field: str, old: dict[str, Any], new: dict[str, Any], *, undoing: bool = False
) -> UUID | None:
    if old == new:
        return None
    assert new.keys() == old.keys(), f"{field} is {sorted(old)}"
    columns = [*new, *(["email_key"] if field == "email" else []), "changed_at"]
    values = [*new.values(), *([new["email"].lower()] if field == "email" else []), clock.now()]
    try:
        with transaction.atomic():
            sql.execute(
                f"UPDATE people_login SET {', '.join(f'{column} = %s' for column in columns)} WHERE id = %s",
                [*values, login_id],
            )
    except IntegrityError:
        raise EmailTaken from None
    change_id = uuid7()
    # What puts a change back is told of, but has no way back of its own.
    sql.execute(
        "INSERT INTO people_change (login_id, id, field, old, new, made_at, undone_at)"
        " VALUES (%s, %s, %s, %s::jsonb, %s::jsonb, %s, %s)",
        (
            login_id,
            change_id,
            field,
            sql.dumps(old),
            sql.dumps(new),
            clock.now(),
            clock.now() if undoing else None,
        ),
    )
    outbox.put(login_id, "account_changed", {"change_id": str(change_id)})
    if field in TOLD:
        topic = "change_undone" if undoing else "contact_changed" if field == "email" else "profile_changed"
        outbox.put(login_id, topic, {"change_id": str(change_id)})
    return change_id


def _row(login_id: UUID, *, lock: bool = False) -> dict[str, Any]:
    row = sql.one(
        f"SELECT {_COLUMNS} FROM people_login WHERE id = %s{' FOR UPDATE' if lock else ''}",
        (login_id,),
    )
    if row is None:
        raise LookupError(login_id)
    return row


def _change(login_id: UUID, change_id: UUID) -> dict[str, Any] | None:
    return sql.one(
        "SELECT field, old, new, made_at, undone_at FROM people_change WHERE login_id = %s AND id = %s",
        (login_id, change_id),
    )


def told(login_id: UUID, change_id: UUID) -> dict[str, Any] | None:
    """What a mail about a change needs: field, old, new, made_at; region, language and email of the login; `contacts`.

    `contacts` are the addresses that were the login's in the last 48 hours and were changed, the present one not in it.
    """
    row = sql.one(
        "SELECT c.field, c.old, c.new, c.made_at, l.region, l.language, l.email, ("
        " SELECT jsonb_build_object('rows', coalesce(jsonb_agg(DISTINCT e.old->>'email'), '[]')) FROM people_change e"
        " WHERE e.login_id = c.login_id AND e.field = 'email' AND e.undone_at IS NULL AND e.made_at > %s"
        " AND e.made_at <= c.made_at AND e.old->>'email' <> l.email) AS contacts"
        " FROM people_change c JOIN people_login l ON l.id = c.login_id WHERE c.login_id = %s AND c.id = %s",
        (clock.now() - UNDO_FOR, login_id, change_id),
    )
    if row is None:
        return None
    return row | {
        "old": sql.answer(row["old"]),
        "new": sql.answer(row["new"]),
        "contacts": sql.answer(row["contacts"])["rows"],
    }
