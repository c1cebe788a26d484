"""Every read of a person's data leaves a row (rules.md HIP-4)."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from caretill.core import clock, sql
from caretill.core.ids import uuid7


def record_read(account_id: UUID, viewer: str, what: str, ref: UUID | None) -> None:
    """Write down that `viewer` (guest, staff:<id>, key:<id>) saw `what` (bill, lines, receipt) of this account."""
    sql.execute(
        "INSERT INTO core_read (account_id, id, viewer, what, ref, recorded_at) VALUES (%s, %s, %s, %s, %s, %s)",
        (account_id, uuid7(), viewer, what, ref, clock.now()),
    )


def record_reads(accounts: Iterable[UUID], viewer: str, what: str, ref: UUID | None = None) -> None:
    """As `record_read` for each account of a member whose page shows all of them; one statement."""
    now = clock.now()
    rows = [value for account_id in accounts for value in (account_id, uuid7(), viewer, what, ref, now)]
    marks = ", ".join(["(%s, %s, %s, %s, %s, %s)"] * (len(rows) // 6))
    if rows:
        sql.execute(f"INSERT INTO core_read (account_id, id, viewer, what, ref, recorded_at) VALUES {marks}", rows)
