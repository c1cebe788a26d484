"""Where the processor keeps things: one SQLite file that survives kill -9, with a log that can only grow."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS session (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, reference TEXT NOT NULL, statement_name TEXT NOT NULL,
    amount_cents INTEGER NOT NULL CHECK (amount_cents > 0), currency TEXT NOT NULL, language TEXT NOT NULL,
    return_url TEXT NOT NULL, cancel_url TEXT NOT NULL, created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,
    status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'complete', 'expired')),
    outcome TEXT NOT NULL DEFAULT 'unpaid' CHECK (outcome IN ('unpaid', 'processing', 'paid', 'declined')),
    failure_code TEXT, tries INTEGER NOT NULL DEFAULT 0,
    card_brand TEXT, card_last4 TEXT CHECK (length(card_last4) = 4),
    step_outcome TEXT, settle_ms INTEGER, settle_outcome TEXT,
    CHECK ((status = 'complete') = (outcome <> 'unpaid'))
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS session_reference ON session (reference, created_ms);
CREATE INDEX IF NOT EXISTS session_open ON session (expires_ms) WHERE status = 'open';
CREATE INDEX IF NOT EXISTS session_settling ON session (settle_ms) WHERE outcome = 'processing';

CREATE TABLE IF NOT EXISTS attempt (
    seq INTEGER PRIMARY KEY, session TEXT NOT NULL, at_ms INTEGER NOT NULL, outcome TEXT NOT NULL,
    card_brand TEXT, card_last4 TEXT CHECK (length(card_last4) = 4)
);
CREATE INDEX IF NOT EXISTS attempt_session ON attempt (session);

CREATE TABLE IF NOT EXISTS charge (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, session TEXT NOT NULL UNIQUE, reference TEXT NOT NULL,
    account TEXT NOT NULL, amount_cents INTEGER NOT NULL CHECK (amount_cents > 0), currency TEXT NOT NULL,
    refunded_cents INTEGER NOT NULL DEFAULT 0 CHECK (refunded_cents BETWEEN 0 AND amount_cents),
    created_ms INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS charge_reference ON charge (reference);

CREATE TABLE IF NOT EXISTS refund (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, charge TEXT NOT NULL, reference TEXT NOT NULL,
    amount_cents INTEGER NOT NULL CHECK (amount_cents > 0), currency TEXT NOT NULL, created_ms INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS refund_charge ON refund (charge);

CREATE TABLE IF NOT EXISTS kept_answer (
    key TEXT PRIMARY KEY, asked BLOB NOT NULL, status INTEGER NOT NULL, body BLOB NOT NULL, created_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS kept_answer_age ON kept_answer (created_ms);

CREATE TABLE IF NOT EXISTS event (
    id TEXT PRIMARY KEY, type TEXT NOT NULL, session TEXT NOT NULL, reference TEXT NOT NULL, body TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS delivery (
    id INTEGER PRIMARY KEY, event TEXT NOT NULL, kind TEXT NOT NULL, due_ms INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, behind INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'waiting'
);
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (due_ms, id) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS delivery_behind ON delivery (id) WHERE state = 'waiting' AND behind = 1;

CREATE TABLE IF NOT EXISTS fault (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, times_left INTEGER NOT NULL, ms INTEGER NOT NULL,
    session TEXT, reference TEXT, account TEXT
);

CREATE TABLE IF NOT EXISTS log (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, what TEXT NOT NULL, session TEXT, reference TEXT,
    account TEXT, key TEXT, charge TEXT, refund TEXT, amount_cents INTEGER, currency TEXT, event TEXT, detail TEXT
);
CREATE TRIGGER IF NOT EXISTS log_keeps_its_rows BEFORE UPDATE ON log
BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;
CREATE TRIGGER IF NOT EXISTS log_loses_nothing BEFORE DELETE ON log
BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;
"""
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
        self._db.executescript(_SCHEMA)

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
