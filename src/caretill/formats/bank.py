"""What a bank says of an account, whatever the format: statements with their lines, and how a file is refused."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from caretill.formats.blocks import FileFault

LONGEST_AMOUNT = 15  # digits: a thousand milliards of dollars and cents
# Decimals of a currency where they are not two (ISO 4217).
NONE = ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF")
DECIMALS = dict.fromkeys(NONE, 0) | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)
_CURRENCY = re.compile(r"[A-Z]{3}")


class BankFileFault(FileFault):
    """The file is refused whole. `row` is the line of the file, `reason` a code, `value` what stood there."""

    def __init__(self, row: int, reason: str, value: str = "") -> None:
        super().__init__(f"line {row}: {reason}" + (f" ({value[:60]})" if value else ""))
        self.row = row
        self.reason = reason
        self.value = value[:60]


@dataclass(frozen=True, slots=True)
class BankLine:
    """One movement. `amount_cents` is in the smallest unit of the currency: above zero came in, below zero went out.

    `booked` is false while the bank only announces it. `references` are what can name our own things, best first.
    """

    row: int
    amount_cents: int
    code: str
    booked: bool = True
    reversal: bool = False
    booked_on: date | None = None
    value_on: date | None = None
    bank_ref: str = ""
    references: tuple[str, ...] = ()
    text: str = ""


@dataclass(slots=True)
class Statement:
    """One account of a bank for one day or period. Balances are None where the bank tells none in this currency.

    `file_ref` names the file as its header does and is the same in a file that is sent again; `statement_ref` names
    this statement. `kind` is update, test, deletion, correction, interim or notice: only an `update` moves books.
    """

    row: int
    file_ref: str
    statement_ref: str
    account: str
    currency: str
    day: date
    kind: str = "update"
    opened_cents: int | None = None
    closed_cents: int | None = None
    lines: list[BankLine] = field(default_factory=list)

    @property
    def gap_cents(self) -> int | None:
        """What the booked lines leave unexplained between the two balances; None where a balance is missing."""
        if self.opened_cents is None or self.closed_cents is None:
            return None
        return self.closed_cents - self.opened_cents - sum(line.amount_cents for line in self.lines if line.booked)


def currency_code(text: str, row: int) -> str:
    """Three capital letters. Raises BankFileFault."""
    if not _CURRENCY.fullmatch(text):
        raise BankFileFault(row, "bad_currency", text)
    return text


def show_units(amount: int, currency: str) -> str:
    """An amount in the smallest unit of its currency, for a person: `-12.50 USD`, `1250 JPY`."""
    decimals = DECIMALS.get(currency, 2)
    whole, part = divmod(abs(amount), 10**decimals)
    text = f"{whole:,}.{part:0{decimals}d}" if decimals else f"{whole:,}"
    return f"{'-' if amount < 0 else ''}{text} {currency}"


def line_keys(statement: Statement, seen: dict[bytes, int]) -> Iterable[tuple[BankLine, bytes]]:
    """Each line with what it is known by in every file that tells it again.

    The same movement said twice in one file is two movements: `seen`, kept for the whole file, counts them.
    """
    about = (statement.account, statement.currency, statement.statement_ref)
    for line in statement.lines:
        said = (*about, str(line.booked_on or statement.day), str(line.amount_cents), line.code, line.bank_ref)
        content = hashlib.sha256("\x1f".join((*said, *line.references, line.text)).encode()).digest()
        seen[content] = times = seen.get(content, 0) + 1
        yield line, hashlib.sha256(content + times.to_bytes(4, "big")).digest()
