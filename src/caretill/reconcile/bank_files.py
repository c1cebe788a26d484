"""Statement files of banks, taken over whole or not at all: once by their bytes, once by what their header says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from django.db import transaction

from caretill.core import blind, clock, sql
from caretill.core.ids import uuid7
from caretill.formats import bai2, camt, delivery
from caretill.formats.bank import Statement, line_keys
from caretill.formats.blocks import FileFault
from caretill.reconcile.names import names_of
from caretill.reconcile.rows import copying

READERS: dict[str, Callable[[BinaryIO], Iterator[Statement]]] = {"bai2": bai2.read, "camt": camt.read}
LOCK = 0x0CA2E9A3  # one file at a time: a line that two files tell is new in one of them
LONGEST_TEXT = 400

MAKE_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS bank_stage (
    id uuid, statement_id uuid, row bigint, line_key bytea, amount_cents bigint, currency text, booked_on date,
    value_on date, code text, reversal boolean, bank_ref text, names text[], text text, disposition text
) ON COMMIT DELETE ROWS
"""
TAKE_OVER = """
INSERT INTO reconcile_line (id, statement_id, row, line_key, amount_cents, currency, booked_on, value_on, code,
    reversal, bank_ref, names, text, disposition)
SELECT s.id, s.statement_id, s.row, s.line_key, s.amount_cents, s.currency, s.booked_on, s.value_on, s.code,
    s.reversal, s.bank_ref, s.names, s.text,
    CASE WHEN s.disposition = 'open' AND EXISTS (SELECT 1 FROM reconcile_line k
        WHERE k.line_key = s.line_key AND k.disposition IN ('open', 'payout')) THEN 'known' ELSE s.disposition END
FROM bank_stage s ORDER BY s.id
"""


@dataclass
class Taken:
    """What became of one file. `lines` by disposition; `known` says that its bytes were here before.

    `moved` is what came in and what went out by currency, above zero both, in its smallest unit.
    """

    name: str
    sha256: str
    known: bool = False
    statements: int = 0
    lines: dict[str, int] = field(default_factory=dict)
    total_cents: int = 0
    moved: dict[str, dict[str, int]] = field(default_factory=dict)

    def answer(self) -> dict[str, Any]:
        return asdict(self)


def bring_in(kind: str, path: Path, again: bool = False) -> Taken:
    """Take over a statement file (`bai2` or `camt`; plain or .gz). Money is matched later, by `match`.

    Raises FileFault with the line where anything in it does not hold: then nothing of it was taken over. A file whose
    header was here before with other bytes is refused, unless `again`: its lines that are known stay known.
    """
    if not path.is_file():
        raise FileFault(f"{path}: no such file")
    source = delivery.Source(path.name, path, delivery.digest(path), path.stat().st_size)
    taken = Taken(path.name, source.sha256)
    with transaction.atomic():
        sql.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        if known := _known(source.sha256):
            taken.known = True
            taken.statements, taken.total_cents = known["statements"], known["total_cents"]
            taken.lines = {"known": known["lines"]}
            return taken
        try:
            _take(kind, source, taken, again)
        except FileFault as fault:
            raise FileFault(f"{path.name}: {fault}") from fault
    return taken


def _known(sha256: str) -> dict[str, Any] | None:
    return sql.one("SELECT statements, lines, total_cents FROM reconcile_file WHERE sha256 = %s", (sha256,))


def _take(kind: str, source: delivery.Source, taken: Taken, again: bool) -> None:
    sql.execute(MAKE_STAGE)
    sql.execute("DELETE FROM bank_stage")
    sql.execute(
        "INSERT INTO reconcile_file (sha256, kind, file_ref, name, bytes, statements, lines, total_cents, received_at)"
        " VALUES (%s, %s, '', %s, %s, 0, 0, 0, %s)",
        (source.sha256, kind, source.name, source.size, clock.now()),
    )
    file_ref = ""
    seen: dict[bytes, int] = {}
    with source.open() as stream:
        for statement in READERS[kind](stream):
            if statement.file_ref != file_ref and not again:
                _refuse_header(kind, statement.file_ref, source.sha256)
            file_ref = statement.file_ref
            _statement(source.sha256, statement, taken, seen)
    sql.execute(TAKE_OVER)
    found = sql.query(
        "SELECT l.disposition, count(*) AS many FROM reconcile_line l"
        " JOIN reconcile_statement s ON s.id = l.statement_id WHERE s.sha256 = %s GROUP BY 1 ORDER BY 1",
        (source.sha256,),
    )
    taken.lines = {row["disposition"]: row["many"] for row in found}
    sql.execute(
        "UPDATE reconcile_file SET file_ref = %s, statements = %s, lines = %s, total_cents = %s WHERE sha256 = %s",
        (file_ref, taken.statements, sum(taken.lines.values()), taken.total_cents, source.sha256),
    )


def _refuse_header(kind: str, file_ref: str, sha256: str) -> None:
    other = sql.one(
        "SELECT name FROM reconcile_file WHERE kind = %s AND file_ref = %s AND sha256 <> %s LIMIT 1",
        (kind, file_ref, sha256),
    )
    if other is not None:
        raise FileFault(f"line 1: header_again (the header of {other['name']} with other contents)")


def _statement(sha256: str, statement: Statement, taken: Taken, seen: dict[bytes, int]) -> None:
    statement_id = uuid7()
    total = sum(line.amount_cents for line in statement.lines)
    sql.execute(
        "INSERT INTO reconcile_statement (id, sha256, row, statement_ref, bank_account, last4, currency, day, kind,"
        " opened_cents, closed_cents, gap_cents, lines, total_cents)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            statement_id, sha256, statement.row, statement.statement_ref,
            blind.blind_index("", "bank_account", statement.account), statement.account[-4:], statement.currency,
            statement.day, statement.kind, statement.opened_cents, statement.closed_cents, statement.gap_cents,
            len(statement.lines), total,
        ),
    )  # fmt: skip
    with copying(
        "COPY bank_stage (id, statement_id, row, line_key, amount_cents, currency, booked_on, value_on, code, reversal,"
        " bank_ref, names, text, disposition) FROM STDIN"
    ) as copy:
        for line, key in line_keys(statement, seen):
            disposition = statement.kind if statement.kind != "update" else "open" if line.booked else "announced"
            names = names_of((*line.references, line.bank_ref), line.text)
            copy.write_row(
                (
                    uuid7(), statement_id, line.row, key, line.amount_cents, statement.currency,
                    line.booked_on or statement.day, line.value_on, line.code, line.reversal, line.bank_ref, names,
                    line.text[:LONGEST_TEXT], disposition,
                )
            )  # fmt: skip
    taken.statements += 1
    taken.total_cents += total
    moved = taken.moved.setdefault(statement.currency, {"came": 0, "went": 0})
    for line in statement.lines:
        moved["came" if line.amount_cents > 0 else "went"] += abs(line.amount_cents)
