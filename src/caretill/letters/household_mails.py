"""Mails about who may see and pay for whom. They name nobody, no care and no amount: what they are about stands inside.

An invitation's link is sealed in its outbox row, so that the database alone opens nothing.
"""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings

from caretill.core import clock, sql, tokens
from caretill.letters import wants
from caretill.letters.channels import notice_mail
from caretill.letters.dates import long_date
from caretill.letters.letterhead import Letterhead, letterhead
from caretill.letters.post import once
from caretill.regions import catalog

log = structlog.get_logger("caretill.letters")


def _invite(topic: str, account_id: UUID, row_id: UUID, body: dict[str, Any]) -> None:
    """A link to take what somebody gives. Nothing is sent for an invitation that has ended meanwhile."""
    row = sql.one(
        "SELECT i.email, i.expires_at, l.language, a.region FROM people_invite i JOIN people_login l"
        " ON l.id = i.by_login JOIN people_account a ON a.account_id = i.account_id"
        " WHERE i.account_id = %s AND i.id = %s AND i.taken_at IS NULL AND i.ended_at IS NULL AND i.expires_at > %s",
        (account_id, body["invite_id"], clock.now()),
    )
    if row is None:
        log.info("an invitation ended before it was sent", row=str(row_id))
        return
    token = tokens.unseal("invite", body["sealed"])["token"]
    zone = catalog.region(row["region"]).time_zone
    head = letterhead(row["region"], _language(row["language"]))
    last_day = long_date(row["expires_at"].astimezone(ZoneInfo(zone)).date(), head.language)

    def made(to: str) -> EmailMessage:
        url = _url(head, f"invite/{token}")
        return notice_mail(
            "household.mail.invite", str(row_id), to, head, settings.CARETILL_MAIL_FROM, clock.now(), url=url,
            date=last_day,
        )  # fmt: skip

    once(topic, account_id, row_id, row["email"], made)


def _told(topic: str, login_id: UUID, row_id: UUID, body: dict[str, Any]) -> None:
    """What happened to a right, to one of the two it is about: `to` is giver or taker."""
    row = sql.one("SELECT email, region, language FROM people_login WHERE id = %s", (login_id,))
    if row is None:
        log.warning("nobody to tell", topic=topic, row=str(row_id))
        return
    stop = wants.mail_now(login_id, "household", topic, row_id, body)
    if not stop:
        return
    head = letterhead(row["region"], _language(row["language"]))
    words = f"household.mail.{topic}" + (f"_{body['to']}" if "to" in body else "")

    def made(to: str) -> EmailMessage:
        url = _url(head, "account/household/")
        return notice_mail(words, str(row_id), to, head, settings.CARETILL_MAIL_FROM, clock.now(), url=url, stop=stop)

    once(topic, login_id, row_id, row["email"], made)


TOPICS = {"invite": _invite, "invite_taken": _told, "access_ended": _told, "access_changed": _told}


def _url(head: Letterhead, path: str) -> str:
    return f"{head.public_url}/{path}" + ("" if head.language == "en" else f"?lang={head.language}")


def _language(wish: str) -> str:
    known = catalog.organisation().languages
    return wish if wish in known else known[0]
