"""The worker: does what is due, rests on what fails, finishes what it began."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from django.db import OperationalError

from caretill.cli import work
from caretill.core import clock
from caretill.payments import take
from house.cast import a_bill
from house.desk import Desk, processor_desk  # noqa: F401


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[float], None]]:
    """Seconds that pass only when told to."""
    at = [1000.0]
    monkeypatch.setattr(work.clock, "monotonic", lambda: at[0])

    def advance(seconds: float) -> None:
        at[0] += seconds

    yield advance


class Script:
    """A step that answers from a list, an exception by raising it; nothing to do when the list is over."""

    def __init__(self, *answers: int | Exception) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self) -> dict[str, int]:
        self.asked += 1
        answer = self.answers.pop(0) if self.answers else 0
        if isinstance(answer, Exception):
            raise answer
        return {"done": answer}


def test_once_applies_what_waits_and_prints_counts(processor: Desk) -> None:
    bill = a_bill(14_000)
    answer = take.pay(bill.ask(14_000))
    processor.card(answer.url)
    assert bill.figures()["status"] == "being_paid"
    told = work.run(argparse.Namespace(once=True))
    assert told.figures["callbacks"] == {"applied": 1}
    assert "callbacks applied 1" in told.line
    assert bill.figures()["status"] == "paid"
    assert not any(any(counts.values()) for counts in work.once().figures.values()), "nothing is left"


def test_a_step_that_fails_rests_longer_and_longer_and_the_others_go_on(moment: Callable[[float], None]) -> None:
    bad = Script(ValueError("a bug"), OperationalError("away"), 3)
    good = Script(1, 1, 1, 1)
    lane = work.Lane([work.Step("bad", bad), work.Step("good", good)], threading.Event())
    assert lane.turn() and (bad.asked, good.asked) == (1, 1)
    assert lane.turn() and (bad.asked, good.asked) == (1, 2)
    moment(1.1)
    assert lane.turn() and bad.asked == 2
    moment(1.1)
    assert lane.turn() and bad.asked == 2, "the second rest is longer"
    moment(1.1)
    assert lane.turn() and bad.asked == 3
    assert not lane.turn() and bad.asked == 4, "what works again rests no more"


def test_a_step_with_a_rhythm_is_asked_at_once_while_there_is_work(moment: Callable[[float], None]) -> None:
    hourly = Script(5, 0, 5)
    lane = work.Lane([work.Step("hourly", hourly, every=3600)], threading.Event())
    assert lane.turn() and not lane.turn() and not lane.turn() and hourly.asked == 2
    moment(3601)
    assert lane.turn() and hourly.asked == 3


def test_what_only_fails_keeps_nobody_busy(moment: Callable[[float], None]) -> None:
    lane = work.Lane([work.Step("papers", lambda: {"made": 0, "failed": 3}, every=5)], threading.Event())
    assert not lane.turn()


def test_what_has_begun_is_finished_and_nothing_new_begins() -> None:
    stop, entered, ended = threading.Event(), threading.Event(), []

    def slow() -> dict[str, int]:
        entered.set()
        stop.wait(10)
        ended.append("slow")
        return {"done": 1}

    after = Script()
    lane = threading.Thread(target=work.Lane([work.Step("slow", slow), work.Step("after", after)], stop).run)
    lane.start()
    assert entered.wait(10)
    stop.set()
    lane.join(10)
    assert not lane.is_alive() and ended == ["slow"] and after.asked == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(db: None, how: signal.Signals) -> None:
    command = [sys.executable, "-m", "caretill", "work"]
    with subprocess.Popen(command, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as worker:
        assert worker.stderr and b'"working"' in worker.stderr.readline()
        began = clock.monotonic()
        worker.send_signal(how)
        told, _ = worker.communicate(timeout=20)
        print(f"ended after {clock.monotonic() - began:.2f} s")
    assert (worker.returncode, told) == (0, b"stopped\n")


def test_statements_are_drawn_a_few_at_a_time_and_a_bad_one_holds_up_no_other(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "PORTION", 2)
    bills = [a_bill(14_000, family=str(number)).bill_id for number in range(3)]
    usual = work.statements.issue
    bad = min(bills)

    def issue(account_id: UUID, bill_id: UUID) -> object:
        if bill_id == bad:
            raise RuntimeError("ink")
        return usual(account_id, bill_id)

    monkeypatch.setattr(work.statements, "issue", issue)
    papers = work.Papers()
    turns = [papers() for _ in range(3)]
    assert sum(turn["made"] for turn in turns) == 2
    assert sum(turn["failed"] for turn in turns) >= 1
    monkeypatch.setattr(work.statements, "issue", usual)
    assert sum(papers()["made"] for _ in range(3)) == 1
    assert [papers() for _ in range(2)] == [{"made": 0, "failed": 0}] * 2
