"""The families of a region: who answers for the bills, who is cared for, and the numbers printed on their papers."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from caretill.regions.models import DEFAULT_FORMATS, Region
from caretill.sim.world import names

AGES = {"self": (26, 76), "spouse": (26, 76), "child": (1, 17), "parent": (68, 91)}


@dataclass(frozen=True)
class Person:
    """Somebody on an account; the first of a family is its guarantor."""

    health_record_number: str
    first_name: str
    last_name: str
    birth_date: date
    relation: str


@dataclass(frozen=True)
class Family:
    """One billing account with its people."""

    region: str
    account_number: str
    people: tuple[Person, ...]
    street: str
    city: str
    state: str
    zip: str
    email: str
    phone: str
    language: str
    group_number: str
    subgroup: str
    bill_group: str

    @property
    def payer(self) -> Person:
        return self.people[0]


class Numbers:
    """Printed numbers of one region, none of them given twice, in the shape that the region's file says."""

    def __init__(self, region: Region) -> None:
        self._region = region
        self._given: set[tuple[str, str]] = set()

    def account(self, chance: random.Random) -> str:
        return self._fresh("account", lambda: f"F{chance.randrange(10**7, 10**8)}")

    def bill(self, chance: random.Random, kind: str) -> str:
        letter = {"hospital": "H", "professional": "P", "pharmacy": "R"}[kind]
        return self._fresh("bill", lambda: f"{letter}{chance.randrange(10**6, 10**9):010d}")

    def health_record(self, chance: random.Random) -> str:
        """One in three begins with zeros, which a payer may leave out."""
        top = 10**7 if chance.randrange(3) == 0 else 10**9
        return self._fresh("health_record", lambda: f"{chance.randrange(10**6, top):09d}")

    def of_field(self, chance: random.Random, name: str) -> str:
        """A value of a field that many may share: group, subgroup, bill group."""
        field = self._region.fields.get(name)
        shape = field.format if field else DEFAULT_FORMATS[name]
        width = shape.pad_to or min(shape.max, 2)
        if shape.kind == "digits":
            return str(chance.randrange(1, 10 ** min(width, 6))).zfill(width)
        return chance.choice("ABCDEFGH") + "".join(chance.choice("123456789") for _ in range(width - 1))

    def _fresh(self, kind: str, make: Callable[[], str]) -> str:
        while (kind, value := make()) in self._given:
            pass
        self._given.add((kind, value))
        return value


def make_family(
    region: Region, numbers: Numbers, chance: random.Random, language: str, members: tuple[str, ...], today: date
) -> Family:
    """One family. `members` are relations to the guarantor, who comes first as `self`."""
    last_name = chance.choice(names.LAST[language])
    firsts = chance.sample(names.FIRST[language], len(members))
    people = tuple(
        Person(numbers.health_record(chance), first, last_name, _birth_date(chance, relation, today), relation)
        for first, relation in zip(firsts, members, strict=True)
    )
    state = region.code if re.fullmatch("[A-Z]{2}", region.code) else ""
    return Family(
        region=region.slug,
        account_number=numbers.account(chance),
        people=people,
        street=f"{chance.randrange(1, 990)} {chance.choice(names.STREETS)}",
        city=chance.choice(names.TOWNS),
        state=state,
        zip=f"{chance.choice(region.zip_prefixes)}{chance.randrange(1, 100):02d}",
        email=f"{_bare(firsts[0])}.{_bare(last_name)}@example.org",
        phone=_phone(region, chance),
        language=language,
        group_number=numbers.of_field(chance, "group_number"),
        subgroup=numbers.of_field(chance, "subgroup"),
        bill_group=numbers.of_field(chance, "bill_group"),
    )


def _birth_date(chance: random.Random, relation: str, today: date) -> date:
    youngest, oldest = AGES[relation]
    return today.replace(month=1, day=1) - timedelta(
        days=365 * chance.randint(youngest, oldest) + chance.randrange(365)
    )


def _bare(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z]", "", plain.lower())


def _phone(region: Region, chance: random.Random) -> str:
    """555-0100 to 555-0199 are nobody's."""
    area = re.search(r"\((\d{3})\)", region.contact("medical_bills").phone)
    return f"({area.group(1) if area else '200'}) 555-01{chance.randrange(100):02d}"
