"""How new our knowledge is."""

from __future__ import annotations

from datetime import datetime

from caretill.core import sql


def last_told() -> datetime | None:
    """When the billing system last told us of bills: the end of the last delivery. None before the first."""
    row = sql.one("SELECT max(finished_at) AS at FROM intake_delivery WHERE state = 'done'")
    return row["at"] if row else None
