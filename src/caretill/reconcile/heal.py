"""Charges of ours in a payout that are not booked here: the last evidence there is (money.md, Exactly once 5)."""

from __future__ import annotations

from caretill.core import sql
from caretill.payments import callbacks

MOST = 100  # in a turn: more of them is no lost message, and is listed as a difference

_NOT_BOOKED = """
    SELECT DISTINCT ON (o.at, o.reference) o.provider, o.reference FROM reconcile_operation o
    JOIN payments_object j ON j.provider = 'attempt' AND j.object_ref = o.reference
    WHERE o.kind = 'charge' AND o.state IN ('missing_here', 'not_yet')
    ORDER BY o.at DESC, o.reference LIMIT %s
"""


def heal() -> int:
    """Ask the processor about each, the newest first, and record what it says; how many are booked now.

    A success of a payment that had ended without one is credit of its payer, who is told (`late_payment`).
    """
    rows = sql.query(_NOT_BOOKED, (MOST,))
    return sum(callbacks.paid_out(row["provider"], row["reference"]) == "succeeded" for row in rows)
