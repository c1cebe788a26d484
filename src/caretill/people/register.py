"""Registering: what the facts of the paper open, the code that proves a mail address, and the login that is made.

Nothing is linked or shown before the address is proved. Whether a login of that address exists, or somebody else holds
the number already, changes no page: it is told by mail to whom it concerns.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from django.db import transaction

from caretill.core import audit, clock, limits, outbox, sql, tokens
from caretill.core.ids import deterministic_uuid, uuid7
from caretill.people.age import grown
from caretill.people.signin import email_key
from caretill.people.viewer import NOBODY
from caretill.regions import catalog

SECONDS = 900
TRIES = 5
# Sent twice, the last step signs in twice; a minute later it is somebody who kept an old page.
TWICE = timedelta(seconds=60)
MAIL = "account mail"  # the purpose under which what a mail says is sealed: letters.register_mails opens it
MAIL_SECONDS = 4 * 86_400

Level = Literal["holder", "own"]
Made = Literal["made", "again", "taken"]


@dataclass(frozen=True)
class Standing:
    """What somebody with the right facts may register for: the account (`holder`), or themselves on it (`own`)."""

    account_id: UUID
    person_id: UUID
    level: Level


@dataclass(frozen=True)
class Agreed:
    """What somebody said yes or no to: `terms` or `paperless`, in these words."""

    kind: str
    agreed: bool
    version: str
    language: str
    digest: bytes


@dataclass(frozen=True)
class Wish:
    """All that a new login is made of. `password` is the stored text; `whole` that it is enough alone. Without a
    `standing` nothing is linked: an invitation will be.
    """

    login_id: UUID
    region: str
    standing: Standing | None
    email: str
    password: str
    whole: bool
    first_name: str
    last_name: str
    street: str
    city: str
    state: str
    zip: str
    language: str
    paperless: bool
    agreed: Sequence[Agreed]


def standing(account_id: UUID | None, person_id: UUID | None, last_norm: str) -> Standing | None:
    """What the facts of a lookup open: by a health record number that grown person, or the guarantor for themself and
    their children; by an account number its guarantor alone, whose last name must be the one that was given.

    One statement, also where nothing was found.
    """
    row = sql.one(
        "SELECT a.last_norm, a.region, p.id, p.relation, p.birth_date"
        " FROM (SELECT %s::uuid AS account_id, %s::uuid AS person_id) AS asked"
        " JOIN people_account a ON a.account_id = asked.account_id"
        " LEFT JOIN people_person p ON p.account_id = a.account_id AND p.id = asked.person_id",
        (account_id or NOBODY, person_id or NOBODY),
    )
    if account_id is None or row is None:
        return None
    if person_id is not None:
        guarantors = row["relation"] == "self" or _minor(row)
        return Standing(account_id, NOBODY, "holder") if guarantors else _own(account_id, row["id"])
    return Standing(account_id, NOBODY, "holder") if row["last_norm"] == last_norm else None


def _minor(row: dict[str, Any]) -> bool:
    """A child's paper is in the hands of who answers for it; nobody becomes the child before it is grown."""
    today = clock.today(catalog.region(row["region"]).time_zone)
    return row["relation"] == "child" and not grown(row["birth_date"], row["relation"], today)


def _own(account_id: UUID, person_id: UUID | None) -> Standing | None:
    return Standing(account_id, person_id, "own") if person_id else None


def on_file(held: Standing) -> dict[str, str]:
    """Name and address on file, to fill a form in: of the guarantor, or the name alone of somebody else. Logged.

    The caller has had the mail address proved.
    """
    row = sql.one(
        "SELECT a.first_name, a.last_name, a.street, a.city, a.state, a.zip, p.first_name AS own_first,"
        " p.last_name AS own_last FROM people_account a"
        " LEFT JOIN people_person p ON p.account_id = a.account_id AND p.id = %s WHERE a.account_id = %s",
        (held.person_id, held.account_id),
    )
    audit.record_read(held.account_id, "register", "contact", None if held.person_id == NOBODY else held.person_id)
    if row is None:
        return {}
    if held.level == "own":
        return {"first_name": row["own_first"] or "", "last_name": row["own_last"] or ""}
    return {name: row[name] for name in ("first_name", "last_name", "street", "city", "state", "zip")}


def send_code(email: str, region: str, language: str) -> str:
    """Mail a six-digit code to an address; the token that the browser keeps. How often is the caller's to limit.

    Where somebody signs in with that address already, they are told so and no code fits: same statements, same token.
    """
    key = email_key(email)
    known = sql.one("SELECT id FROM people_login WHERE email_key = %s", (key,)) is not None
    code, salt = f"{secrets.randbelow(10**6):06d}", secrets.token_hex(8)
    sealed = tokens.seal(MAIL, {"to": email, "code": "" if known else code}, SECONDS)
    body = {"sealed": sealed, "region": region, "language": language}
    outbox.put(mail_owner(key), "register_known" if known else "register_code", body)
    fits = secrets.token_hex(8) if known else code
    return tokens.seal("register_sent", {"n": salt, "h": _digest(salt, key, fits)}, SECONDS)


def redeem(token: str, email: str, code: str) -> bool:
    """Whether it is the code that was mailed to that address: in time, once, and within five tries."""
    try:
        kept = tokens.unseal("register_sent", token)
    except tokens.TokenError:
        return False
    tries = limits.Limit("register_try", kept["n"], TRIES, SECONDS * 2)
    used = limits.Limit("register_used", kept["n"], 1, SECONDS * 2)
    within = limits.take([tries])[0] <= TRIES
    right = hmac.compare_digest(_digest(kept["n"], email_key(email), code.strip()), kept["h"])
    # A right code is used up by the first of many that come at once.
    return right and within and limits.take([used])[0] == 1


def make(wish: Wish) -> Made:
    """Make the login and link it, all or nothing: `made`, `again` (the same step sent twice), `taken` (the address).

    Who holds an account or a person already keeps it: then nothing is linked, the new login can see nothing, and the
    one who holds it is told. A new link is told to the contact on file.
    """
    with transaction.atomic():
        if not _login(wish):
            return _again(wish)
        linked = _link(wish)
        for each in wish.agreed:
            sql.execute(
                "INSERT INTO people_consent (login_id, id, kind, agreed, version, language, digest, recorded_at)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                (
                    wish.login_id,
                    uuid7(),
                    each.kind,
                    each.agreed,
                    each.version,
                    each.language,
                    each.digest,
                    clock.now(),
                ),
            )
        put_mail(wish.login_id, "register_welcome", wish.email, wish.region, wish.language)
        _tell_others(wish, linked)
    return "made"


def put_mail(owner_id: UUID, topic: str, to: str, region: str, language: str, **says: str) -> None:
    """A mail of ours: address and words sealed, for as long as the outbox tries (core.outbox)."""
    sealed = tokens.seal(MAIL, {"to": to, **says}, MAIL_SECONDS)
    outbox.put(owner_id, topic, {"sealed": sealed, "region": region, "language": language})


def mail_owner(key: str) -> UUID:
    """Whose outbox row a mail to an address is that may be nobody's."""
    return deterministic_uuid("mail address", key)


def _login(wish: Wish) -> bool:
    now = clock.now()
    return bool(
        sql.execute(
            "INSERT INTO people_login (id, email, email_key, password, whole_password, region, first_name, last_name,"
            " street, city, state, zip, phone, language, paperless, made_at, changed_at) VALUES"
            " (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '', %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (
                wish.login_id,
                wish.email,
                email_key(wish.email),
                wish.password,
                wish.whole,
                wish.region,
                wish.first_name,
                wish.last_name,
                wish.street,
                wish.city,
                wish.state,
                wish.zip,
                wish.language,
                wish.paperless,
                now,
                now,
            ),
        )
    )


def _again(wish: Wish) -> Made:
    row = sql.one("SELECT made_at FROM people_login WHERE id = %s", (wish.login_id,))
    return "again" if row and clock.now() - row["made_at"] <= TWICE else "taken"


def _link(wish: Wish) -> bool:
    held = wish.standing
    return held is not None and bool(
        sql.execute(
            "INSERT INTO people_access (login_id, account_id, person_id, level, given_at) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            (wish.login_id, held.account_id, held.person_id, held.level, clock.now()),
        )
    )


def _tell_others(wish: Wish, linked: bool) -> None:
    """One row either way: to who holds the number already, or to the contact on file, unless that is who registered."""
    if wish.standing is None:
        return
    row: dict[str, Any] = sql.one(
        "SELECT a.email AS contact, a.language, l.email, l.language AS own_language FROM people_account a"
        " LEFT JOIN people_access x ON x.account_id = a.account_id AND x.person_id = %s AND x.level = %s"
        " AND x.ended_at IS NULL LEFT JOIN people_login l ON l.id = x.login_id WHERE a.account_id = %s",
        (wish.standing.person_id, wish.standing.level, wish.standing.account_id),
    ) or {"contact": "", "language": "", "email": "", "own_language": ""}
    to = row["contact"] if linked else row["email"] or row["contact"]
    own = email_key(to or "") == email_key(wish.email)
    language = row["language"] if linked else row["own_language"] or row["language"]
    topic = "recover_nothing" if own or not to else "register_linked" if linked else "register_held"
    put_mail(wish.standing.account_id, topic, "" if own else to or "", wish.region, language or wish.language)


def _digest(salt: str, key: str, code: str) -> str:
    return hashlib.sha256(f"{salt}:{key}:{code}".encode()).hexdigest()
