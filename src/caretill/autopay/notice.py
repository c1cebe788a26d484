"""The notice before a debit whose amount varies: at least ten days ahead, amount and date, nothing else (EFT-1, HIP-3).

`send_due` puts it into the outbox; a due counts as noticed on the day on which its mail left. Where that is too late,
the due moves first, so that no mail names a day on which nothing is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from caretill.autopay import days
from caretill.core import clock, sql

SET_ROWS = 1_000


@dataclass(frozen=True)
class Notice:
    """What its mail says. `addresses` are the payer's, and those of others whom the payer named when it was set up."""

    kind: str  # notice, or above_cap: nothing is taken, because it is more than the cap
    account_id: UUID
    order_id: UUID
    due_on: date
    login_id: UUID
    region: str
    language: str
    take_on: date
    closes_at: datetime
    cents: int
    cap_cents: int
    addresses: tuple[str, ...]


def send_due(most: int = SET_ROWS) -> dict[str, int]:
    """Put the notices of what was planned into the outbox, a set at a time, one for each order and day."""
    with transaction.atomic():
        row = sql.one(
            "SELECT autopay_put_notices(%s::jsonb) AS answer", (sql.dumps({"now": clock.now(), "most": most}),)
        )
    assert row is not None
    return {"put": int(sql.answer(row["answer"])["put"])}


def prepare(account_id: UUID, order_id: UUID, due_on: date) -> Notice | None:
    """What the mail says if it leaves now; None where there is nothing to tell any more.

    A debit that could not keep its ten days is moved to the first day that does.
    """
    with transaction.atomic():
        rows = sql.query(sql.load(__file__, "notice.sql"), (account_id, order_id, due_on))
        if not rows:
            return None
        row = rows[0]
        told_on = days.today(row["region"])
        slot = days.noticed(told_on, max(each["take_on"] for each in rows), row["method_kind"], row["region"])
        waits = all(each["state"] == "waiting" for each in rows)
        if waits and any((each["take_on"], each["closes_at"]) != (slot.take_on, slot.closes_at) for each in rows):
            sql.execute(
                "UPDATE autopay_due SET take_on = %s, closes_at = %s, changed_at = %s"
                " WHERE account_id = %s AND order_id = %s AND due_on = %s AND state = 'waiting'",
                (slot.take_on, slot.closes_at, clock.now(), account_id, order_id, due_on),
            )
    return Notice(
        "notice" if waits else "above_cap", account_id, order_id, due_on, row["login_id"], row["region"],
        row["language"], slot.take_on, slot.closes_at, sum(each["amount_cents"] for each in rows),
        row["cap_cents"] or 0, _addresses(account_id, row),
    )  # fmt: skip


def left(account_id: UUID, order_id: UUID, due_on: date, take_on: date) -> int:
    """The mail that named `take_on` left now: from here on its days of notice count. How many dues it was about."""
    row = sql.one("SELECT region FROM autopay_order WHERE account_id = %s AND id = %s", (account_id, order_id))
    if row is None:
        return 0
    return sql.execute(
        "UPDATE autopay_due SET noticed_on = %s WHERE account_id = %s AND order_id = %s AND due_on = %s"
        " AND take_on = %s AND state IN ('waiting', 'above_cap') AND noticed_on IS NULL",
        (days.today(row["region"]), account_id, order_id, due_on, take_on),
    )


def _addresses(account_id: UUID, row: dict[str, Any]) -> tuple[str, ...]:
    """The payer's address as it is now; with `tell_also`, those of who answers for the account."""
    logins = sql.query("SELECT email FROM people_login WHERE id = %s", (row["login_id"],))
    if row["tell_also"]:
        logins += sql.query(
            "SELECT l.email FROM people_access a JOIN people_login l ON l.id = a.login_id WHERE a.account_id = %s"
            " AND a.level = 'holder' AND (a.ended_at IS NULL OR a.ended_at > %s) ORDER BY l.id",
            (account_id, clock.now()),
        )
    return tuple(dict.fromkeys(each["email"] for each in logins if each["email"]))
