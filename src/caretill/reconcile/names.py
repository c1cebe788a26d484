"""How two sides may write one reference: banks cut blanks and signs, and write it large."""

from __future__ import annotations

from collections.abc import Iterable

SHORTEST = 6  # letters and digits: a shorter word of a text says nothing
MOST = 60  # of one line


def name_of(reference: str) -> str:
    """Letters and digits alone, large."""
    return "".join(sign for sign in reference.upper() if sign.isascii() and sign.isalnum())


def names_of(references: Iterable[str], text: str) -> list[str]:
    """What a line of a bank may be called by: its references whole, then every word of them and of its text."""
    found: dict[str, None] = {}
    for reference in references:
        found[name_of(reference)] = None
        found |= dict.fromkeys(map(name_of, reference.split()))
    found |= dict.fromkeys(map(name_of, text.replace(":", " ").replace("/", " ").split()))
    return [name for name in found if len(name) >= SHORTEST][:MOST]
