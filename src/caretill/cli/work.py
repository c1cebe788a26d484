"""Run the worker: the processor's messages, unfinished payments, letters, seals. Start as many as you like."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
import structlog
from django.db import Error as DatabaseError
from django.db import connection

from caretill.ach import again, rates, settle
from caretill.ach import returns as ach_returns
from caretill.autopay import plan_changes, turn
from caretill.cli.frame import Answer
from caretill.cli.processes import asked_to_stop
from caretill.config.embedded import Embedded
from caretill.core import clock, limits, outbox, seals
from caretill.intake import documents
from caretill.letters import send, statements
from caretill.methods import upkeep
from caretill.payments import callbacks, deposits, disputes, refund, saving, sweep
from caretill.people.viewer import Hidden
from caretill.reconcile import run as reconcile

log = structlog.get_logger("caretill.work")

NEVER = datetime.min.replace(tzinfo=UTC) + timedelta(days=2)
AGAIN = timedelta(days=1)  # what could not be drawn is tried again
SLOW_COMMIT = timedelta(minutes=5)  # a bill may be seen so long after the time that is written on it
PORTION = 8  # bills whose statements are drawn in one turn: who is told to stop does so at once
# Seconds between two looks when there is nothing to do: short after work was done, longer while nothing comes.
SHORTEST, LONGEST = 0.02, 0.3
# Rests after a failure double up to these: a database comes back in seconds, a fault of ours does not.
FIRST_REST, LONGEST_REST, LONGEST_AWAY = 1.0, 60.0, 2.0


@dataclass(frozen=True)
class Step:
    """One kind of work. `do` does what is due and returns counts, all zero when nothing was.

    It is asked again at once while it did something, and `every` seconds later when it did nothing or only `failed`.
    """

    name: str
    do: Callable[[], Mapping[str, int]]
    every: float = 0.0


class Papers:
    """Draws the statements that are due, a few bills a turn, here: a process for it would outlive a kill of the worker.

    Goes through the bills in their order and begins again at the end, so one that cannot be drawn holds up no other.
    After a round it looks at all of them again only where one has changed since, or a day later.
    """

    def __init__(self) -> None:
        self._after = (statements.NOTHING, statements.NOTHING)
        self._began = self._seen = NEVER

    def __call__(self) -> dict[str, int]:
        if self._after[0] == statements.NOTHING:
            now = clock.now()
            if now - self._seen < AGAIN and not statements.changed_since(self._seen - SLOW_COMMIT):
                return {"made": 0, "failed": 0}
            self._began = now
        due = statements.due(self._after, PORTION)
        if not due:
            self._seen = self._began
        self._after = (due[-1]["account_id"], due[-1]["id"]) if due else (statements.NOTHING, statements.NOTHING)
        made = failed = 0
        for row in due:
            try:
                made += statements.issue(row["account_id"], row["id"]).new
            except (Hidden, RuntimeError) as fault:
                failed += 1
                log.error("a statement cannot be drawn", bill=str(row["id"]), fault=str(fault))
        return {"made": made, "failed": failed}


# Steps of one lane wait for each other; lanes do not. A processor or a mail server that hangs holds up nobody else.
LANES: dict[str, tuple[Step, ...]] = {
    "payments": (
        Step("callbacks", lambda: {"applied": callbacks.apply_due()}),
        Step("payments", sweep.sweep),
        Step("cards", saving.sweep, every=5),
        Step("refunds", refund.sweep),
        Step("disputes", disputes.sweep, every=5),
        Step("new disputes", lambda: {"new": disputes.find_new()["new"]}, every=3600),
        Step("deposits", deposits.work, every=30),
    ),
    "letters": (Step("letters", lambda: {"delivered": outbox.relay(send.deliver, most=5)}),),
    "papers": (Step("statements", Papers(), every=60),),
    "later": (
        Step("planning", turn.plan, every=3600),
        Step("notices", turn.tell, every=5),
        Step("due", turn.due, every=5),
        Step("taken", turn.Following(), every=5),
        Step("plans", plan_changes.look, every=60),
    ),
    "debits": (
        Step("returned", ach_returns.finish, every=5),
        Step("settled", settle.settle, every=300),
        Step("again", again.present, every=3600),
        Step("rates", rates.watch, every=86_400),
    ),
    "payouts": (Step("payouts", reconcile.turn, every=300),),
    "house": (
        Step("seals", lambda: {"sealed": seals.seal_all()}, every=60),
        Step("limits", lambda: {"forgotten": limits.forget()}, every=3600),
        Step("methods", upkeep.turn, every=60),
        Step("documents", lambda: {"forgotten": documents.forget().count}, every=3600),
    ),
}


class Lane:
    """Does its steps in turn until told to stop; what fails is said, rested on and tried again."""

    def __init__(self, steps: Sequence[Step], stop: threading.Event) -> None:
        self._steps = steps
        self._stop = stop
        self._due = {step.name: 0.0 for step in steps}
        self._rest = {step.name: 0.0 for step in steps}

    def run(self) -> None:
        """Turn after turn: at once while there is work, soon after it, a few times a second otherwise."""
        pause = SHORTEST
        while not self._stop.is_set():
            if self.turn():
                pause = SHORTEST
                continue
            self._stop.wait(pause)
            pause = min(LONGEST, pause * 2)
        connection.close()

    def turn(self) -> bool:
        """Every step that is due, once; whether there was anything to do. A step that has begun is finished."""
        busy = False
        for step in self._steps:
            if self._stop.is_set():
                break
            if clock.monotonic() >= self._due[step.name]:
                busy |= self._try(step)
        return busy

    def _try(self, step: Step) -> bool:
        began = clock.monotonic()
        try:
            counts = step.do()
        except (DatabaseError, psycopg.Error) as error:
            connection.close()
            self._rest_after(step, LONGEST_AWAY, "the database is away", why=type(error).__name__)
            return False
        except Exception:
            self._rest_after(step, LONGEST_REST, "a step failed", exc_info=True)
            return False
        self._rest[step.name] = 0.0
        busy = any(count for what, count in counts.items() if what != "failed")
        self._due[step.name] = clock.monotonic() + (0.0 if busy else step.every)
        if any(counts.values()):
            log.info("turn", step=step.name, milliseconds=round((clock.monotonic() - began) * 1000), **counts)
        return busy

    def _rest_after(self, step: Step, longest: float, what: str, **details: object) -> None:
        seconds = min(longest, self._rest[step.name] * 2 or FIRST_REST)
        self._rest[step.name] = seconds
        self._due[step.name] = clock.monotonic() + seconds
        log.warning(what, step=step.name, rests_seconds=seconds, **details)


def arguments(parser: argparse.ArgumentParser) -> None:
    """One turn, or all the time."""
    parser.add_argument("--once", action="store_true", help="do what is due now, print counts, end")


def run(options: argparse.Namespace) -> Answer:
    """Work until Ctrl-C or SIGTERM; what has begun is finished first."""
    if options.once:
        return once()
    with asked_to_stop() as stop:
        return _work(stop, options.server)


def _work(stop: threading.Event, server: Embedded | None) -> Answer:
    lanes = [threading.Thread(target=Lane(steps, stop).run, name=name, daemon=True) for name, steps in LANES.items()]
    for lane in lanes:
        lane.start()
    log.info("working", lanes=sorted(LANES))
    while not stop.wait(0.5):
        if server and server.keep():
            log.warning("the database ended and was started again")
    for lane in lanes:
        lane.join()
    return Answer("stopped")


def once() -> Answer:
    """Every step once, in order. What fails ends it."""
    counts = {step.name: dict(step.do()) for steps in LANES.values() for step in steps}
    told = [f"{name} {' '.join(f'{what} {n}' for what, n in each.items())}" for name, each in counts.items()]
    return Answer("; ".join(told), counts)
