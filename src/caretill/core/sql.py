"""Calls into the database: one function a step, one query a page; long SQL stands in `sql/` beside its caller.

A function of ours takes `(p_account_id uuid, p jsonb)` and answers with a jsonb object that holds `code`: figures and
codes, never sentences. `apply_functions` puts every changed file in place when the database is migrated.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper

ROOMS = Path(__file__).parent.parent

# Rows that are written once. The role that runs the app may SELECT and INSERT them, nothing else.
INSERT_ONLY = (
    "ledger_transfer",
    "ledger_resolution",
    "payments_event",
    "core_read",
    "core_seal",
    "billing_change",
    "people_consent",
    "ach_chunk",
    "ach_trace",
    "reconcile_note",
)
# Filled by `migrate` alone, read by everybody.
READ_ONLY = ("payments_transition", "core_function", "django_migrations")


class PreparedCursor(psycopg.Cursor[Any]):
    """Parameters travel beside the statement, so one that comes again is planned once a connection: planning costs a
    page's query ten times what running it does. A text of several statements has no parameters and is never prepared.
    """

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        if not params:
            options["prepare"] = False
        return super().execute(query, params, **options)


def cursor() -> CursorWrapper:
    """A cursor of the app's connection, inside Django's transactions and with its errors.

    While statements are logged, it is Django's own, which can tell a statement with its parameters in it.
    """
    if connection.queries_logged:
        return connection.cursor()
    connection.ensure_connection()
    connection.validate_thread_sharing()
    return CursorWrapper(PreparedCursor(connection.connection), connection)


def _plain(value: object) -> object:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"cannot pass {type(value).__name__} to the database")


def dumps(payload: object) -> str:
    """JSON for a jsonb parameter: UUIDs, dates and bytes (as hex) included."""
    return json.dumps(payload, default=_plain, separators=(",", ":"))


def call(function: str, account_id: UUID, payload: dict[str, Any]) -> dict[str, Any]:
    """Run one of our functions and return its answer. Alone, it is a transaction of its own."""
    with cursor() as asked:
        asked.execute(f"SELECT {function}(%s, %s::jsonb)", (account_id, dumps(payload)))
        row = asked.fetchone()
    return answer(row[0])


def answer(value: Any) -> dict[str, Any]:
    """A jsonb answer as a dict: Django hands it over as text, a bare connection as a dict."""
    return json.loads(value) if isinstance(value, str) else dict(value)


def query(sql: str, params: Sequence[Any] | dict[str, Any] = ()) -> list[dict[str, Any]]:
    """Every row as a dict."""
    with cursor() as asked:
        asked.execute(sql, params or None)
        names = [column[0] for column in asked.description or ()]
        return [dict(zip(names, row, strict=True)) for row in asked.fetchall()]


def one(sql: str, params: Sequence[Any] | dict[str, Any] = ()) -> dict[str, Any] | None:
    """The first row as a dict, or None."""
    rows = query(sql, params)
    return rows[0] if rows else None


def execute(sql: str, params: Sequence[Any] | dict[str, Any] = ()) -> int:
    """Run a statement; how many rows it touched."""
    with cursor() as asked:
        asked.execute(sql, params or None)
        return int(asked.rowcount)


@functools.cache
def load(beside: str, name: str) -> str:
    """The text of `sql/NAME` beside the calling file."""
    return (Path(beside).parent / "sql" / name).read_text()


def function_files() -> list[Path]:
    """Every file that makes functions, lower rooms first: `sql/fn_*.sql`, in the order of the house."""
    order = (
        "core", "ledger", "people", "billing", "methods", "payments", "ach", "autopay", "reconcile",
        "intake", "letters",
    )  # fmt: skip
    return [path for room in order for path in sorted((ROOMS / room / "sql").glob("fn_*.sql"))]


def apply_functions(database: Any, files: Iterable[Path] | None = None) -> list[str]:
    """Put changed function files in place, by hash. `database` is an open connection of the owning role.

    The same files give the same functions, so running it twice does nothing. Returns the names that were applied.
    """
    applied = []
    with database.cursor() as cursor:
        for path in files or function_files():
            text = path.read_text()
            name = f"{path.parent.parent.name}/{path.name}"
            digest = hashlib.sha256(text.encode()).hexdigest()
            cursor.execute("SELECT digest FROM core_function WHERE name = %s", (name,))
            row = cursor.fetchone()
            if row and row[0] == digest:
                continue
            # Functions of a feed name temporary tables that stand only in an importing connection.
            cursor.execute("SET check_function_bodies = off")
            cursor.execute(text)
            cursor.execute("RESET check_function_bodies")
            cursor.execute(
                "INSERT INTO core_function (name, digest) VALUES (%s, %s)"
                " ON CONFLICT (name) DO UPDATE SET digest = excluded.digest",
                (name, digest),
            )
            applied.append(name)
    return applied
