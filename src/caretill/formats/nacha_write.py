"""Writes ACH files: streamed, a thousand entries at a time, so a million take no more memory than one thousand.

What would make a bank refuse the file is refused here first. A message names the place and the reason, never a number
of an account.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from operator import le
from typing import NamedTuple, Protocol

from caretill.formats import nacha
from caretill.formats.nacha import Addendum, BatchHeader, Change, FileHeader, Information, Return

CHUNK = 1000
_ENTRY = "6%02d%s%-17s%010d%-15s%-22s%-2s%d%s%07d"
_MODIFIERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_CREDIT_CODES = {
    nacha.CREDITS: frozenset(code for code in nacha.TRANSACTION_CODES if not nacha.is_debit(code)),
    nacha.DEBITS: frozenset(code for code in nacha.TRANSACTION_CODES if nacha.is_debit(code)),
    nacha.MIXED: nacha.TRANSACTION_CODES,
}
_TEL_CREDITS = (nacha.CREDIT_TO["checking"], nacha.CREDIT_TO["savings"], *nacha.PRENOTE_CREDIT.values())


class Entry(NamedTuple):
    """Record 6. A plain tuple in this order does as well, and is quicker to make.

    `sequence` is the counted part of the trace number: rising within a batch, and
    no two entries of a file have the same. `discretionary` of WEB and TEL begins
    with S (once) or R (recurring). `addenda` follow the entry.
    """

    code: int
    routing: str
    account: str
    amount_cents: int
    individual_id: str
    name: str
    discretionary: str
    sequence: int
    addenda: tuple[Addendum, ...] = ()

    def __repr__(self) -> str:
        return f"Entry(code={self.code}, sequence={self.sequence}, amount_cents={self.amount_cents})"


class Sink(Protocol):
    """Where the bytes go: an open binary file, or anything that takes bytes."""

    def write(self, data: bytes, /) -> object: ...


class NachaUnwritable(ValueError):
    """A file that no bank would take. `code` says why, `where` names the record (`file`, `batch 2`, `entry 17`)."""

    def __init__(self, code: str, where: str) -> None:
        super().__init__(f"{where}: {code}")
        self.code = code
        self.where = where


@dataclass(frozen=True)
class Written:
    """What the file's control says, and the file's digest. `entries` leaves addenda out, `lines` leaves fill in."""

    batches: int
    entries: int
    addenda: int
    debit_cents: int
    credit_cents: int
    entry_hash: int
    lines: int
    blocks: int
    size: int
    sha256: str


@dataclass
class _Sums:
    entries: int = 0
    addenda: int = 0
    debit_cents: int = 0
    credit_cents: int = 0
    hashed: int = 0

    def add(self, other: _Sums) -> None:
        self.entries += other.entries
        self.addenda += other.addenda
        self.debit_cents += other.debit_cents
        self.credit_cents += other.credit_cents
        self.hashed += other.hashed

    @property
    def records(self) -> int:
        return self.entries + self.addenda

    @property
    def entry_hash(self) -> int:
        return self.hashed % 10_000_000_000


def write(header: FileHeader, batches: Iterable[tuple[BatchHeader, Iterable[Entry]]], out: Sink) -> Written:
    """Write a whole file to `out` and return its totals. Raises NachaUnwritable; what was written then is worthless.

    Batches without entries are left out; one too large for its control goes on as another with the same header.
    """
    return _Writer(out).file(header, batches)


class _Writer:
    def __init__(self, out: Sink) -> None:
        self.out = out
        self.digest = hashlib.sha256()
        self.size = 0
        self.batches = 0
        self.last_sequence = -1
        self.totals = _Sums()
        self.eight: dict[str, int] = {}  # routing numbers found good, and what they add to the hash

    def put(self, lines: list[str]) -> None:
        data = ("\n".join(lines) + "\n").encode("ascii")
        self.out.write(data)
        self.digest.update(data)
        self.size += len(data)

    def file(self, header: FileHeader, batches: Iterable[tuple[BatchHeader, Iterable[Entry]]]) -> Written:
        self.put([_file_header(header)])
        for batch, entries in batches:
            self.batch(batch, iter(entries))
        sums = self.totals
        if max(sums.debit_cents, sums.credit_cents) > nacha.MOST_BATCH_CENTS or self.batches > 999_999:
            raise NachaUnwritable("too_much", "file")
        lines = 2 + 2 * self.batches + sums.records
        fill = -lines % nacha.BLOCK
        blocks = (lines + fill) // nacha.BLOCK
        control = f"9{self.batches:06d}{blocks:06d}{sums.records:08d}{sums.entry_hash:010d}"
        control += f"{sums.debit_cents:012d}{sums.credit_cents:012d}{'':39}"
        self.put([control, *([nacha.FILL] * fill)])
        return Written(
            batches=self.batches,
            entries=sums.entries,
            addenda=sums.addenda,
            debit_cents=sums.debit_cents,
            credit_cents=sums.credit_cents,
            entry_hash=sums.entry_hash,
            lines=lines + fill,
            blocks=blocks,
            size=self.size,
            sha256=self.digest.hexdigest(),
        )

    def batch(self, header: BatchHeader, entries: Iterator[Entry]) -> None:
        sums, opened, self.last_sequence = _Sums(), False, -1
        while chunk := list(islice(entries, CHUNK)):
            if not opened:
                header, opened = self.open(header), True
            lines, more = self.chunk(header, chunk)
            if sums.records + more.records > nacha.MOST_PER_BATCH or _above(sums, more):
                self.close(header, sums)
                header, sums = self.open(header), _Sums()
            self.put(lines)
            sums.add(more)
        if opened:
            self.close(header, sums)

    def open(self, header: BatchHeader) -> BatchHeader:
        self.batches += 1
        numbered = replace(header, number=self.batches)
        self.put([_batch_header(numbered)])
        return numbered

    def close(self, header: BatchHeader, sums: _Sums) -> None:
        if header.description == nacha.MICRO and sums.debit_cents > sums.credit_cents:
            raise NachaUnwritable("micro_offset", f"batch {header.number}")
        control = f"8{header.service}{sums.records:06d}{sums.entry_hash:010d}{sums.debit_cents:012d}"
        control += f"{sums.credit_cents:012d}{header.company_id:<10}{'':25}{header.odfi}{header.number:07d}"
        self.put([control])
        self.totals.add(sums)

    def chunk(self, header: BatchHeader, chunk: list[Entry]) -> tuple[list[str], _Sums]:
        """The lines of up to a thousand entries, checked by columns: most checks are one call for all of them."""
        codes, routings, accounts, amounts, ids, names, marks, sequences, addenda = zip(*chunk, strict=True)
        kinds = set(codes)
        if not self._sound(header, kinds, routings, accounts, amounts, ids, marks, sequences):
            self._each(header, chunk)
        if not nacha.name_ok("".join(names)) or max(map(len, names)) > nacha.NAME_LENGTH or "" in map(str.strip, names):
            names = tuple(self._name(header, entry) for entry in chunk)
        if len(kinds) == 1:
            debit_cents = sum(amounts) if nacha.is_debit(codes[0]) else 0
        else:
            debit_cents = sum(cents for code, cents in zip(codes, amounts, strict=True) if nacha.is_debit(code))
        sums = _Sums(len(chunk), 0, debit_cents, sum(amounts) - debit_cents)
        sums.hashed = sum(map(self.eight.__getitem__, routings))
        self.last_sequence = sequences[-1]
        odfi = (header.odfi,) * len(chunk)
        flags = tuple(map(bool, addenda))
        rows = zip(codes, routings, accounts, amounts, ids, names, marks, flags, odfi, sequences, strict=True)
        lines = [_ENTRY % row for row in rows]
        if any(flags):
            lines, sums.addenda = _with_addenda(header, lines, chunk)
        return lines, sums

    def _name(self, header: BatchHeader, entry: Entry) -> str:
        name = nacha.fold_name(entry[5])
        if not name and entry[0] not in nacha.RETURNED:
            raise NachaUnwritable("no_name", f"entry {entry[7]} of {header.sec}")
        return name

    def _sound(
        self,
        header: BatchHeader,
        kinds: set[int],
        routings: tuple[str, ...],
        accounts: tuple[str, ...],
        amounts: tuple[int, ...],
        ids: tuple[str, ...],
        marks: tuple[str, ...],
        sequences: tuple[int, ...],
    ) -> bool:
        """A quick yes for a thousand entries at once; a no is looked into entry by entry."""
        for routing in set(routings) - self.eight.keys():
            if nacha.routing_fault(routing):
                return False
            self.eight[routing] = int(routing[:8])
        digits, text = "".join(accounts), "".join(ids) + "".join(marks)
        return (
            kinds <= _CREDIT_CODES[header.service] & nacha.LIVE
            and header.description != nacha.MICRO
            and (header.sec != "TEL" or kinds.isdisjoint(_TEL_CREDITS))
            and (header.sec not in ("WEB", "TEL") or all(mark[:1] in ("S", "R") for mark in set(marks)))
            and digits.isascii()
            and digits.isdecimal()
            and min(map(len, accounts)) >= nacha.SHORTEST_ACCOUNT
            and max(map(len, accounts)) <= nacha.LONGEST_ACCOUNT
            and min(amounts) > 0
            and max(amounts) <= nacha.MOST_CENTS
            and text.isascii()
            and text.isprintable()
            and max(map(len, ids)) <= nacha.ID_LENGTH
            and max(map(len, marks)) <= 2
            and sequences[0] > self.last_sequence
            and sequences[-1] <= nacha.MOST_SEQUENCE
            and not any(map(le, sequences[1:], sequences))
        )

    def _each(self, header: BatchHeader, chunk: list[Entry]) -> None:
        """One by one: prenotes, micro-entries and returns always, others only to name the one at fault."""
        last = self.last_sequence
        for entry in chunk:
            fault = entry_fault(header, entry)
            if not fault and entry[7] <= last:
                fault = "trace_not_rising"
            if fault:
                raise NachaUnwritable(fault, f"entry {entry[7]}")
            self.eight[entry[1]] = int(entry[1][:8])
            last = entry[7]


def entry_fault(header: BatchHeader, entry: Entry) -> str:
    """Why an entry cannot stand in a batch with this header, or `""`. Its name is folded when it is written."""
    code, routing, account, cents, individual_id, _, mark, sequence, _ = entry
    if code not in _CREDIT_CODES[header.service]:
        return "code_not_in_service_class"
    if nacha.routing_fault(routing):
        return f"routing_{nacha.routing_fault(routing)}"
    if nacha.account_fault(account):
        return f"account_{nacha.account_fault(account)}"
    if (fault := _amount_fault(header, code, cents)) or (fault := _mark_fault(header, code, mark)):
        return fault
    if len(individual_id) > nacha.ID_LENGTH or not (individual_id.isascii() and individual_id.isprintable()):
        return "individual_id"
    return "" if 0 <= sequence <= nacha.MOST_SEQUENCE else "trace_too_long"


def _amount_fault(header: BatchHeader, code: int, cents: int) -> str:
    if not 0 <= cents <= nacha.MOST_CENTS:
        return "amount"
    moves = code in nacha.LIVE or (code in nacha.RETURNED and header.sec != "COR")
    if moves is False and cents:
        return "amount_of_a_message"
    if code in nacha.LIVE and not cents:
        return "amount"
    if header.description == nacha.MICRO and not nacha.is_debit(code) and cents > nacha.MICRO_CENTS:
        return "micro_too_large"
    return ""


def _mark_fault(header: BatchHeader, code: int, mark: str) -> str:
    if len(mark) > 2 or not (mark.isascii() and mark.isprintable()):
        return "discretionary"
    if header.sec in ("WEB", "TEL") and code not in nacha.RETURNED and mark[:1] not in ("S", "R"):
        return "payment_type"
    if header.sec == "TEL" and code in _TEL_CREDITS and header.description != nacha.REVERSAL:
        return "credit_by_telephone"
    return ""


def _above(sums: _Sums, more: _Sums) -> bool:
    return max(sums.debit_cents + more.debit_cents, sums.credit_cents + more.credit_cents) > nacha.MOST_BATCH_CENTS


def _printable(text: str, length: int, where: str, code: str) -> str:
    if len(text) > length or not (text.isascii() and text.isprintable()):
        raise NachaUnwritable(code, where)
    return text


def _file_header(header: FileHeader) -> str:
    if nacha.routing_fault(header.destination):
        raise NachaUnwritable("destination", "file")
    if header.modifier not in _MODIFIERS:
        raise NachaUnwritable("modifier", "file")
    origin = _printable(header.origin, 10, "file", "origin")
    reference = _printable(header.reference, 8, "file", "reference")
    if not origin.strip():
        raise NachaUnwritable("origin", "file")
    return (
        f"101 {header.destination}{origin:>10}{header.created:%y%m%d%H%M}{header.modifier}094101"
        f"{nacha.fold_name(header.destination_name, 23):<23}{nacha.fold_name(header.origin_name, 23):<23}{reference:<8}"
    )


def _batch_header(header: BatchHeader) -> str:
    where = f"batch {header.number}"
    if header.sec not in nacha.WRITTEN_SEC:
        raise NachaUnwritable("sec", where)
    if header.service not in _CREDIT_CODES:
        raise NachaUnwritable("service_class", where)
    eight = header.odfi.isascii() and header.odfi.isdecimal() and len(header.odfi) == 8
    if not eight or nacha.routing_fault(header.odfi + nacha.check_digit(header.odfi)):
        raise NachaUnwritable("odfi", where)
    name = nacha.fold_name(header.company_name, 16)
    company_id = _printable(header.company_id, 10, where, "company_id")
    described = _printable(header.description, 10, where, "description")
    if not (name and company_id.strip() and described.strip()):
        raise NachaUnwritable("company", where)
    effective = f"{header.effective:%y%m%d}" if header.effective else ""
    return (
        f"5{header.service}{name:<16}{_printable(header.company_data, 20, where, 'company_data'):<20}{company_id:<10}"
        f"{header.sec}{described:<10}{_printable(header.descriptive_date, 6, where, 'descriptive_date'):<6}"
        f"{effective:<6}{header.settlement:<3}1{header.odfi}{header.number:07d}"
    )


def _with_addenda(header: BatchHeader, lines: list[str], chunk: list[Entry]) -> tuple[list[str], int]:
    mixed: list[str] = []
    for line, entry in zip(lines, chunk, strict=True):
        mixed.append(line)
        mixed.extend(_addendum(header, entry, place, each) for place, each in enumerate(entry[8], start=1))
    return mixed, len(mixed) - len(lines)


def _addendum(header: BatchHeader, entry: Entry, place: int, addendum: Addendum) -> str:
    own = nacha.trace_number(header.odfi, entry[7])
    if isinstance(addendum, Return):
        line = f"799{addendum.code:<3}{addendum.original_trace:>15}{_return_rest(addendum):<58}{own}"
    elif isinstance(addendum, Change):
        refused = f"{addendum.refused_code:<3}{own[-7:]}" if nacha.refused_change(addendum.code) else ""
        line = f"798{addendum.code:<3}{addendum.original_trace:>15}{'':6}{addendum.original_rdfi:<8}"
        line += f"{addendum.corrected:<29}{refused:<15}{own}"
    else:
        text = _printable(addendum.text, nacha.INFORMATION_LENGTH, f"entry {entry[7]}", "information")
        line = f"705{text:<80}{place:04d}{entry[7]:07d}"
    if len(line) != nacha.WIDTH or not (line.isascii() and line.isprintable()):
        raise NachaUnwritable("addendum", f"entry {entry[7]}")
    return line


def _return_rest(addendum: Return) -> str:
    """Columns 22 to 79 of an addenda 99, by its form."""
    form = nacha.return_form(addendum.code)
    if form == "return":
        return f"{addendum.died:<6}{addendum.original_rdfi:<8}{addendum.information[:44]:<44}"
    again = f"{addendum.return_trace:>15}{addendum.return_settlement:<3}{addendum.return_code[-2:]:<2}"
    if form == "dishonoured":
        return f"{'':6}{addendum.original_rdfi:<8}{'':3}{again}{addendum.information[:21]:<21}"
    return (
        f"{addendum.returned:<6}{addendum.original_rdfi:<8}{addendum.original_settlement:<3}{again}"
        f"{addendum.dishonoured_trace:>15}{addendum.dishonoured_settlement:<3}{addendum.dishonoured_code[-2:]:<2} "
    )


__all__ = ["Entry", "Information", "NachaUnwritable", "Written", "entry_fault", "write"]
