"""The post office: a mail of an outbox row is handed to the mail server once, encrypted wherever the server can.

A mail is remembered by the id of its outbox row: after it was taken by the mail server it is never sent again; when the
process dies between the two, the second mail has the first one's Message-ID.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit
from uuid import UUID

import structlog
from django.conf import settings

from caretill.core import clock, sql

log = structlog.get_logger("caretill.letters")

TIMEOUT_SECONDS = 20
# One plain address: nothing that a mail header could take for a second one.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class MailUnset(OSError):
    """CARETILL_SMTP_URL names no mail server: what should be told waits in the outbox."""


def address_ok(address: str) -> bool:
    """Whether a mail can go there: one plain address."""
    return len(address) <= 254 and _ADDRESS.fullmatch(address) is not None


def once(topic: str, account_id: UUID, row_id: UUID, address: str, made: Callable[[str], EmailMessage]) -> None:
    """Send the mail of an outbox row unless it was sent. No transaction is open while the mail server is asked.

    `account_id` is whose outbox row it is. Raises OSError where it should be tried again later.
    """
    if not address:
        return
    if not address_ok(address):
        log.warning("an address cannot be written to", topic=topic, row=str(row_id))
        return
    message = made(address)
    hand_over(topic, account_id, row_id, message["Message-ID"], lambda: transmit(message))


def hand_over(topic: str, owner_id: UUID, row_id: UUID, name: str, hand: Callable[[], None]) -> None:
    """Hand a mail, text or push of an outbox row to who carries it, unless that was done. `name` is its Message-ID."""
    row = sql.one(
        "INSERT INTO letters_mail AS m (account_id, id, topic, message_id, begun_at) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (account_id, id) DO UPDATE SET begun_at = m.begun_at RETURNING sent_at",
        (owner_id, row_id, topic, name, clock.now()),
    )
    if row is not None and row["sent_at"] is not None:
        return
    hand()
    sql.execute(
        "UPDATE letters_mail SET sent_at = %s WHERE account_id = %s AND id = %s", (clock.now(), owner_id, row_id)
    )


def transmit(message: EmailMessage) -> None:
    """Hand a mail to the server of CARETILL_SMTP_URL, encrypted wherever the server can. Raises OSError.

    `smtps://` speaks TLS from the first byte. With `smtp://`, TLS is begun where offered, and a password goes over an
    open line to this machine alone.
    """
    if not settings.CARETILL_SMTP_URL:
        raise MailUnset("CARETILL_SMTP_URL is not set")
    url = urlsplit(settings.CARETILL_SMTP_URL)
    host = url.hostname or "localhost"
    safe = ssl.create_default_context()
    if url.scheme == "smtps":
        with smtplib.SMTP_SSL(host, url.port or 465, timeout=TIMEOUT_SECONDS, context=safe) as server:
            _login_and_send(server, url.username, url.password, message)
        return
    with smtplib.SMTP(host, url.port or 25, timeout=TIMEOUT_SECONDS) as server:
        server.ehlo_or_helo_if_needed()
        if server.has_extn("starttls"):
            server.starttls(context=safe)
        elif url.username and host not in _LOOPBACK:
            raise smtplib.SMTPNotSupportedError("the mail server offers no TLS, so it gets no password")
        _login_and_send(server, url.username, url.password, message)


def _login_and_send(server: smtplib.SMTP, user: str | None, password: str | None, message: EmailMessage) -> None:
    if user:
        server.login(unquote(user), unquote(password or ""))
    server.send_message(message)
