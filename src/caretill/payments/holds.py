"""Please do not pay this again: who holds a bill, why, and until when. Every door asks here (money.md, claim).

What reserves a bill is its claim: a checkout, a bank debit, a charge that runs. Money that is only announced, a cheque
in the post or a run that is about to come, reserves nothing: people are warned, and what is taken in their name waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from caretill.core import clock, sql

Why = Literal["session", "debit", "run", "cheque", "unknown"]
Said = Literal["cheque", "run"]


@dataclass(frozen=True)
class Hold:
    """Why a bill should not be paid again, and until when; `posts_on` is the day a bank debit leaves the account.

    `payment_id` is the payment that holds it; none for what is only announced. `amount_cents` is for this bill; 0 where
    nobody said.
    """

    why: Why
    until: datetime
    posts_on: date | None
    payment_id: UUID | None
    amount_cents: int


def standing(account_id: UUID, bill_ids: Sequence[UUID]) -> dict[UUID, Hold]:
    """What holds each of these bills now, of those that are held; one query. What reserves goes before what is said."""
    if not bill_ids:
        return {}
    rows = sql.query(
        sql.load(__file__, "holds.sql"), {"account_id": account_id, "bills": list(bill_ids), "now": clock.now()}
    )
    found: dict[UUID, Hold] = {}
    for row in rows:
        hold = Hold(row["why"], row["until"], row["posts_on"], row["payment_id"], row["amount_cents"])
        found.setdefault(row["bill_id"], hold)
    return found


def hold(
    account_id: UUID, bill_id: UUID, why: Said, until: datetime, by: str, *, amount_cents: int = 0
) -> Literal["held", "missing"]:
    """Money is announced for a bill: `cheque` or `run`. Said again, the newer word stands. `by` says who said it."""
    done = sql.execute(
        "INSERT INTO payments_announced (account_id, bill_id, why, amount_cents, until, by, said_at)"
        " SELECT account_id, id, %s, %s, %s, %s, %s FROM billing_bill WHERE account_id = %s AND id = %s"
        " ON CONFLICT (account_id, bill_id, why) DO UPDATE SET amount_cents = excluded.amount_cents,"
        " until = excluded.until, by = excluded.by, said_at = excluded.said_at",
        (why, amount_cents, until, by, clock.now(), account_id, bill_id),
    )
    return "held" if done else "missing"


def release(account_id: UUID, bill_id: UUID, why: Said) -> Literal["released", "missing"]:
    """It is not coming, or it came."""
    done = sql.execute(
        "DELETE FROM payments_announced WHERE account_id = %s AND bill_id = %s AND why = %s", (account_id, bill_id, why)
    )
    return "released" if done else "missing"
