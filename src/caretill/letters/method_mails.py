"""Mails about saved ways to pay: each change to its owner, and a copy of what somebody agreed to.

They name the last digits, no person and no care. A copy holds the whole text, with its amount: whoever agreed was told
so there (rules.md ACH-1), and a copy without it would be none. Nobody turns them off: a change may be somebody else's.
"""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings

from caretill.autopay import guests
from caretill.core import clock, sql
from caretill.core.words import say
from caretill.letters import wants
from caretill.letters.autopay_mails import planned_link
from caretill.letters.channels import notice_mail
from caretill.letters.letterhead import letterhead
from caretill.letters.post import once
from caretill.methods import access, mandates
from caretill.methods.access import Method
from caretill.regions import catalog

log = structlog.get_logger("caretill.letters")
Body = dict[str, Any]


def label(method: Method, language: str) -> str:
    """`Visa card that ends in 4242`, with the owner's own name for it behind."""
    kind = "card" if method.kind == "card" else method.account_type
    brand = method.brand.capitalize()
    text = " ".join(say(language, f"methods.label.{kind}", brand=brand, last4=method.last4).split())
    text = text[:1].upper() + text[1:]
    return f"{text} ({method.nickname})" if method.nickname else text


def _changed(topic: str, account_id: UUID, row_id: UUID, body: Body) -> None:
    """To the owner, as they are now, with a way to the page that shows it."""
    method = access.by_id(account_id, UUID(body["method_id"]))
    owner = _owner(method.login_id if method else None)
    if method is None or owner is None:
        log.warning("nothing to tell", topic=topic, row=str(row_id))
        return
    if topic == "method_amounts" and method.validation != "micro":
        return  # told meanwhile, or gone
    page = f"account/ways/{method.id}/prove/" if topic == "method_amounts" else "account/ways/"
    head = letterhead(owner["region"], owner["language"])
    url = f"{settings.CARETILL_PUBLIC_URL.rstrip('/')}/{page}"
    named = label(method, owner["language"])

    def made(to: str) -> EmailMessage:
        sender = settings.CARETILL_MAIL_FROM
        words = f"methods.mail.{topic}"
        return notice_mail(words, str(row_id), to, head, sender, clock.now(), url=url, label=named)

    once(topic, account_id, row_id, owner["email"], made)
    if method.login_id is not None:
        wants.beside(method.login_id, "security", row_id)


def _copy(topic: str, account_id: UUID, row_id: UUID, body: Body) -> None:
    """The text that was agreed to, whole, in its language: to the member, or to the address a guest gave."""
    mandate = mandates.one(account_id, UUID(body["mandate_id"]))
    if mandate is None or not mandate["text"]:
        log.warning("nothing to tell", topic=topic, row=str(row_id))
        return
    owner = _owner(mandate["login_id"])
    head = letterhead(mandate["figures"]["region"], mandate["language"])
    text = (mandate["title"], *mandate["text"].split("\n\n"))
    planned = guests.of_mandate(account_id, mandate["id"]) if owner is None else None
    words, url = f"methods.mail.{topic}", ""
    if planned is not None:
        words, url = f"methods.mail.{topic}_planned", planned_link(account_id, planned, head.language)

    def made(to: str) -> EmailMessage:
        return notice_mail(
            words, str(row_id), to, head, settings.CARETILL_MAIL_FROM, clock.now(), paragraphs=text, url=url
        )

    once(topic, account_id, row_id, owner["email"] if owner else mandate["email"], made)


def _owner(login_id: UUID | None) -> dict[str, Any] | None:
    """Where a member gets mail, and in which language."""
    row = sql.one("SELECT email, language, region FROM people_login WHERE id = %s", (login_id,)) if login_id else None
    if row is None:
        return None
    known = catalog.organisation().languages
    return {**row, "language": row["language"] if row["language"] in known else known[0]}


TOPICS: dict[str, Callable[[str, UUID, UUID, Body], None]] = {
    **dict.fromkeys(
        (
            "method_added",
            "method_amounts",
            "method_corrected",
            "method_default",
            "method_deleted",
            "method_disabled",
            "method_expiring",
            "method_proved",
            "method_renamed",
            "method_renewed",
            "method_replaced",
            "mandate_stopped",
        ),
        _changed,
    ),
    "mandate_copy": _copy,
}
