"""BAI2: a bank's report of accounts as text (BAI, Cash Management Balance Reporting Specifications, version 2, 2005).

Records are 01 file, 02 group, 03 account, 16 movement, 88 goes on, 49, 98 and 99 ends with control totals. A record
may go on anywhere with 88, also in the middle of an element. Amounts have no decimal point: they are in the smallest
unit of the currency. All totals and counts are checked; a file that breaks one is refused whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import BinaryIO

from caretill.formats.bank import LONGEST_AMOUNT, BankFileFault, BankLine, Statement, currency_code

CODES = ("01", "02", "03", "16", "49", "88", "98", "99")
GROUP_KINDS = {"1": "update", "2": "deletion", "3": "correction", "4": "test"}
INTERIM = ("1", "3")  # as-of-date modifier: the day is not over, and its movements will be told again
OPENING_LEDGER, CLOSING_LEDGER = "010", "015"
LONGEST_LINE = 1 << 14
_STARTS = re.compile(rf"\s*({'|'.join(CODES)}),")
# Some banks put several records on one line: a slash, blanks, and the code of the next.
_NEXT_ON_LINE = re.compile(rf"/\s+(?=(?:{'|'.join(CODES)}),)")
_AMOUNT = re.compile(rf"[+-]?0{{0,20}}[0-9]{{1,{LONGEST_AMOUNT}}}")
_DAY = re.compile(r"[0-9]{6}")


@dataclass(slots=True)
class _Record:
    """One record with what 88 added to it: pieces of text, each without its slash. `size` counts what totals count."""

    row: int
    code: str
    pieces: list[str]
    ended: bool  # with a slash
    size: int = 1


@dataclass(slots=True)
class _Total:
    """What is added up for the records that end an account, a group, the file."""

    amount: int = 0
    parts: int = 0
    records: int = 0

    def check(self, record: _Record) -> None:
        """Compare with a record of the form total[, parts], records."""
        fields = _fields(record)
        said = [_whole(record, text) for text in fields]
        if len(said) != (2 if record.code == "49" else 3):
            raise BankFileFault(record.row, "fields", ",".join(fields))
        self.records += record.size
        if said[-1] != self.records:
            raise BankFileFault(record.row, "record_count", f"{said[-1]} said, {self.records} found")
        if len(said) == 3 and said[1] != self.parts:
            raise BankFileFault(record.row, "part_count", f"{said[1]} said, {self.parts} found")
        if said[0] != self.amount:
            raise BankFileFault(record.row, "control_total", f"{said[0]} said, {self.amount} found")

    def add(self, other: _Total) -> None:
        self.amount += other.amount
        self.parts += 1
        self.records += other.records


def read(stream: BinaryIO) -> Iterator[Statement]:
    """The accounts of a file, one after the other, each once its own totals hold.

    Raises BankFileFault with the line and a reason, also after statements were given: use nothing of a file before
    it was read to its end, where the totals of the whole stand.
    """
    reader = _Reader()
    for record in _records(stream):
        done = reader.take(record)
        if done is not None:
            yield done
    if reader.place != "end":
        raise BankFileFault(reader.row, "cut_off", "the file has no 99 at its end")


def _records(stream: BinaryIO) -> Iterator[_Record]:
    """Records with their continuations. Text may run on over a line end where a record has no slash."""
    open_: _Record | None = None
    for row, text in _physical(stream):
        found = _STARTS.match(text)
        bare = text.strip()
        ended = bare.endswith("/")
        if found is None:
            if open_ is None or open_.ended or open_.code != "16":
                raise BankFileFault(row, "record_code", bare)
            open_.pieces[-1] += " " + bare.removesuffix("/").strip()
            open_.ended = ended
            continue
        code, rest = found.group(1), text[found.end() :].strip().removesuffix("/")
        if code == "88":
            if open_ is None:
                raise BankFileFault(row, "continues_nothing", bare)
            open_.pieces.append(rest)
            open_.size += 1
            open_.ended = ended
            continue
        if open_ is not None:
            yield open_
        open_ = _Record(row, code, [rest], ended)
    if open_ is not None:
        yield open_


def _physical(stream: BinaryIO) -> Iterator[tuple[int, str]]:
    """Pieces of lines that begin a record or go on with one; empty lines are nothing."""
    row = 0
    while True:
        raw = stream.readline(LONGEST_LINE + 1)
        if not raw:
            return
        row += 1
        if len(raw) > LONGEST_LINE:
            raise BankFileFault(row, "line_too_long")
        if b"\x00" in raw:
            raise BankFileFault(row, "not_text")
        # Banks outside the standard's character set send names in whatever they have: every byte is a sign here.
        line = raw.decode("latin-1").strip("\r\n\x1a\ufeff")
        start = 0
        for cut in _NEXT_ON_LINE.finditer(line):
            yield row, line[start : cut.start() + 1]
            start = cut.end()
        if line[start:].strip():
            yield row, line[start:]


def _fields(record: _Record) -> list[str]:
    """The elements of a record that has no text: 88 goes on after the element before it."""
    return [text.strip() for piece in record.pieces for text in piece.split(",")]


def _whole(record: _Record, text: str) -> int:
    if not _AMOUNT.fullmatch(text):
        raise BankFileFault(record.row, "bad_amount", text)
    return int(text)


def _count(record: _Record, text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 4:
        raise BankFileFault(record.row, "bad_count", text)
    return int(text)


def _day(record: _Record, text: str) -> date:
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        return date(2000 + int(text[:2]), int(text[2:4]), int(text[4:]))
    except ValueError:
        raise BankFileFault(record.row, "bad_date", text) from None


class _Elements:
    """The elements of a record that may hold text at its end, taken one by one."""

    def __init__(self, record: _Record) -> None:
        self._record = record
        self._pieces = [piece.split(",") for piece in record.pieces]

    def left(self) -> bool:
        """Whether any element is left."""
        return bool(self._pieces)

    def take(self) -> str:
        """The next one; empty where the record has ended."""
        while self._pieces:
            found = self._pieces[0].pop(0)
            if not self._pieces[0]:
                self._pieces.pop(0)
            return found.strip()
        return ""

    def rest(self) -> str:
        """All that is left, as text: commas are part of it, and a piece of 88 is set off by a blank."""
        return " ".join(",".join(piece).strip() for piece in self._pieces).strip()

    def funds(self, currency_day: date) -> date | None:
        """The funds type with what belongs to it; the day from which the money may be used, where it is one day."""
        kind = self.take().upper()
        if kind in ("", "Z"):
            return None
        if kind in "012":
            return currency_day + timedelta(days=int(kind))
        if kind == "V":
            day, _time = self.take(), self.take()
            return _day(self._record, day) if day else None
        if kind == "S":
            for _ in range(3):
                self._optional_amount()
            return None
        if kind == "D":
            for _ in range(_count(self._record, self.take())):
                _count(self._record, self.take() or "0")
                self._optional_amount()
            return None
        raise BankFileFault(self._record.row, "funds_type", kind)

    def _optional_amount(self) -> None:
        text = self.take()
        if text:
            _whole(self._record, text)


@dataclass(slots=True)
class _Reader:
    """Where we are in the file: start, file, group, account, end."""

    place: str = "start"
    row: int = 1
    file_ref: str = ""
    group: list[str] = field(default_factory=list)
    day: date = date.min
    kind: str = "update"
    statement: Statement | None = None
    of_account: _Total = field(default_factory=_Total)
    of_group: _Total = field(default_factory=_Total)
    of_file: _Total = field(default_factory=_Total)

    def take(self, record: _Record) -> Statement | None:
        """One record further; the statement that it ended."""
        self.row = record.row
        expected = {"start": "01", "file": ("02", "99"), "group": ("03", "98"), "account": ("16", "49"), "end": ()}
        if record.code not in expected[self.place]:
            raise BankFileFault(record.row, "out_of_order", f"{record.code} after {self.place}")
        if record.code == "01":
            self._file(record)
        elif record.code == "02":
            self._group(record)
        elif record.code == "03":
            self._account(record)
        elif record.code == "16":
            self._movement(record)
        elif record.code == "49":
            self.of_account.check(record)
            self.of_group.add(self.of_account)
            self.place = "group"
            return self.statement
        elif record.code == "98":
            self.of_group.check(record)
            self.of_file.add(self.of_group)
            self.place = "file"
        else:
            self.of_file.check(record)
            self.place = "end"
        return None

    def _file(self, record: _Record) -> None:
        sender, receiver, created, time, number, *rest = [*_fields(record), *[""] * 8][:8]
        if rest[2] != "2":
            raise BankFileFault(record.row, "version", rest[2])
        _day(record, created)
        self.file_ref = " ".join(("bai2", sender, receiver, created, time, number))
        self.of_file = _Total(records=record.size)
        self.place = "file"

    def _group(self, record: _Record) -> None:
        self.group = [*_fields(record), *[""] * 7][:7]
        _receiver, _originator, status, day, _time, currency, modifier = self.group
        if status not in GROUP_KINDS:
            raise BankFileFault(record.row, "group_status", status)
        if currency:
            currency_code(currency, record.row)
        self.day = _day(record, day)
        self.kind = GROUP_KINDS[status]
        if self.kind == "update" and modifier in INTERIM:
            self.kind = "interim"
        self.of_group = _Total(records=record.size)
        self.place = "group"

    def _account(self, record: _Record) -> None:
        elements = _Elements(record)
        account = elements.take()
        if not account:
            raise BankFileFault(record.row, "no_account")
        currency = currency_code(elements.take() or self.group[5] or "USD", record.row)
        self.of_account = _Total(records=record.size)
        told: dict[str, int] = {}
        while elements.left():
            code, amount = elements.take(), elements.take()
            if code and not (code.isdecimal() and len(code) == 3):
                raise BankFileFault(record.row, "type_code", code)
            elements.take()  # how many items: banks leave it out, and it is part of no total
            elements.funds(self.day)
            if amount:
                told[code] = _whole(record, amount)
                self.of_account.amount += told[code]
        self.statement = Statement(
            row=record.row,
            file_ref=self.file_ref,
            statement_ref=f"{self.group[1]} {self.day}",
            account=account,
            currency=currency,
            day=self.day,
            kind=self.kind,
            opened_cents=told.get(OPENING_LEDGER),
            closed_cents=told.get(CLOSING_LEDGER),
        )
        self.place = "account"

    def _movement(self, record: _Record) -> None:
        assert self.statement is not None
        elements = _Elements(record)
        code, text = elements.take(), elements.take()
        sign = _sign(record, code)
        if text.startswith(("+", "-")):
            raise BankFileFault(record.row, "signed_amount", text)
        amount = _whole(record, text) if text or sign else 0
        value_on = elements.funds(self.day)
        bank_ref, ours = elements.take(), elements.take()
        self.of_account.amount += amount
        self.of_account.records += record.size
        if sign:  # 890 is a message without money
            line = BankLine(
                row=record.row,
                amount_cents=sign * amount,
                code=code,
                booked_on=self.day,
                value_on=value_on,
                bank_ref=bank_ref,
                references=(ours,) if ours else (),
                text=elements.rest(),
            )
            self.statement.lines.append(line)


def _sign(record: _Record, code: str) -> int:
    """1 what comes in, -1 what goes out, 0 what is no money; by the ranges of appendix A and those for own codes."""
    number = int(code) if len(code) == 3 and code.isascii() and code.isdecimal() else 0
    if 100 <= number <= 399 or 720 <= number <= 759 or 930 <= number <= 959:
        return 1
    if 400 <= number <= 699 or 760 <= number <= 799 or 960 <= number <= 999:
        return -1
    if number == 890:
        return 0
    raise BankFileFault(record.row, "type_code", code)
