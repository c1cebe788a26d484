"""The one box: what a typed number may be in a region, and the one spelling in which numbers are stored and compared.

Import and lookup both go through `stored_value`, so a number found on paper is the number that came with the feed.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from caretill.core.redact import looks_like_card
from caretill.regions.models import DEFAULT_FORMATS, NUMBER_KINDS, Region
from caretill.regions.names import normal_name, zip5

__all__ = ["CANDIDATES", "Candidate", "candidates", "normal_name", "normal_number", "stored_value", "zip5"]

CANDIDATES = len(NUMBER_KINDS)
# No stored value holds a tilde. The length is that of a real value, so hashing one takes as long as hashing the other.
_DUMMIES = {"pay_code": 13, "bill_number": 11, "account_number": 9, "health_record_number": 9}
_NUMBER = re.compile(r"[A-Z0-9]{3,24}")
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015\u2212]+")
_FREE_SHAPES = ("bill_number", "account_number")


class Candidate(NamedTuple):
    """One reading of what was typed."""

    kind: str
    value: str

    @property
    def is_dummy(self) -> bool:
        """Whether this stands only for the work: its value is nobody's."""
        return self.value.startswith("~")


def candidates(region: Region, text: str) -> tuple[Candidate, ...]:
    """Every reading of the typed text in that region: always CANDIDATES of them, one of each kind, in the same order.

    A kind that the text cannot be, or that this region's paper does not show, comes as a dummy: the caller looks up all
    of them, so a hit, a miss and nonsense cost the same (rules.md GST-1).
    """
    printed = region.number_kinds
    readings = {kind: stored_value(region, kind, text) for kind in NUMBER_KINDS}
    return tuple(
        Candidate(kind, value if value and kind in printed else "~" * _DUMMIES[kind])
        for kind, value in readings.items()
    )


def stored_value(region: Region, name: str, text: str) -> str | None:
    """The spelling of a field's value that is stored, hashed and compared; None where the text cannot be one.

    The region's own format first, otherwise the usual one. Bill and account numbers may have any other shape that
    `normal_number` takes, since a feed keeps the numbers of the system it comes from.
    """
    field = region.fields.get(name)
    value = (field.format if field else DEFAULT_FORMATS[name]).clean(text)
    return normal_number(text) if value is None and name in _FREE_SHAPES else value


def normal_number(text: str) -> str | None:
    """3 to 24 capital letters and digits without spaces and dashes, or None. Never what could be a card number."""
    bare = _SEPARATORS.sub("", text)
    if len(text) > 64 or not bare.isascii() or looks_like_card(bare):
        return None
    return bare.upper() if _NUMBER.fullmatch(bare.upper()) else None
