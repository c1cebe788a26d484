"""A message to a member by one channel: a mail with a link and a way to stop it, a text or a push without either.

A text and a push say what kind of thing there is and where to sign in: no amount, no care, no person (rules.md HIP-3).
"""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings

from caretill.core import clock, sql
from caretill.core.words import say
from caretill.letters import carriers, wants
from caretill.letters.channels import link_mail, message_id
from caretill.letters.letterhead import letterhead
from caretill.letters.links import (
    Link,
    account_address,
    bill_link,
    front_link,
    member_bill_link,
    receipt_link,
    stop_link,
)
from caretill.letters.post import hand_over, once
from caretill.letters.wants import Ear
from caretill.regions import catalog

log = structlog.get_logger("caretill.letters")
Body = dict[str, Any]


def _tell(_: str, login_id: UUID, row_id: UUID, body: Body) -> None:
    """What `wants.fan_out` planned, unless it is not wanted any more."""
    found = wants.ear(login_id)
    topic, channel = body["topic"], body["channel"]
    if found is None or not wants.still(found, topic, channel):
        log.info("not wanted any more", topic=topic, channel=channel, row=str(row_id))
        return
    if channel == "email":
        _mail(found, topic, row_id, body)
    else:
        _short(found, topic, channel, row_id)


TOPICS: dict[str, Callable[[str, UUID, UUID, Body], None]] = {"member_told": _tell}


def _language(found: Ear) -> str:
    known = catalog.organisation().languages
    return found.language if found.language in known else known[0]


def _mail(found: Ear, topic: str, row_id: UUID, body: Body) -> None:
    language = _language(found)
    link = _link(found, body, language)
    if link is None:
        log.warning("nothing to tell", topic=topic, row=str(row_id))
        return
    head = letterhead(found.region, language)
    stop = stop_link(found.login_id, wants.TOPIC_OF[topic], "email", language)

    def made(to: str) -> EmailMessage:
        return link_mail(topic, str(row_id), to, link, head, settings.CARETILL_MAIL_FROM, clock.now(), stop=stop)

    once(topic, found.login_id, row_id, found.email, made)


def _link(found: Ear, body: Body, language: str) -> Link | None:
    """The receipt of a payment, or the bill as it is when the mail leaves."""
    zone, account_id = catalog.region(found.region).time_zone, UUID(body["account_id"])
    if body["topic"] == "debit_failed":
        return front_link(language, zone)
    if "payment_id" in body:
        return receipt_link(account_id, UUID(body["payment_id"]), language, zone)
    if body["topic"] == "private_ready":
        return member_bill_link(UUID(body["bill_id"]), language, zone)
    row = sql.one("SELECT version FROM billing_bill WHERE account_id = %s AND id = %s", (account_id, body["bill_id"]))
    return bill_link(account_id, UUID(body["bill_id"]), row["version"], language, zone) if row else None


def _short(found: Ear, topic: str, channel: str, row_id: UUID) -> None:
    carrier = carriers.carrier(channel)
    if carrier is None:
        return
    language = _language(found)
    head = letterhead(found.region, language)
    said = say(language, f"messages.short.{wants.TOPIC_OF.get(topic, topic)}", organisation=head.name)
    words = f"{said} {account_address(language)}"
    if channel == "text":
        words = f"{words} {say(language, 'messages.short.stop')}"
    to = found.phone.replace("-", "") if channel == "text" else str(found.login_id)
    key = str(row_id)
    name = message_id(key, settings.CARETILL_MAIL_FROM)
    hand_over(topic, found.login_id, row_id, name, lambda: carrier.carry(key, to, words, language))
