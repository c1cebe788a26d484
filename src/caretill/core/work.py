"""Silent proof of work: a page that was tried too often costs each further try some seconds of the asker's machine.

No puzzle for a person: the browser finds a number whose SHA-256 together with the challenge begins with enough zero
bits, while the person reads. A challenge is dated, made for one purpose and good once.
"""

from __future__ import annotations

import hashlib
import secrets

from caretill.core import limits, tokens

SECONDS = 600
EASY_BITS = 16
HARD_BITS = 20


def challenge(purpose: str, bits: int) -> str:
    """A sealed challenge of `bits` zero bits for `purpose`."""
    return tokens.seal("work", {"p": purpose, "b": bits, "n": secrets.token_hex(8)}, SECONDS)


def solved(purpose: str, given: str, answer: str) -> bool:
    """Whether `answer` solves a challenge of ours, in time and for the first time. A right answer is used up."""
    try:
        asked = tokens.unseal("work", given)
    except tokens.TokenError:
        return False
    if asked["p"] != purpose or not answer.isascii() or not answer.isdigit() or len(answer) > 16:
        return False
    digest = hashlib.sha256(f"{given}:{answer}".encode()).digest()
    if int.from_bytes(digest, "big") >> (256 - int(asked["b"])):
        return False
    once = [limits.Limit("work", str(asked["n"]), 1, SECONDS * 2)]
    # Counted and asked in one statement: of many that come at the same moment one is the first.
    return limits.take(once) == [1]


def solve(given: str, bits: int) -> str:
    """Find an answer, as the page's script does. For tests, and for programs that fill in the form honestly."""
    answer = 0
    while int.from_bytes(hashlib.sha256(f"{given}:{answer}".encode()).digest(), "big") >> (256 - bits):
        answer += 1
    return str(answer)
