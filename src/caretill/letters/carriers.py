"""Who carries texts and pushes: an adapter each, named by CARETILL_TEXTS and CARETILL_PUSH; unset, there is none.

`mailbox` is the local outbox of demos and tests: it hands them to the mail server as mails to nobody, so the demo's
mailbox shows what a telephone would.
"""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Protocol

from django.conf import settings

from caretill.core import clock
from caretill.letters.channels import message_id
from caretill.letters.post import transmit


class Carrier(Protocol):
    """Takes a short message to a telephone number (text) or to a login's devices (push).

    `key` names the message: a second one with it is the same one. Raises OSError where it should be tried again later.
    """

    def carry(self, key: str, to: str, words: str, language: str) -> None: ...


class Mailbox:
    """The local outbox: a mail to an address that leads nowhere."""

    def __init__(self, channel: str) -> None:
        self._channel = channel

    def carry(self, key: str, to: str, words: str, language: str) -> None:
        """Show it in the mailbox."""
        sender = settings.CARETILL_MAIL_FROM
        made = EmailMessage(policy=SMTP)
        made.set_content(f"{words}\n", cte="quoted-printable")
        made["From"] = sender
        made["To"] = f"{to}@{self._channel}.invalid"
        made["Subject"] = {"text": "Text message", "push": "Push message"}[self._channel]
        made["Date"] = format_datetime(clock.now())
        made["Message-ID"] = message_id(key, sender)
        made["Content-Language"] = language
        transmit(made)


CARRIERS: dict[str, Callable[[str], Carrier]] = {"mailbox": Mailbox}


def carrier(channel: str) -> Carrier | None:
    """Who carries a channel's messages in this installation, None for nobody."""
    named = {"text": settings.CARETILL_TEXTS, "push": settings.CARETILL_PUSH}[channel]
    return CARRIERS[named](channel) if named else None


def channels() -> tuple[str, ...]:
    """The channels that this installation has, email first."""
    return ("email", *(each for each in ("text", "push") if carrier(each)))
