"""Mails of registering and of the ways back in. Address and words come sealed (people.register.put_mail)."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings

from caretill.core import clock, tokens
from caretill.letters.channels import notice_mail
from caretill.letters.letterhead import letterhead
from caretill.letters.post import once
from caretill.people.recovery import LINK_SECONDS
from caretill.people.register import MAIL, SECONDS
from caretill.regions import catalog

log = structlog.get_logger("caretill.letters")

Body = dict[str, Any]
# Pages that mails lead to.
SIGN_IN, REGISTER, FORGOT_PASSWORD, RESET = "/sign-in/", "/register/", "/forgot/password/", "/reset/{link}/"


def _code(topic: str, owner_id: UUID, row_id: UUID, body: Body) -> None:
    """The code that proves an address."""
    _tell(topic, owner_id, row_id, body, "register.mail.code", minutes=SECONDS // 60)


def _known(topic: str, owner_id: UUID, row_id: UUID, body: Body) -> None:
    """Somebody registers with an address that has a login."""
    _tell(topic, owner_id, row_id, body, "register.mail.known", SIGN_IN)


def _welcome(topic: str, owner_id: UUID, row_id: UUID, body: Body) -> None:
    """The login stands."""
    _tell(topic, owner_id, row_id, body, "register.mail.welcome", SIGN_IN)


def _linked(topic: str, owner_id: UUID, row_id: UUID, body: Body) -> None:
    """To the contact on file: somebody registered with the numbers of the paper."""
    _tell(topic, owner_id, row_id, body, "register.mail.linked")


def _held(topic: str, owner_id: UUID, row_id: UUID, body: Body) -> None:
    """To who holds the number: somebody else registered with it and sees nothing."""
    _tell(topic, owner_id, row_id, body, "register.mail.held")


def _email_answer(topic: str, owner_id: UUID, row_id: UUID, body: Body) -> None:
    """Which address they sign in with: this one, another one (masked), or that there is none yet."""
    says = _opened(row_id, body)
    if says:
        ways = {"this": SIGN_IN, "other": SIGN_IN, "none": REGISTER}
        _tell(topic, owner_id, row_id, body, f"recover.mail.{says['is']}", ways[says["is"]], shown=says["shown"])


def _password(topic: str, owner_id: UUID, row_id: UUID, body: Body) -> None:
    """The link for a new password."""
    says = _opened(row_id, body)
    if says:
        way = RESET.format(link=says["link"])
        _tell(topic, owner_id, row_id, body, "recover.mail.password", way, minutes=LINK_SECONDS // 60)


def _nothing(topic: str, owner_id: UUID, row_id: UUID, body: Body) -> None:
    """Somebody asked for a new password and nothing fitted. Without an address nobody is told: it is the same work."""
    _tell(topic, owner_id, row_id, body, "recover.mail.nothing", FORGOT_PASSWORD)


TOPICS: dict[str, Callable[[str, UUID, UUID, Body], None]] = {
    "register_code": _code,
    "register_known": _known,
    "register_welcome": _welcome,
    "register_linked": _linked,
    "register_held": _held,
    "recover_email_answer": _email_answer,
    "recover_password": _password,
    "recover_nothing": _nothing,
}


def _tell(topic: str, owner_id: UUID, row_id: UUID, body: Body, words: str, way: str = "", **figures: Any) -> None:
    says = _opened(row_id, body)
    if says is None:
        return
    known = catalog.organisation().languages
    language = body["language"] if body["language"] in known else known[0]
    head = letterhead(body["region"], language)
    url = f"{settings.CARETILL_PUBLIC_URL.rstrip('/')}{way}" if way else ""
    if url and language != "en":
        url += f"?lang={language}"

    def made(to: str) -> EmailMessage:
        sender = settings.CARETILL_MAIL_FROM
        code = says.get("code", "")
        return notice_mail(words, str(row_id), to, head, sender, clock.now(), url=url, code=code, **figures)

    once(topic, owner_id, row_id, says["to"], made)


def _opened(row_id: UUID, body: Body) -> dict[str, str] | None:
    try:
        return tokens.unseal(MAIL, body["sealed"])
    except tokens.TokenError:
        log.info("a mail came too late", row=str(row_id))
        return None
