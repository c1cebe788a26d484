"""What can be seen in a page, told apart from the random tokens that stand in it too.

A short word that must not be shown ("P1", "140", "4242") stands by chance in one token of some hundreds: a test that
looks for the bare letters fails on such a day.
"""

from __future__ import annotations

import re

_EDGE = r"[0-9A-Za-z_-]"


def alone(word: str, said: str) -> bool:
    """Does the word stand in the text by itself, not within a longer word, number or token?"""
    return re.search(f"(?<!{_EDGE}){re.escape(word)}(?!{_EDGE})", said) is not None


def card_in(said: str) -> bool:
    """Does the text hold the test card's number, or half of it, however it is spaced?"""
    return "42424242" in re.sub(r"[ -]", "", said)
