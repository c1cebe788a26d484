"""Where the processor keeps things: one SQLite file that survives kill -9, with a log that can only grow."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from caretill.sim.processor.schema import prepare

_CHECKPOINT_PAGES = 4000


class Store:
    """One connection. Not safe for two threads at once: the shell takes care of that."""

    def __init__(self, path: Path | None = None) -> None:
        """Open or make the file; None keeps everything in memory."""
        self._db = sqlite3.connect(
            ":memory:" if path is None else path, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        # Every commit reaches the system before the answer leaves, so no kill of this program loses one.
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
        self._db.execute("PRAGMA busy_timeout=5000")
        prepare(self._db)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written inside is kept together, or not at all."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def insert(self, table: str, **values: Any) -> int:
        """Add a row and return its number."""
        return self._db.execute(_insert(table, tuple(values)), tuple(values.values())).lastrowid or 0

    def update(self, table: str, row_id: str | int, **values: Any) -> None:
        """Change columns of the row with that id."""
        self._db.execute(_update(table, tuple(values)), (*values.values(), row_id))

    def run(self, sql: str, *values: Any) -> int:
        """A statement that answers nothing but how many rows it touched."""
        return self._db.execute(sql, values).rowcount

    def one(self, sql: str, *values: Any) -> sqlite3.Row | None:
        return self._db.execute(sql, values).fetchone()

    def all(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        return self._db.execute(sql, values).fetchall()

    def meta(self, name: str, otherwise: int = 0) -> int:
        row = self.one("SELECT value FROM meta WHERE name = ?", name)
        return row["value"] if row else otherwise

    def set_meta(self, name: str, value: int) -> None:
        self.run("INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)


@cache
def _insert(table: str, columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


@cache
def _update(table: str, columns: tuple[str, ...]) -> str:
    return f"UPDATE {table} SET {', '.join(f'{column} = ?' for column in columns)} WHERE id = ?"
