"""The only place that makes amounts. An amount is a whole number of cents; names of amounts end in `_cents`."""

from __future__ import annotations

import re

MAX_CENTS = 99_999_999_99  # a hundred million dollars less a cent: larger is a typing or feed error, never a bill

_FEED = re.compile(r"-?[0-9]{1,11}(?:\.[0-9]{1,2})?")
_FORM = re.compile(r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.([0-9]*))?")
_SPANISH_COMMA = re.compile(r"[0-9]+,[0-9]{1,2}")


class MoneyError(ValueError):
    """`code` is one of empty, not_a_number, too_many_decimals, negative, too_big; `text` is what was given."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text!r}")
        self.code = code
        self.text = text


def parse_cents(text: str) -> int:
    """Read an amount of a feed: digits, at most two decimals, a leading minus. No exponent, plus, comma or blank."""
    if not text:
        raise MoneyError("empty", text)
    if not _FEED.fullmatch(text):
        decimals = re.fullmatch(r"-?[0-9]+\.[0-9]{3,}", text)
        raise MoneyError("too_many_decimals" if decimals else "not_a_number", text)
    whole, _, part = text.lstrip("-").partition(".")
    cents = int(whole) * 100 + int(part.ljust(2, "0") or 0)
    if cents > MAX_CENTS:
        raise MoneyError("too_big", text)
    return -cents if text.startswith("-") else cents


def parse_form_cents(text: str, language: str = "en") -> int:
    """Read an amount a person typed: `$`, blanks and thousands commas are fine, anything doubtful is refused.

    `12,50` is refused in every language: it may mean 12.50 or 1,250, and a guess with money is a wrong guess.
    """
    bare = text.strip().replace("$", "", 1).replace("\u00a0", "").replace(" ", "")
    if not bare:
        raise MoneyError("empty", text)
    if bare.startswith(("-", "\u2212", "(")):
        raise MoneyError("negative", text)
    found = _FORM.fullmatch(bare)
    if not found or not bare.isascii():
        raise MoneyError("not_a_number", text)
    if found.group(1) and len(found.group(1)) > 2:
        raise MoneyError("too_many_decimals", text)
    whole, _, part = bare.replace(",", "").partition(".")
    if len(whole.lstrip("0")) > 11:
        raise MoneyError("too_big", text)
    cents = int(whole) * 100 + int(part.ljust(2, "0") or 0)
    if cents > MAX_CENTS:
        raise MoneyError("too_big", text)
    return cents


def show(cents: int, language: str = "en") -> str:
    """Write an amount for a person: `$1,234.50`; the same in Spanish as written in the United States."""
    sign = "-" if cents < 0 else ""
    dollars, rest = divmod(abs(cents), 100)
    return f"{sign}${dollars:,}.{rest:02d}"


def plain(cents: int) -> str:
    """Write an amount for a file: `-1234.50`."""
    sign = "-" if cents < 0 else ""
    dollars, rest = divmod(abs(cents), 100)
    return f"{sign}{dollars}.{rest:02d}"
