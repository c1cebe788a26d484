"""Something is killed with -9, and nobody notices more than a moment: each kill by itself, its seconds printed."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from caretill.core import clock
from house.browser import Broken, Browser
from house.faults import books
from house.faults.guest import GuestVisit
from house.faults.kills import SCENES, WAIT_SECONDS, Victim
from house.faults.person import GOOD, Person
from house.postbox import Postbox
from house.stack import Stack, open_bills, until

pytestmark = pytest.mark.slow
FIRST_CENTS = 50_000
PAYERS = 6
HANDS = 4


class House:
    """One stack for the kills of this file, and a bill for each payer."""

    def __init__(self, stack: Stack, postbox: Postbox) -> None:
        self.stack, self.postbox = stack, postbox
        self.bills = open_bills(stack, 60_000)
        self.payers = 0
        self.told = 0

    def visit(self) -> tuple[GuestVisit, dict[str, Any], int]:
        self.payers += 1
        bill, cents = self.bills[self.payers], FIRST_CENTS + self.payers
        browser = Browser(f"127.3.0.{self.payers}")
        return GuestVisit(self.stack, browser, bill, cents, "payer@example.org"), bill, cents

    def person(self) -> Person:
        visit, _, _ = self.visit()
        return Person(visit, random.Random(self.payers))

    def victim(self) -> Victim:
        visit, bill, cents = self.visit()
        return Victim(self.stack, visit, bill, cents, random.Random(self.payers))

    def pays(self) -> str:
        """A payment from the first page to the last."""
        person = self.person()
        person.begin()
        told = person.at_processor(person.press().url, [GOOD])
        assert told is not None
        return person.wait(told, WAIT_SECONDS).kind


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """Up for all of them; afterwards the processor's log and the ledger must be one to one, and every law hold."""
    postbox = Postbox()
    with Stack(lines=600, postbox=postbox) as stack:
        made = House(stack, postbox)
        yield made
        books.settle(stack)
        assert books.differences(stack) == []
        assert books.receipts(stack) == []
        assert " 0 broken" in stack.run("check")


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    def told(line: str) -> None:
        with capsys.disabled():
            print(f"\n  {line}", end="", flush=True)

    return told


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_killed_between_two_steps(house: House, scene: Callable[[Victim], str], say: Callable[[str], None]) -> None:
    victim = house.victim()
    assert scene(victim) == "succeeded"
    assert len(victim.logged("charge.captured")) == 1
    if victim.seconds:
        back = f"the web was back after {victim.back_seconds:.2f} s"
        say(f"{scene.__name__}: {back}, the payer's own retry through after {victim.seconds:.2f} s")


def test_worker_killed_while_a_receipt_is_handed_over(house: House) -> None:
    """The mail server has the mail and the worker is dead before it hears so: the second mail has the first's name."""
    house.postbox.stall()
    victim = house.victim()
    assert victim.pay(victim.open()) == "succeeded"
    assert house.postbox.reached.wait(WAIT_SECONDS)
    name = house.postbox.names()[-1]
    victim.kill("worker")
    house.postbox.go.set()
    house.stack.pass_time()
    until(WAIT_SECONDS, "the mail comes again", lambda: house.postbox.names().count(name) == 2)


def test_pages_come_back_when_the_database_was_killed(house: House, say: Callable[[str], None]) -> None:
    """Every answer meanwhile is a page, or says in words that the database is away: never a 500."""
    paths = ["/", f"/pay/{house.bills[0]['region']}/", "/readyz", "/check/"]
    seen: Counter[tuple[str, int]] = Counter()
    broken: list[str] = []
    stop = threading.Event()

    def look(hand: int) -> None:
        browser = Browser(f"127.4.0.{hand + 1}")
        while not stop.is_set():
            path = paths[hand % len(paths)]
            try:
                page = browser.get(house.stack.url("web") + path)
            except Broken as why:
                broken.append(f"{path}: {why}")
                continue
            seen[path, page.status] += 1
            time.sleep(0.02)

    with ThreadPoolExecutor(HANDS + PAYERS) as pool:
        hands = [pool.submit(look, hand) for hand in range(HANDS)]
        payers = [pool.submit(house.pays) for _ in range(PAYERS)]
        time.sleep(0.3)
        began = clock.monotonic()
        house.stack.kill_database()
        house.stack.web_answers()
        seconds = clock.monotonic() - began
        ends = [payer.result(120) for payer in payers]
        stop.set()
        for hand in hands:
            hand.result(30)
    say(f"the database was killed; pages were whole again after {seconds:.2f} s; answers meanwhile {dict(seen)}")
    assert {status for _, status in seen} <= {200, 503}
    assert broken == []
    assert ends == ["succeeded"] * PAYERS


def test_web_and_worker_and_processor_killed_together(house: House, say: Callable[[str], None]) -> None:
    with ThreadPoolExecutor(PAYERS) as pool:
        payers = [pool.submit(house.pays) for _ in range(PAYERS)]
        time.sleep(0.2)
        began = clock.monotonic()
        for name in ("worker", "web", "processor"):
            house.stack.kill(name)
        house.stack.web_answers()
        say(f"everything but the database was killed; pages were whole again after {clock.monotonic() - began:.2f} s")
        assert [payer.result(120) for payer in payers] == ["succeeded"] * PAYERS
