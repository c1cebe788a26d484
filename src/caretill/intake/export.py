"""What came in goes out: accounts, people, bills, lines and payments as the documented CSV, in the order of accounts.

What the import worked out is filled in: pay code, due date, payee, language, the zeros of padded numbers.
"""

from __future__ import annotations

import gzip
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, cast

from django.db import connection, transaction

from caretill.core import sql
from caretill.formats import bill_csv

BATCH = 2_000


def export_csv(path: Path) -> dict[str, int]:
    """Write all five tables, of one moment, to a folder, a `.zip`, or one `.csv` or `.csv.gz`; rows of each.

    A file appears whole or not at all. Changes nothing in the database. Raises OSError.
    """
    with transaction.atomic(durable=True), _opened(path) as begin:
        sql.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return {name: _write(begin, name, query) for name, query in _queries().items()}


def _queries() -> dict[str, str]:
    found = {}
    for part in sql.load(__file__, "export.sql").split("\n-- ")[1:]:
        name, _, query = part.partition("\n")
        found[name] = query
    return found


def _write(begin: Callable[[str], IO[bytes]], name: str, query: str) -> int:
    columns = bill_csv.FAMILY.by_name[name].names
    count = 0
    file = begin(name)
    file.write(bill_csv.write([columns]).encode())
    for rows in _batches(query):
        text = [["" if cell is None else str(cell) for cell in row] for row in rows]
        file.write(bill_csv.write(text).encode())
        count += len(rows)
    return count


def _batches(query: str) -> Iterator[list[tuple[Any, ...]]]:
    """Rows in pieces, through a cursor of the server: memory does not grow with the table."""
    with connection.cursor() as cursor:
        cursor.execute(f"DECLARE leaving NO SCROLL CURSOR FOR {query}")
        while True:
            cursor.execute(f"FETCH {BATCH} FROM leaving")
            rows = cursor.fetchall()
            if not rows:
                break
            yield rows
        cursor.execute("CLOSE leaving")


@contextmanager
def _opened(path: Path) -> Iterator[Callable[[str], IO[bytes]]]:
    """Where each table is written: a function from its name to an open file."""
    name = path.name.lower()
    with ExitStack() as opened:
        if name.endswith(".zip"):
            packed = opened.enter_context(zipfile.ZipFile(_whole(opened, path), "w", zipfile.ZIP_DEFLATED))
            last = ExitStack()
            opened.push(last)

            def begin(table: str) -> IO[bytes]:
                last.close()  # a zip has one file open at a time
                return last.enter_context(packed.open(f"{table}.csv", "w", force_zip64=True))

            yield begin
        elif name.endswith((".csv", ".csv.gz")):
            file = _whole(opened, path)
            if name.endswith(".gz"):
                file = cast(IO[bytes], opened.enter_context(gzip.GzipFile(fileobj=file, mode="wb", mtime=0)))
            yield lambda table: file
        else:
            path.mkdir(parents=True, exist_ok=True)
            yield lambda table: _whole(opened, path / f"{table}.csv")


def _whole(opened: ExitStack, path: Path) -> IO[bytes]:
    """A file that takes its name when all went well, and leaves nothing behind otherwise."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    file = draft.open("wb")

    def end(kind: Any, error: Any, at: Any) -> None:
        file.close()
        if kind is None:
            draft.replace(path)
        else:
            draft.unlink(missing_ok=True)

    opened.push(end)
    return file
