"""Work that one program does at a time, in all programs together; who dies lets go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from caretill.core import sql


class Busy(Exception):
    """Another program is at it."""


@contextmanager
def alone(what: str, wait: bool = False) -> Iterator[None]:
    """Hold the lock of this name; raises Busy where somebody has it, or waits for it."""
    verb = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
    row = sql.one(f"SELECT {verb}(hashtextextended(%s, 0))::text AS got", (what,))
    if not wait and not (row and row["got"] == "true"):
        raise Busy(f"another {what} is under way")
    try:
        yield
    finally:
        sql.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", (what,))
