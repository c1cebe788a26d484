"""How often somebody may miss at signing in before it costs work, and when it closes (rules.md SEC-2, SEC-4).

Misses are counted for the address that was typed, whether it exists or not, apart for a browser that this login has
signed in from before (`own`) and for all others (`strange`): a stranger who guesses shuts out strangers, never the
owner at home. Strangers are counted by their network and all together as well. Windows are fixed, so the most misses
that an account bears in one month of them, unless its owner gets in between, is the sum of the month's steps: 60 and 20
passwords, 10 and 10 codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from caretill.core import limits, work

HOUR = 3600
DAY = 24 * HOUR
MONTH = 30 * DAY
NEVER = 1_000_000_000

Gate = Literal["open", "work", "hard_work", "closed"]
GATES: tuple[Gate, ...] = ("open", "work", "hard_work", "closed")


@dataclass(frozen=True)
class Step:
    """A count over `seconds`, and the misses from which work and hard work are asked (NEVER: not), and it closes."""

    name: str
    seconds: int
    work: int
    hard: int
    closed: int

    def gate(self, count: int) -> int:
        """The place in GATES that so many misses lead to."""
        reached = [at for at, least in enumerate((self.work, self.hard, self.closed), start=1) if count >= least]
        return max(reached, default=0)


@dataclass(frozen=True)
class Place:
    """Where a try comes from: a digest of the browser's device cookie (empty: it has none), and its network."""

    device: bytes
    network: str


OWN = (
    Step("sign_in_own_hour", HOUR, NEVER, NEVER, 10),
    Step("sign_in_own_month", MONTH, NEVER, NEVER, 20),
)
STRANGE = (
    Step("sign_in_strange_hour", HOUR, 3, 6, 10),
    Step("sign_in_strange_day", DAY, 8, 12, 20),
    Step("sign_in_strange_month", MONTH, 20, 30, 60),
)
SECOND = (
    Step("second_hour", HOUR, NEVER, NEVER, 5),
    Step("second_month", MONTH, NEVER, NEVER, 10),
)
NETWORK = (
    Step("sign_in_network_hour", HOUR, 20, 60, 90),
    Step("sign_in_network_day", DAY, 120, 200, 250),
)
ALL = (Step("sign_in_all_hour", HOUR, 1_000, 5_000, NEVER),)


@dataclass(frozen=True)
class Counts:
    """What a try is counted on."""

    steps: tuple[tuple[Step, str], ...]
    own: bool

    def gate(self) -> Gate:
        """What this try costs, the dearest of all counts. One statement, the same for every input."""
        return self._gate(limits.counts(self._limits()))

    def begin(self) -> bool:
        """Count a miss before it is known to be one; whether there was room. So no crowd slips in at once."""
        return self._gate([count - 1 for count in limits.take(self._limits())]) != "closed"

    def right(self) -> None:
        """It was none. An owner in their own browser begins anew; for strangers the misses of others stay."""
        if self.own:
            self.clear()
        else:
            limits.take(self._limits(), -1)

    def clear(self) -> None:
        """Begin anew: the owner proved who they are."""
        limits.clear(self._limits())

    def _limits(self) -> list[limits.Limit]:
        return [limits.Limit(step.name, value, 0, step.seconds) for step, value in self.steps]

    def _gate(self, counts: Sequence[int]) -> Gate:
        return GATES[max(step.gate(count) for (step, _), count in zip(self.steps, counts, strict=True))]


def of_password(email_key: str, place: Place, *, own: bool) -> Counts:
    """For a password. A browser that the login knows is held to its own misses alone, whatever others do."""
    if own:
        return Counts(tuple((step, email_key) for step in OWN), own)
    strangers = (
        *((step, email_key) for step in STRANGE),
        *((step, place.network) for step in NETWORK),
        *((step, "") for step in ALL),
    )
    return Counts(strangers, own)


def of_second(login_id: str, *, own: bool) -> Counts:
    """For the code after the password; apart for browsers of their own, as above."""
    return Counts(tuple((step, f"{login_id} {'own' if own else 'strange'}") for step in SECOND), own)


def bits(gate: Gate) -> int:
    """How much work that gate asks."""
    return work.HARD_BITS if gate == "hard_work" else work.EASY_BITS
