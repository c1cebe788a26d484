"""Tables of a feed read from CSV text in blocks and judged column by column.

One record is one line: a quote left open spoils its own line and never the rest of the file. Values repeat a lot, so
each column remembers what it has judged already (a bounded memory): a million lines cost a few thousand judgements.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from caretill.formats.tables import Column, Family, HeaderFault, Table

BLOCK_BYTES = 1 << 16  # small enough to stay in the processor's cache: four times this takes half as long again
LONGEST_LINE = 1 << 16
REMEMBERED = 1 << 12
SHOWN = 60  # characters of a refused value that are kept

Allowed = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Reject:
    """A cell (or, with no field, a row) that was refused. `row` counts lines of the file, its first line being 1.

    `about` holds the cells of the table's `about` columns as far as they can be read: which bill lacks this row.
    """

    table: str
    row: int
    field: str
    reason: str
    value: str
    about: tuple[str, ...] = ()


@dataclass
class Batch:
    """Rows of one table that passed, column by column in the table's order, and what did not pass.

    Cells are text in the even form of their kind: amounts in whole cents, health record numbers of nine digits.
    """

    table: Table
    read: int = 0
    rows: Sequence[int] = ()
    columns: list[Sequence[str]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)


class FileFault(ValueError):
    """The file as a whole cannot be read. The text names the line and what is wrong there."""


class _Memory:
    """What a column holds so far: good cells with their even form."""

    def __init__(self, column: Column, allowed: frozenset[str] | None) -> None:
        self.column = column
        self.allowed = allowed
        self.good: dict[str, str] = {}
        self._start()

    def _start(self) -> None:
        self.good.clear()
        if self.column.empty is not None:
            self.good[""] = ""

    def _judge(self, cell: str) -> str | None:
        if not cell:
            return "empty"
        reason = self.column.kind.judge(cell)
        if reason is None and self.allowed is not None and cell not in self.allowed:
            return f"unknown_{self.column.name}"
        return reason

    def even(self, cells: Sequence[str]) -> tuple[list[str | None], dict[str, str]]:
        """The cells in their even form, None where one is refused; and the refused ones with their reasons."""
        good, kind = self.good, self.column.kind
        found: list[str | None] = list(map(good.get, cells))
        if None not in found:
            return found, {}
        if len(good) > REMEMBERED:
            self._start()
        new = list({cell for cell in cells if cell not in good})
        if "" not in new and self.allowed is None and kind.all_good(new):
            good.update(zip(new, kind.evens(new), strict=True))
            return list(map(good.get, cells)), {}
        bad: dict[str, str] = {}
        for cell in new:
            reason = self._judge(cell)
            if reason is None:
                good[cell] = kind.even(cell)
            else:
                bad[cell] = reason
        return list(map(good.get, cells)), bad


class _Part:
    """A table being read: its header's order and the memory of each column."""

    def __init__(self, table: Table, header: list[str], allowed: Allowed) -> None:
        self.table = table
        self.width = len(header)
        self.places = table.places(header)
        self.memories = [_Memory(column, allowed.get(column.name)) for column in table.columns]
        self.about = [self.places[table.names.index(name)] or 0 for name in table.about]

    def batch(self, first: int, block: bytes) -> Batch:
        """Judge the rows of a block of whole lines; `first` is the number of its first line."""
        batch = Batch(self.table)
        across = self._flat(block)
        if across is not None:
            batch.read = len(across[0])
            batch.rows = range(first, first + batch.read)
        else:
            across = self._ragged(first, block, batch)
        if batch.rows:
            blank = ("",) * len(batch.rows)
            batch.columns = [blank if place is None else across[place] for place in self.places]
            self._judge(batch, across)
        return batch

    def _flat(self, block: bytes) -> list[Sequence[str]] | None:
        """The columns of a block in which nothing is quoted or odd. A mark between the lines shows any misfit."""
        if b'"' in block or b"\r" in block or len(block) > BLOCK_BYTES + LONGEST_LINE:
            return None
        try:
            cells = block.decode().replace("\n", ",\n,").split(",")
        except UnicodeDecodeError:
            return None
        step = self.width + 1
        if len(cells) % step != self.width or not set(cells[self.width :: step]) <= {"\n"}:
            return None
        if block.count(b"\n") != len(cells) // step:  # empty lines, as many cells as a line would have
            return None
        if len(block) > LONGEST_LINE and max(map(len, block.split(b"\n"))) > LONGEST_LINE:
            return None
        if self.width == 1 and "" in cells:
            return None
        return [cells[place::step] for place in range(self.width)]

    def _ragged(self, first: int, block: bytes, batch: Batch) -> list[Sequence[str]]:
        """The columns of the rows that have the right number of cells; the others are refused."""
        numbered = self._rows(first, block, batch)
        batch.read += len(numbered)
        right = [each for each in numbered if len(each[1]) == self.width]
        if len(right) < len(numbered):
            for row, cells in numbered:
                if len(cells) != self.width:
                    self._refuse_row(batch, row, cells, "wrong_columns", f"{len(cells)} instead of {self.width}")
        batch.rows = [row for row, _ in right]
        return list(zip(*(cells for _, cells in right), strict=True))

    def _rows(self, first: int, block: bytes, batch: Batch) -> list[tuple[int, list[str]]]:
        if len(block) > LONGEST_LINE and max(map(len, block.split(b"\n"))) > LONGEST_LINE:
            return self._line_by_line(first, block, batch)
        try:
            lines = block.decode().split("\n")
            rows = list(csv.reader(lines, strict=True))
        except (UnicodeDecodeError, csv.Error):
            return self._line_by_line(first, block, batch)
        if len(rows) != len(lines):  # a quoted cell runs over the end of its line
            return self._line_by_line(first, block, batch)
        return [(row, cells) for row, cells in enumerate(rows, first) if cells]

    def _line_by_line(self, first: int, block: bytes, batch: Batch) -> list[tuple[int, list[str]]]:
        """For a block in which something is odd: only the odd lines are refused."""
        numbered = []
        for row, raw in enumerate(block.split(b"\n"), first):
            raw = raw.removesuffix(b"\r")
            if not raw:
                continue
            cells = split(raw)
            if isinstance(cells, str):
                batch.read += 1
                shown = raw[: LONGEST_LINE // 2].decode("utf-8", "replace")
                self._refuse_row(batch, row, shown.split(","), cells, _printable(shown[:SHOWN]))
            else:
                numbered.append((row, cells))
        return numbered

    def _refuse_row(self, batch: Batch, row: int, cells: list[str], reason: str, shown: str) -> None:
        about = tuple(cells[place] if place < len(cells) else "" for place in self.about)
        batch.rejects.append(Reject(self.table.name, row, "", reason, shown, about))

    def _judge(self, batch: Batch, across: list[Sequence[str]]) -> None:
        refused: set[int] = set()
        judged: list[Sequence[str]] = []
        for memory, cells in zip(self.memories, batch.columns, strict=True):
            found, bad = memory.even(cells)
            judged.append(found)  # type: ignore[arg-type]  # rows with None are dropped below
            for place, known in enumerate(found) if bad else ():
                if known is None:
                    refused.add(place)
                    cell = cells[place]
                    shown = "" if bad[cell] == "card_number" else _printable(cell[:SHOWN])
                    about = tuple(across[each][place] for each in self.about)
                    batch.rejects.append(
                        Reject(self.table.name, batch.rows[place], memory.column.name, bad[cell], shown, about)
                    )
        batch.columns = judged
        if refused:
            keep = [place for place in range(len(batch.rows)) if place not in refused]
            batch.rows = [batch.rows[place] for place in keep]
            batch.columns = [[cells[place] for place in keep] for cells in judged]


def split(line: bytes) -> list[str] | str:
    """The cells of one line, or the reason why it cannot be split."""
    if len(line) > LONGEST_LINE:
        return "line_too_long"
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return "not_utf8"
    try:
        return next(csv.reader([text], strict=True))
    except (csv.Error, StopIteration):
        return "control_character" if "\r" in text else "bad_quotes"


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    """The file in whole lines, without the last line's end. Of a line that is far too long only the start comes."""
    rest = b""
    while chunk := stream.read(BLOCK_BYTES):
        whole, found, tail = chunk.rpartition(b"\n")
        if found:
            yield rest + whole
            rest = tail
        elif len(rest) <= LONGEST_LINE:
            rest += chunk
    if rest:
        yield rest


class Reader:
    """Reads files of a family of tables.

    `allowed` names the words a column may hold (regions, payees). `watch` is told how many bytes were read.
    """

    def __init__(self, family: Family, allowed: Allowed | None = None) -> None:
        self.family = family
        self.allowed: Allowed = allowed or {}

    def read(self, stream: BinaryIO, watch: Callable[[int], None] | None = None) -> Iterator[Batch]:
        """Batches of a file in its order. A file may hold several tables, each begun by its header.

        Raises FileFault where the first line is no header.
        """
        part: _Part | None = None
        row = 1
        for block in _blocks(stream):
            for before, text in self._parts(block):
                first = row + before
                head, _, body = text.partition(b"\n")
                if part is None or self._is_header(head):
                    part = self._begin(head, first)
                    first, text = first + 1, body
                yield part.batch(first, text) if text else Batch(part.table)
            row += block.count(b"\n") + 1
            if watch:
                watch(len(block) + 1)
        if part is None:
            raise FileFault("line 1: the file is empty")

    def _parts(self, block: bytes) -> Iterator[tuple[int, bytes]]:
        """The block cut before each header line: (lines before, text)."""
        if not any(hint in block for hint in self.family.hints):
            yield 0, block
            return
        lines = block.split(b"\n")
        cuts = [place for place, line in enumerate(lines) if place and self._is_header(line)]
        for start, end in zip([0, *cuts], [*cuts, len(lines)], strict=True):
            yield start, b"\n".join(lines[start:end])

    def _is_header(self, line: bytes) -> bool:
        if not any(hint in line for hint in self.family.hints):
            return False
        cells = split(line.removesuffix(b"\r"))
        if isinstance(cells, str):
            return False
        names = {cell.strip().lower() for cell in cells}
        return "region" in names and bool(names & self.family.telling)

    def _begin(self, line: bytes, row: int) -> _Part:
        if line.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise FileFault(f"line {row}: the file is UTF-16; it must be UTF-8")
        cells = split(line.removeprefix(b"\xef\xbb\xbf").removesuffix(b"\r"))
        if isinstance(cells, str):
            raise FileFault(f"line {row}: the header cannot be read ({cells})")
        try:
            return _Part(self.family.recognise(cells), cells, self.allowed)
        except HeaderFault as fault:
            raise FileFault(f"line {row}: {fault}") from fault
