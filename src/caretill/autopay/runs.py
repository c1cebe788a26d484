"""Runs of automatic payment: planned with totals beside last month's, approved by a person, run, paused, resumed.

A run takes dues set by set, a commit each; it may die anywhere and be started again. Nothing of automatic payment is
taken without an approved run.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from caretill.autopay import days, take
from caretill.autopay.take import Taken
from caretill.core import clock, sql
from caretill.core.ids import uuid7
from caretill.regions import bankdays, catalog

PLAN_ROWS = 10_000
MANY = 100_000  # from so many orders on two writers plan
Row = dict[str, Any]


@dataclass
class Planned:
    """What planning made: dues with their cents, and how many are above their cap, of which nothing is taken."""

    seen: int = 0
    planned: int = 0
    cents: int = 0
    above_cap: int = 0


@dataclass(frozen=True)
class Run:
    """A run. `planned` is what closes by `until`; `before` the same a month ago; `causes` why the rest was not."""

    id: UUID
    until: datetime
    state: str
    planned: int
    planned_cents: int
    before: int
    before_cents: int
    done: int
    done_cents: int
    causes: dict[str, int]
    made_at: datetime
    approved_by: str

    @property
    def failed(self) -> int:
        """Dues of which nothing was begun, and that are not paid otherwise either."""
        return sum(count for cause, count in self.causes.items() if cause not in ("paid", "being_paid"))


def plan_dues(most: int = PLAN_ROWS, told: Callable[[Planned], None] | None = None, many: int = MANY) -> Planned:
    """Plan what the next two weeks take, thousands of orders at a time, a commit each. Again, it adds what is new.

    Two writers share what there is from `many` orders on, an account with one of them alone.
    """
    done, lock = Planned(), threading.Lock()
    asked: Row = {
        "now": clock.now(), "most": most, "slots": list(_slots()),
        "accounts": {region.slug: dict(region.processor_accounts) for region in catalog.organisation().regions},
    }  # fmt: skip

    def planned(answer: Row) -> None:
        with lock:
            done.seen += answer["seen"]
            done.planned += answer["planned"]
            done.cents += answer["cents"]
            done.above_cap += answer["above_cap"]
            if told:
                told(done)

    middle = _middle(many)
    if middle is None:
        _plan_part(asked, planned)
        return done

    def write(part: Row) -> None:
        try:
            _plan_part(asked | part, planned)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as writers:
        for each in [writers.submit(write, part) for part in ({"until_account": middle}, {"from_account": middle})]:
            each.result()
    return done


def _plan_part(asked: Row, planned: Callable[[Row], None]) -> None:
    """Set after set, until none is left."""
    while True:
        with transaction.atomic():
            row = sql.one("SELECT autopay_plan_set(%s::jsonb) AS answer", (sql.dumps(asked),))
        assert row is not None
        answer = sql.answer(row["answer"])
        planned(answer)
        if answer["seen"] < asked["most"]:
            return
        asked = asked | {"after_account": answer["last_account"], "after_order": answer["last_order"]}


def _middle(many: int) -> UUID | None:
    """An account with about half of the orders before it; None where there are fewer than so many."""
    row = sql.one("SELECT reltuples::bigint AS rows FROM pg_class WHERE oid = 'autopay_order'::regclass")
    if row is None or row["rows"] < many:
        return None
    row = sql.one("SELECT account_id FROM autopay_order ORDER BY account_id OFFSET %s LIMIT 1", (row["rows"] // 2,))
    return row["account_id"] if row else None


def plan(until: datetime | None = None) -> Run:
    """A run of all that closes by then (by the end of the next banking day's cut-off), with its totals. Takes nothing.

    One that is planned and not approved yet is replaced.
    """
    until = until or _next_cut_off()
    with transaction.atomic():
        sql.execute("DELETE FROM autopay_run WHERE state = 'planned'")
        totals = sql.one(sql.load(__file__, "run_totals.sql"), {"until": until})
        assert totals is not None
        now = clock.now()
        run_id = uuid7()
        sql.execute(
            "INSERT INTO autopay_run (id, until, state, planned, planned_cents, before, before_cents, causes, made_at,"
            " changed_at) VALUES (%s, %s, 'planned', %s, %s, %s, %s, '{}', %s, %s)",
            (run_id, until, totals["planned"], totals["planned_cents"], totals["before"], totals["before_cents"],
             now, now),
        )  # fmt: skip
    return status(run_id)[0]


def approve(run_id: UUID, by: str) -> str:
    """Let it take: approved | repeat | missing. `by` names who says so."""
    return _move(run_id, ("planned",), "approved", "approved_at = %(now)s, approved_by = %(by)s,", by=by)


def pause(run_id: UUID) -> str:
    """Stop before the next set: paused | repeat | missing. What was begun goes on."""
    return _move(run_id, ("approved", "running"), "paused")


def resume(run_id: UUID) -> str:
    """Let it go on: approved | repeat | missing."""
    return _move(run_id, ("paused",), "approved")


def run(run_id: UUID, told: Callable[[Run], None] | None = None, most: int = take.SET_ROWS) -> Run | None:
    """Take what an approved run has, to its end or until it is paused. None where there is none, or none approved.

    Killed, it is run again; two at once share the work.
    """
    code = _move(run_id, ("approved",), "running")
    found = status(run_id)
    if code == "missing" or not found or found[0].state != "running":
        return None
    _note(run_id, take.finish_left(timedelta(0)))
    while (current := status(run_id)[0]).state == "running":
        part = take.take_set(("autopay",), current.until, run_id=run_id, most=most)
        _note(run_id, part)
        if told:
            told(status(run_id)[0])
        if not part.more:
            _finish(run_id)
    return status(run_id)[0]


def run_approved() -> dict[str, int]:
    """The worker's: every run that is approved or was left running, taken to its end as far as its dues have closed."""
    counts = {"begun": 0, "failed": 0}
    for each in status(states=("approved", "running")):
        if each.state == "approved" and clock.now() < each.until and not take.waits():
            continue  # nothing of it has closed yet
        done = run(each.id)
        if done:
            counts["begun"] += done.done - each.done
            counts["failed"] += done.failed - each.failed
    return counts


def status(run_id: UUID | None = None, states: tuple[str, ...] = (), most: int = 20) -> list[Run]:
    """One run, or the latest, the newest first."""
    where = "id = %(id)s" if run_id else "state = ANY(%(states)s)" if states else "true"
    rows = sql.query(
        "SELECT id, until, state, planned, planned_cents, before, before_cents, done, done_cents, causes, made_at,"
        f" approved_by FROM autopay_run WHERE {where} ORDER BY made_at DESC LIMIT %(most)s",
        {"id": run_id, "states": list(states), "most": most},
    )
    return [Run(**{**row, "causes": sql.answer(row["causes"])}) for row in rows]


def _slots() -> Iterator[Row]:
    """The days that may be planned now, with when they are taken and which days of a month fall on them.

    A day that comes too soon for ten days of notice is planned as well, and taken when they are over.
    """
    bank = catalog.organisation().debit_bank
    for region in catalog.organisation().regions:
        here = days.today(region.slug)
        yield from _slots_of(region.slug, region.time_zone, bank.cut_off if bank else bankdays.CUT_OFF, here)


@functools.lru_cache(maxsize=64)
def _slots_of(region: str, time_zone: str, cut_off: time, here: date) -> tuple[Row, ...]:
    """Those of one region; so far ahead that they are the same all day. `time_zone` and `cut_off` are the region's."""
    found = []
    for due_on in (here + timedelta(days=ahead) for ahead in range(days.AHEAD.days + 1)):
        for kind in ("card", "bank"):
            slot = days.noticed(here, due_on, kind, region)
            found.append({
                "due_on": due_on, "method_kind": kind, "region": region, "take_on": slot.take_on,
                "closes_at": slot.closes_at, "days": days.wishes_of(due_on),
            })  # fmt: skip
    return tuple(found)


def _next_cut_off() -> datetime:
    now = clock.now()
    return bankdays.moment(bankdays.file_day(now), bankdays.CUT_OFF)


def _move(run_id: UUID, source: tuple[str, ...], target: str, also: str = "", **figures: Any) -> str:
    moved = sql.execute(
        f"UPDATE autopay_run SET {also} state = %(target)s, changed_at = %(now)s"
        " WHERE id = %(id)s AND state = ANY(%(source)s)",
        {"target": target, "now": clock.now(), "id": run_id, "source": list(source), **figures},
    )
    if moved:
        return target
    return "repeat" if status(run_id) else "missing"


def _note(run_id: UUID, part: Taken) -> None:
    """Count what a set did. The dues themselves say what was taken; these figures are for whoever watches."""
    if not part.claimed:
        return
    with transaction.atomic():
        row = sql.one("SELECT causes FROM autopay_run WHERE id = %s FOR UPDATE", (run_id,))
        assert row is not None
        causes = sql.answer(row["causes"])
        for cause, count in part.causes.items():
            causes[cause] = causes.get(cause, 0) + count
        sql.execute(
            "UPDATE autopay_run SET done = done + %s, done_cents = done_cents + %s, causes = %s::jsonb,"
            " changed_at = %s WHERE id = %s",
            (part.begun, part.begun_cents, sql.dumps(causes), clock.now(), run_id),
        )


def _finish(run_id: UUID) -> None:
    """Done, where all that it may take has closed; else it waits, approved, for the rest to close."""
    current = status(run_id)[0]
    _move(run_id, ("running",), "done" if current.until <= clock.now() else "approved")
