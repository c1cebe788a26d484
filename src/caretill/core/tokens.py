"""Opaque tokens for links and cookies: sealed, dated, bound to a purpose. They say nothing to who holds them."""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import json
import secrets
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from caretill.core import clock


class TokenError(ValueError):
    """`code` is `bad` (not ours, or changed) or `expired`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@functools.lru_cache(maxsize=32)
def _cipher(purpose: str, secret: str) -> AESGCM:
    return AESGCM(hashlib.blake2b(purpose.encode(), key=secret.encode()[:64], digest_size=32).digest())


def seal(purpose: str, payload: dict[str, Any], ttl_seconds: int | None) -> str:
    """A token that holds `payload`, read only by `unseal` with the same purpose, for `ttl_seconds` (None: always)."""
    until = int(clock.now().timestamp()) + ttl_seconds if ttl_seconds is not None else None
    nonce = secrets.token_bytes(12)
    text = json.dumps([until, payload], separators=(",", ":")).encode()
    sealed = nonce + _cipher(purpose, settings.SECRET_KEY).encrypt(nonce, text, purpose.encode())
    return _written(sealed)


def _written(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def unseal(purpose: str, token: str) -> dict[str, Any]:
    """What `seal` put in. Raises TokenError."""
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        if _written(sealed) != token:  # the last character has bits to spare: one token has one spelling
            raise TokenError("bad")
        text = _cipher(purpose, settings.SECRET_KEY).decrypt(sealed[:12], sealed[12:], purpose.encode())
        until, payload = json.loads(text)
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise TokenError("bad") from error
    if until is not None and clock.now().timestamp() > until:
        raise TokenError("expired")
    return dict(payload)
