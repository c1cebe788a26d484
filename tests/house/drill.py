"""The drill of a backup: guests pay without a pause, a backup is taken, and it becomes an installation elsewhere."""

from __future__ import annotations

import json
import random
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from caretill.config import embedded
from caretill.core import clock
from house.browser import Browser
from house.faults.guest import GuestVisit
from house.faults.person import GOOD, Person
from house.stack import Stack, open_bills

TRANSFERS = "SELECT transfer_id, md5(t::text) AS row FROM ledger_transfer t"


class Payers:
    """Guests who pay bill after bill while the block lasts. `paid` is how many were told that it went through."""

    def __init__(self, stack: Stack, hands: int, bills: int) -> None:
        self.stack, self.hands = stack, hands
        self.bills = open_bills(stack, 60_000)[:bills]
        self.paid, self.other = 0, list[str]()
        self._next = iter(enumerate(self.bills))
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._pay, args=(hand,), daemon=True) for hand in range(hands)]

    def __enter__(self) -> Payers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(120)

    def _pay(self, hand: int) -> None:
        while not self._stop.is_set():
            with self._lock:
                number, bill = next(self._next, (-1, None))
            if bill is None:
                return
            browser = Browser(f"127.5.{number // 250}.{number % 250 + 1}")
            visit = GuestVisit(self.stack, browser, bill, 1_000 + number, "payer@example.org")
            person = Person(visit, random.Random(number))
            try:
                person.begin()
                told = person.at_processor(person.press().url, [GOOD])
                kind = person.wait(told, 60).kind if told else "no answer"
            except Exception as error:  # told below: a payer who saw a fault fails the drill
                kind = f"{type(error).__name__}: {error}"
            with self._lock:
                self.paid += kind == "succeeded"
                self.other += [kind] if kind != "succeeded" else []


@dataclass
class Drilled:
    """What came of it. `before`, `after`: payments told as paid when the backup began and when it had ended."""

    made: dict[str, Any]
    restored: dict[str, Any]
    before: int
    after: int
    other: list[str]
    seconds: float


def drill(stack: Stack, file: Path, target: Path, hands: int = 2, bills: int = 2_000, first: int = 3) -> Drilled:
    """Back `stack` up to `file` while guests pay, and restore it to `target`, which must be new."""
    with Payers(stack, hands, bills) as payers:
        end = clock.monotonic() + 120
        while payers.paid < first and clock.monotonic() < end:
            threading.Event().wait(0.05)
        began, before = clock.monotonic(), payers.paid
        made = _last(stack.run("backup", "--to", str(file), "--json", timeout=1_800))
        seconds, after = clock.monotonic() - began, payers.paid
    restored = _last(stack.run("restore", str(file), "--data", str(target), "--json", timeout=3_600))
    return Drilled(made, restored, before, after, payers.other, seconds)


def transfers(data: Path) -> dict[Any, str]:
    """Every transfer of an installation, by its identity."""
    with embedded.Embedded(data), psycopg.connect(**embedded.dsn(data, embedded.SUPER)) as connection:
        return dict(connection.execute(TRANSFERS).fetchall())


def _last(text: str) -> dict[str, Any]:
    return dict(json.loads(text.strip().splitlines()[-1]))
