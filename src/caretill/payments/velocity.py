"""Limits on pay attempts against card testing (rules.md SEC-3): few sessions a bill, room for a busy waiting room."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from caretill.core import limits

HOUR = 3600
SESSIONS_A_BILL = 10
SESSIONS_AN_ACCOUNT = 20
SESSIONS_A_NETWORK = 120


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
