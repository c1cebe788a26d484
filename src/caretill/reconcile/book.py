"""What reached the bank is booked: `clearing -> bank` and `clearing -> fee` of each payment, in sets, a commit each."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from caretill.core import clock, sql
from caretill.regions import catalog

SET_ROWS = 1_000


def book(most: int | None = None) -> int:
    """Book matched operations of payouts that are at the bank; how many. In the order of accounts, 1,000 a commit.

    Locks the operations of a set (those that another has are passed over), then writes their transfers, the day on
    which a charge was settled, and that they are booked: all or none. The transfers carry the codes `payout` (what came
    to the bank, or left it again) and `fee`; their journal is the operation's.
    """
    booked = 0
    while most is None or booked < most:
        done = _one_set(SET_ROWS if most is None else min(SET_ROWS, most - booked))
        if not done:
            break
        booked += done
    return booked


def _one_set(rows: int) -> int:
    """Business dates are of now, never of the day at the bank: a day that is over keeps its sums."""
    days: dict[str, date] = {region.slug: clock.today(region.time_zone) for region in catalog.regions()}
    with transaction.atomic(durable=True):
        asked = sql.dumps({"now": clock.now(), "days": days, "rows": rows})
        row = sql.one("SELECT reconcile_book_set(%s::jsonb) AS booked", (asked,))
    assert row is not None
    return int(row["booked"])
