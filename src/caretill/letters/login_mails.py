"""Mails to the owner of an account about how it is signed in to. None names an amount, care or a person.

They go out whatever topics somebody wants: who did not do it themselves must hear of it.
"""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any
from uuid import UUID

from django.conf import settings

from caretill.core import clock, sql
from caretill.letters import wants
from caretill.letters.channels import notice_mail
from caretill.letters.letterhead import letterhead
from caretill.letters.post import once
from caretill.regions import catalog

Body = dict[str, Any]
_PAGES = {"new_device": "account/devices/"}


def _notice(topic: str, login_id: UUID, row_id: UUID, _: Body) -> None:
    """To the address of the login, as it is now, with a way to the page that shows it."""
    row = sql.one("SELECT email, language, region FROM people_login WHERE id = %s", (login_id,))
    if row is None:
        return
    known = catalog.organisation().languages
    language = row["language"] if row["language"] in known else known[0]
    head = letterhead(row["region"], language)
    url = f"{settings.CARETILL_PUBLIC_URL.rstrip('/')}/{_PAGES.get(topic, 'account/security/')}"

    def made(to: str) -> EmailMessage:
        sender = settings.CARETILL_MAIL_FROM
        return notice_mail(f"security.mail.{topic}", str(row_id), to, head, sender, clock.now(), url=url)

    once(topic, login_id, row_id, row["email"], made)
    wants.beside(login_id, "security", row_id)


TOPICS: dict[str, Callable[[str, UUID, UUID, Body], None]] = {
    "new_device": _notice,
    "password_changed": _notice,
    "factor_changed": _notice,
}
