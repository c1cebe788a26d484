"""Changes of profiles, told to whoever keeps addresses elsewhere: a CSV, a row a change and account, in their order.

Rows are only added, and each has its change's id: who reads the same file twice, or a longer one, skips what it has.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from caretill.core import clock, sql
from caretill.formats import bill_csv

COLUMNS = ("change_id", "changed_at", "login_id", "region", "account_number", "field", "old", "new")
# What others keep too. A quiet time is ours alone.
FIELDS = ("name", "address", "email", "phone", "language", "paper")
# One that is being written has an earlier time than one that is read: changes are told a minute later.
SETTLED = timedelta(minutes=1)


class UnknownChange(LookupError):
    """No change has that id."""


@dataclass(frozen=True)
class Written:
    """How many rows there are, of how many changes, and the id of the last change (None where there is none)."""

    rows: int
    changes: int
    last: UUID | None


def write(path: Path, after: UUID | None = None) -> Written:
    """Write the changes that are a minute old, or those after a change, to a file; whole or not at all.

    Without `after`, the same call makes the same bytes as before, and new rows behind them. Raises UnknownChange.
    """
    since = None
    if after is not None:
        since = sql.one("SELECT made_at FROM people_change WHERE id = %s", (after,))
        if since is None:
            raise UnknownChange(after)
    rows = sql.query(
        sql.load(__file__, "account_changes.sql"),
        {
            "fields": list(FIELDS),
            "until": clock.now() - SETTLED,
            "since": since["made_at"] if since else None,
            "after": after,
        },
    )
    lines = [list(COLUMNS), *(_cells(row) for row in rows)]
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    draft.write_text(bill_csv.write(lines), encoding="utf-8")
    draft.replace(path)
    told = {row["id"] for row in rows}
    return Written(len(rows), len(told), rows[-1]["id"] if rows else after)


def _cells(row: dict[str, Any]) -> list[str]:
    old, new = sql.answer(row["old"]), sql.answer(row["new"])
    return [
        str(row["id"]),
        row["made_at"].isoformat(timespec="microseconds").replace("+00:00", "Z"),
        str(row["login_id"]),
        row["region"],
        row["number"],
        row["field"],
        _said(old),
        _said(new),
    ]


def _said(values: dict[str, Any]) -> str:
    """The values of a field in one cell, as JSON with sorted keys: an address has four, of any characters."""
    return sql.dumps(dict(sorted(values.items())))
