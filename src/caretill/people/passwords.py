"""Passwords: which are taken, how they are kept, and that a wrong one costs as much as one of nobody's.

NIST SP 800-63B-4 (rules.md SEC-2): 15 characters alone, 8 with a second step, a list of known ones, no rules about
kinds of characters, no rotation, at least 64 characters taken, Unicode normalised.
"""

from __future__ import annotations

import functools
import gzip
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from django.contrib.auth import password_validation

ALONE = 15
WITH_SECOND = 8
LONGEST = 256

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def normal(password: str) -> str:
    """As it is hashed: the same characters however a keyboard composes them."""
    return unicodedata.normalize("NFKC", password)


def fault(password: str, about: Sequence[str] = ()) -> str:
    """What is wrong with a new password: empty, short, long, known, about_you; "" if nothing.

    `about` are words of the person and the organisation that may not be most of it.
    """
    text = normal(password)
    if not text:
        return "empty"
    if len(text) < WITH_SECOND:
        return "known" if text.lower() in _known() else "short"
    if len(text) > LONGEST:
        return "long"
    plain = text.lower().strip()
    if plain in _known() or len(set(plain)) < 4:
        return "known"
    left = plain
    for word in sorted({each.lower() for each in about if len(each) > 3}, key=len, reverse=True):
        left = left.replace(word, "")
    return "about_you" if len(left) < 4 else ""


def alone(password: str) -> bool:
    """Whether it is long enough without a second step."""
    return len(normal(password)) >= ALONE


def keep(password: str) -> str:
    """The text that is stored."""
    return _hasher.hash(normal(password))


def matches(stored: str, password: str) -> bool:
    """Whether it is the one. With nothing stored, the same work is done and the answer is no."""
    try:
        _hasher.verify(stored or _nobodys(), normal(password))
    except (VerificationError, InvalidHashError):
        return False
    return bool(stored)


@functools.cache
def _nobodys() -> str:
    return _hasher.hash("a password that nobody has")


@functools.cache
def _known() -> frozenset[str]:
    """Passwords that are tried first, from breaches (Django's list)."""
    path = Path(password_validation.__file__).parent / "common-passwords.txt.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return frozenset(line.strip() for line in file)
