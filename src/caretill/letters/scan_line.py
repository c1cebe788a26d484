"""The scan line of the return part: what a lockbox machine reads, in OCR-A, ten characters to the inch.

35 digits in five fields, one blank between fields, 39 characters in all:

| characters | field | what |
|---|---|---|
| 1 | layout | always 1 |
| 3-21 | bill | the 60 bits of the pay code as a number, 19 digits; it finds one bill in all regions |
| 23-25 | statement | which statement of that bill, modulo 1000 |
| 27-37 | amount | amount due in cents, 11 digits |
| 39 | check | modulus 10, double-add-double from the right (ISO/IEC 7812, annex B), over the 34 digits before |

The check digit catches every single wrong digit and every swap of two neighbours except 0 and 9.
"""

from __future__ import annotations

from dataclasses import dataclass

from caretill.core import ids, money

WIDTHS = (1, 19, 3, 11, 1)
LENGTH = sum(WIDTHS) + len(WIDTHS) - 1
_LAYOUT = "1"
_BODY = ids.PAY_CODE_LENGTH - 1


class ScanLineError(ValueError):
    """`code` is length, digits, layout, check or bill: what is wrong with a line that was read."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class ScanLine:
    """What a line says. `amount_cents` is what was due on the paper, not what was sent."""

    pay_code: str
    statement: int
    amount_cents: int


def check_digit(digits: str) -> str:
    """The modulus-10 digit of a string of digits."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 - place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def scan_line(pay_code: str, statement: int, amount_cents: int) -> str:
    """The line to print. Raises ValueError for a code that is none, or an amount below zero or too large."""
    code = ids.clean_pay_code(pay_code)
    if code is None:
        raise ValueError("not a pay code")
    if not 0 <= amount_cents <= money.MAX_CENTS or statement < 0:
        raise ValueError("amount or statement number out of range")
    number = 0
    for character in code[:_BODY]:
        number = number * 32 + ids.CROCKFORD.index(character)
    fields = [_LAYOUT, f"{number:019d}", f"{statement % 1000:03d}", f"{amount_cents:011d}"]
    return " ".join([*fields, check_digit("".join(fields))])


def read_scan_line(text: str) -> ScanLine:
    """What a printed line says; blanks may be lost or doubled by the reader. Raises ScanLineError."""
    bare = "".join(text.split())
    if len(bare) != sum(WIDTHS):
        raise ScanLineError("length")
    if not (bare.isascii() and bare.isdigit()):
        raise ScanLineError("digits")
    if check_digit(bare[:-1]) != bare[-1]:
        raise ScanLineError("check")
    if bare[0] != _LAYOUT:
        raise ScanLineError("layout")
    number = int(bare[1:20])
    if number >= 32**_BODY:
        raise ScanLineError("bill")
    body = "".join(ids.CROCKFORD[number >> 5 * place & 31] for place in reversed(range(_BODY)))
    codes = (ids.clean_pay_code(body + last) for last in ids.CROCKFORD)
    return ScanLine(next(code for code in codes if code), int(bare[20:23]), int(bare[23:34]))
