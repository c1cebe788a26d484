"""Mails about a profile: that it was changed, how to undo that, and the code of a new address.

They are security mails: nobody turns them off, and no quiet time holds them.
"""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid5

import structlog
from django.conf import settings

from caretill.core import clock, tokens
from caretill.letters import wants
from caretill.letters.channels import notice_mail
from caretill.letters.letterhead import letterhead
from caretill.letters.links import undo_link
from caretill.letters.post import once
from caretill.people import new_email, profile
from caretill.regions import catalog

log = structlog.get_logger("caretill.letters")
Body = dict[str, Any]


def _changed(topic: str, login_id: UUID, row_id: UUID, body: Body) -> None:
    """A change, told at every address that was the login's in the last 48 hours, with the link that undoes it."""
    made = profile.told(login_id, UUID(body["change_id"]))
    if made is None:
        log.warning("nothing to tell", topic=topic, row=str(row_id))
        return
    gone = [made["old"]["email"]] if topic == "contact_changed" else [made["email"]]
    url = undo_link(login_id, UUID(body["change_id"]), made["made_at"] + profile.UNDO_FOR, made["language"])
    words = f"profile.mail.{topic}" if topic == "contact_changed" else f"profile.mail.{made['field']}_changed"
    for address in dict.fromkeys([*gone, *made["contacts"]]):
        _send(topic, login_id, row_id, address, words, made["region"], made["language"], url=url)
    wants.beside(login_id, "security", row_id)


def _undone(topic: str, login_id: UUID, row_id: UUID, body: Body) -> None:
    """A change was put back: told at the address that it had brought; of other fields, at the login's."""
    made = profile.told(login_id, UUID(body["change_id"]))
    if made is None:
        log.warning("nothing to tell", topic=topic, row=str(row_id))
        return
    address = made["old"]["email"] if made["field"] == "email" else made["email"]
    _send(topic, login_id, row_id, address, "profile.mail.change_undone", made["region"], made["language"])


def _to_new(topic: str, login_id: UUID, row_id: UUID, body: Body) -> None:
    """The code for a new address; or, where it is another login's already, a word to that login's owner."""
    try:
        held = tokens.unseal("new_email", body["sealed"])
    except tokens.TokenError:
        log.info("a code came too late", row=str(row_id))
        return
    region = profile.region_of(login_id)
    figures: dict[str, Any] = {"code": held["code"], "minutes": new_email.MINUTES} if held["code"] else {}
    _send(topic, login_id, row_id, held["to"], f"profile.mail.{topic}", region, body["language"], **figures)


def _nobody(_: str, __: UUID, ___: UUID, ____: Body) -> None:
    """Kept for whoever will listen to changes of accounts; `export accounts` tells the same."""


TOPICS: dict[str, Callable[[str, UUID, UUID, Body], None]] = {
    "contact_changed": _changed,
    "profile_changed": _changed,
    "change_undone": _undone,
    "email_code": _to_new,
    "email_known": _to_new,
    "account_changed": _nobody,
}


def _send(
    topic: str, login_id: UUID, row_id: UUID, to: str, words: str, region: str, language: str, **figures: Any
) -> None:
    """One mail of the row to one address; each address of a row has a name of its own, so each gets it once."""
    known = catalog.organisation().languages
    head = letterhead(region, language if language in known else known[0])
    own_id = uuid5(row_id, to.lower())

    def made(address: str) -> EmailMessage:
        return notice_mail(words, str(own_id), address, head, settings.CARETILL_MAIL_FROM, clock.now(), **figures)

    once(topic, login_id, own_id, to, made)
