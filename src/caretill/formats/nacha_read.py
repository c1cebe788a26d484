"""Reads ACH files of any bank: forward files, returns, dishonoured and contested ones, notifications of change.

A file is taken whole or not at all: `verify` goes through it once and raises NachaRejected with every fault and its
line; `entries` gives what stands in it, one entry at a time. What is wrong with one entry's business (a code nobody
knows, a trace number nobody sent) is no fault of the file: whoever applies it decides.

Banks differ in harmless ways that are taken: blanks cut off or added at the end of a line, either line end or none at
all, no lines of nines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from caretill.formats import nacha
from caretill.formats.nacha import Addendum, BatchHeader, Change, FileHeader, Return
from caretill.formats.nacha_faults import MOST_FAULTS, Fault, NachaRejected
from caretill.formats.nacha_lines import addendum, created_at, day_of, raw_lines, whole

_PRINTABLE = re.compile(r"[ -~]*")
_IAT_ADDENDA = frozenset(("10", "11", "12", "13", "14", "15", "16", "17", "18"))
_ADDENDA = frozenset(("02", "05", "98", "99")) | _IAT_ADDENDA
_SERVICES = (nacha.MIXED, nacha.CREDITS, nacha.DEBITS)


@dataclass(frozen=True, slots=True)
class ReadEntry:
    """One entry with its addenda. `line` counts from 1; `account` and `name` stay out of every message."""

    line: int
    batch: BatchHeader
    code: int
    routing: str
    account: str = field(repr=False)
    amount_cents: int
    individual_id: str = field(repr=False)
    name: str = field(repr=False)
    discretionary: str
    trace: str
    addenda: tuple[Addendum, ...]

    @property
    def returns(self) -> tuple[Return, ...]:
        """Its addenda 99; the last is the newest where a return was dishonoured and contested."""
        return tuple(each for each in self.addenda if isinstance(each, Return))

    @property
    def changes(self) -> tuple[Change, ...]:
        return tuple(each for each in self.addenda if isinstance(each, Change))

    @property
    def is_debit(self) -> bool:
        return nacha.is_debit(self.code)


@dataclass(frozen=True)
class Summary:
    """What a sound file holds. `created` has no zone: it reads as the sender's bank wrote it."""

    header: FileHeader
    batches: int
    entries: int
    addenda: int
    returns: int
    changes: int
    debit_cents: int
    credit_cents: int
    entry_hash: int
    lines: int


def verify(source: BinaryIO) -> Summary:
    """Go through a whole file. Raises NachaRejected where anything about it is not sound. Memory stays flat."""
    reader = _Reader(source)
    entries = addenda = returns = changes = 0
    for entry in reader.entries():
        entries += 1
        addenda += len(entry.addenda)
        returns += bool(entry.returns)
        changes += bool(entry.changes)
    if reader.faults or reader.header is None:
        raise NachaRejected(reader.faults)
    totals = reader.totals
    return Summary(
        header=reader.header,
        batches=reader.batches,
        entries=entries,
        addenda=addenda,
        returns=returns,
        changes=changes,
        debit_cents=totals.debit_cents,
        credit_cents=totals.credit_cents,
        entry_hash=totals.entry_hash,
        lines=reader.line,
    )


def entries(source: BinaryIO) -> Iterator[ReadEntry]:
    """The entries of a file, one at a time. `verify` first: one that is not sound raises NachaRejected at its end."""
    reader = _Reader(source)
    yield from reader.entries()
    if reader.faults:
        raise NachaRejected(reader.faults)


@dataclass
class _Counted:
    records: int = 0
    hashed: int = 0
    debit_cents: int = 0
    credit_cents: int = 0

    @property
    def entry_hash(self) -> int:
        return self.hashed % 10_000_000_000

    def add(self, other: _Counted) -> None:
        self.records += other.records
        self.hashed += other.hashed
        self.debit_cents += other.debit_cents
        self.credit_cents += other.credit_cents


@dataclass
class _Open:
    """An entry whose addenda may still follow."""

    line: int
    text: str
    addenda: list[Addendum] = field(default_factory=list)


class _Reader:
    def __init__(self, source: BinaryIO) -> None:
        self.source = source
        self.line = 0
        self.seen = 0
        self.faults: list[Fault] = []
        self.header: FileHeader | None = None
        self.batch: BatchHeader | None = None
        self.entry: _Open | None = None
        self.counted = _Counted()
        self.totals = _Counted()
        self.batches = 0
        self.control = ""
        self.control_line = 0
        self.fill = 0
        self.good: dict[str, int] = {}

    def fault(self, code: str, line: int | None = None) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(self.line if line is None else line, code))
        elif len(self.faults) == MOST_FAULTS:
            self.faults.append(Fault(self.line, "too_many"))

    def entries(self) -> Iterator[ReadEntry]:
        for text in self.records():
            kind = text[0]
            self.seen += 1
            if self.control:
                self.after(text)
                continue
            if self.seen == 1 and kind != "1":
                self.fault("no_file_header")
            if kind != "7" and self.entry is not None and (found := self.finish()) is not None:
                yield found
            self.take(kind, text)
            if len(self.faults) > MOST_FAULTS:
                return
        if self.entry is not None and (found := self.finish()) is not None:
            yield found
        self.end()

    def take(self, kind: str, text: str) -> None:
        if kind == "1":
            self.file_header(text)
        elif kind == "5":
            self.batch_header(text)
        elif kind == "6":
            self.entry_detail(text)
        elif kind == "7":
            self.addendum(text)
        elif kind == "8":
            self.batch_control(text)
        elif kind == "9":
            self.control, self.control_line = text, self.line
            if self.batch is not None:
                self.fault("no_batch_control")
        else:
            self.fault("record_type")

    def records(self) -> Iterator[str]:
        """Lines of 94 characters, filled up with blanks; empty ones are counted and left out."""
        for raw in raw_lines(self.source):
            self.line += 1
            text = raw.decode("latin-1")
            if len(text) > nacha.WIDTH and text[nacha.WIDTH :].strip():
                self.fault("long")
                if len(text) > 2 * nacha.WIDTH:
                    return
            if not _PRINTABLE.fullmatch(text):
                self.fault("character")
            if text.strip():
                yield text[: nacha.WIDTH].ljust(nacha.WIDTH)

    def file_header(self, text: str) -> None:
        if self.header is not None:
            self.fault("second_file")
            return
        destination, created = text[3:13].strip(), created_at(text[23:29], text[29:33])
        if text[34:40] != "094101":
            self.fault("file_header")
        # A bank may mask its own number in what it sends us; one that looks like a number must be right.
        if not destination or (destination.isdecimal() and nacha.routing_fault(destination.zfill(9))):
            self.fault("destination")
        if created is None:
            self.fault("date")
        self.header = FileHeader(
            destination=destination,
            origin=text[13:23].strip(),
            created=created or datetime.min,
            modifier=text[33],
            destination_name=text[40:63].strip(),
            origin_name=text[63:86].strip(),
            reference=text[86:94].strip(),
        )

    def batch_header(self, text: str) -> None:
        if self.batch is not None:
            self.fault("batch_inside_batch")
        sec, effective = text[50:53], day_of(text[69:75])
        if sec not in nacha.READ_SEC:
            self.fault("sec")
        if not (text[1:4].isdecimal() and int(text[1:4]) in _SERVICES):
            self.fault("service_class")
        if effective is None and text[69:75].strip("0 "):
            self.fault("date")
        number = text[87:94]
        if not number.isdecimal():
            self.fault("short" if not number.strip() else "batch_number")
        self.batch = BatchHeader(
            company_name=text[4:20].strip(),
            company_id=text[40:50].strip(),
            sec=sec,
            description=text[53:63].strip(),
            odfi=text[79:87],
            effective=effective,
            service=whole(text[1:4]),
            company_data=text[20:40].strip(),
            descriptive_date=text[63:69].strip(),
            number=whole(number),
            settlement=text[75:78].strip(),
        )
        self.counted = _Counted()

    def entry_detail(self, text: str) -> None:
        if self.batch is None:
            self.fault("outside_batch")
        self.entry = _Open(self.line, text)
        self.counted.records += 1
        code, routing, cents = whole(text[1:3]), text[3:12], text[29:39]
        if code not in nacha.TRANSACTION_CODES:
            self.fault("transaction_code")
        elif self.batch is not None and not _side_allowed(self.batch.service, code):
            self.fault("side")
        if not (eight := self.good.get(routing)):
            why = nacha.routing_fault(routing)
            if why:
                self.fault("check_digit" if why == "check_digit" else "routing")
            eight = self.good[routing] = whole(routing[:8])
        self.counted.hashed += eight
        if not cents.isdecimal():
            self.fault("amount")
        elif nacha.is_debit(code):
            self.counted.debit_cents += int(cents)
        else:
            self.counted.credit_cents += int(cents)
        if not text[79:94].isdecimal():
            self.fault("short" if not text[79:94].strip() else "trace")

    def addendum(self, text: str) -> None:
        self.counted.records += 1
        if self.entry is None:
            self.fault("outside_batch")
            return
        kind = text[1:3]
        if kind not in _ADDENDA:
            self.fault("addenda_type")
        if kind in ("05", *_IAT_ADDENDA) and text[87:94] != self.entry.text[87:94]:
            self.fault("addenda_trace")
        self.entry.addenda.append(addendum(kind, text, self.line))

    def finish(self) -> ReadEntry | None:
        opened, self.entry = self.entry, None
        assert opened is not None
        text = opened.text
        if text[78] == "1" and not opened.addenda:
            self.fault("addenda_missing", opened.line)
        if text[78] != "1" and opened.addenda:
            self.fault("addenda_unannounced", opened.line)
        if self.faults or self.batch is None:
            return None
        foreign = self.batch.sec == "IAT"
        return ReadEntry(
            line=opened.line,
            batch=self.batch,
            code=int(text[1:3]),
            routing=text[3:12],
            account=(text[39:74] if foreign else text[12:29]).strip(),
            amount_cents=int(text[29:39]),
            individual_id="" if foreign else text[39:54].strip(),
            name="" if foreign else text[54:76].strip(),
            discretionary=text[76:78].strip(),
            trace=text[79:94],
            addenda=tuple(opened.addenda),
        )

    def batch_control(self, text: str) -> None:
        batch, counted = self.batch, self.counted
        self.batches += 1
        self.batch = None
        self.totals.add(counted)
        self.counted = _Counted()
        if batch is None:
            self.fault("outside_batch")
            return
        told = (
            ("service_class", text[1:4], batch.service),
            ("batch_count", text[4:10], counted.records),
            ("batch_hash", text[10:20], counted.entry_hash),
            ("batch_debit", text[20:32], counted.debit_cents),
            ("batch_credit", text[32:44], counted.credit_cents),
            ("batch_number", text[87:94], batch.number),
        )
        self.compare(told)
        if text[44:54].strip() != batch.company_id:
            self.fault("company")
        if text[79:87] != batch.odfi:
            self.fault("odfi")

    def compare(self, told: tuple[tuple[str, str, int], ...]) -> None:
        for code, digits, found in told:
            if not digits.isdecimal() or int(digits) != found:
                self.fault(code)

    def after(self, text: str) -> None:
        self.fill += 1
        if text != nacha.FILL:
            self.fault("after_end")

    def end(self) -> None:
        if not self.line or (not self.control and self.header is None and not self.faults):
            self.fault("empty", 1)
        elif not self.control:
            self.fault("no_file_control")
        else:
            self.file_control(self.control)

    def file_control(self, text: str) -> None:
        last, self.line = self.line, self.control_line
        totals = self.totals
        told = (
            ("file_batches", text[1:7], self.batches),
            ("file_count", text[13:21], totals.records),
            ("file_hash", text[21:31], totals.entry_hash),
            ("file_debit", text[31:43], totals.debit_cents),
            ("file_credit", text[43:55], totals.credit_cents),
        )
        self.compare(told)
        # Without its lines of nines a file says nothing sure about blocks: some banks cut them off, and miscount.
        if self.fill and self.seen % nacha.BLOCK:
            self.fault("blocked")
        elif self.fill and whole(text[7:13]) != self.seen // nacha.BLOCK:
            self.fault("file_blocks")
        self.line = last


def _side_allowed(service: int, code: int) -> bool:
    return service == nacha.MIXED or (service == nacha.DEBITS) == nacha.is_debit(code) or service not in _SERVICES
