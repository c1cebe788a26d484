"""What is deleted is also gone: a bank number some time after its last possible return, a card at its processor.

A bank may send a debit back for 60 days and ask about it after; until then the number stays, sealed. The processor is
told by the room above (`payments.saving`), which knows how to talk to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from caretill.core import clock, sql
from caretill.methods import change

KEPT = timedelta(days=90)
KEPT_FOR_GUESTS = timedelta(days=200)  # a debit that came back may be presented again for 180 days (ACH-5)


@dataclass(frozen=True)
class Token:
    """A deleted card that its processor still keeps."""

    account_id: UUID
    method_id: UUID
    gateway: str
    token_ref: str


def numbers(most: int = 500) -> int:
    """Take the sealed numbers of bank accounts away that were deleted 90 days ago; how many."""
    return sql.execute(
        "UPDATE methods_method SET account_sealed = NULL, validation_sealed = NULL, number_blind = NULL, routing = ''"
        " WHERE (account_id, id) IN (SELECT account_id, id FROM methods_method WHERE state = 'deleted'"
        " AND account_sealed IS NOT NULL AND changed_at < %s LIMIT %s)",
        (clock.now() - KEPT, most),
    )


def guests(most: int = 200) -> int:
    """Take away the bank accounts that guests typed for one payment, once nothing can come of it any more; how many.

    Where the payment is still to be taken, its mandate is live and has no debit yet: then the account stays.
    """
    edge = clock.now() - KEPT_FOR_GUESTS
    rows = sql.query(
        "SELECT m.account_id, m.id FROM methods_method m WHERE m.login_id IS NULL AND m.state <> 'deleted'"
        " AND m.kind = 'bank' AND m.created_at < %s AND NOT EXISTS (SELECT 1 FROM methods_mandate d"
        " WHERE d.account_id = m.account_id AND d.method_id = m.id AND (d.last_debit_on >= %s::date"
        " OR d.ended_at >= %s OR (d.last_debit_on IS NULL AND d.ended_at IS NULL))) LIMIT %s",
        (edge, edge, edge, most),
    )
    return sum(change.delete(row["account_id"], row["id"]) == "deleted" for row in rows)


def tokens(most: int = 20) -> list[Token]:
    """Deleted cards that a processor must still be told of, the oldest first."""
    rows = sql.query(
        "SELECT account_id, id, gateway, token_ref FROM methods_method WHERE state = 'deleted' AND token_ref <> ''"
        " ORDER BY changed_at LIMIT %s",
        (most,),
    )
    return [Token(row["account_id"], row["id"], row["gateway"], row["token_ref"]) for row in rows]


def forgotten(account_id: UUID, method_id: UUID) -> None:
    """The processor keeps the card no more."""
    sql.execute(
        "UPDATE methods_method SET token_ref = '', network_ref = '' WHERE account_id = %s AND id = %s"
        " AND state = 'deleted'",
        (account_id, method_id),
    )
