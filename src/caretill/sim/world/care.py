"""What was done for somebody and how its price was shared out: the lines of one bill, and what a later version changes.

On every line: charge = discount + plan paid + written off + the patient's part, and that part is copay + deductible +
coinsurance + not covered.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date

from caretill.sim.world.services import BUNDLES, SERVICES, Service

DISCOUNT_PERCENT = {"professional": (32, 48), "hospital": (44, 62), "pharmacy": (8, 22)}
SELF_PAY_PERCENT = (30, 40)


@dataclass(frozen=True)
class Plan:
    """What a family's plan asks of it. `deductible_cents` is what is left of the year's."""

    copay_cents: int
    deductible_cents: int
    coinsurance_percent: int


@dataclass(frozen=True)
class Line:
    """One line of a bill, in cents."""

    number: int
    day: date
    service: Service
    units: int
    charge_cents: int
    discount_cents: int = 0
    plan_paid_cents: int = 0
    copay_cents: int = 0
    deductible_cents: int = 0
    coinsurance_cents: int = 0
    not_covered_cents: int = 0
    written_off_cents: int = 0

    @property
    def patient_cents(self) -> int:
        return self.copay_cents + self.deductible_cents + self.coinsurance_cents + self.not_covered_cents


def make_lines(bundle: str, day: date, plan: Plan | None, chance: random.Random) -> tuple[str, tuple[Line, ...]]:
    """The kind of bill and its lines; without a plan the patient pays all but a discount."""
    kind, parts = BUNDLES[bundle]
    lines: list[Line] = []
    left_cents = plan.deductible_cents if plan else 0
    for number, (code, units) in enumerate(parts, start=1):
        line = _priced(number, day, SERVICES[code], units, kind, plan, chance)
        line = _shared(line, plan, left_cents)
        left_cents -= line.deductible_cents
        lines.append(line)
    return kind, tuple(lines)


def one_more(
    lines: tuple[Line, ...], code: str, kind: str, plan: Plan | None, chance: random.Random
) -> tuple[Line, ...]:
    """A charge that was posted late."""
    used_cents = sum(line.deductible_cents for line in lines)
    left_cents = max(0, plan.deductible_cents - used_cents) if plan else 0
    line = _priced(len(lines) + 1, lines[-1].day, SERVICES[code], 1, kind, plan, chance)
    return (*lines, _shared(line, plan, left_cents))


def plan_pays_more(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """The plan looked again: half of what fell to the deductible and coinsurance is the plan's."""
    found = []
    for line in lines:
        deductible_cents, coinsurance_cents = line.deductible_cents // 2, line.coinsurance_cents // 2
        taken_over = line.deductible_cents + line.coinsurance_cents - deductible_cents - coinsurance_cents
        found.append(
            replace(
                line,
                deductible_cents=deductible_cents,
                coinsurance_cents=coinsurance_cents,
                plan_paid_cents=line.plan_paid_cents + taken_over,
            )
        )
    return tuple(found)


def patient_cents(lines: tuple[Line, ...]) -> int:
    """What the patient owes before anything is paid."""
    return sum(line.patient_cents for line in lines)


def copay_cents(lines: tuple[Line, ...]) -> int:
    return sum(line.copay_cents for line in lines)


def _priced(
    number: int, day: date, service: Service, units: int, kind: str, plan: Plan | None, chance: random.Random
) -> Line:
    charge_cents = units * chance.randrange(service.low_cents, service.high_cents + 1, 25)
    percent = chance.randint(*(DISCOUNT_PERCENT[kind] if plan else SELF_PAY_PERCENT))
    discounted = plan is None or service.covers != "extra"
    return Line(number, day, service, units, charge_cents, charge_cents * percent // 100 if discounted else 0)


def _shared(line: Line, plan: Plan | None, left_cents: int) -> Line:
    """Share out what the discount leaves."""
    rest_cents = line.charge_cents - line.discount_cents
    if plan is None or line.service.covers == "extra":
        return replace(line, not_covered_cents=rest_cents)
    if line.service.covers == "free":
        return replace(line, plan_paid_cents=rest_cents)
    if line.service.covers == "copay":
        own_cents = min(plan.copay_cents, rest_cents)
        return replace(line, copay_cents=own_cents, plan_paid_cents=rest_cents - own_cents)
    deductible_cents = min(left_cents, rest_cents)
    coinsurance_cents = (rest_cents - deductible_cents) * plan.coinsurance_percent // 100
    return replace(
        line,
        deductible_cents=deductible_cents,
        coinsurance_cents=coinsurance_cents,
        plan_paid_cents=rest_cents - deductible_cents - coinsurance_cents,
    )
