"""A run of automatic payment that is killed again and again, and a thousand mandates over five years."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time as real
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from caretill.autopay import runs, take
from caretill.cli import check
from caretill.core import clock, sql
from caretill.payments import gateways
from house import autopay_world as world

pytestmark = pytest.mark.slow
NOON = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)

_RUN = """
import sys, os
import django
django.setup()
from datetime import datetime
from uuid import UUID
from caretill.autopay import runs
from caretill.core import clock
with clock.fixed(datetime.fromisoformat(sys.argv[2])):
    done = runs.run(UUID(sys.argv[1]), most=40)
    print(done.state if done else "none", flush=True)
"""


def begin_run(run_id: UUID, at: datetime) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", _RUN, str(run_id), at.isoformat()], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "caretill.config.settings"},
    )  # fmt: skip


def begun() -> int:
    row = sql.one("SELECT count(*)::int AS n FROM payments_payment")
    assert row is not None
    return int(row["n"])


def test_killed_three_times_each_is_taken_exactly_once(db: None) -> None:
    """By bank debit, so that all of the work is the database's: nothing waits for a processor."""
    count = 300
    with clock.fixed(NOON) as time:
        world.enrolments(count, day=7)
        assert runs.plan_dues().planned == count
        world.all_told()
        time.at = at = datetime(2026, 12, 5, tzinfo=UTC)
        planned = runs.plan()
        assert planned.planned == count
        runs.approve(planned.id, "test")
    for kill in range(3):
        process = begin_run(planned.id, at + timedelta(seconds=kill))
        want = count * (kill + 1) // 5
        until = real.monotonic() + 60
        while begun() < want and process.poll() is None and real.monotonic() < until:
            real.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert begun() < count, "the run was over before it was killed"
    process = begin_run(planned.id, at + timedelta(minutes=1))
    out, err = process.communicate(timeout=120)
    assert out.strip() == b"approved", err.decode()  # more may close by its end
    assert begun() == count
    row = sql.one(
        "SELECT count(DISTINCT payment_id)::int AS n, count(*)::int AS dues FROM autopay_due WHERE state = 'begun'"
    )
    assert row == {"n": count, "dues": count}
    assert check.broken() == {}


def test_a_thousand_mandates_over_five_years(
    db: None, monkeypatch: pytest.MonkeyPatch, say_: Callable[[str], None]
) -> None:
    """Every day something may happen: a bill, a skip, a move, a stop, a refusal, a mail server that is away. Nothing is
    taken without ten days of notice, nothing after a stop, nothing more often than the rules allow.
    """
    people = int(os.environ.get("CARETILL_TEST_MANDATES", "12"))
    chance = random.Random(20261122)
    life, cards = world.FiveYears(people, chance), world.Cards(chance)
    monkeypatch.setitem(gateways.GATEWAYS, "sandbox", lambda: cards)
    with clock.fixed(NOON) as time:
        life.begin()
        for day in range(5 * 365 + 2):
            time.at = NOON + timedelta(days=day)
            life.day(time)
    life.count()
    assert life.taken > people * 20 and life.stopped > people // 10 and life.skipped > people // 10
    assert life.without_notice() == 0
    assert life.after_the_end() == 0
    assert life.most_tries() <= take.MOST_TRIES
    say_(f"{people} mandates, {life.taken} taken, {life.skipped} skipped, {life.moved} moved, {life.stopped} stopped")
