"""Rows of a delivery on their way into the staging tables, with COPY; refused rows are kept with their reason."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from django.db import connection

from caretill.core import sql
from caretill.formats.blocks import Batch, FileFault, Reader, Reject
from caretill.formats.delivery import Source
from caretill.regions import catalog, names
from caretill.regions.models import DEFAULT_FORMATS

FILE_STEP = 10_000_000_000  # `row` of a staged row: number of its file times this, plus the line
KEPT = 2_000  # refused rows that are held before they are written
Cells = list[Sequence[str]]
Watch = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Target:
    """Where a table of a feed is staged, the columns in the order of the feed's table, and what is added to them."""

    table: str
    columns: str
    add: Callable[[Cells], Cells] | None = None

    @property
    def copy(self) -> str:
        return f"COPY {self.table} (row, {self.columns}) FROM STDIN (NULL '')"


@functools.lru_cache(maxsize=1 << 16)
def normal_name(name: str) -> str:
    # A name of signs alone has no normal form; then it stands for itself.
    return names.normal_name(name) or name


@functools.lru_cache(maxsize=1 << 16)
def _group(region: str, name: str, value: str) -> str:
    """A group number as the region's lookup compares it, padded with zeros."""
    if not value:
        return value
    asked = catalog.region(region).fields.get(name)
    return (asked.format if asked else DEFAULT_FORMATS[name]).clean(value) or value


def _account(cells: Cells) -> Cells:
    regions = cells[0]
    for place, name in ((11, "group_number"), (12, "subgroup"), (13, "bill_group")):
        cells[place] = [_group(region, name, value) for region, value in zip(regions, cells[place], strict=True)]
    return [*cells, list(map(normal_name, cells[3]))]


def _person(cells: Cells) -> Cells:
    return [*cells, list(map(normal_name, cells[4]))]


BILL_TARGETS = {
    "accounts": Target(
        "intake_stage_account",
        "region, number, first_name, last_name, street, city, state, zip, email, phone, language, group_number,"
        " subgroup, bill_group, last_norm",
        _account,
    ),
    "people": Target(
        "intake_stage_person",
        "region, account_number, health_record_number, first_name, last_name, birth_date, relation, last_norm",
        _person,
    ),
    "bills": Target(
        "intake_stage_bill",
        "region, account_number, number, version, kind, payee, health_record_number, provider_name, service_from,"
        " service_to, issue_date, due_date, pay_code, currency, line_count, private",
    ),
    "lines": Target(
        "intake_stage_line",
        "region, bill_number, line_no, service_date, code_system, code, text, units, charge_cents, discount_cents,"
        " plan_paid_cents, copay_cents, deductible_cents, coinsurance_cents, not_covered_cents, written_off_cents",
    ),
    "payments": Target("intake_stage_payment", "region, bill_number, number, version, paid_on, amount_cents, method"),
}


@dataclass
class Stager:
    """Takes batches of one delivery, file after file. Commits as it goes: what is staged is not yet applied.

    `flaw` turns what a refused row says it was about into (region, bill number), or None.
    """

    delivery_id: UUID
    targets: dict[str, Target]
    flaw: Callable[[Reject], tuple[str, str] | None]
    read: dict[str, int] = field(default_factory=dict)
    staged: dict[str, int] = field(default_factory=dict)
    _copy: Any = None
    _into: str = ""
    _open: ExitStack = field(default_factory=ExitStack)
    _refused: list[tuple[str, int, Reject]] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is not None:
            self._open.__exit__(kind, error, at)
            return
        self._end_copy()
        self._keep_refused()

    def take(self, number: int, name: str, batch: Batch) -> None:
        """Stage a batch of the file with that number and name."""
        table = batch.table.name
        self.read[table] = self.read.get(table, 0) + batch.read
        if batch.rows:
            target = self.targets[table]
            if self._into != table:
                self._end_copy()
                self._copy = self._open.enter_context(_copying(target.copy))
                self._into = table
            self._copy.write(_text(number * FILE_STEP, batch.rows, batch.columns, target))
            self.staged[table] = self.staged.get(table, 0) + len(batch.rows)
        if batch.rejects:
            self._refused += [(name, number, reject) for reject in batch.rejects]
            if len(self._refused) > KEPT:
                self._end_copy()
                self._keep_refused()

    def _end_copy(self) -> None:
        self._open.close()
        self._open = ExitStack()
        self._copy, self._into = None, ""

    def _keep_refused(self) -> None:
        refused, self._refused = self._refused, []
        if not refused:
            return
        keep_refused(
            self.delivery_id,
            [(file, each.row, each.field, each.reason, each.table, each.value) for file, _, each in refused],
        )
        flaws = [(self.flaw(each), number * FILE_STEP + each.row) for _, number, each in refused]
        known = [(*about, row) for about, row in flaws if about is not None]
        sql.execute(
            "INSERT INTO intake_stage_flaw (region, bill_number, row)"
            " SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[])",
            [[each[place] for each in known] for place in range(3)],
        )


def read_file(
    reader: Reader, stager: Stager, number: int, source: Source, watch: Watch = lambda step, done, total: None
) -> None:
    """Stage one file. Raises FileFault, which then names the file."""
    done = 0

    def more(count: int) -> None:
        nonlocal done
        done += count
        watch(f"reading {source.name}", done, 0 if source.packed else source.size)

    try:
        with source.open() as stream:
            for batch in reader.read(stream, more):
                stager.take(number, source.name, batch)
    except FileFault as fault:
        raise FileFault(f"{source.name}: {fault}") from fault


def keep_refused(delivery_id: UUID, rows: Iterable[tuple[str, int, str, str, str, str]]) -> None:
    """Write refused rows: (file, row, field, reason, table, value). One that is there already stays."""
    columns = list(zip(*rows, strict=True))
    sql.execute(
        "INSERT INTO intake_refused (delivery_id, file, row, field, reason, table_name, value) SELECT %s, * FROM"
        " unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[]) ON CONFLICT DO NOTHING",
        [delivery_id, *(list(column) for column in columns)],
    )


@contextmanager
def _copying(statement: str) -> Iterator[Any]:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        yield copy


def _text(base: int, rows: Sequence[int], columns: Cells, target: Target) -> str:
    """Rows in COPY's text form. Cells hold no tab and no line end: those are refused as control characters."""
    cells = target.add(list(columns)) if target.add else columns
    numbers = [str(base + row) for row in rows]
    text = "\n".join(map("\t".join, zip(numbers, *cells, strict=True)))
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    return text + "\n"
