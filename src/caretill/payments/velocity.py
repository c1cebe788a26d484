"""Limits on pay attempts against card testing (rules.md SEC-3): few sessions a bill, room for a busy waiting room.

What is counted hardest are payments in which the processor refused cards and which did not end in a success: after
three of them in a day, from wherever they came, an account takes no further card until a day has passed. At five cards
a session that is fifteen cards of a thief's list, and more than any payer's own. The function `payments_begin` counts
them, since they are rows: no kill between two steps loses one.

Whoever pays by a link to help may know nothing of the family. Helpers have half of its sessions and not its last try
with refused cards, within the same limits: they cannot shut it out, and a thief gains no card by making links.
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
DECLINED_BY_HELPERS = DECLINED_AN_ACCOUNT - 1
DECLINED_SINCE = timedelta(days=1)


def _limits(account_id: UUID, bills: Sequence[UUID], network: str, helps: bool) -> list[limits.Limit]:
    found = [limits.Limit("pay_bill", str(bill), SESSIONS_A_BILL, HOUR) for bill in sorted(bills)]
    found.append(limits.Limit("pay_account", str(account_id), SESSIONS_AN_ACCOUNT, HOUR))
    if helps:
        found += [limits.Limit("pay_bill_help", str(bill), SESSIONS_A_BILL // 2, HOUR) for bill in sorted(bills)]
        found.append(limits.Limit("pay_account_help", str(account_id), SESSIONS_AN_ACCOUNT // 2, HOUR))
    if network:
        found.append(limits.Limit("pay_network", network, SESSIONS_A_NETWORK, HOUR))
    return found


def enter(account_id: UUID, key: UUID, bills: Sequence[UUID], network: str, *, helps: bool = False) -> limits.Place:
    """Take the place of one more session before it is begun; to be left again where none is.

    It is that of the payment's key: the same form sent again, or at the same moment, takes no second. `helps`: it is
    opened by a link to help.
    """
    asked = _limits(account_id, bills, network, helps)
    return limits.enter(asked, limits.Limit("pay_key", str(key), 1, HOUR))
