"""Every read of a person's data leaves a row (rules.md HIP-4)."""

from __future__ import annotations

from uuid import UUID

from caretill.core import clock, sql
from caretill.core.ids import uuid7


def record_read(account_id: UUID, viewer: str, what: str, ref: UUID | None) -> None:
    """Write down that `viewer` (guest, staff:<id>, key:<id>) saw `what` (bill, lines, receipt) of this account."""
    sql.execute(
        "INSERT INTO core_read (account_id, id, viewer, what, ref, recorded_at) VALUES (%s, %s, %s, %s, %s, %s)",
        (account_id, uuid7(), viewer, what, ref, clock.now()),
    )
