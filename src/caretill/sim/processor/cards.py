"""The card numbers this processor knows: those that processors publish for tests, and nothing else.

Every other number gets the same refusal, whether it could be a real card or not. A number is looked at and forgotten:
only `Card` leaves this module, and it holds the brand and the last four digits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

APPROVED = "approved"
SECOND_STEP = "second_step"

# number: (brand, what becomes of it, what the holder's bank says after a second step)
_PUBLISHED: dict[str, tuple[str, str, str]] = {
    "4242424242424242": ("Visa", APPROVED, APPROVED),
    "4111111111111111": ("Visa", APPROVED, APPROVED),
    "4012888888881881": ("Visa", APPROVED, APPROVED),
    "4000056655665556": ("Visa", APPROVED, APPROVED),
    "5555555555554444": ("Mastercard", APPROVED, APPROVED),
    "5105105105105100": ("Mastercard", APPROVED, APPROVED),
    "5200828282828210": ("Mastercard", APPROVED, APPROVED),
    "2223003122003222": ("Mastercard", APPROVED, APPROVED),
    "378282246310005": ("American Express", APPROVED, APPROVED),
    "371449635398431": ("American Express", APPROVED, APPROVED),
    "6011111111111117": ("Discover", APPROVED, APPROVED),
    "6011000990139424": ("Discover", APPROVED, APPROVED),
    "3056930009020004": ("Diners Club", APPROVED, APPROVED),
    "3566002020360505": ("JCB", APPROVED, APPROVED),
    "6200000000000005": ("UnionPay", APPROVED, APPROVED),
    "4000000000000002": ("Visa", "generic_decline", APPROVED),
    "4000020000000000": ("Visa", "generic_decline", APPROVED),
    "4000000000009995": ("Visa", "insufficient_funds", APPROVED),
    "4111111111111151": ("Visa", "insufficient_funds", APPROVED),
    "4000000000009987": ("Visa", "lost_card", APPROVED),
    "4000000000009979": ("Visa", "stolen_card", APPROVED),
    "4111111111111143": ("Visa", "stolen_card", APPROVED),
    "4111111111111105": ("Visa", "do_not_honor", APPROVED),
    "4000000000000069": ("Visa", "expired_card", APPROVED),
    "4000000000000127": ("Visa", "incorrect_cvc", APPROVED),
    "4000000000000119": ("Visa", "processing_error", APPROVED),
    "4000002500003155": ("Visa", SECOND_STEP, APPROVED),
    "4000002760003184": ("Visa", SECOND_STEP, APPROVED),
    "4000008260003178": ("Visa", SECOND_STEP, "insufficient_funds"),
}

# What the page offers to try, in this order; its words are in words.py.
OFFERED = (
    "4242424242424242",
    "5555555555554444",
    "378282246310005",
    "4000000000000002",
    "4000000000009995",
    "4000000000000069",
    "4000002760003184",
    "4000008260003178",
)
DECLINES = frozenset(found[1] for found in _PUBLISHED.values()) - {APPROVED, SECOND_STEP}

_EXPIRY = re.compile(r"(0?[1-9]|1[0-2])\s*[/-]?\s*(?:20)?([0-9]{2})")
_ZIP = re.compile(r"[0-9]{5}(?:-?[0-9]{4})?")
_LONGEST = 60


@dataclass(frozen=True)
class Card:
    """What may be kept of a card, and what its bank will say."""

    brand: str
    last4: str
    outcome: str
    after_step: str


def published() -> Mapping[str, str]:
    """Each number known here and what becomes of it."""
    return {number: found[1] for number, found in _PUBLISHED.items()}


def look_up(number: str) -> Card:
    """The card of a published number. Raises KeyError."""
    found = _PUBLISHED[number]
    return Card(found[0], number[-4:], found[1], found[2])


def read_card(form: Mapping[str, str], today: tuple[int, int]) -> tuple[Card | None, dict[str, str]]:
    """Check what was typed: the card, or a word for each field that is wrong. `today` is (year, month)."""
    faults: dict[str, str] = {}
    number = re.sub(r"[\s.\-]", "", form.get("number", "")[:_LONGEST])
    found = _PUBLISHED.get(number)
    if not number:
        faults["number"] = "number_empty"
    elif found is None:
        faults["number"] = "number_not_test"
    expiry = _expiry_fault(form.get("expiry", "")[:_LONGEST].strip(), today)
    if expiry:
        faults["expiry"] = expiry
    code = form.get("security_code", "")[:_LONGEST].strip()
    long_code = found is not None and found[0] == "American Express"
    if not code:
        faults["security_code"] = "code_empty"
    elif not (code.isascii() and code.isdigit() and len(code) == (4 if long_code else 3)):
        faults["security_code"] = "code_four" if long_code else "code_three"
    if not form.get("name", "").strip():
        faults["name"] = "name_empty"
    elif re.search(r"[0-9]{5,}", form["name"]):
        faults["name"] = "name_number"
    if not _ZIP.fullmatch(form.get("zip", "").strip()):
        faults["zip"] = "zip_wrong"
    if faults or found is None:
        return None, faults
    return look_up(number), {}


def _expiry_fault(text: str, today: tuple[int, int]) -> str | None:
    if not text:
        return "expiry_empty"
    found = _EXPIRY.fullmatch(text)
    if not found or not text.isascii():
        return "expiry_wrong"
    year, month = 2000 + int(found.group(2)), int(found.group(1))
    return "expiry_past" if (year, month) < today else None
