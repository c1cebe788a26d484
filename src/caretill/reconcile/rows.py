"""Rows into a table by the way that is made for many."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def copying(statement: str) -> Iterator[Any]:
    """A COPY inside the transaction that is open: `write_row` for each row."""
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        yield copy
