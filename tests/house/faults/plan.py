"""Who pays how, and what is broken for whom: every fault of the processor by name, each some times, from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from caretill.sim.processor.faults import CATALOGUE
from house.faults.person import DECLINED, GOOD, STEP

FIRST_CENTS = 1_000
CARDS = (GOOD, "5555555555554444", "378282246310005", "6011111111111117")
# Length in seconds where the usual one would only make the test longer.
SECONDS = {
    "processing": 2, "processing_declined": 1, "callback_late": 4, "return_before_callback": 1,
    "callback_out_of_order": 2, "create_slow": 1, "pay_slow": 1,
}  # fmt: skip
QUICK = ("create_lost", "create_500_after", "create_dropped", "create_500_before", "create_slow")
PLAIN = (
    "back", "doubles", "two_browsers", "several", "declined", "refuses_step", "cancels", "forgets", "pays", "silence",
)  # fmt: skip
# Nothing can be learnt of the payment, whoever asks, until the test lets it.
SILENCE = {"retrieve_500": 10_000, "callback_lost": 10}
# Struck by the test itself for everybody at once.
GLOBAL = ("dark",)
# What a payer at the processor's page meets. Saved cards, disputes and payouts are lived in sim/life.
STAGES = (
    "create",
    "expire",
    "retrieve",
    "find",
    "page",
    "pay",
    "step",
    "outcome",
    "callback",
    "opened",
    "dark",
    "refund",
)
ELSEWHERE = ("lost_card", "stolen_card", "account_closed", "authorization_revoked")
MET = tuple(sorted(name for name, spec in CATALOGUE.items() if spec.stage in STAGES and name not in ELSEWHERE))
ASKED = tuple(sorted({*MET, *(name for name, spec in CATALOGUE.items() if spec.stage == "charges")}))


@dataclass(frozen=True)
class Task:
    """One payer's errand. The amount is this errand's alone: by it the wire knows which checkout is whose."""

    number: int
    amount_cents: int
    manner: str
    faults: tuple[str, ...]
    cards: tuple[str, ...]
    step: str
    email: str
    seed: int

    def asked(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The faults by name, with what else the processor's admin is told of each."""
        for name in self.faults:
            yield name, {"seconds": SECONDS[name]} if name in SECONDS else {}
        if self.manner == "silence":
            yield from ((name, {"times": times}) for name, times in SILENCE.items())

    @property
    def main(self) -> str:
        """What the errand is about."""
        return self.faults[0] if self.faults else self.manner


def tasks(each: int, seed: int) -> list[Task]:
    """`each` errands for every fault, and as many for each other way people pay; mixed."""
    chance = random.Random(seed)
    wanted = [(name, turn) for name in ASKED if name not in GLOBAL for turn in range(each)]
    wanted += [(manner, turn) for manner in PLAIN for turn in range(each)]
    chance.shuffle(wanted)
    return [_task(number, name, turn, chance) for number, (name, turn) in enumerate(wanted)]


def _task(number: int, name: str, turn: int, chance: random.Random) -> Task:
    stage = CATALOGUE[name].stage if name in CATALOGUE else "none"
    manner, faults, cards = _errand(name, stage, turn, chance)
    if manner in ("pays", "closes", "refunds") and stage not in ("callback", "opened") and chance.random() < 0.4:
        faults.append(chance.choice([each for each in CATALOGUE if CATALOGUE[each].stage == "callback"]))
    if manner in ("pays", "closes") and stage != "create" and chance.random() < 0.25:
        faults.append(chance.choice(QUICK))
    return Task(
        number=number,
        amount_cents=FIRST_CENTS + number,
        manner=manner,
        faults=tuple(faults),
        cards=tuple(cards),
        step="refuse" if manner == "refuses_step" else "approve",
        email=f"payer{number}@example.org" if number % 3 else "",
        seed=chance.randrange(2**32),
    )


def _errand(name: str, stage: str, turn: int, chance: random.Random) -> tuple[str, list[str], list[str]]:
    """Manner, faults with the main one first, and the cards in the order in which they are tried."""
    good = [chance.choice(CARDS) for _ in range(3)]
    match stage:
        case "none":
            cards = {"declined": [DECLINED] * 5, "refuses_step": [STEP, *good]}.get(name, good)
            return name, [], cards
        case "find":
            return "gives_up", [name, ("create_lost", "create_dropped", "create_500_after")[turn % 3]], good
        case "expire":
            return "cancels", [name], good
        case "refund":
            return "refunds", [name], good
        case "charges":
            return "refunded_there", [name], good
        case "step":
            return "pays", [name], [STEP, *good]
        case "callback":
            return ("pays", "closes")[turn % 2], [name], good
        case "opened":
            return ("forgets", "pays")[turn % 2], [name], good
    return "pays", [name], good
