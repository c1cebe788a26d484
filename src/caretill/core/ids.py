"""Identities: time-ordered UUIDs for rows, and the short codes that are printed and typed."""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from caretill.core import clock

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TYPED = str.maketrans({"O": "0", "I": "1", "L": "1"})
PAY_CODE_LENGTH = 13
CHECK_CODE_LENGTH = 11

_lock = threading.Lock()
_last = 0
_chance: list[random.Random] = [random.SystemRandom()]


@contextmanager
def drawn_from(chance: random.Random) -> Iterator[None]:
    """Draw what is left to chance from there, and begin the order of ids anew: for simulations that must repeat."""
    global _last
    before, _last = _last, 0
    _chance.append(chance)
    try:
        yield
    finally:
        _chance.remove(chance)
        _last = max(before, _last)


def uuid7() -> UUID:
    """A UUID of version 7 (RFC 9562): 48 bits of milliseconds, then 12 that keep the order within one, then chance."""
    global _last
    at = clock.now()
    stamp = int(at.timestamp() * 1000) << 12 | (at.microsecond % 1000) * 4096 // 1000
    with _lock:
        _last = stamp = max(stamp, _last + 1)
    return UUID(int=_shape(stamp >> 12, stamp & 0xFFF, _chance[-1].getrandbits(62)))


def deterministic_uuid(namespace: str, *parts: str) -> UUID:
    """The same UUID (version 8) for the same words, for things whose identity is given from outside."""
    digest = hashlib.sha256("\x1f".join((namespace, *parts)).encode()).digest()
    value = int.from_bytes(digest[:16], "big")
    value = value & ~(0xF << 76) | (8 << 76)
    return UUID(int=value & ~(0x3 << 62) | (2 << 62))


def _shape(milliseconds: int, order: int, chance: int) -> int:
    return (milliseconds & (1 << 48) - 1) << 80 | 7 << 76 | order << 64 | 2 << 62 | chance


def _check_character(body: str) -> str:
    """Weighted by place, modulo 31: one wrong character or two swapped neighbours show (but for 0 typed as Z)."""
    total = 0
    for place, character in enumerate(body):
        total += (place + 2) * CROCKFORD.index(character)
    return CROCKFORD[total % 31]


def _new_code(length: int) -> str:
    body = "".join(_chance[-1].choice(CROCKFORD) for _ in range(length - 1))
    return body + _check_character(body)


def code_from(seed: bytes, length: int = PAY_CODE_LENGTH) -> str:
    """A code of the same shape made from a digest: for samples and feeds that must come out the same twice."""
    value = int.from_bytes(hashlib.sha256(seed).digest(), "big")
    body = "".join(CROCKFORD[value >> 5 * place & 31] for place in range(length - 1))
    return body + _check_character(body)


def new_pay_code() -> str:
    """60 bits of chance and a check character: nobody can guess one (rules.md GST-1)."""
    return _new_code(PAY_CODE_LENGTH)


def new_check_code() -> str:
    """50 bits and a check character, printed on a receipt."""
    return _new_code(CHECK_CODE_LENGTH)


def _shaped(text: str, length: int) -> str | None:
    bare = "".join(text.split()).replace("-", "").upper().translate(_TYPED)
    return bare if len(bare) == length and all(character in CROCKFORD for character in bare) else None


def _clean(text: str, length: int) -> str | None:
    bare = _shaped(text, length)
    return bare if bare and _check_character(bare[:-1]) == bare[-1] else None


def clean_pay_code(text: str) -> str | None:
    """The bare code, or None where it cannot be one. O, I and L are read as 0, 1 and 1."""
    return _clean(text, PAY_CODE_LENGTH)


def mistyped_pay_code(text: str) -> str | None:
    """The bare code where it has the shape of a pay code and its check character says that it is none.

    Anybody can reckon that: saying so tells nothing about what codes exist. Digits alone may be another number.
    """
    bare = _shaped(text, PAY_CODE_LENGTH)
    return bare if bare and not bare.isdecimal() and _check_character(bare[:-1]) != bare[-1] else None


def clean_check_code(text: str) -> str | None:
    """As `clean_pay_code`, for the check code of a receipt."""
    return _clean(text, CHECK_CODE_LENGTH)


def show_pay_code(code: str) -> str:
    """`ABCDE12345FGH` as printed: `ABCD-E123-45FG-H`."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
