"""Cards come to their end: their owner is told 30 days ahead, once a card; after its last day a card is not charged."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction

from caretill.core import clock, sql
from caretill.methods import change
from caretill.methods.keep import told
from caretill.regions import bankdays

AHEAD = timedelta(days=30)


def turn() -> dict[str, int]:
    """What is due now: warnings and ends. A turn of the worker."""
    return {"warned": warn_due(), "expired": expire_due()}


def last_day(month: int, year: int) -> date:
    """A card is good to the end of the month that stands on it."""
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def warn_due(most: int = 500) -> int:
    """Tell owners of cards whose last day is within 30 days; how many. Each is told of once, until it is renewed."""
    today = _today()
    with transaction.atomic():
        rows = sql.query(
            "UPDATE methods_method m SET warned_at = %s FROM (SELECT account_id, id FROM methods_method"
            " WHERE kind = 'card' AND state = 'ready' AND warned_at IS NULL AND login_id IS NOT NULL"
            f" AND {_LAST_DAY} BETWEEN %s AND %s LIMIT %s FOR UPDATE SKIP LOCKED) AS d"
            " WHERE m.account_id = d.account_id AND m.id = d.id RETURNING m.account_id, m.id, m.login_id",
            (clock.now(), today, today + AHEAD, most),
        )
        for row in sorted(rows, key=lambda each: each["id"]):
            told(row["account_id"], row["id"], row["login_id"], "method_expiring")
    return len(rows)


def expire_due(most: int = 500) -> int:
    """Cards whose last day is over are disabled; how many."""
    rows = sql.query(
        f"SELECT account_id, id FROM methods_method WHERE kind = 'card' AND state = 'ready'"
        f" AND {_LAST_DAY} < %s LIMIT %s",
        (_today(), most),
    )
    return sum(change.disable(row["account_id"], row["id"], "expired") == "disabled" for row in rows)


_LAST_DAY = "(make_date(expiry_year, expiry_month, 1) + interval '1 month - 1 day')::date"


def _today() -> date:
    return bankdays.eastern_day(clock.now())
