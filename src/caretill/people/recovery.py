"""Ways back in: which address somebody signs in with, and a new password.

Neither tells whether an account exists: every try runs the same statements and writes the same rows, what differs goes
by mail. A link sets a password once, for twenty minutes, and signs nobody in.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from caretill.core import clock, limits, outbox, sql, tokens
from caretill.people import passwords, sessions
from caretill.people.register import Standing, mail_owner, put_mail
from caretill.people.signin import email_key
from caretill.people.viewer import NOBODY

LINK_SECONDS = 1200
MAILS, HOUR = 3, 3600


@dataclass(frozen=True)
class Reset:
    """A link that still works: whose it is, the password it was made for, words that the new one may not be made of.

    `second`: no facts were asked for it, so it takes a second step, whatever has become of theirs since.
    """

    login_id: UUID
    password: str
    about: tuple[str, ...]
    second: bool = False


def tell_email(held: Standing | None, region: str, language: str) -> None:
    """Mail the address of a login: to itself, and masked to the contact on file, which the facts have named.

    To somebody who is not the guarantor only their own address is told. Two rows are written whatever was found; three
    times an hour for an account, then nobody is told.
    """
    asked = held or Standing(NOBODY, NOBODY, "holder")
    row: dict[str, Any] = sql.one(
        "SELECT a.email AS contact, a.language AS theirs, l.email, l.language FROM (SELECT %s::uuid AS id) AS asked"
        " LEFT JOIN people_account a ON a.account_id = asked.id"
        " LEFT JOIN people_access x ON x.account_id = a.account_id AND x.person_id = %s AND x.level = %s"
        " AND x.ended_at IS NULL LEFT JOIN people_login l ON l.id = x.login_id",
        (asked.account_id, asked.person_id, asked.level),
    ) or {"contact": "", "theirs": "", "email": "", "language": ""}
    allowed = _allowed("recover_mail", str(asked.account_id))
    contact, own = row["contact"] or "", row["email"] or ""
    same = bool(own) and email_key(own) == email_key(contact)
    to_contact = contact if allowed and contact and not same and not (own and asked.level == "own") else ""
    said = {"shown": masked(own) if own else "", "is": "other" if own else "none"}
    answer = "recover_email_answer" if to_contact else "recover_nothing"
    with transaction.atomic():
        put_mail(asked.account_id, answer, to_contact, region, row["theirs"] or language, **said)
        to_own = own if allowed else ""
        answer = "recover_email_answer" if to_own else "recover_nothing"
        put_mail(asked.account_id, answer, to_own, region, row["language"] or language, **{"shown": "", "is": "this"})


def send_link(email: str, held: Standing | None, region: str, language: str) -> None:
    """Mail a link for a new password to an address whose login can see what the facts have named.

    Otherwise the address is told that somebody asked and nothing fits. One row either way, three mails an hour.
    """
    key = email_key(email)
    row: dict[str, Any] = sql.one(
        "SELECT l.id, l.email, l.password, l.language FROM people_login l WHERE l.email_key = %s AND EXISTS ("
        " SELECT FROM people_access x WHERE x.login_id = l.id AND x.account_id = %s AND x.ended_at IS NULL)",
        (key, held.account_id if held else NOBODY),
    ) or {"id": NOBODY, "email": "", "password": "", "language": ""}
    found, allowed = row["id"] != NOBODY, _allowed("reset_mail", key)
    link = tokens.seal("reset", {"l": str(row["id"]), "p": _mark(row["password"])}, LINK_SECONDS)
    topic = "recover_password" if found and allowed else "recover_nothing"
    to = (row["email"] if found else email) if allowed else ""
    put_mail(mail_owner(key), topic, to, region, row["language"] or language, link=link if found else "")


def send_invited_link(email: str, region: str, language: str) -> None:
    """The same for who was invited and has no facts of their own: their second step stands in for them.

    A login that answers for an account or is a patient has facts, and without an app or recovery codes there is nothing
    to prove it by beside the mail: both are told as if nothing fitted. One row either way, the same mails an hour.
    """
    key = email_key(email)
    row: dict[str, Any] = sql.one(
        "SELECT l.id, l.email, l.password, l.language FROM people_login l WHERE l.email_key = %s AND EXISTS (SELECT"
        " FROM people_factor f WHERE f.login_id = l.id AND f.ended_at IS NULL AND f.kind IN ('totp', 'recovery'))"
        " AND (SELECT bool_and(x.level NOT IN ('holder', 'own')) FROM people_access x WHERE x.login_id = l.id"
        " AND (x.ended_at IS NULL OR x.ended_at > %s))",
        (key, clock.now()),
    ) or {"id": NOBODY, "email": "", "password": "", "language": ""}
    found, allowed = row["id"] != NOBODY, _allowed("reset_mail", key)
    link = tokens.seal("reset", {"l": str(row["id"]), "p": _mark(row["password"]), "s": "1"}, LINK_SECONDS)
    topic = "recover_password" if found and allowed else "recover_nothing"
    to = (row["email"] if found else email) if allowed else ""
    put_mail(mail_owner(key), topic, to, region, row["language"] or language, link=link if found else "")


def opened(token: str) -> Reset | None:
    """What a mailed link opens; None where it is late, used, or never was one."""
    try:
        kept = tokens.unseal("reset", token)
    except tokens.TokenError:
        return None
    row = sql.one("SELECT id, email, password, first_name, last_name FROM people_login WHERE id = %s", (kept["l"],))
    if row is None or _mark(row["password"]) != kept["p"]:
        return None
    about = (row["email"].partition("@")[0], row["first_name"], row["last_name"])
    return Reset(row["id"], row["password"], about, second="s" in kept)


def set_password(reset: Reset, password: str) -> bool:
    """Keep a new password that was judged; every browser is signed out, the owner is told. False where it was used."""
    kept = passwords.keep(password)
    with transaction.atomic():
        done = sql.execute(
            "UPDATE people_login SET password = %s, whole_password = %s WHERE id = %s AND password = %s",
            (kept, passwords.alone(password), reset.login_id, reset.password),
        )
        if not done:
            return False
        sessions.end_all(reset.login_id)
        outbox.put(reset.login_id, "password_changed", {"at": clock.now().isoformat()})
    return True


def masked(email: str) -> str:
    """`j***@e***.org`: enough for its owner to know it, whatever its length."""
    name, _, host = email.partition("@")
    ending = host.rpartition(".")[2] if "." in host else ""
    return f"{name[:1]}***@{host[:1]}***" + (f".{ending}" if ending else "")


def _allowed(name: str, value: str) -> bool:
    mails = [limits.Limit(name, value, MAILS, HOUR)]
    return limits.take(mails)[0] <= MAILS


def _mark(password: str) -> str:
    """Of the password as it stands: a link dies with it."""
    return hashlib.sha256(password.encode()).hexdigest()[:32]
