"""One run: every figure beside its floor, and the file that keeps them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from bench import (
    account,
    autopay,
    demo_memory,
    growth,
    import_csv,
    machine,
    nacha,
    pages,
    pay_batch,
    pay_web,
    simulated,
    statement_pdf,
)  # fmt: skip
from bench.figures import Figure, table
from bench.place import Place, say
from caretill import ROOT
from caretill.config.env import Environment
from caretill.core import clock

RESULTS = ROOT / "bench" / "results"
CUT = 20


@dataclass(frozen=True)
class Sizes:
    """How much is measured. A quick run is a `CUT`th of it: it shows that everything works, not how fast."""

    rounds: int = 3
    lines: int = import_csv.LINES
    payments: int = pay_web.PAYMENTS
    sets: int = pay_batch.SETS
    bills: int = 10_000
    seconds: float = 4.0
    statements: int = statement_pdf.STATEMENTS
    times: int = 100
    later: int = 20_000
    returns: int = 2_000
    seeds: int = 10

    def quick(self) -> Sizes:
        """Everything cut."""
        return Sizes(
            rounds=self.rounds,
            lines=self.lines // CUT,
            payments=self.payments // CUT,
            sets=2,
            bills=1_000,
            seconds=0.5,
            statements=self.statements // CUT,
            times=self.times // CUT,
            later=2_000,
            returns=200,
            seeds=1,
        )

    def whole(self) -> Sizes:
        """What is over time, in full: for whoever asks for it by its name."""
        return replace(self, later=1_000_000, returns=100_000, seeds=50)


MEASURES: dict[str, Callable[[Place, Sizes], Sequence[Figure]]] = {
    "pay_web": lambda place, each: [pay_web.measure(place, each.rounds, each.payments, each.bills)],
    "pay_batch": lambda place, each: [pay_batch.measure(place, each.rounds, each.sets)],
    "import_csv": lambda place, each: [import_csv.measure(place, each.rounds, each.lines)],
    "pages": lambda place, each: pages.measure(place, each.rounds, each.bills, each.seconds),
    "statement_pdf": lambda place, each: [
        statement_pdf.measure(place, each.rounds, each.bills, each.statements, each.seconds)
    ],
    "account": lambda place, each: account.measure(place, each.rounds, each.bills, each.times, each.seconds),
    "growth": lambda place, each: growth.measure(place, each.rounds, each.bills, each.times, each.seconds / 2),
    "autopay_plan": lambda place, each: [autopay.plan(place, each.rounds, each.later)],
    "nacha_write": lambda place, each: [nacha.write(place, each.rounds, each.later)],
    "autopay_post": lambda place, each: [autopay.post(place, each.rounds, each.later)],
    "nacha_returns": lambda place, each: [nacha.returns(place, each.rounds, each.returns)],
    "simulate": lambda place, each: [simulated.measure(place, each.rounds, each.seeds)],
    "demo": lambda place, _: [demo_memory.measure(place)],
}
# What `--only` may name besides: the figures of a measure that has several.
PARTS = {
    **dict.fromkeys(("page_bill", "page_find"), "pages"),
    **dict.fromkeys(("page_home", "page_bills", "page_history", "page_member_bill"), "account"),
    **dict.fromkeys(("sign_in", "forgot_password", "register"), "account"),
    **dict.fromkeys(("growth_pay", "growth_bill"), "growth"),
}
GROWTH_TIMES = 1_000


@dataclass(frozen=True)
class Wish:
    """What was asked for: some measures or all, the long growth, or a quick look."""

    only: Sequence[str] = ()
    growth: bool = False
    quick: bool = False
    rounds: int = 3

    @property
    def measures(self) -> list[str]:
        """The names of the measures, in the order of a run."""
        if self.growth:
            return ["growth"]
        wanted = {PARTS.get(name, name) for name in self.only}
        return [name for name in MEASURES if not wanted or name in wanted]

    @property
    def sizes(self) -> Sizes:
        """How much."""
        sizes = Sizes(rounds=1 if self.growth else self.rounds, times=GROWTH_TIMES if self.growth else Sizes().times)
        sizes = sizes.whole() if self.only else sizes
        return replace(sizes.quick(), rounds=sizes.rounds) if self.quick else sizes

    @property
    def kept(self) -> bool:
        """Whether it goes to bench/results: only a whole run does, so that all figures of a file are of one run."""
        return not self.quick and not self.only


def run(environment: Environment, wish: Wish) -> dict[str, Any]:
    """Measure, and answer figures, machine and settings; write them down where the run is kept."""
    began = perf_counter()
    facts = machine.facts()
    figures: list[Figure] = []
    with Place(environment).open() as place:
        settings = place.settings()
        say(f"PostgreSQL {settings['server_version']}, default durability")
        place.migrated("empty")
        for name in wish.measures:
            figures += MEASURES[name](place, wish.sizes)
    answer = {
        "figures": [figure.answer() for figure in figures],
        "date": clock.now().isoformat(timespec="seconds"),
        "seconds": round(perf_counter() - began, 1),
        "rounds": wish.sizes.rounds,
        "quick": wish.quick,
        "machine": facts,
        "database": settings,
    }
    answer["kept"] = str(_keep(answer, wish).relative_to(ROOT)) if wish.kept else None
    answer["table"] = table(figures)
    return answer


def _keep(answer: dict[str, Any], wish: Wish) -> Path:
    RESULTS.mkdir(exist_ok=True)
    name = f"{answer['date'][:10]}{'-growth' if wish.growth else ''}.json"
    path = RESULTS / name
    path.write_text(json.dumps(answer, indent=1) + "\n", encoding="utf-8")
    return path
