"""A card on its way to being saved: what was agreed to, the processor's page, and its end, whoever tells of it first.

The owner's browser comes back, or the worker asks, or the processor's message is applied: the card is kept once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from caretill.core import clock, sql
from caretill.methods import keep, mandates
from caretill.methods.mandate_text import MandateText

MOST_A_DAY = 8  # cards that one login tries to save: the page must not tell who has which card numbers (SEC-3)
LIVES = timedelta(minutes=30)
_LOOK_FIRST = timedelta(minutes=2)


@dataclass(frozen=True)
class Saving:
    """One try. `state`: sending, open (the processor has a page for it), saved, ended."""

    account_id: UUID
    id: UUID
    login_id: UUID
    state: str
    gateway: str
    processor_account: str
    session_ref: str
    method_id: UUID | None
    replaces: UUID | None
    language: str
    expires_at: datetime


def begin(
    account_id: UUID,
    saving_id: UUID,
    login_id: UUID,
    text: MandateText,
    network: str,
    *,
    nickname: str = "",
    processor_account: str = "",
    replaces: UUID | None = None,
    gateway: str = "sandbox",
) -> Saving | None:
    """Keep what was agreed to; the same id again is the same try. None: enough for today."""
    now = clock.now()
    with transaction.atomic():
        keep.lock(login_id)
        known = one(account_id, saving_id)
        if known is not None:
            return known if known.login_id == login_id else None
        today = sql.one(
            "SELECT count(*) AS tries FROM methods_saving WHERE account_id = %s AND login_id = %s AND agreed_at > %s",
            (account_id, login_id, now - timedelta(days=1)),
        )
        if today and today["tries"] >= MOST_A_DAY:
            return None
        consent = {
            "kind": text.kind, "language": text.language, "title": text.title, "text": text.text,
            "summary": text.summary, "version": text.version, "figures": text.figures,
        }  # fmt: skip
        sql.execute(
            "INSERT INTO methods_saving (account_id, id, login_id, state, gateway, processor_account, session_ref,"
            " replaces, nickname, consent, network, agreed_at, look_at, expires_at)"
            " VALUES (%s, %s, %s, 'sending', %s, %s, '', %s, %s, %s::jsonb, %s, %s, %s, %s)",
            (account_id, saving_id, login_id, gateway, processor_account, replaces,
             nickname.strip()[: keep.LONGEST_NICKNAME], sql.dumps(consent), network, now, now + _LOOK_FIRST,
             now + LIVES),
        )  # fmt: skip
        return one(account_id, saving_id)


def one(account_id: UUID, saving_id: UUID) -> Saving | None:
    """For the house itself; a door asks whose it is."""
    row = sql.one(
        "SELECT account_id, id, login_id, state, gateway, processor_account, session_ref, method_id, replaces,"
        " consent ->> 'language' AS language, expires_at FROM methods_saving WHERE account_id = %s AND id = %s",
        (account_id, saving_id),
    )
    return Saving(**row) if row else None


def of(login_id: UUID, saving_id: UUID) -> Saving | None:
    """A member's own try."""
    row = sql.one("SELECT account_id FROM methods_saving WHERE login_id = %s AND id = %s", (login_id, saving_id))
    return one(row["account_id"], saving_id) if row else None


def by_reference(saving_id: UUID) -> Saving | None:
    """The try that a processor's object names."""
    row = sql.one("SELECT account_id FROM methods_saving WHERE id = %s", (saving_id,))
    return one(row["account_id"], saving_id) if row else None


def opened(account_id: UUID, saving_id: UUID, session_ref: str) -> None:
    """The processor made a page for it."""
    sql.execute(
        "UPDATE methods_saving SET state = 'open', session_ref = %s WHERE account_id = %s AND id = %s"
        " AND state = 'sending'",
        (session_ref, account_id, saving_id),
    )


def finish(account_id: UUID, saving_id: UUID, card: keep.SavedCard) -> UUID:
    """The card was kept: it becomes a way to pay, with the agreement to keep it. Twice is the same as once."""
    with transaction.atomic():
        row = _locked(account_id, saving_id)
        if row["method_id"] is not None:
            known: UUID = row["method_id"]
            return known
        method_id = keep.save_card(account_id, row["login_id"], card, row["nickname"], row["gateway"])
        text = MandateText(**sql.answer(row["consent"]))
        mandates.agree(
            account_id, method_id, row["login_id"], "save", "member", text, row["network"],
            mandate_id=saving_id, agreed_at=row["agreed_at"],
        )  # fmt: skip
        sql.execute(
            "UPDATE methods_saving SET state = 'saved', method_id = %s, consent = '{}', network = ''"
            " WHERE account_id = %s AND id = %s",
            (method_id, account_id, saving_id),
        )
        return method_id


def ended(account_id: UUID, saving_id: UUID) -> None:
    """No card was kept; what was agreed to about it is not kept either."""
    sql.execute(
        "UPDATE methods_saving SET state = 'ended', consent = '{}', network = '' WHERE account_id = %s AND id = %s"
        " AND state IN ('sending', 'open')",
        (account_id, saving_id),
    )


def claim(most: int = 20) -> list[Saving]:
    """Tries to ask the processor about now; each is asked again in two minutes, so a killed worker loses none."""
    now = clock.now()
    with transaction.atomic():
        rows = sql.query(
            "UPDATE methods_saving s SET look_at = %s FROM (SELECT account_id, id FROM methods_saving"
            " WHERE state IN ('sending', 'open') AND look_at <= %s ORDER BY look_at LIMIT %s FOR UPDATE SKIP LOCKED) d"
            " WHERE s.account_id = d.account_id AND s.id = d.id RETURNING s.account_id, s.id",
            (now + _LOOK_FIRST, now, most),
        )
    found = (one(row["account_id"], row["id"]) for row in sorted(rows, key=lambda each: each["id"]))
    return [each for each in found if each is not None]


def _locked(account_id: UUID, saving_id: UUID) -> dict[str, Any]:
    row = sql.one("SELECT * FROM methods_saving WHERE account_id = %s AND id = %s FOR UPDATE", (account_id, saving_id))
    if row is None:
        raise ValueError("no such card on its way")
    return row
