"""A region's books: its families, their bills in each version, and what was paid outside Caretill."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from caretill.core.ids import code_from
from caretill.regions import rules
from caretill.regions.models import Region
from caretill.sim.world import care, names
from caretill.sim.world.families import Family, Numbers, Person, make_family
from caretill.sim.world.services import SERVICES
from caretill.sim.world.stories import STORIES, Care, Story

FIRST_DELIVERY_DAYS = 21  # how long ago the billing system told us first; the second delivery is today's


@dataclass(frozen=True)
class Bill:
    """One version of a bill."""

    number: str
    pay_code: str
    version: int
    kind: str
    patient: Person
    provider: str
    service_from: date
    service_to: date
    issued: date
    lines: tuple[care.Line, ...]


@dataclass(frozen=True)
class Outside:
    """Money taken at the desk or elsewhere, as the billing system tells it."""

    bill_number: str
    number: str
    day: date
    amount_cents: int
    method: str


@dataclass
class Delivery:
    """What the billing system sends of one region on one day."""

    families: list[Family] = field(default_factory=list)
    bills: list[tuple[Family, Bill]] = field(default_factory=list)
    payments: list[Outside] = field(default_factory=list)


@dataclass(frozen=True)
class Told:
    """A story told of a family: its bills in the story's order, and what the first delivery leaves owed on each."""

    index: int
    story: Story
    family: Family
    bills: tuple[Bill, ...]
    owed_cents: tuple[int, ...]


@dataclass
class Book:
    """All of one region."""

    region: Region
    first: Delivery = field(default_factory=Delivery)
    second: Delivery = field(default_factory=Delivery)
    told: list[Told] = field(default_factory=list)


class _Teller:
    """Writes one region's book; `today` is the region's."""

    def __init__(self, seed: str, region: Region, place: int, clinic: str, today: date) -> None:
        self.seed = seed
        self.region = region
        self.place = place
        self.clinic = clinic
        self.today = today
        self.first_day = today - timedelta(days=FIRST_DELIVERY_DAYS)
        self.numbers = Numbers(region)
        self.book = Book(region)

    def tell(self, index: int, story: Story) -> None:
        """One family lives through one story. Its chance is its own, so another story changes nobody else's."""
        chance = random.Random(f"{self.seed}/{self.region.slug}/{index}")
        language = "es" if (index + self.place) % 5 in (1, 3) else "en"
        family = make_family(self.region, self.numbers, chance, language, story.members, self.today)
        plan = _plan(chance) if story.insured else None
        self.book.first.families.append(family)
        found = []
        for each in story.cares:
            bill = self._bill(family, each, plan, chance)
            found.append(bill)
            if plan:
                used_cents = sum(line.deductible_cents for line in bill.lines)
                plan = replace(plan, deductible_cents=plan.deductible_cents - used_cents)
        self.book.told.append(Told(index, story, family, tuple(found), tuple(map(self._owed_cents, found))))

    def _owed_cents(self, bill: Bill) -> int:
        """Before anybody pays here."""
        paid_cents = sum(each.amount_cents for each in self.book.first.payments if each.bill_number == bill.number)
        return max(0, care.patient_cents(bill.lines) - paid_cents)

    def _bill(self, family: Family, told: Care, plan: care.Plan | None, chance: random.Random) -> Bill:
        kind, lines = care.make_lines(told.bundle, self.today, plan, chance)
        issued = self._issued(told.issued, kind, chance)
        nights = sum(line.units for line in lines if line.service.code.startswith("RM"))
        left = issued - timedelta(days=chance.randint(5, 16))
        came = left - timedelta(days=nights)
        lines = tuple(replace(line, day=_day_of(line, came, left)) for line in lines)
        number = self.numbers.bill(chance, kind)
        bill = Bill(
            number=number,
            pay_code=code_from(f"{self.seed}/{self.region.slug}/{number}".encode()),
            version=_version(issued),
            kind=kind,
            patient=family.people[told.who],
            provider=self._provider(kind, family, chance),
            service_from=came,
            service_to=left,
            issued=issued,
            lines=lines,
        )
        self._deliver(family, bill)
        self._paid_outside(bill, told, plan, chance)
        if told.changes:
            self._change(family, bill, told, plan, chance)
        return bill

    def _change(self, family: Family, bill: Bill, told: Care, plan: care.Plan | None, chance: random.Random) -> None:
        yesterday = self.today - timedelta(days=1)
        if told.changes == "lower":
            changed = replace(bill, lines=care.plan_pays_more(bill.lines))
        else:
            more = care.one_more(bill.lines, told.changes, bill.kind, plan, chance)
            changed = replace(bill, lines=more, issued=yesterday)
        self.book.second.bills.append((family, replace(changed, version=_version(yesterday))))

    def _deliver(self, family: Family, bill: Bill) -> None:
        delivery = self.book.first if bill.issued <= self.first_day else self.book.second
        delivery.bills.append((family, bill))

    def _paid_outside(self, bill: Bill, told: Care, plan: care.Plan | None, chance: random.Random) -> None:
        desk_cents = 0
        if told.desk == "copay":
            desk_cents = care.copay_cents(bill.lines)
        elif told.desk == "above" and plan:
            desk_cents = plan.copay_cents
        if desk_cents:
            self._pay_outside(Outside(bill.number, "D1", bill.service_to, desk_cents, "desk"))
        rest_cents = max(0, care.patient_cents(bill.lines) - desk_cents)
        came_cents = rest_cents * told.elsewhere_percent // 100
        if came_cents:
            day = min(bill.issued + timedelta(days=chance.randint(4, 9)), self.today - timedelta(days=1))
            self._pay_outside(Outside(bill.number, "M1", day, came_cents, "check"))

    def _pay_outside(self, payment: Outside) -> None:
        known = any(bill.number == payment.bill_number for _, bill in self.book.first.bills)
        early = known and payment.day <= self.first_day
        (self.book.first if early else self.book.second).payments.append(payment)

    def _issued(self, when: str, kind: str, chance: random.Random) -> date:
        if when == "new":
            return self.today - timedelta(days=chance.randint(2, 8))
        day = self.first_day - timedelta(days=chance.randint(1, 4))
        if when == "late":
            overdue = self.today - timedelta(days=chance.randint(4, 20))
            while rules.due_date(self.region, kind, day) > overdue:
                day -= timedelta(days=1)
        return day

    def _provider(self, kind: str, family: Family, chance: random.Random) -> str:
        if kind == "hospital":
            return f"{self.clinic} Hospital, {family.city}"
        if kind == "pharmacy":
            return f"{self.clinic} Pharmacy, {family.city}"
        return chance.choice(names.DOCTORS)


def make_book(seed: str, region: Region, place: int, clinic: str, today: date, families: int = len(STORIES)) -> Book:
    """The book of one region: the same seed and day make the same book. `place` is the region's among the others."""
    teller = _Teller(seed, region, place, clinic, today)
    for index in range(families):
        teller.tell(index, STORIES[index % len(STORIES)])
    return teller.book


def _plan(chance: random.Random) -> care.Plan:
    return care.Plan(
        copay_cents=chance.choice((2_000, 2_500, 3_000, 3_500, 4_500)),
        deductible_cents=chance.choice((20_000, 45_000, 90_000, 150_000)),
        coinsurance_percent=chance.choice((10, 15, 20)),
    )


def _version(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def _day_of(line: care.Line, came: date, left: date) -> date:
    """Nights and what is done first stand on the first day, what is taken home on the last."""
    return left if line.service.code[:2] in ("KT", "MD", "SP") else came


assert all(each.changes in ("", "lower", *SERVICES) for story in STORIES for each in story.cares)
