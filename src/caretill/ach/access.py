"""Reads of this room: how the files stand, what waits, what a person must look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from caretill.core import sql


@dataclass(frozen=True)
class Status:
    """Files of the last days with their states, and counts of what is under way."""

    files: list[dict[str, Any]]
    waiting: int
    waiting_cents: int
    unsettled: int
    unsettled_cents: int
    again: int
    undecided: int
    for_office: list[dict[str, Any]]


def status(most: int = 10) -> Status:
    """How it all stands now; the newest `most` files."""
    files = sql.query(
        "SELECT name, state, day, entries, debit_cents, credit_cents, built_at, sent_at, sendings FROM ach_file"
        " ORDER BY day DESC, number DESC LIMIT %s",
        (most,),
    )
    counts = sql.one(_COUNTS)
    assert counts is not None
    office = sql.query(
        "SELECT encode(sha256, 'hex') AS file_sha256, line, code, disposition, reason, note, amount_cents, trace"
        " FROM ach_returned_line WHERE (note <> '' OR disposition = 'quarantined') AND seen_at IS NULL"
        " ORDER BY decided_at, sha256, line LIMIT 200"
    )
    return Status(files=files, for_office=office, **counts)


_COUNTS = """
    SELECT w.waiting, w.waiting_cents, u.unsettled, u.unsettled_cents,
        (SELECT count(*) FROM ach_again WHERE state = 'waiting') AS again,
        (SELECT count(*) FROM ach_returned_line WHERE disposition = '') AS undecided
    FROM (SELECT count(*) AS waiting, coalesce(sum(p.amount_cents), 0)::bigint AS waiting_cents
          FROM payments_attempt a JOIN payments_payment p ON p.account_id = a.account_id AND p.id = a.payment_id
          WHERE a.state = 'queued' AND a.gateway = 'ach' AND p.state = 'submitting') AS w,
        (SELECT count(*) AS unsettled, coalesce(sum(amount_cents) FILTER (WHERE kind = 'debit'), 0)::bigint
             AS unsettled_cents FROM ach_entry WHERE state IN ('filed', 'settling')) AS u
"""
