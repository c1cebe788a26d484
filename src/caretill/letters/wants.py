"""Whom a message reaches: the one place where a member's topics, channels and quiet time are asked (rules.md MSG-1).

A row about a billing account becomes a row for each login and channel that wants it, due at the end of its quiet time.
When such a row's time has come it is asked again: a STOP in between is honoured.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from caretill.core import clock, outbox, sql
from caretill.letters.carriers import channels
from caretill.letters.links import stop_link
from caretill.people import topics

# Which topic of a member's choice each of the house's own topics belongs to.
TOPIC_OF: Mapping[str, str] = {
    "statement_ready": "bill_ready",
    "private_ready": "bill_ready",
    "receipt_ready": "receipt",
    "refund_made": "receipt",
    "late_payment": "payment_trouble",
    "payment_returned": "payment_trouble",
    "debit_failed": "payment_trouble",
    "refund_failed": "payment_trouble",
    "dispute_opened": "payment_trouble",
    "dispute_lost": "payment_trouble",
    "dispute_won": "receipt",
}
_ASKED = (
    "SELECT l.id AS login_id, l.email, l.phone, l.region, l.language, l.quiet_from, l.quiet_to"
    " FROM people_login l WHERE l.id = %s"
)
# A bill is told to who answers for it and to who manages all of the account for them.
_HEARS = (
    "SELECT l.id AS login_id, l.email, l.phone, l.region, l.language, l.quiet_from, l.quiet_to, a.level = 'holder'"
    " AS holder FROM people_access a JOIN people_login l ON l.id = a.login_id WHERE a.account_id = %s"
    " AND (a.ended_at IS NULL OR a.ended_at > %s) AND a.level IN ('holder', 'manage') AND a.person_id = %s"
    " ORDER BY l.id"
)
# Of a private visit its patient hears, too.
_OWN = (
    "SELECT l.id AS login_id, l.email, l.phone, l.region, l.language, l.quiet_from, l.quiet_to FROM people_access a"
    " JOIN people_login l ON l.id = a.login_id WHERE a.account_id = %s AND (a.ended_at IS NULL OR a.ended_at > %s)"
    " AND a.level = 'own' AND a.person_id = %s ORDER BY l.id"
)
_ON_SCREEN = (
    "SELECT a.account_id FROM people_access a JOIN people_login l ON l.id = a.login_id WHERE a.account_id = ANY(%s)"
    " AND (a.ended_at IS NULL OR a.ended_at > %s) AND a.level = 'holder' AND l.paperless"
)
_PAYER = (
    "SELECT DISTINCT l.id AS login_id, l.email, l.phone, l.region, l.language, l.quiet_from, l.quiet_to FROM"
    " people_login l JOIN people_access a ON a.login_id = l.id AND a.account_id = %s"
    " AND (a.ended_at IS NULL OR a.ended_at > %s) WHERE l.email_key = %s"
)
_EVERYBODY = UUID(int=0)


@dataclass(frozen=True)
class Ear:
    """A login that may want to hear of something."""

    login_id: UUID
    email: str
    phone: str
    region: str
    language: str
    quiet_from: int | None
    quiet_to: int | None
    holder: bool = False

    @property
    def quiet(self) -> tuple[int, int] | None:
        """From an hour to an hour."""
        return None if self.quiet_from is None or self.quiet_to is None else (self.quiet_from, self.quiet_to)

    def channels(self, topic: str) -> list[str]:
        """By which channels it wants a topic; only those that this installation has, and a text needs a number."""
        wishes = topics.wishes(self.login_id)
        return [each for each in channels() if wishes[topic, each] and (each != "text" or self.phone)]


def ear(login_id: UUID) -> Ear | None:
    """A login, as its messages need it."""
    row = sql.one(_ASKED, (login_id,))
    return Ear(**row) if row else None


def of_account(account_id: UUID) -> list[Ear]:
    """The logins that hear of an account's bills."""
    return [Ear(**row) for row in sql.query(_HEARS, (account_id, clock.now(), _EVERYBODY))]


def of_patient(account_id: UUID, person_id: UUID) -> list[Ear]:
    """The logins that are this person of the account."""
    return [Ear(**row) for row in sql.query(_OWN, (account_id, clock.now(), person_id))]


def on_screen_only(accounts: Iterable[UUID]) -> frozenset[UUID]:
    """Those of the accounts whose guarantor has a login and agreed to do without paper (rules.md ESG-1)."""
    rows = sql.query(_ON_SCREEN, (list(set(accounts)), clock.now()))
    return frozenset(row["account_id"] for row in rows)


def of_payer(account_id: UUID, address: str) -> list[Ear]:
    """The login with that address and access to the account, if there is one: paid while signed in, or might have."""
    if not address:
        return []
    return [Ear(**row) for row in sql.query(_PAYER, (account_id, clock.now(), address.lower()))]


def fan_out(ears: list[Ear], topic: str, row_id: UUID, body: Mapping[str, Any]) -> None:
    """A row of its own for each login and channel. Again with the same row, it changes nothing."""
    wish = TOPIC_OF.get(topic, topic)
    for each in ears:
        for channel in each.channels(wish):
            due_at = topics.due(each.region, each.quiet, channel)
            told = {**body, "topic": topic, "channel": channel}
            outbox.put_once(each.login_id, uuid5(row_id, f"{each.login_id} {channel}"), "member_told", told, due_at)


def beside(login_id: UUID, topic: str, row_id: UUID) -> None:
    """Text and push of a topic whose mail was sent already, at once where it is about security."""
    found = ear(login_id)
    if found is None:
        return
    for channel in found.channels(topic):
        if channel != "email":
            due_at = clock.now() if topic == "security" else topics.due(found.region, found.quiet, channel)
            told = {"topic": topic, "channel": channel}
            outbox.put_once(login_id, uuid5(row_id, f"{login_id} {channel}"), "member_told", told, due_at)


def mail_now(login_id: UUID, wish: str, topic: str, row_id: UUID, body: Mapping[str, Any]) -> str:
    """For a topic that tells a login by a mail of its own: where the reader stops it, "" where none leaves now.

    It leaves later where a quiet time holds it. Text and push of the same topic go beside it.
    """
    found = ear(login_id)
    if found is None:
        return ""
    if "held" not in body:
        beside(login_id, wish, row_id)
    if "email" not in found.channels(wish):
        return ""
    due_at = topics.due(found.region, found.quiet, "email")
    if due_at > clock.now():
        outbox.put_once(login_id, uuid5(row_id, "held"), topic, {**body, "held": True}, due_at)
        return ""
    return stop_link(login_id, wish, "email", found.language)


def still(found: Ear, topic: str, channel: str) -> bool:
    """Whether it is wanted now that it would leave."""
    return channel in found.channels(TOPIC_OF.get(topic, topic))
