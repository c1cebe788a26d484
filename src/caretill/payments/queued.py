"""Bank debits that wait for their file: they can still be let go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from caretill.core import sql


@dataclass(frozen=True)
class Queued:
    """One of them: what it takes, and when."""

    payment_id: UUID
    amount_cents: int
    posts_on: date


def of_method(account_id: UUID, method_id: UUID) -> list[Queued]:
    """Those from one bank account, the next first."""
    rows = sql.query(
        "SELECT p.id AS payment_id, p.amount_cents, p.posts_on FROM payments_payment p JOIN payments_attempt a"
        " ON a.account_id = p.account_id AND a.payment_id = p.id WHERE p.account_id = %s AND p.method_id = %s"
        " AND p.state = 'submitting' AND a.gateway = 'ach' AND a.state = 'queued' ORDER BY p.posts_on, p.id",
        (account_id, method_id),
    )
    return [Queued(**row) for row in rows]
