"""Sets of a staged delivery applied one by one, each a transaction of its own, by two writers at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db import OperationalError, connection, transaction

from caretill.billing import issue
from caretill.core import blind, clock, sql
from caretill.regions import catalog

# The order matters: a person needs the account, a bill needs both, a payment may need the bill.
STAGES = ("accounts", "people", "bills", "payments")
SET_ROWS = 2_000
WRITERS = 2
TRIES = 4  # a set that lost against a payer's lock is tried again
_FILL = {
    "accounts": "SELECT intake_fill_accounts(%s, %s::jsonb) AS answer",
    "people": "SELECT intake_fill_people(%s, %s::jsonb) AS answer",
    "bills": "SELECT intake_fill_bills(%s, %s::jsonb) AS answer",
    "payments": "SELECT intake_fill_payments(%s, %s::jsonb) AS answer",
}
_LOST = {"40P01", "40001", "55P03"}  # deadlock, serialisation, lock not available


@dataclass
class Work:
    """A delivery to be applied: what every set needs to know, and who is told of each set that is done."""

    delivery_id: UUID
    source: str
    files: list[str]
    done: Callable[[], None] = lambda: None
    stop: threading.Event = field(default_factory=threading.Event)

    def payload(self) -> str:
        inner, outer = blind.keys()
        return sql.dumps(
            {
                "delivery": self.delivery_id,
                "files": self.files,
                "payees": {region.slug: dict(region.payees) for region in catalog.regions()},
                "inner": inner,
                "outer": outer,
                "now": clock.now(),
            }
        )


def apply_stage(work: Work, stage: str, numbers: Iterable[int]) -> None:
    """Apply these sets of a stage. Each is committed alone; after an error the others stay, and no new one begins."""
    left = sorted(numbers)
    if len(left) < 2:
        _one_after_another(work, stage, iter(left))
        return
    shared = iter(left)
    lock = threading.Lock()

    def next_number() -> int | None:
        with lock:
            return next(shared, None)

    def write() -> None:
        try:
            _one_after_another(work, stage, iter(next_number, None))
        except BaseException:
            work.stop.set()
            raise
        finally:
            connection.close()

    with ThreadPoolExecutor(WRITERS) as writers:
        writing = [writers.submit(write) for _ in range(WRITERS)]
        try:
            for each in writing:
                each.result()
        except BaseException:
            work.stop.set()
            raise


def _one_after_another(work: Work, stage: str, numbers: Iterable[int]) -> None:
    issue.open_feed()
    for number in numbers:
        if work.stop.is_set():
            return
        _with_patience(work, stage, number)
        work.done()


def _with_patience(work: Work, stage: str, number: int) -> None:
    for attempt in range(1, TRIES + 1):
        try:
            return apply_set(work, stage, number)
        except OperationalError as error:
            lost = getattr(error.__cause__, "sqlstate", None) in _LOST
            if not lost or attempt == TRIES:
                raise
    return None


def apply_set(work: Work, stage: str, number: int) -> None:
    """Apply one set: fill the feed tables from the staging tables, apply them, note the set as done. One commit."""
    payload = work.payload()
    with transaction.atomic(durable=True):
        filled = sql.one(_FILL[stage], (number, payload))
        assert filled is not None
        issue.apply_feed(work.source, business_dates())
        sql.execute(
            "SELECT intake_note_set(%s, %s, %s::jsonb, %s::jsonb)",
            (stage, number, sql.dumps(sql.answer(filled["answer"])), payload),
        )


def business_dates() -> dict[str, date]:
    """Today in every region: the day on which what a set moves is booked."""
    return {region.slug: clock.today(region.time_zone) for region in catalog.regions()}
