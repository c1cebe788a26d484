"""How often somebody may miss before looking up a bill costs more, and when it closes (rules.md GST-1).

The first step costs an honest payer nothing: a second fact beside the number is no longer enough, both the last name
and the ZIP code are asked, which stand on every paper. A stranger who holds a number guesses a frequent ZIP code in one
of fifty tries, and both together in one of some thousands. Then each try costs work, then the door closes.

Only misses count, so a waiting room of honest payers behind one address gets through. What is counted is what was
typed, whether it exists or not: the answer tells nothing. A closed lookup is not the end: a code goes by mail to the
contact on file, and pay codes, which nobody can guess, are counted like the rest but by their own number alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from django.db import transaction

from caretill.core import limits, sql, work

HOUR = 3600
DAY = 24 * HOUR
MONTH = 30 * DAY

Gate = Literal["open", "both", "work", "hard_work", "closed"]
GATES: tuple[Gate, ...] = ("open", "both", "work", "hard_work", "closed")


@dataclass(frozen=True)
class Step:
    """A count over `seconds`, and the misses from which on both facts, work and hard work are asked, and it closes."""

    name: str
    seconds: int
    both: int
    work: int
    hard: int
    closed: int

    def gate(self, count: int) -> int:
        """The place in GATES that so many misses lead to."""
        return sum(count >= each for each in (self.both, self.work, self.hard, self.closed))


NEVER = 1_000_000_000
NUMBER = (
    Step("number_hour", HOUR, both=1, work=5, hard=5, closed=8),
    Step("number_day", DAY, both=1, work=10, hard=10, closed=12),
    Step("number_month", MONTH, both=1, work=20, hard=20, closed=20),
)
NETWORK = (
    Step("network_hour", HOUR, both=5, work=20, hard=60, closed=90),
    Step("network_day", DAY, both=20, work=120, hard=200, closed=250),
)
REGION = (Step("region_hour", HOUR, both=150, work=600, hard=3_000, closed=NEVER),)


def _steps(region: str, numbers: Sequence[str], network: str) -> list[tuple[Step, str]]:
    found = [(step, f"{region} {number}") for number in sorted(set(numbers)) for step in NUMBER]
    return found + [(step, network) for step in NETWORK] + [(step, region) for step in REGION]


def _limits(steps: Sequence[tuple[Step, str]]) -> list[limits.Limit]:
    return [limits.Limit(step.name, value, 0, step.seconds) for step, value in steps]


@contextmanager
def alone(region: str, number: str) -> Iterator[None]:
    """One try at a time for a number, from asking for its gate until its miss is counted; the next one waits.

    Or as many as come at the same moment would be let in by the same gate: with one fact each, where one miss should
    have both asked. One transaction, which must hold nothing that takes long; within itself it does not wait.
    """
    place = int.from_bytes(limits.Limit("guess", f"{region} {number}", 0, HOUR).bucket()[:8]) >> 1
    with transaction.atomic(savepoint=False):
        sql.query("SELECT pg_advisory_xact_lock(%s)", (place,))
        yield


def gate(region: str, numbers: Sequence[str], network: str, *, unguessable: bool = False) -> Gate:
    """What this try costs, the dearest of all counts: open (nothing), both (facts), work, hard_work, or closed.

    Whoever has to work also gives both facts. Others behind the same address may have closed it; nobody guesses an
    `unguessable` number (a pay code), so its payer works and goes on. One statement, the same for every input.
    """
    steps = _steps(region, numbers, network)
    counts = limits.counts(_limits(steps))
    asked = [(step, step.gate(count)) for (step, _), count in zip(steps, counts, strict=True)]
    dearest = GATES[max(place for _, place in asked)]
    if dearest == "closed" and unguessable:
        own = GATES[max(place for step, place in asked if step in NUMBER)]
        return own if own == "closed" else "hard_work"
    return dearest


def missed(region: str, numbers: Sequence[str], network: str) -> None:
    """Count one miss."""
    limits.count(_limits(_steps(region, numbers, network)))


def bits(cost: Gate) -> int:
    """How much work that gate asks."""
    return work.HARD_BITS if cost == "hard_work" else work.EASY_BITS
