"""Limits on pay attempts against card testing (rules.md SEC-3): few sessions a bill, room for a busy waiting room.

What is counted hardest are payments in which the processor refused cards and which did not end in a success: after
three of them in a day, from wherever they came, an account takes no further card until a day has passed. At five cards
a session that is fifteen cards of a thief's list, and more than any payer's own. The function `payments_begin` counts
them, since they are rows: no kill between two steps loses one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from caretill.core import limits

HOUR = 3600
SESSIONS_A_BILL = 10
SESSIONS_AN_ACCOUNT = 20
SESSIONS_A_NETWORK = 120
DECLINED_AN_ACCOUNT = 3
DECLINED_SINCE = timedelta(days=1)


def _limits(account_id: UUID, bills: Sequence[UUID], network: str) -> list[limits.Limit]:
    found = [limits.Limit("pay_bill", str(bill), SESSIONS_A_BILL, HOUR) for bill in sorted(bills)]
    found.append(limits.Limit("pay_account", str(account_id), SESSIONS_AN_ACCOUNT, HOUR))
    if network:
        found.append(limits.Limit("pay_network", network, SESSIONS_A_NETWORK, HOUR))
    return found


def look(account_id: UUID, bills: Sequence[UUID], network: str) -> bool:
    """Whether one more session may be opened now."""
    return limits.look(_limits(account_id, bills, network)).allowed


def count(account_id: UUID, bills: Sequence[UUID], network: str) -> None:
    """A session was begun."""
    limits.count(_limits(account_id, bills, network))
