"""What was measured, beside its floor: medians, spreads, ratios, and the table a person reads."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any


class Failed(RuntimeError):
    """A round did not do what it should; a figure of it would mean nothing."""


@dataclass
class Figure:
    """One line of the table. `values` and `floors` are the rounds, taken in turn in the same run.

    `goal` is what the ratio must reach. For a time less is better (`less`), and the ratio is floor / value, so that
    more is always better. `limits` are bounds that single figures in `beside` must keep: name -> most.
    """

    name: str
    unit: str
    values: list[float]
    floors: list[float] = field(default_factory=list)
    goal: float | None = None
    floor_is: str = ""
    less: bool = False
    beside: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, float] = field(default_factory=dict)

    @property
    def value(self) -> float:
        return median(self.values)

    @property
    def floor(self) -> float | None:
        return median(self.floors) if self.floors else None

    @property
    def ratio(self) -> float | None:
        """How near the floor: 1.0 is as fast as the floor."""
        floor = self.floor
        if floor is None or not floor or not self.value:
            return None
        return floor / self.value if self.less else self.value / floor

    @property
    def missed(self) -> list[str]:
        """The goals that were not reached, in words; empty when all were."""
        found = []
        if self.goal is not None and (self.ratio is None or self.ratio < self.goal):
            found.append(f"ratio {short(self.ratio)} of {short(self.goal)}")
        for name, most in self.limits.items():
            given = self.beside.get(name)
            if given is None or given > most:
                found.append(f"{name} {short(given)}, at most {short(most)}")
        return found

    def answer(self) -> dict[str, Any]:
        """The object of `--json`."""
        return {
            "name": self.name,
            "value": rounded(self.value),
            "unit": self.unit,
            "floor": rounded(self.floor),
            "ratio": rounded(self.ratio),
            "goal": self.goal,
            "missed": self.missed,
            "values": [rounded(value) for value in self.values],
            "floors": [rounded(value) for value in self.floors],
            "floor_is": self.floor_is,
            "beside": {name: rounded(value) for name, value in self.beside.items()},
        }


def rounded(value: Any) -> Any:
    """Four figures of a measured number; everything else as it is."""
    if not isinstance(value, float):
        return value
    if value == 0 or not math.isfinite(value):
        return 0.0
    return round(value, max(0, 3 - math.floor(math.log10(abs(value)))))


def short(value: Any) -> str:
    """A number for the table: thousands apart, no more figures than were measured."""
    if value is None:
        return "-"
    if isinstance(value, float):
        value = rounded(value)
        if value == int(value) and abs(value) >= 10:
            value = int(value)
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of `values` that at least `share` of them do not exceed (nearest rank)."""
    if not values:
        raise ValueError("no values")
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


def spread(values: Sequence[float]) -> str:
    """The lowest and highest round, where there was more than one."""
    return f"{short(min(values))}-{short(max(values))}" if len(values) > 1 else ""


def table(figures: Sequence[Figure]) -> str:
    """All figures for people: value, floor, ratio and goal; below each line what else was seen."""
    head = ("figure", "value", "rounds", "unit", "floor", "rounds", "ratio", "goal", "")
    rows = [head, *(_row(figure) for figure in figures)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(head))]
    lines = [_line(head, widths), "  ".join("-" * width for width in widths[:-1])]
    for figure, row in zip(figures, rows[1:], strict=True):
        lines.append(_line(row, widths))
        lines += _beside(figure.beside)
    return "\n".join(lines)


def _row(figure: Figure) -> tuple[str, ...]:
    verdict = "" if figure.goal is None and not figure.limits else "MISSED" if figure.missed else "reached"
    floor = short(figure.floor)
    return (
        figure.name,
        short(figure.value),
        spread(figure.values),
        figure.unit,
        floor,
        spread(figure.floors),
        short(figure.ratio),
        short(figure.goal),
        verdict,
    )


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    aligned = [
        text.ljust(width) if place in (0, 3, 8) else text.rjust(width)
        for place, (text, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(aligned).rstrip()


def _beside(beside: Mapping[str, Any]) -> list[str]:
    return [f"    {name}: {short(value)}" for name, value in beside.items()]
