"""The card numbers this processor knows: those that processors publish for tests, and nothing else.

Every other number gets the same refusal, whether it could be a real card or not. A number is looked at and forgotten:
only `Card` leaves this module, and it holds the brand and the last four digits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

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
    "4000000000000341": ("Visa", "generic_decline", APPROVED),
    "4000000000007726": ("Visa", APPROVED, APPROVED),
    "4000000000005126": ("Visa", APPROVED, APPROVED),
    "4000000000000259": ("Visa", APPROVED, APPROVED),
    "4000000000002685": ("Visa", APPROVED, APPROVED),
}

# What a card is paid from where it is not credit. Credit cards get a new expiry date from their bank by themselves.
_FUNDING = {
    "4000056655665556": "debit",
    "5200828282828210": "debit",
    "5105105105105100": "prepaid",
}
# What a bank says to a charge of the saved card where that is not what it says to its holder.
_OFF_SESSION = {"4000002500003155": APPROVED}
# Refused when money is asked for, but a bank that is only asked whether there is such a card says yes.
_SAVED_ALL_THE_SAME = frozenset({"insufficient_funds", "expired_card", "do_not_honor", "lost_card", "stolen_card"})
_SAVED_NUMBERS = frozenset({"4000000000000341"})
_REFUNDS = {"4000000000007726": "refund_pending", "4000000000005126": "refund_fails"}
_DISPUTES = {"4000000000000259": "lost", "4000000000002685": "won"}
# After these the networks forbid another try with the same card.
HARD = frozenset({"lost_card", "stolen_card", "account_closed", "authorization_revoked"})

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
    """What may be kept of a card, and what its bank will say. The expiry is kept only with a card that is saved.

    `saving` is the bank's word when no money is asked for, `off_session` to a later charge of the saved card.
    `refund_way` and `dispute_way` are empty for cards that have nothing of the kind.
    """

    brand: str
    last4: str
    outcome: str
    after_step: str
    saving: str
    off_session: str
    funding: str
    refund_way: str = ""
    dispute_way: str = ""
    expiry_month: int = 0
    expiry_year: int = 0


def published() -> Mapping[str, str]:
    """Each number known here and what becomes of it."""
    return {number: found[1] for number, found in _PUBLISHED.items()}


def look_up(number: str) -> Card:
    """The card of a published number. Raises KeyError."""
    brand, outcome, after_step = _PUBLISHED[number]
    saved = outcome in _SAVED_ALL_THE_SAME or number in _SAVED_NUMBERS
    return Card(
        brand=brand,
        last4=number[-4:],
        outcome=outcome,
        after_step=after_step,
        saving=APPROVED if saved else outcome,
        off_session=_OFF_SESSION.get(number, outcome),
        funding=_FUNDING.get(number, "credit"),
        refund_way=_REFUNDS.get(number, ""),
        dispute_way=_DISPUTES.get(number, ""),
    )


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
    year, month = _expiry(form["expiry"][:_LONGEST]) or (0, 0)
    return replace(look_up(number), expiry_month=month, expiry_year=year), {}


def _expiry_fault(text: str, today: tuple[int, int]) -> str | None:
    if not text:
        return "expiry_empty"
    typed = _expiry(text)
    if typed is None:
        return "expiry_wrong"
    return "expiry_past" if typed < today else None


def _expiry(text: str) -> tuple[int, int] | None:
    """(year, month) as typed."""
    found = _EXPIRY.fullmatch(text.strip())
    if not found or not text.isascii():
        return None
    return 2000 + int(found.group(2)), int(found.group(1))
