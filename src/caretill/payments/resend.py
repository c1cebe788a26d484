"""The receipt once more: to the address that a payer gives now."""

from __future__ import annotations

from uuid import UUID

from caretill.core import clock, limits, sql
from caretill.core.ids import uuid7
from caretill.payments.access import receipt_figures

DAY = 24 * 3600
MAILS_A_PAYMENT = 5
MAILS_A_NETWORK = 60


def resend(account_id: UUID, payment_id: UUID, email: str, network: str) -> str:
    """Have a link to the receipt of a payment that succeeded mailed to `email`: `queued`, or `too_many` in a day.

    Writes one outbox row, which says where to; moves no money, locks nothing. Whoever asks holds the payment's token;
    the limits keep it from writing to strangers. Raises Hidden for a payment without a receipt.
    """
    receipt_figures(account_id, payment_id)
    asked = [limits.Limit("receipt_mail", str(payment_id), MAILS_A_PAYMENT, DAY)]
    asked.append(limits.Limit("receipt_network", network, MAILS_A_NETWORK, DAY))
    if not limits.enter(asked).allowed:
        return "too_many"
    sql.execute(
        "INSERT INTO core_outbox (account_id, id, topic, body, due_at, tries) VALUES (%s, %s, %s, %s::jsonb, %s, 0)",
        (account_id, uuid7(), "receipt_ready", sql.dumps({"payment_id": payment_id, "email": email}), clock.now()),
    )
    return "queued"
