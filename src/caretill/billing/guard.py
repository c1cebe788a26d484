"""How often somebody may miss before looking up a bill costs work, and when it closes (rules.md GST-1).

Only misses count, so a waiting room of honest payers behind one address gets through. What is counted is what was
typed, whether it exists or not: the answer tells nothing. A closed lookup is not the end: a code goes by mail to the
contact on file, and pay codes, which nobody can guess, are counted like the rest but by their own number alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from caretill.core import limits, work

HOUR = 3600
DAY = 24 * HOUR
MONTH = 30 * DAY

Gate = Literal["open", "work", "hard_work", "closed"]

# name: (free, then with work, then with hard work, seconds). Past the last the gate is closed for that window.
NUMBER = (("number_hour", 5, 5, 8, HOUR), ("number_day", 10, 10, 12, DAY), ("number_month", 20, 20, 20, MONTH))
NETWORK = (("network_hour", 20, 60, 90, HOUR), ("network_day", 120, 200, 250, DAY))
REGION = (("region_hour", 600, 3000, 1_000_000_000, HOUR),)


def _rows(region: str, numbers: Sequence[str], network: str) -> list[tuple[str, str, int, int, int, int]]:
    found = [(name, f"{region} {number}", a, b, c, s) for number in sorted(set(numbers)) for name, a, b, c, s in NUMBER]
    found += [(name, network, a, b, c, s) for name, a, b, c, s in NETWORK]
    found += [(name, region, a, b, c, s) for name, a, b, c, s in REGION]
    return found


def gate(region: str, numbers: Sequence[str], network: str) -> Gate:
    """What this try costs: open (nothing), work, hard_work, or closed. Two statements, the same for every input."""
    rows = _rows(region, numbers, network)
    worst: Gate = "open"
    counts = limits.counts([limits.Limit(name, value, 0, seconds) for name, value, _, _, _, seconds in rows])
    for (_, _, free, light, heavy, _), count in zip(rows, counts, strict=True):
        if count >= heavy:
            return "closed"
        if count >= light:
            worst = "hard_work"
        elif count >= free and worst == "open":
            worst = "work"
    return worst


def missed(region: str, numbers: Sequence[str], network: str) -> None:
    """Count one miss."""
    limits.count(
        [limits.Limit(name, value, 0, seconds) for name, value, _, _, _, seconds in _rows(region, numbers, network)]
    )


def bits(cost: Gate) -> int:
    """How much work that gate asks."""
    return work.HARD_BITS if cost == "hard_work" else work.EASY_BITS
