"""Links that stand in mails: sealed, with an end, opaque to whoever reads the address (rules.md HIP-3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.conf import settings

from caretill.core import clock, tokens

RECEIPT_DAYS = 90
BILL_DAYS = 90
_DAY = 24 * 3600


@dataclass(frozen=True)
class Link:
    """An address and the last day on which it surely works, counted in the zone given."""

    url: str
    until: date


def receipt_link(account_id: UUID, payment_id: UUID, language: str, time_zone: str) -> Link:
    """The page of a payment's receipt, open for 90 days to whoever holds the link."""
    token = tokens.seal("receipt", {"a": str(account_id), "p": str(payment_id)}, RECEIPT_DAYS * _DAY)
    return _link(f"receipt/{token}", language, time_zone, RECEIPT_DAYS)


def front_link(language: str, time_zone: str) -> Link:
    """The front door, where a bill is found and members sign in."""
    return _link("", language, time_zone, RECEIPT_DAYS)


def open_receipt_link(token: str) -> tuple[UUID, UUID]:
    """The billing account and payment a receipt link means. Raises tokens.TokenError (bad, expired)."""
    kept = tokens.unseal("receipt", token)
    return UUID(kept["a"]), UUID(kept["p"])


def bill_link(account_id: UUID, bill_id: UUID, version: int, language: str, time_zone: str) -> Link:
    """The page of a bill, for 90 days and until its next statement; it asks for last name and ZIP code before lines."""
    token = tokens.seal("bill", {"a": str(account_id), "b": str(bill_id), "v": version}, BILL_DAYS * _DAY)
    return _link(f"bill/{token}", language, time_zone, BILL_DAYS)


def open_bill_link(token: str) -> tuple[UUID, UUID, int]:
    """Account, bill and the bill's version when the link was made: with a later one, the link has ended.

    Raises tokens.TokenError (bad, expired).
    """
    kept = tokens.unseal("bill", token)
    return UUID(kept["a"]), UUID(kept["b"]), int(kept["v"])


def member_bill_link(bill_id: UUID, language: str, time_zone: str) -> Link:
    """A bill in the account of whoever signs in; it opens nothing by itself and has no end of its own."""
    return _link(f"account/bills/{bill_id}/", language, time_zone, BILL_DAYS)


def undo_link(login_id: UUID, change_id: UUID, until: datetime, language: str) -> str:
    """The page that undoes a change of a profile, open to whoever holds the link until then."""
    seconds = max(0, int((until - clock.now()).total_seconds()))
    return _address(f"undo/{tokens.seal('undo', {'l': str(login_id), 'c': str(change_id)}, seconds)}", language)


def open_undo_link(token: str) -> tuple[UUID, UUID]:
    """The login and the change of an undo link. Raises tokens.TokenError (bad, expired)."""
    kept = tokens.unseal("undo", token)
    return UUID(kept["l"]), UUID(kept["c"])


def stop_link(login_id: UUID, topic: str, channel: str, language: str) -> str:
    """The page that stops a topic's messages by a channel. It never ends: who finds an old mail may still stop."""
    return _address(f"stop/{tokens.seal('stop', {'l': str(login_id), 't': topic, 'c': channel}, None)}", language)


def open_stop_link(token: str) -> tuple[UUID, str, str]:
    """Login, topic and channel of a stop link. Raises tokens.TokenError (bad)."""
    kept = tokens.unseal("stop", token)
    return UUID(kept["l"]), kept["t"], kept["c"]


def account_address(language: str) -> str:
    """Where a member sees everything after signing in."""
    return _address("account/", language)


def _address(path: str, language: str) -> str:
    ending = "" if language == "en" else f"?lang={language}"
    return f"{settings.CARETILL_PUBLIC_URL.rstrip('/')}/{path}{ending}"


def _link(path: str, language: str, time_zone: str, days: int) -> Link:
    return Link(_address(path, language), clock.today(time_zone) + timedelta(days=days - 1))
