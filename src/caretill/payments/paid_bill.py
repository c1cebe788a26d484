"""The receipts of a bill that is paid, for somebody who found it and lost them: to the contact on file, nobody else.

Whoever holds the paper may ask. They learn nothing by it: the answer is one, whether the bill was paid here or at a
desk and whether we know an address. What there is to send is looked for when the mail leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from caretill.core import limits, outbox, sql

DAY = 24 * 3600
MAILS_A_BILL = 3
MAILS_A_NETWORK = 60
MOST_RECEIPTS = 5


@dataclass(frozen=True)
class Receipts:
    """The address on file, empty where there is none, and the payments to send there, the newest first."""

    email: str
    payments: tuple[UUID, ...]


def ask(account_id: UUID, bill_id: UUID, language: str, network: str) -> str:
    """Have the receipts of a bill that the caller found mailed to the contact on file: `queued`, or `too_many`.

    Writes one outbox row (`bill_receipts`) whatever there is to send.
    """
    asked = [
        limits.Limit("bill_receipts", str(bill_id), MAILS_A_BILL, DAY),
        limits.Limit("receipt_network", network, MAILS_A_NETWORK, DAY),
    ]
    if not limits.enter(asked).allowed:
        return "too_many"
    outbox.put(account_id, "bill_receipts", {"bill_id": bill_id, "language": language})
    return "queued"


def receipts(account_id: UUID, bill_id: UUID) -> Receipts:
    """What the contact on file may be sent. Never a helper's payment, whose card is not theirs to see; nor one of a
    family, whose receipt names bills of others; nor that of a private visit.
    """
    row = sql.one("SELECT email FROM people_account WHERE account_id = %s", (account_id,))
    found = sql.query(
        "SELECT p.id FROM billing_bill b JOIN payments_part t ON t.account_id = b.account_id AND t.bill_id = b.id"
        " JOIN payments_payment p ON p.account_id = t.account_id AND p.id = t.payment_id"
        " WHERE b.account_id = %s AND b.id = %s AND NOT b.private AND p.state = 'succeeded'"
        " AND p.returned_cents + p.lost_cents < p.captured_cents"
        " AND p.help_id IS NULL AND NOT p.family ORDER BY p.id DESC LIMIT %s",
        (account_id, bill_id, MOST_RECEIPTS),
    )
    return Receipts((row or {}).get("email") or "", tuple(each["id"] for each in found))
