"""What is deleted is also gone: a bank number some time after its last possible return, a card at its processor.

A bank may send a debit back for 60 days and ask about it after; until then the number stays, sealed. The processor is
told by the room above (`payments.saving`), which knows how to talk to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from caretill.core import clock, sql

KEPT = timedelta(days=90)


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
