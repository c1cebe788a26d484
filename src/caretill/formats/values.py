"""Kinds of values in the documented CSV: what each may hold, and why one that does not fit is refused.

The one place that judges a value. `Kind.judge` names the reason; the reader asks it only for values it has not met.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from caretill.core.ids import clean_pay_code
from caretill.core.redact import looks_like_card

# Real days of the calendar from 1900 to 2099, leap years included.
_LONG = r"(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
_SHORT = r"(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
_LEAP = r"(?:19(?:0[48]|[2468][048]|[13579][26])|20(?:[02468][048]|[13579][26]))-02-29"
_DAY = rf"(?:(?:19|20)[0-9]{{2}}-(?:{_LONG}|{_SHORT}|02-(?:0[1-9]|1[0-9]|2[0-8]))|{_LEAP})"

REASONS = {
    "wrong_columns": "The row has more or fewer cells than the header has columns.",
    "not_utf8": "The row is not UTF-8 text.",
    "bad_quotes": "A quote is opened and not closed, or stands inside a bare cell.",
    "line_too_long": "The row is longer than 64 KiB.",
    "control_character": "The cell holds a character that cannot be printed.",
    "empty": "The cell must not be empty.",
    "too_long": "The cell holds more characters than the column takes.",
    "card_number": "The cell holds what looks like a card number. Card numbers are never stored.",
    "not_a_number": "Not an amount like 123 or 123.45: no sign, comma, blank, exponent or leading zero.",
    "too_many_decimals": "An amount has no or two decimals; this one has more.",
    "one_decimal": "An amount has no or two decimals; this one has one.",
    "negative": "The amount is negative. A lower amount comes as a newer version of the bill.",
    "too_big": "The amount is above 99999999.99.",
    "not_a_whole_number": "Not a whole number in the range of the column.",
    "not_a_quantity": "Not a quantity like 1 or 0.5, with at most three decimals.",
    "not_a_date": "Not a date written YYYY-MM-DD.",
    "no_such_day": "The calendar has no such day, or it is outside 1900 to 2099.",
    "not_a_code": "Characters or length that the column does not take.",
    "bad_check_character": "The last character of the pay code does not fit the others.",
    "not_one_of": "Not one of the words of the column.",
}


Evens = Callable[[list[str]], list[str]]


def _same(cells: list[str]) -> list[str]:
    return cells


def _cents(cells: list[str]) -> list[str]:
    joined = "\n".join(cells)
    if joined.count(".") == len(cells):
        return joined.replace(".", "").split("\n")
    return [cell.replace(".", "") if "." in cell else f"{cell}00" for cell in cells]


def _bare(cells: list[str]) -> list[str]:
    return "\n".join(cells).replace("-", "").split("\n")


def _nine(cells: list[str]) -> list[str]:
    return [cell.zfill(9) for cell in cells]


def _quantity(cells: list[str]) -> list[str]:
    return [cell.rstrip("0").rstrip(".") if "." in cell else cell for cell in cells]


@dataclass(frozen=True)
class Kind:
    """What a cell may hold. `pattern` is the whole cell; `because` names the reason for the first pattern that fits.

    `evens` gives good cells the one form they are kept in.
    """

    name: str
    says: str
    pattern: str
    otherwise: str
    because: tuple[tuple[str, str], ...] = ()
    longest: int = 250
    card_checked: bool = False
    evens: Evens = _same

    @cached_property
    def _whole(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    @cached_property
    def _because(self) -> list[tuple[str, re.Pattern[str]]]:
        return [(reason, re.compile(pattern)) for reason, pattern in self.because]

    @cached_property
    def _each(self) -> re.Pattern[str]:
        return re.compile(f"(?:(?:{self.pattern})\n)*")

    def judge(self, text: str) -> str | None:
        """Why a cell that is not empty is refused, or None."""
        if _CONTROL.search(text):
            return "control_character"
        if len(text) > self.longest:
            return "too_long"
        if not self._whole.fullmatch(text):
            return next((reason for reason, found in self._because if found.fullmatch(text)), self.otherwise)
        if self.card_checked and looks_like_card(text):
            return "card_number"
        if self is PAY_CODE and clean_pay_code(text) != text:
            return "bad_check_character"
        return None

    def all_good(self, cells: list[str]) -> bool:
        """True if `judge` has nothing against any of the cells; they hold no line end. A quick yes, found in one go."""
        joined = "\n".join(cells)
        return (
            self is not PAY_CODE
            and len(max(cells, key=len)) <= self.longest
            and self._each.fullmatch(joined + "\n") is not None
            and not _CONTROL_IN_LINES.search(joined)
            and not (self.card_checked and looks_like_card(joined))
        )

    def even(self, text: str) -> str:
        """One good cell in the form it is kept in."""
        return self.evens([text])[0]


_CONTROL = re.compile(r"[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]")
_CONTROL_IN_LINES = re.compile(r"[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff]")


def _words(name: str, *words: str) -> Kind:
    return Kind(name, "one of " + ", ".join(f"`{word}`" for word in words), "|".join(words), "not_one_of")


AMOUNT = Kind(
    "amount",
    "dollars with no or two decimals, `0` to `99999999.99`",
    r"(?:0|[1-9][0-9]{0,7})(?:\.[0-9]{2})?",
    "not_a_number",
    (
        ("negative", r"[-\u2212][0-9].*|\([0-9].*\)"),
        ("too_many_decimals", r"[0-9]+\.[0-9]{3,}"),
        ("one_decimal", r"[0-9]+\.[0-9]"),
        ("too_big", r"[1-9][0-9]{8,}(?:\.[0-9]{2})?"),
    ),
    evens=_cents,
)
DATE = Kind("date", "`YYYY-MM-DD`, 1900 to 2099", _DAY, "not_a_date", (("no_such_day", r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),))
VERSION = Kind(
    "version", "whole number, 0 to 999999999; a date like `20260131` will do", "0|[1-9][0-9]{0,8}", "not_a_whole_number"
)
COUNT = Kind("count", "whole number, 1 to 999999", "[1-9][0-9]{0,5}", "not_a_whole_number")
QUANTITY = Kind(
    "quantity",
    "`0` to `999999.999`, at most three decimals",
    r"(?:0|[1-9][0-9]{0,5})(?:\.[0-9]{1,3})?",
    "not_a_quantity",
    evens=_quantity,
)
REGION = Kind(
    "region", "slug of a region of the organisation, like `california`", "[a-z]+(?:-[a-z]+)*", "not_a_code", longest=60
)
NUMBER = Kind(
    "number",
    "3 to 24 capital letters and digits; dashes between them are left out",
    "[A-Z0-9](?:-?[A-Z0-9]){2,23}",
    "not_a_code",
    card_checked=True,
    evens=_bare,
)
SHORT_NUMBER = Kind(
    "short number",
    "capital letters, digits and dashes, 1 to 24",
    "[A-Z0-9][A-Z0-9-]{0,23}",
    "not_a_code",
    card_checked=True,
)
HEALTH_RECORD = Kind(
    "health record number",
    "digits, up to 9; a shorter one is padded with zeros on the left",
    "[0-9]{1,9}",
    "not_a_code",
    evens=_nine,
)
GROUP = Kind("group", "capital letters and digits, 1 to 12", "[A-Z0-9]{1,12}", "not_a_code")
BILL_GROUP = Kind("bill group", "capital letters and digits, 1 to 4", "[A-Z0-9]{1,4}", "not_a_code")
PAY_CODE = Kind(
    "pay code", "13 characters without dashes, the last one checks the others", "[0-9A-HJKMNP-TV-Z]{13}", "not_a_code"
)
ZIP = Kind("ZIP", "`12345` or `12345-6789`", "[0-9]{5}(?:-[0-9]{4})?", "not_a_code")
STATE = Kind("state", "two capital letters", "[A-Z]{2}", "not_a_code")
EMAIL = Kind(
    "email", "an email address", r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\"]+", "not_a_code", card_checked=True
)
PHONE = Kind(
    "telephone",
    "digits, blanks and `+ ( ) . - x`, 7 to 25",
    "[0-9+(][0-9+() .x-]{6,24}",
    "not_a_code",
    card_checked=True,
)
PAYEE = Kind(
    "payee", "key of a payee of the organisation, like `hospital`", "[a-z]+(?:_[a-z]+)*", "not_a_code", longest=60
)
CODE_SYSTEM = Kind(
    "code system",
    "letters, digits, dots and dashes, up to 20, like `CVX`",
    "[A-Za-z0-9][A-Za-z0-9. -]{0,19}",
    "not_a_code",
)
CODE = Kind("code", "letters, digits, dots and dashes, up to 20", "[A-Za-z0-9][A-Za-z0-9.-]{0,19}", "not_a_code")
TEXT = Kind("text", "any text on one line, up to 250 characters", r"[^\n]*\S[^\n]*", "empty", card_checked=True)
NAME = Kind(
    "name", "any text on one line, up to 100 characters", r"[^\n]*\S[^\n]*", "empty", longest=100, card_checked=True
)
BILL_KIND = _words("kind of bill", "hospital", "professional", "pharmacy")
LANGUAGE = _words("language", "en", "es")
RELATION = _words("relation", "self", "spouse", "child", "parent", "other")
METHOD = _words("method", "desk", "check", "card", "cash", "other")
CURRENCY = _words("currency", "USD")
YES_NO = _words("yes or no", "yes", "no")
