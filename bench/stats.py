"""What the server counted over a round: commits, syncs of the log, bytes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

_COMMITS = "SELECT sum(xact_commit) FROM pg_stat_database"
_BYTES = "SELECT wal_bytes FROM pg_stat_wal"
# Version 18 moved the count of syncs to pg_stat_io.
_SYNCS = "SELECT wal_sync FROM pg_stat_wal"
_SYNCS_18 = "SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal'"


@dataclass(frozen=True)
class Counted:
    """Counts since the server's first start, or between two looks."""

    commits: int
    syncs: int
    wal_bytes: int

    def since(self, before: Counted) -> Counted:
        """The difference."""
        return Counted(self.commits - before.commits, self.syncs - before.syncs, self.wal_bytes - before.wal_bytes)

    def beside(self, payments: int) -> dict[str, Any]:
        """As it stands beside a figure."""
        return {
            "WAL bytes a payment": round(self.wal_bytes / payments),
            "transactions a payment": self.commits / payments,
            "fsyncs a payment": self.syncs / payments,
            "transactions a fsync": self.commits / self.syncs if self.syncs else 0.0,
        }


def look(connection: psycopg.Connection[Any]) -> Counted:
    """Now. `connection` is the admin's: only it sees every database's work. Counts of idle sessions are up to date."""
    connection.execute("SELECT pg_stat_force_next_flush()")
    syncs = _SYNCS_18 if connection.info.server_version >= 180_000 else _SYNCS
    row = connection.execute(f"SELECT ({_COMMITS}), ({syncs}), ({_BYTES})").fetchone()
    assert row is not None
    return Counted(*(int(value or 0) for value in row))
