"""A payer's credit goes onto a bill, and comes off again by the reversing transfer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from caretill.core import clock, sql
from caretill.core.ids import uuid7
from caretill.regions import catalog


def allocate(account_id: UUID, region: str, from_ref: UUID, bill_id: UUID, amount_cents: int) -> dict[str, Any]:
    """Put credit of a payment (or bill) onto a bill. Returns {code: allocated | floor | missing, transfer_id}.

    Moves credit -> receivable; locks both balances in order. `floor`: there is less credit, or less is owed, than that.
    """
    transfer_id = uuid7()
    answer = sql.call(
        "payments_allocate",
        account_id,
        {
            "from_ref": from_ref,
            "bill_id": bill_id,
            "amount_cents": amount_cents,
            "transfer_id": transfer_id,
            "journal_id": uuid7(),
            "now": clock.now(),
            "business_date": clock.today(catalog.region(region).time_zone),
        },
    )
    return answer | {"transfer_id": transfer_id}


def reverse(account_id: UUID, region: str, transfer_id: UUID) -> dict[str, Any]:
    """Undo one posted transfer by its mirror, once. Returns {code: reversed | repeat | missing | floor}."""
    return sql.call(
        "ledger_reverse",
        account_id,
        {
            "transfer_id": transfer_id,
            "new_id": uuid7(),
            "journal_id": uuid7(),
            "now": clock.now(),
            "business_date": clock.today(catalog.region(region).time_zone),
        },
    )
