"""Bills come in: one set of a feed at a time becomes accounts, people, bills, lines and transfers."""

from __future__ import annotations

from datetime import date
from typing import Any

from caretill.core import blind, clock, sql
from caretill.core.ids import uuid7


def open_feed() -> None:
    """Make this connection's feed tables (`sql/feed_tables.sql`). They empty themselves at each commit."""
    sql.execute(sql.load(__file__, "feed_tables.sql"))


def apply_feed(source: str, business_dates: dict[str, date]) -> dict[str, Any]:
    """Apply what stands in the feed tables; the caller opened the transaction and commits it.

    Posts the difference between what a bill was and what it is: charges, discounts, what the plan paid, write-offs,
    payments taken elsewhere. Where a bill falls below what is paid or being paid, the rest becomes its credit. Locks
    the balances of the bills it touches, in order. Rows that cannot be applied keep a `problem`:
    unknown_account, unknown_person, unknown_bill, number_taken, same_version_differs.
    Returns counts by outcome (new, newer, same, older) of bills and payments, and `problems`.
    """
    inner, outer = blind.keys()
    payload = {
        "source": source,
        "now": clock.now(),
        "journal_id": uuid7(),
        "business_dates": {region: day.isoformat() for region, day in business_dates.items()},
        "inner": inner,
        "outer": outer,
    }
    row = sql.one("SELECT billing_apply_feed(%s::jsonb) AS answer", (sql.dumps(payload),))
    assert row is not None
    return sql.answer(row["answer"])
