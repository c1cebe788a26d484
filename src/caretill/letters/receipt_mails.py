"""Receipts of a paid bill that somebody asked for again: a mail each, to the contact on file (payments.paid_bill)."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from caretill.core import clock, outbox
from caretill.payments import paid_bill


def _bill_receipts(_: str, account_id: UUID, row_id: UUID, body: dict[str, Any]) -> None:
    """A row of its own for each receipt, named by the payment: asked again after a fault, none is sent twice."""
    found = paid_bill.receipts(account_id, UUID(body["bill_id"]))
    for payment_id in found.payments if found.email else ():
        told = {"payment_id": payment_id, "email": found.email, "language": body["language"]}
        outbox.put_once(account_id, uuid5(row_id, str(payment_id)), "receipt_ready", told, clock.now())


TOPICS = {"bill_receipts": _bill_receipts}
