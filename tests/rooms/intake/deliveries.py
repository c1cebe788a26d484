"""Deliveries of the documented CSV for tests: the sample as it is, or with cells changed."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from caretill.core import sql
from caretill.formats import bill_csv
from caretill.intake import run
from caretill.intake.summary import Summary, refused

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "csv"
Rows = dict[str, list[dict[str, str]]]


def sample() -> Rows:
    """The sample's rows by table."""
    found: Rows = {}
    for name in bill_csv.FAMILY.by_name:
        with (SAMPLE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            found[name] = list(csv.DictReader(file))
    return found


def write(folder: Path, rows: Rows) -> Path:
    """Rows as files of a folder; tables without rows are left out."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in rows.items():
        if table:
            cells = [list(table[0]), *([*row.values()] for row in table)]
            (folder / f"{name}.csv").write_text(bill_csv.write(cells), encoding="utf-8", newline="")
    return folder


def bring(path: Path, **options: Any) -> Summary:
    """Import the documented CSV at a path."""
    return run.bring_in(run.Ask("csv", path, options))


class Feed:
    """A billing system that sends the sample, changed as a test needs; every delivery is another folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sent = 0

    def send(self, change: Callable[[Rows], Any] = lambda rows: None) -> Summary:
        rows = sample()
        change(rows)
        self.sent += 1
        return bring(write(self.folder / f"delivery-{self.sent}", rows))


def reasons(summary: Summary) -> dict[tuple[str, int, str], str]:
    """Refused rows: (table, row, field) -> reason."""
    from_rows = refused(UUID(summary.delivery), 1_000)
    return {(row["table_name"], row["row"], row["field"]): row["reason"] for row in from_rows}


def stands(number: str) -> dict[str, int]:
    """What is open and in credit on a bill, in cents, as the ledger has it."""
    row = sql.one(
        """
        SELECT coalesce(sum(o.debits_posted - o.credits_posted) FILTER (WHERE kind = 'receivable'), 0)::bigint AS open,
            coalesce(sum(o.credits_posted - o.debits_posted) FILTER (WHERE kind = 'credit'), 0)::bigint AS credit
        FROM ledger_balance o WHERE o.ref = (SELECT id FROM billing_bill WHERE number = %s)""",
        (number,),
    )
    assert row is not None
    return row
