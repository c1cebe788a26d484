"""Who made a link for somebody else to pay hears that it was used: no amount, no name, no bill (rules.md HIP-3)."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid5

import structlog
from django.conf import settings

from caretill.core import clock, outbox, sql
from caretill.letters import wants
from caretill.letters.channels import notice_mail
from caretill.letters.letterhead import letterhead
from caretill.letters.post import once
from caretill.payments import helping
from caretill.people.viewer import Hidden
from caretill.regions import catalog

log = structlog.get_logger("caretill.letters")


def tell_maker(account_id: UUID, help_id: UUID, row_id: UUID) -> None:
    """Have it told that a payment went through; `row_id` is the row of its receipt, so it is told once."""
    link = helping.read(account_id, help_id)
    body = {"account_id": account_id, "help_id": help_id}
    outbox.put_once(link.login_id or account_id, uuid5(row_id, "helped"), "help_used", body, clock.now())


def _used(topic: str, owner_id: UUID, row_id: UUID, body: dict[str, Any]) -> None:
    """To a member as they want it; to a guest who gave an address."""
    try:
        link = helping.read(UUID(body["account_id"]), UUID(body["help_id"]))
    except Hidden:
        log.warning("nothing to tell", topic=topic, row=str(row_id))
        return
    if link.orphaned:
        log.info("who made it may not pay any more", topic=topic, row=str(row_id))
        return
    address, language, path, stop = link.email, link.language, f"pay/{link.region}/", ""
    if link.login_id:
        row = sql.one("SELECT email, language FROM people_login WHERE id = %s", (link.login_id,))
        stop = wants.mail_now(link.login_id, "receipt", topic, row_id, body) if row else ""
        if row is None or not stop:
            return
        address, language, path = row["email"], row["language"], "account/history/"
    known = catalog.organisation().languages
    head = letterhead(link.region, language if language in known else known[0])
    ending = "" if head.language == "en" else f"?lang={head.language}"

    def made(to: str) -> EmailMessage:
        return notice_mail(
            "helping.mail", str(row_id), to, head, settings.CARETILL_MAIL_FROM, clock.now(),
            url=f"{head.public_url}/{path}{ending}", stop=stop,
        )  # fmt: skip

    once(topic, owner_id, row_id, address, made)


TOPICS = {"help_used": _used}
