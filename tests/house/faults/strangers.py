"""Bills of many families, and strangers who guess at them: numbers, last names and ZIP codes as often as they occur."""

from __future__ import annotations

import hashlib
import random
import runpy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from caretill import ROOT
from caretill.formats import bill_csv
from caretill.intake import run

# How many of 100,000 people in the United States have that last name (Census Bureau, 2010); the rest are rarer.
LAST_NAMES = {
    "Smith": 828, "Johnson": 655, "Williams": 551, "Brown": 487, "Jones": 483, "Garcia": 395, "Miller": 394,
    "Davis": 378, "Rodriguez": 371, "Martinez": 359, "Hernandez": 354, "Lopez": 297, "Gonzalez": 285, "Wilson": 272,
    "Anderson": 266, "Thomas": 256, "Taylor": 255, "Moore": 245, "Jackson": 240, "Martin": 238, "Lee": 235,
    "Perez": 231, "Thompson": 225, "White": 224, "Harris": 211, "Sanchez": 208, "Clark": 191, "Ramirez": 189,
    "Lewis": 180, "Robinson": 180,
}  # fmt: skip
RARE_NAMES = 4_000
ZIPS = 100  # of a region, the largest with two in a hundred of its people
COLUMN = {"number": 1, "last_name": 3, "zip": 7, "record": 6}


@dataclass(frozen=True)
class World:
    """How numbers are given out. `drawn`: by lot, as Larkspur does; otherwise one after the other."""

    drawn: bool

    def number(self, text: str) -> str:
        """The number a feed of one after the other would have, as this world gives it."""
        if not self.drawn:
            return text
        letter, digits = (text[:1], text[1:]) if text[:1].isalpha() else ("", text)
        lot = int(hashlib.sha256(text.encode()).hexdigest(), 16) % 10 ** len(digits)
        return f"{letter}{lot:0{len(digits)}d}"


def frequent_zips(prefix: str) -> tuple[list[str], list[float]]:
    """A region's ZIP codes, the fullest first, and how full they are."""
    return [f"{prefix}{number:02d}" for number in range(ZIPS)], [1 / (place + 20) for place in range(ZIPS)]


def bring_in(folder: Path, lines: int, world: World) -> int:
    """A delivery of about `lines` / 4 bills through the front door; how many rows were applied."""
    bench = runpy.run_path(str(ROOT / "bench" / "data.py"))
    chance = random.Random(7)
    held: dict[str, list[list[str]]] = {
        name: [[column.name for column in table.columns if not column.optional]]
        for name, table in bill_csv.FAMILY.by_name.items()
    }
    for name, row in bench["rows"](lines):
        held[name].append(_changed(name, list(row), world, chance))
    folder.mkdir()
    for name, rows in held.items():
        (folder / f"{name}.csv").write_text(bill_csv.write(rows), encoding="utf-8", newline="")
    return run.bring_in(run.Ask("csv", folder)).applied


def _changed(table: str, row: list[str], world: World, chance: random.Random) -> list[str]:
    row[1] = world.number(row[1])
    if table == "accounts":
        names, weights = [*LAST_NAMES, ""], [*LAST_NAMES.values(), 100_000 - sum(LAST_NAMES.values())]
        row[3] = chance.choices(names, weights)[0] or f"Rare{_letters(chance.randrange(RARE_NAMES))}"
        zips, full = frequent_zips(row[7][:3])
        row[7] = chance.choices(zips, full)[0]
    elif table == "people":
        row[2], row[4] = world.number(row[2]), f"Child{row[4]}"
    elif table == "bills":
        row[2], row[6] = world.number(row[2]), world.number(row[6])
    return row


def _letters(number: int) -> str:
    return "".join("abcdefghijklmnopqrst"[int(digit)] for digit in str(number))


@dataclass(frozen=True)
class Guess:
    """One try of a stranger's: a number, and second facts in the order in which they would be given."""

    kind: str
    region: str
    number: str
    facts: tuple[tuple[str, str], ...]
    network: str


class Strangers:
    """Guesses without end. `known` are bills whose number they hold: read over a shoulder, found on half a paper."""

    KINDS = ("any number", "near a known one", "a known number")

    def __init__(self, known: list[dict[str, Any]], prefixes: dict[str, str], networks: int, seed: int) -> None:
        self.chance = random.Random(seed)
        self.known, self.prefixes, self.networks = known, prefixes, networks
        self.turns: dict[str, int] = {}
        self.makers: dict[str, Callable[[], tuple[str, str]]] = {
            "any number": self._any,
            "near a known one": self._near,
            "a known number": self._known,
        }
        self.names, self.often = list(LAST_NAMES), list(LAST_NAMES.values())

    def guesses(self, count: int) -> Iterator[Guess]:
        """Second facts are tried by how often they occur, for a known number without trying one twice."""
        for _ in range(count):
            kind = self.chance.choice(self.KINDS)
            region, number = self.makers[kind]()
            # A few networks work hard, many a little.
            network = int(self.chance.random() ** 2 * self.networks)
            address = f"10.{network >> 16}.{network >> 8 & 255}.{network & 255}"
            yield Guess(kind, region, number, self._facts(kind, region, number), address)

    def _any(self) -> tuple[str, str]:
        shape = self.chance.choice("HPRF0")
        width = {"F": 8, "0": 9}.get(shape, 10)
        number = f"{self.chance.randrange(10**width):0{width}d}"
        return self.chance.choice(list(self.prefixes)), number if shape == "0" else f"{shape}{number}"

    def _near(self) -> tuple[str, str]:
        bill = self.chance.choice(self.known)
        letter, digits = bill["number"][:1], int(bill["number"][1:])
        return bill["region"], f"{letter}{digits + self.chance.choice((-1, 1)) * self.chance.randrange(1, 300):010d}"

    def _known(self) -> tuple[str, str]:
        bill = self.chance.choice(self.known)
        return bill["region"], bill["number"]

    def _facts(self, kind: str, region: str, number: str) -> tuple[tuple[str, str], ...]:
        zips, full = frequent_zips(self.prefixes[region])
        if kind == "a known number":
            turn = self.turns[number] = self.turns.get(number, -1) + 1
            pairs = _likely(len(self.names), len(zips))
            name, place = pairs[turn % len(pairs)]
            return ("zip", zips[place]), ("last_name", self.names[name])
        found = [("zip", self.chance.choices(zips, full)[0])]
        found.append(("last_name", self.chance.choices(self.names, self.often)[0]))
        self.chance.shuffle(found)
        return tuple(found)


@cache
def _likely(names: int, zips: int) -> list[tuple[int, int]]:
    """Places of a name and a ZIP code, the likeliest pairs first."""
    often, full = list(LAST_NAMES.values()), frequent_zips("")[1]
    pairs = [(name, place) for name in range(names) for place in range(zips)]
    return sorted(pairs, key=lambda pair: -often[pair[0]] * full[pair[1]])
