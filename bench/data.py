"""Makes a delivery of the documented CSV of any size: the same bytes for the same seed, in memory that does not grow.

    python bench/data.py FOLDER --lines 1000000

About four lines a bill and five bills an account, spread over the nine regions of Larkspur Health; some bills have
discounts, co-pays paid at the desk, write-offs. Nobody in it is real.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import TextIO

from caretill.core.money import plain
from caretill.formats import bill_csv

REGIONS = (
    ("california", "CA", "900"), ("colorado", "CO", "802"), ("district-of-columbia", "DC", "200"),
    ("georgia", "GA", "303"), ("hawaii", "HI", "968"), ("maryland", "MD", "212"), ("oregon", "OR", "972"),
    ("virginia", "VA", "232"), ("washington", "WA", "981"),
)  # fmt: skip
FIRST = ("Ana", "Ben", "Carla", "David", "Elena", "Farid", "Grace", "Hugo", "Iris", "Jonas", "Kiara", "Luis", "Mei")
LAST = ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel", "Ivy", "Juniper", "Laurel", "Maple")
SERVICES = (
    ("Office visit", "LOCAL", 12_000), ("Blood test", "LOCAL", 3_500), ("X-ray of the chest", "LOCAL", 18_900),
    ("Emergency room visit", "LOCAL", 96_000), ("Physical therapy, 15 minutes", "LOCAL", 5_400),
    ("Flu vaccine", "CVX", 4_100), ("Amoxicillin 500 MG capsule", "RxNorm", 1_250),
    ("Operating room", "LOCAL", 450_000),
)  # fmt: skip
KINDS = (("hospital", "H"), ("professional", "P"), ("pharmacy", "R"))
FIRST_DAY = date(2025, 1, 1)
Row = tuple[str, ...]


def rows(lines: int, seed: int = 1) -> Iterator[tuple[str, Row]]:
    """(table, row) in the order of accounts: each account, its people, its bills with their lines and payments."""
    chance = random.Random(seed)
    made = bill = 0
    for account in range(1, lines + 1):
        if made >= lines:
            return
        region, state, prefix = REGIONS[chance.randrange(len(REGIONS))]
        number, last = f"F{account:08d}", LAST[chance.randrange(len(LAST))]
        yield (
            "accounts",
            (region, number, FIRST[chance.randrange(len(FIRST))], last, f"{chance.randrange(1, 999)} Example Street",
             "Sampleton", state, f"{prefix}{chance.randrange(100):02d}", f"payer{account}@example.org",
             "555-0100", "es" if account % 7 == 0 else "en", f"{chance.randrange(1, 400):06d}",
             f"{chance.randrange(1000):03d}", "A1"),
        )  # fmt: skip
        records = [f"{account * 10 + place:09d}" for place in range(1 + account % 2)]
        for place, record in enumerate(records):
            relation = "child" if place else "self"
            first = FIRST[chance.randrange(len(FIRST))]
            yield "people", (region, number, record, first, last, f"{1950 + chance.randrange(70)}-06-15", relation)
        for _ in range(min(chance.randrange(3, 8), lines - made)):
            if made >= lines:
                return
            bill += 1
            for table, row in _bill(chance, region, number, records, bill, lines - made):
                made += table == "lines"
                yield table, row


def families(count: int, bills: int, seed: int = 2) -> Iterator[tuple[str, Row]]:
    """As `rows`: so many accounts of two people (numbers F7...) with so many bills each (numbers end in 7...)."""
    chance = random.Random(seed)
    for family in range(1, count + 1):
        region, state, prefix = REGIONS[family % len(REGIONS)]
        number, last = f"F7{family:07d}", LAST[chance.randrange(len(LAST))]
        address = (f"{family} Example Street", "Sampleton", state, f"{prefix}02", f"family{family}@example.org")
        yield "accounts", (region, number, "Elena", last, *address, "555-0100", "en", "000321", "001", "A1")
        records = [f"7{family * 10 + place:08d}" for place in range(2)]
        for record, first, born, relation in zip(
            records, ("Elena", "Mei"), (1980, 2015), ("self", "child"), strict=True
        ):
            yield "people", (region, number, record, first, last, f"{born}-06-15", relation)
        for each in range(bills):
            yield from _bill(chance, region, number, records, 7_000_000_000 + family * 1_000 + each, 7)


def _bill(
    chance: random.Random, region: str, account: str, records: list[str], number: int, most: int
) -> Iterator[tuple[str, Row]]:
    kind, letter = KINDS[chance.randrange(3)]
    name = f"{letter}{number:010d}"
    day = FIRST_DAY + timedelta(days=chance.randrange(500))
    issued = day + timedelta(days=chance.randrange(5, 30))
    count = max(1, min(most, chance.randrange(1, 8)))
    record = records[chance.randrange(len(records))]
    provider = f"Dr. {FIRST[chance.randrange(len(FIRST))]} {LAST[chance.randrange(len(LAST))]}"
    yield (
        "bills",
        (region, account, name, "1", kind, "", record, provider, day.isoformat(), day.isoformat(),
         issued.isoformat(), "", "USD"),
    )  # fmt: skip
    copay = 2_000 if chance.randrange(4) == 0 else 0
    for line in range(1, count + 1):
        service = chance.randrange(len(SERVICES))
        text, system, price = SERVICES[service]
        charge = price + chance.randrange(price)
        discount = charge // 4 if chance.randrange(3) == 0 else 0
        paid = (charge - discount) * chance.randrange(3) // 4
        rest = charge - discount - paid
        written_off = min(rest, 500) if chance.randrange(20) == 0 else 0
        amounts = (charge, discount, paid, copay if line == 1 else 0, 0, rest - written_off, 0, written_off)
        yield (
            "lines",
            (region, name, str(line), day.isoformat(), system, str(1000 + service), text, "1", *map(plain, amounts)),
        )
    if copay:
        yield "payments", (region, name, "D1", "1", day.isoformat(), plain(copay), "desk")


def write(folder: Path, lines: int, seed: int = 1) -> dict[str, int]:
    """Write the five files; how many rows each has."""
    folder.mkdir(parents=True, exist_ok=True)
    counts = dict.fromkeys(bill_csv.FAMILY.by_name, 0)
    with ExitStack() as opened:
        files: dict[str, TextIO] = {}
        for name, table in bill_csv.FAMILY.by_name.items():
            files[name] = opened.enter_context((folder / f"{name}.csv").open("w", encoding="utf-8", newline=""))
            header = [column.name for column in table.columns if not column.optional]
            files[name].write(bill_csv.write([header]))
        held: dict[str, list[Row]] = {name: [] for name in files}
        for name, row in rows(lines, seed):
            held[name].append(row)
            counts[name] += 1
            if len(held[name]) == 1_000:
                files[name].write(bill_csv.write(held[name]))
                held[name].clear()
        for name, rest in held.items():
            files[name].write(bill_csv.write(rest))
    return counts


def main() -> None:
    """Write a delivery and say how many rows each table has."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    counts = write(options.folder, options.lines, options.seed)
    print(", ".join(f"{count:,} {name}" for name, count in counts.items()))


if __name__ == "__main__":
    main()
