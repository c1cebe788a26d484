"""A new mail address for a login: a six-digit code goes to it, and only with the code it becomes the login's.

The page says the same whether the address is free or another login's; its owner is told in place of the code.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from uuid import UUID

from caretill.core import clock, limits, outbox, sql, tokens
from caretill.people import profile

SECONDS = 900
MINUTES = SECONDS // 60
TRIES = 5
ASKS = 5  # codes an hour, for a login and for an address


def _asks(login_id: UUID, email: str) -> list[limits.Limit]:
    return [
        limits.Limit("new_email_login", str(login_id), ASKS, 3600),
        limits.Limit("new_email", email.lower(), ASKS, 3600),
    ]


def ask(login_id: UUID, email: str, language: str) -> tuple[str, int]:
    """Send a code to a new address: the token that the page carries along, and 0; or "" and the seconds to wait."""
    place = limits.enter(_asks(login_id, email))
    if not place.allowed:
        return "", place.retry_after
    code, salt = f"{secrets.randbelow(10**6):06d}", secrets.token_hex(8)
    free = sql.one("SELECT 1 AS one FROM people_login WHERE email_key = %s", (email.lower(),)) is None
    sealed = tokens.seal("new_email", {"code": code if free else "", "to": email}, SECONDS)
    outbox.put(login_id, "email_code" if free else "email_known", {"sealed": sealed, "language": language})
    kept = {
        "l": str(login_id),
        "e": email,
        "h": _digest(salt, code if free else secrets.token_hex(8)),
        "n": salt,
        "t": clock.now().isoformat(),
    }
    return tokens.seal("new_email_sent", kept, SECONDS), 0


def asked_for(login_id: UUID, token: str) -> str:
    """The address a code was sent to, for the page; empty where that was too long ago, or by another login."""
    kept = _kept(login_id, token)
    return kept["e"] if kept else ""


def redeem(login_id: UUID, token: str, code: str) -> UUID | None:
    """Take the new address. The change, or None for a wrong, late or worn-out code (five tries a token)."""
    kept = _kept(login_id, token)
    if kept is None:
        return None
    tries = [limits.Limit("new_email_try", kept["n"], TRIES, SECONDS * 2)]
    allowed = limits.take(tries)[0] <= TRIES
    if not (hmac.compare_digest(_digest(kept["n"], code), kept["h"]) and allowed):
        return None
    try:
        return profile.change(login_id, "email", {"email": kept["e"]})
    except profile.EmailTaken:
        return None


def _kept(login_id: UUID, token: str) -> dict[str, str] | None:
    try:
        kept = tokens.unseal("new_email_sent", token)
    except tokens.TokenError:
        return None
    return kept if kept["l"] == str(login_id) else None


def _digest(salt: str, code: str) -> str:
    return hashlib.sha256(f"{salt}:{code}".encode()).hexdigest()
