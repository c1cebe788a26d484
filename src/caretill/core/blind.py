"""Blind indexes: numbers on paper are found by a keyed digest, so a copy of the table does not list them."""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings

BLOCK = 64  # bytes of a SHA-256 block: HMAC pads its key to this (RFC 2104)


def _key() -> bytes:
    return hashlib.sha256(settings.CARETILL_BLIND_KEY.encode()).digest()


def keys() -> tuple[bytes, bytes]:
    """The inner and outer padded keys: SQL makes the same digest of many rows with `core_blind`."""
    padded = _key().ljust(BLOCK, b"\0")
    return bytes(byte ^ 0x36 for byte in padded), bytes(byte ^ 0x5C for byte in padded)


def blind_index(region: str, kind: str, value: str) -> bytes:
    """16 bytes of HMAC-SHA256 over region, kind and the cleaned value."""
    text = f"{region}\x1f{kind}\x1f{value}".encode()
    return hmac.digest(_key(), text, hashlib.sha256)[:16]
