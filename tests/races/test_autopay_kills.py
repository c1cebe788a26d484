"""Automatic payment of everybody, planned, run, filed and settled by programs that are killed on the way.

`CARETILL_TEST_AUTOPAY` is how many take part, in whole thousands, four at least. Whatever died
where: as many payments, no more.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from caretill import ROOT
from caretill.autopay import take
from caretill.cli import bench
from caretill.core import clock
from caretill.regions import bankdays
from house.nacha_reader import judge

pytestmark = pytest.mark.slow
later, later_child, world = (bench.module(name) for name in ("later", "later_child", "world"))
MANY = int(os.environ.get("CARETILL_TEST_AUTOPAY", "4000"))
KILL_WITHIN = 300.0 + MANY / 300  # a third of them, on a busy machine
# Told ten days ago, closed a minute ago, taken on the day that the next file asks for.
_TIME_COMES = """
    UPDATE autopay_due SET noticed_on = %(day)s::date - 10, notice_put = true, take_on = %(day)s,
        closes_at = now() - interval '1 minute' WHERE state = 'waiting'"""


def everybody(folder: Path, owner: psycopg.Connection[Any]) -> None:
    """As many members as are asked for, with a bill, a bank account and automatic payment each."""
    world.write(folder, later.bills())
    run("-m", "caretill", "import", "csv", str(folder))
    later_child.agree()
    owner.execute(later.SEALED)
    later_child.seal(str(MANY // later.BASE))
    later.multiply(owner, (*later.PLANNED, "billing_lookup_key"), MANY, sealed=True)


def program(*arguments: str) -> subprocess.Popen[str]:
    """One of ours, beside this process."""
    path = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(*arguments: str) -> str:
    """To its end, which must be a good one."""
    ended = program(*arguments)
    said = ended.communicate()[0]
    assert ended.returncode == 0, said[-2000:]
    return said


def killed(there: Callable[[], bool], *arguments: str) -> None:
    """Started, and killed with -9 as soon as something of it is there: it must not have come to its end."""
    victim = program(*arguments)
    until = time.monotonic() + KILL_WITHIN
    while victim.poll() is None and not there():
        assert time.monotonic() < until, "nothing of it is there"
        time.sleep(0.002)
    victim.kill()
    said = victim.communicate()[0]
    assert victim.returncode == -9, f"{arguments}: it ended before it was killed: {said[-2000:]}"


def step(name: str) -> tuple[str, ...]:
    """A step of the bench, which holds the clock at the day of which it is."""
    return "-m", "bench.child", "later_child", name


def effects(owner: psycopg.Connection[Any]) -> None:
    """Each bill is paid, once, by one payment with one entry, one due and one receipt."""
    while take.follow()["taken"]:
        pass
    assert count(owner, "payments_payment", "state = 'succeeded' AND captured_cents = amount_cents") == MANY
    assert count(owner, "ach_entry", "state = 'settled'") == count(owner, "ach_entry") == MANY
    assert count(owner, "autopay_due", "state = 'taken' AND taken_cents = amount_cents AND tries = 1") == MANY
    assert count(owner, "core_outbox", "topic = 'receipt_ready'") == MANY
    paid = "kind = 'receivable' AND debits_posted = credits_posted AND credits_pending = 0 AND debits_posted > 0"
    assert count(owner, "ledger_balance", paid) == count(owner, "billing_bill") == MANY
    assert count(owner, "payments_claim") == 0


def files(owner: psycopg.Connection[Any], folder: Path) -> None:
    """What the bank got, read by a reader of its own: as many debits, of as much, and no line that is wrong."""
    row = owner.execute("SELECT sum(amount_cents), array_agg(DISTINCT f.name) FROM ach_entry e JOIN ach_file f"
                        " ON f.id = e.file_id").fetchone()  # fmt: skip
    assert row is not None
    entries = debits = 0
    for name in row[1]:
        run("-m", "caretill", "ach", "send", "--again", name, "--folder", str(folder))
        told = judge((folder / name).read_bytes())
        assert not told.wrong, told.wrong[:5]
        entries, debits = entries + told.entries, debits + told.debits
    assert (entries, debits) == (MANY, row[0])


def count(owner: psycopg.Connection[Any], table: str, where: str = "true") -> int:
    row = owner.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()
    assert row is not None
    return int(row[0])


def test_killed_on_the_way_there_are_exactly_as_many_payments(
    db: None, tmp_path: Path, owner_connection: psycopg.Connection[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    owner = owner_connection
    assert MANY % later.BASE == 0 and MANY >= 4 * later.BASE, "fewer are done before they can be killed"
    everybody(tmp_path / "feed", owner)
    began = time.monotonic()
    run("-m", "caretill", "autopay", "plan")
    assert count(owner, "autopay_due") == MANY, "somebody was left out, or has two"
    run("-m", "caretill", "autopay", "plan")
    assert count(owner, "autopay_due") == MANY, "planned again"
    owner.execute(_TIME_COMES, {"day": bankdays.effective_entry_date(clock.now())})
    planned = run("-m", "caretill", "autopay", "plan", "--approve")
    assert f" {MANY:,} payments of " in planned, planned
    autopay_run = ("-m", "caretill", "autopay", "run")
    killed(lambda: count(owner, "autopay_due", "state = 'taking'") > 0, *autopay_run)
    before = count(owner, "payments_payment")
    killed(lambda: count(owner, "payments_payment") > before + MANY // 3, *autopay_run)
    run(*autopay_run)
    assert count(owner, "autopay_due", "state = 'begun'") == MANY
    assert count(owner, "payments_payment") == count(owner, "payments_payment", "origin = 'autopay'") == MANY
    killed(lambda: count(owner, "ach_entry") > 0, "-m", "caretill", "ach", "build")
    run(*step("sent"))
    files(owner, tmp_path)
    assert count(owner, "ach_entry", "state = 'filed'") == count(owner, "ach_trace") == MANY
    killed(lambda: count(owner, "ach_entry", "state = 'settled'") > MANY // 3, *step("settle"))
    run(*step("settle"))
    effects(owner)
    with capsys.disabled():
        print(
            f"\n  {MANY:,} enrolments, killed four times: {MANY:,} payments, {time.monotonic() - began:.0f} s", end=""
        )
