"""Bank numbers at rest: sealed with AES-256-GCM, opened only for the row that they were sealed for.

An envelope: each text is sealed by a data key, which travels beside it, itself sealed by a key of the ring. A process
makes a data key now and then, not for each row, so that a million rows are opened at the cost of one decryption each.
The ring (`CARETILL_SEAL_KEYS`) holds one or more keys: the first seals, all of them open. To turn it, a new key is put
in front and every row is sealed again (`rekey`); older keys stay for backups.

    bytes  1 version | 8 key of the ring | 12 + 48 data key, sealed | 12 nonce | text, sealed | 16 tag
"""

from __future__ import annotations

import functools
import hashlib
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

VERSION = b"\x01"
# NIST SP 800-38D allows 2^32 random nonces a key; far below it, and a lost process memory opens few rows.
ROWS_A_DATA_KEY = 1 << 20
_ID, _NONCE, _WRAPPED = 8, 12, 60
_HEAD = len(VERSION) + _ID + _WRAPPED


class SealBroken(Exception):
    """What was sealed cannot be opened. `code`: `key` (none of the ring sealed it), `changed` (it, or its row)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class _Ring:
    """The keys by their ids, the sealing one first."""

    ids: tuple[bytes, ...]
    ciphers: dict[bytes, AESGCM]


@dataclass
class _DataKey:
    """The data key that this process seals with just now."""

    ring_id: bytes
    wrapped: bytes
    cipher: AESGCM
    rows: int = 0


_lock = threading.Lock()
_sealing: list[_DataKey] = []


def key_id(key: str) -> bytes:
    """How a key of the ring is named beside what it sealed: eight bytes that tell nothing of it."""
    return hashlib.blake2b(key.encode(), digest_size=_ID, person=b"seal key id").digest()


@functools.lru_cache(maxsize=8)
def _ring(text: str) -> _Ring:
    ciphers = {}
    for key in text.split():
        ciphers[key_id(key)] = AESGCM(hashlib.blake2b(key.encode(), digest_size=32, person=b"seal key").digest())
    return _Ring(tuple(ciphers), ciphers)


def ring_text() -> str:
    """The keys as they stand now: a ring kept in a file may have been turned since this process began."""
    path: Path | None = settings.CARETILL_SEAL_KEYS_FILE
    if path is not None and path.exists():
        return path.read_text(encoding="ascii").strip()
    return str(settings.CARETILL_SEAL_KEYS)


def key_ids() -> tuple[bytes, ...]:
    """The ids of the ring, the sealing key's first."""
    return _ring(ring_text()).ids


def sealed_by(sealed: bytes) -> bytes:
    """The id of the key of the ring that sealed it."""
    return bytes(sealed[len(VERSION) : len(VERSION) + _ID])


def seal(text: str, row_identity: bytes) -> bytes:
    """`text` as bytes that only `unseal` with the same row identity opens: a copy in another row is worth nothing."""
    own = _data_key()
    nonce = secrets.token_bytes(_NONCE)
    return VERSION + own.ring_id + own.wrapped + nonce + own.cipher.encrypt(nonce, text.encode(), row_identity)


def unseal(sealed: bytes, row_identity: bytes) -> str:
    """What `seal` was given. Raises SealBroken."""
    sealed = bytes(sealed)
    if sealed[:1] != VERSION or len(sealed) < _HEAD + _NONCE + 16:
        raise SealBroken("changed")
    cipher = _opened(sealed[1:_HEAD])
    try:
        return cipher.decrypt(sealed[_HEAD : _HEAD + _NONCE], sealed[_HEAD + _NONCE :], row_identity).decode()
    except InvalidTag:
        raise SealBroken("changed") from None


def rekey(sealed: bytes, row_identity: bytes) -> bytes:
    """The same text under the sealing key of today; what is there already comes back as it is. Raises SealBroken."""
    if sealed_by(sealed) == key_ids()[0]:
        return bytes(sealed)
    return seal(unseal(sealed, row_identity), row_identity)


def _data_key() -> _DataKey:
    ring = _ring(ring_text())
    with _lock:
        if not _sealing or _sealing[0].ring_id != ring.ids[0] or _sealing[0].rows >= ROWS_A_DATA_KEY:
            key, nonce = secrets.token_bytes(32), secrets.token_bytes(_NONCE)
            wrapped = nonce + ring.ciphers[ring.ids[0]].encrypt(nonce, key, VERSION + ring.ids[0])
            _sealing[:] = [_DataKey(ring.ids[0], wrapped, AESGCM(key))]
        _sealing[0].rows += 1
        return _sealing[0]


@functools.lru_cache(maxsize=4096)
def _opened(head: bytes) -> AESGCM:
    """The cipher of a data key: rows of one data key share it, so it is opened once."""
    ring_id, wrapped = head[:_ID], head[_ID:]
    outer = _ring(ring_text()).ciphers.get(ring_id)
    if outer is None:
        raise SealBroken("key")
    try:
        return AESGCM(outer.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], VERSION + ring_id))
    except InvalidTag:
        raise SealBroken("changed") from None
