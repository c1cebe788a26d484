"""The relay's side of the outbox: rows are written by the functions that made something true."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import Error as DatabaseError
from django.db import transaction

from caretill.core import clock, sql
from caretill.core.ids import uuid7

log = structlog.get_logger("caretill.outbox")

MOST_TRIES = 100  # every hour for four days: a mail server may be away over a long weekend


def put(owner_id: UUID, topic: str, body: Mapping[str, Any], due_at: datetime | None = None) -> None:
    """Note, in the caller's transaction, that something must be told. `owner_id` is a billing account or a login."""
    sql.execute(
        "INSERT INTO core_outbox (account_id, id, topic, body, due_at, tries) VALUES (%s, %s, %s, %s::jsonb, %s, 0)",
        (owner_id, uuid7(), topic, sql.dumps(dict(body)), due_at or clock.now()),
    )


def put_once(owner_id: UUID, row_id: UUID, topic: str, body: Mapping[str, Any], due_at: datetime) -> None:
    """As `put`, with an id of the caller's own: the same row again changes nothing."""
    sql.execute(
        "INSERT INTO core_outbox (account_id, id, topic, body, due_at, tries) VALUES (%s, %s, %s, %s::jsonb, %s, 0)"
        " ON CONFLICT (account_id, id) DO NOTHING",
        (owner_id, row_id, topic, sql.dumps(dict(body)), due_at),
    )


def relay(deliver: Callable[[str, UUID, UUID, dict[str, Any]], None], most: int = 20) -> int:
    """Hand due rows to `deliver(topic, account_id, id, body)`, each in a turn of its own; how many were delivered.

    A row is leased for a minute first (its next due time moves), so a killed relay loses nothing and another one takes
    over: delivery is at least once, and `deliver` is given the row's id to repeat itself harmlessly. What fails is
    tried again later and later, for four days, and stays to be seen; it holds up no other row.
    """
    with transaction.atomic():
        rows = sql.query(
            "UPDATE core_outbox o SET due_at = %s, tries = tries + 1 FROM ("
            " SELECT account_id, id FROM core_outbox WHERE sent_at IS NULL AND due_at <= %s AND tries < %s"
            " ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED) AS d"
            " WHERE o.account_id = d.account_id AND o.id = d.id"
            " RETURNING o.account_id, o.id, o.topic, o.body, o.tries",
            (clock.now() + timedelta(minutes=1), clock.now(), MOST_TRIES, most),
        )
    done = 0
    for row in sorted(rows, key=lambda each: each["id"]):
        try:
            deliver(row["topic"], row["account_id"], row["id"], sql.answer(row["body"]))
        except DatabaseError:
            raise
        except Exception as fault:
            if not isinstance(fault, OSError):
                log.exception("a row could not be delivered", topic=row["topic"], row=str(row["id"]))
            wait = timedelta(seconds=min(3600, 5 * 2 ** row["tries"]))
            sql.execute(
                "UPDATE core_outbox SET due_at = %s WHERE account_id = %s AND id = %s",
                (clock.now() + wait, row["account_id"], row["id"]),
            )
            continue
        sql.execute(
            "UPDATE core_outbox SET sent_at = %s WHERE account_id = %s AND id = %s",
            (clock.now(), row["account_id"], row["id"]),
        )
        done += 1
    return done
