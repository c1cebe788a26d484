"""Settlement: on its day a debit that went out and did not come back is money (money.md, payment states).

A bank tells only what failed, so a debit is booked when its settlement day is there: a return after it reverses.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from typing import Any
from uuid import UUID

from django.db import transaction

from caretill.ach import build, refunds
from caretill.core import clock, sql
from caretill.payments.batch import Outcome, record_set
from caretill.regions import bankdays

SET_ROWS = 1_000
SETTLES_AT = time(8, 30)  # New York: debits of the night settle then
SAME_DAY_SETTLES_AT = time(18, 0)  # the last window of the day; earlier ones are not waited for one by one
# An entry is claimed before it is booked: a return that comes meanwhile finds it so, and waits for no lock. By day, as
# the index of what has not settled has them: any other order would sort all of a file for each set.
_CLAIM = """
    UPDATE ach_entry e SET state = 'settling' FROM (
        SELECT e.account_id, e.id FROM ach_entry e JOIN ach_file f ON f.id = e.file_id AND f.state = 'sent'
        WHERE e.state IN ('filed', 'settling') AND e.effective_on <= %(day)s AND (e.state = 'settling'
            OR (e.effective_on < %(day)s OR (e.effective_on = %(day)s
                AND (%(evening)s OR (%(morning)s AND e.filed_on < %(day)s)))))
        ORDER BY e.effective_on LIMIT %(most)s FOR UPDATE OF e SKIP LOCKED) AS d
    WHERE e.account_id = d.account_id AND e.id = d.id
    RETURNING e.account_id, e.id, e.payment_id, e.trace, e.amount_cents,
        (SELECT p.region FROM payments_payment p WHERE p.account_id = e.account_id AND p.id = e.payment_id)
"""


def settle(progress: Callable[[int], None] | None = None) -> dict[str, int]:
    """Book every debit whose day is there, in sets of 1,000: {settled, amount_cents, dropped}.

    Repeating it books nothing twice: the evidence is the entry's trace number. Who dies between the booking and the
    entry's own mark is finished by the next call.
    """
    counts = {"settled": 0, "amount_cents": 0, "dropped": build.finish_dropped()}
    while rows := _claim():
        _book(rows)
        _mark(rows)
        counts["settled"] += len(rows)
        counts["amount_cents"] += sum(row["amount_cents"] for row in rows if row["payment_id"])
        if progress:
            progress(counts["settled"])
    refunds.finish()
    return counts


def finish(account_id: UUID, entry_id: UUID) -> None:
    """Book an entry that was claimed and not finished: a return of it came."""
    rows = sql.query(
        "SELECT e.account_id, e.id, e.payment_id, e.trace, e.amount_cents, p.region FROM ach_entry e"
        " LEFT JOIN payments_payment p ON p.account_id = e.account_id AND p.id = e.payment_id"
        " WHERE e.account_id = %s AND e.id = %s AND e.state = 'settling'",
        (account_id, entry_id),
    )
    if rows:
        _book(rows)
        _mark(rows)


def _claim() -> list[dict[str, Any]]:
    now = clock.now()
    day = bankdays.eastern_day(now)
    working = bankdays.is_banking_day(day)
    with transaction.atomic():
        return sql.query(
            _CLAIM,
            {
                "day": day,
                "morning": working and now >= bankdays.moment(day, SETTLES_AT),
                "evening": working and now >= bankdays.moment(day, SAME_DAY_SETTLES_AT),
                "most": SET_ROWS,
            },
        )


def _book(rows: list[dict[str, Any]]) -> None:
    """The payments of these entries have succeeded; proofs of an account have none."""
    outcomes = [
        Outcome(
            account_id=row["account_id"],
            payment_id=row["payment_id"],
            region=row["region"],
            provider="ach",
            object_ref=str(row["payment_id"]),
            evidence=f"settled:{row['trace']}",
            amount_cents=row["amount_cents"],
            body={"trace": row["trace"]},
        )
        for row in rows
        if row["payment_id"]
    ]
    for answer in record_set(outcomes) if outcomes else ():
        if answer["code"] not in ("applied", "repeat") or answer.get("state") != "succeeded":
            raise AssertionError(f"a debit that settled cannot be booked: {answer}")


def _mark(rows: list[dict[str, Any]]) -> None:
    sql.execute(
        "UPDATE ach_entry e SET state = 'settled', settled_on = e.effective_on"
        " FROM unnest(%s::uuid[], %s::uuid[]) AS x (account_id, id)"
        " WHERE e.account_id = x.account_id AND e.id = x.id AND e.state = 'settling'",
        ([row["account_id"] for row in rows], [row["id"] for row in rows]),
    )
