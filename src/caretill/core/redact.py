"""Keeps card numbers out: nothing typed, stored or logged may hold one (rules.md PCI-1)."""

from __future__ import annotations

import re

_RUN = re.compile(r"(?<![0-9])[0-9](?:[ \u00a0.\-]?[0-9]){12,18}(?![0-9])")


def _luhn(digits: str) -> bool:
    total = 0
    for place, character in enumerate(reversed(digits)):
        value = int(character)
        if place % 2:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return total % 10 == 0


def _is_card(run: str) -> bool:
    digits = re.sub(r"[^0-9]", "", run)
    return 13 <= len(digits) <= 19 and digits[0] in "23456" and len(set(digits)) > 1 and _luhn(digits)


def looks_like_card(text: str) -> bool:
    """Whether the text holds 13 to 19 digits that pass the check of card numbers."""
    return any(_is_card(run.group()) for run in _RUN.finditer(text))


def redact(text: str) -> str:
    """The text with every such number replaced by `[card number]`."""
    return _RUN.sub(lambda run: "[card number]" if _is_card(run.group()) else run.group(), text)
