"""What reached the bank is booked: `clearing -> bank` and `clearing -> fee` of each payment, in sets, a commit each."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction

from caretill.core import clock, sql
from caretill.regions import catalog

SET_ROWS = 1_000
FIRST = [str(UUID(int=0)), str(UUID(int=0)), 0]


def book() -> int:
    """Book matched operations of payouts that are at the bank; how many. A payout in the order of accounts, in sets.

    Locks the operations of a set (those that another has are passed over), then writes their transfers, the day on
    which a charge was settled, and that they are booked: all or none. The transfers carry the codes `payout` (what came
    to the bank, or left it again) and `fee`; their journal is the operation's.
    """
    return sum(_payout(row) for row in _waiting())


def _waiting() -> list[dict[str, Any]]:
    return sql.query(
        "SELECT provider, payout_ref FROM reconcile_payout y WHERE settled_on IS NOT NULL AND state = 'filed'"
        " AND EXISTS (SELECT 1 FROM reconcile_operation o WHERE o.provider = y.provider"
        " AND o.payout_ref = y.payout_ref AND o.state = 'matched') ORDER BY provider, place"
    )


def _payout(row: dict[str, Any]) -> int:
    booked, after = 0, FIRST
    while answer := _one_set(row, after):
        booked += answer["booked"]
        after = answer["after"]
    return booked


def _one_set(payout: dict[str, Any], after: list[Any]) -> dict[str, Any] | None:
    """The answer of one set, or None where none is left. Business dates are of now: a day that is over stays."""
    days: dict[str, date] = {region.slug: clock.today(region.time_zone) for region in catalog.regions()}
    asked = payout | {"now": clock.now(), "days": days, "rows": SET_ROWS, "after": after}
    with transaction.atomic(durable=True):
        row = sql.one("SELECT reconcile_book_payout(%s::jsonb) AS answer", (sql.dumps(asked),))
    assert row is not None
    answer = sql.answer(row["answer"])
    return answer if answer["booked"] else None
