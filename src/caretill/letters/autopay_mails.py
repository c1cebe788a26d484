"""Mails about what is taken later. A notice says amount and date, nothing else (rules.md EFT-1, HIP-3).

A notice has three links, to skip, move or stop: each opens a page with one button, since mail programs follow links. It
leaves whatever its reader wants to hear of: the law asks for it.
"""

from __future__ import annotations

from datetime import date
from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings

from caretill.autopay import days, notice
from caretill.autopay.notice import Notice
from caretill.core import clock, sql, tokens
from caretill.core.money import show
from caretill.core.words import say
from caretill.letters import wants
from caretill.letters.channels import notice_mail
from caretill.letters.dates import long_date
from caretill.letters.letterhead import Letterhead, letterhead
from caretill.letters.post import once
from caretill.regions import catalog
from caretill.regions.rules import clock_words

log = structlog.get_logger("caretill.letters")

ACTIONS = ("skip", "move", "stop")
LINK_DAYS = 60
PLANNED_DAYS = 500
Body = dict[str, Any]


def link(action: str, account_id: UUID, order_id: UUID, due_on: str, language: str) -> str:
    """The page with one button that skips, moves or stops; open to whoever holds the mail."""
    held = {"x": action, "a": str(account_id), "o": str(order_id), "d": due_on}
    ending = "" if language == "en" else f"?lang={language}"
    token = tokens.seal("autopay", held, LINK_DAYS * 24 * 3600)
    return f"{settings.CARETILL_PUBLIC_URL.rstrip('/')}/autopay/{token}/{ending}"


def _notice(topic: str, _: UUID, row_id: UUID, body: Body) -> None:
    """The notice of one debit, to the payer and to whom they named; the debit counts as told once it left."""
    account_id, order_id = UUID(body["account_id"]), UUID(body["order_id"])
    found = notice.prepare(account_id, order_id, date.fromisoformat(body["due_on"]))
    if found is None:
        log.info("nothing to tell any more", row=str(row_id))
        return
    for place, address in enumerate(found.addresses):
        _send(topic, row_id if place == 0 else uuid5(row_id, address), address, found, acts=place == 0)
    notice.left(account_id, order_id, found.due_on, found.take_on)


def _send(topic: str, row_id: UUID, address: str, found: Notice, *, acts: bool) -> None:
    """Only the payer's own mail can skip, move or stop."""
    language = _language(found.language)
    head = letterhead(found.region, language)
    zone = ZoneInfo(catalog.region(found.region).time_zone)
    until = days.last_minute(found.closes_at).astimezone(zone)
    figures = {
        "amount": show(found.cents), "cap": show(found.cap_cents), "date": long_date(found.take_on, language),
        "until": long_date(until.date(), language), "time": clock_words(until.time(), language),
    }  # fmt: skip
    links: list[tuple[str, str]] = []
    if acts and found.kind == "notice":
        links = [
            (say(language, f"later.mail.{action}"),
             link(action, found.account_id, found.order_id, found.due_on.isoformat(), language))
            for action in ACTIONS
        ]  # fmt: skip

    def made(to: str) -> EmailMessage:
        key = f"{row_id} {found.take_on}"
        return notice_mail(
            f"later.mail.{found.kind}", key, to, head, settings.CARETILL_MAIL_FROM, clock.now(),
            url=_account(head), links=links, **figures,
        )  # fmt: skip

    once(topic, found.login_id, row_id, address, made)


def planned_link(account_id: UUID, order_id: UUID, language: str) -> str:
    """The page of a guest's payment on a day to come, open to whoever holds its mail."""
    ending = "" if language == "en" else f"?lang={language}"
    return f"{settings.CARETILL_PUBLIC_URL.rstrip('/')}/planned/{planned_token(account_id, order_id)}/{ending}"


def planned_token(account_id: UUID, order_id: UUID) -> str:
    """What stands in its address. It outlives the longest wait, so that its end can be read there."""
    return tokens.seal("planned", {"a": str(account_id), "o": str(order_id)}, PLANNED_DAYS * 24 * 3600)


def _told_guest(topic: str, account_id: UUID, row_id: UUID, body: Body) -> None:
    """The same to who has no account: to the address that they gave."""
    order_id = UUID(body["order_id"])
    row = sql.one(
        "SELECT email, region, language FROM autopay_order WHERE account_id = %s AND id = %s", (account_id, order_id)
    )
    if row is None or not row["email"]:
        log.warning("nobody to tell", topic=topic, row=str(row_id))
        return
    head = letterhead(row["region"], _language(row["language"]))
    words = "ended" if topic == "later_ended" else "failed"

    def made(to: str) -> EmailMessage:
        return notice_mail(
            f"later.mail.planned_{words}", str(row_id), to, head, settings.CARETILL_MAIL_FROM, clock.now(),
            url=planned_link(account_id, order_id, head.language),
        )  # fmt: skip

    once(topic, account_id, row_id, row["email"], made)


def _told(topic: str, login_id: UUID, row_id: UUID, body: Body) -> None:
    """Something was not taken, or ended by itself: what, and what to do, stands in the account."""
    if login_id == UUID(body["account_id"]):
        return _told_guest(topic, login_id, row_id, body)
    row = sql.one("SELECT email, region, language FROM people_login WHERE id = %s", (login_id,))
    if row is None:
        log.warning("nobody to tell", topic=topic, row=str(row_id))
        return
    stop = wants.mail_now(login_id, "payment_trouble", topic, row_id, body)
    if not stop:
        return
    head = letterhead(row["region"], _language(row["language"]))
    words = "ended" if topic == "later_ended" or body.get("ended") else "failed"

    def made(to: str) -> EmailMessage:
        return notice_mail(
            f"later.mail.{body['kind']}_{words}", str(row_id), to, head, settings.CARETILL_MAIL_FROM, clock.now(),
            url=_account(head, "account/plans/" if body["kind"] == "plan" else "account/scheduled/"), stop=stop,
        )  # fmt: skip

    once(topic, login_id, row_id, row["email"], made)


TOPICS = {"autopay_notice": _notice, "later_failed": _told, "later_ended": _told}


def _account(head: Letterhead, path: str = "account/autopay/") -> str:
    return f"{head.public_url}/{path}" + ("" if head.language == "en" else f"?lang={head.language}")


def _language(wish: str) -> str:
    known = catalog.organisation().languages
    return wish if wish in known else known[0]
