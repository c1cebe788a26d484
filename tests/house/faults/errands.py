"""Payers at work: each errand from its bill to whatever end it finds, and what the payer was shown."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from caretill.core import clock
from house.browser import Browser, Request
from house.faults.person import DECLINED, GaveUp, Person, Told, Visit
from house.faults.plan import Task
from house.stack import Stack

WAIT_SECONDS = 90.0
MakeVisit = Callable[[Browser, dict[str, Any], int, str], Visit]


@dataclass
class Outcome:
    """What became of an errand as the payer saw it."""

    task: Task
    last: str = ""
    paid_cents: list[int] = field(default_factory=list)
    seconds: float = 0.0
    broken: int = 0
    sorry: int = 0


class Errands:
    """Runs errands with some payers at once. `faults` of an errand are set when its checkout is first asked for."""

    def __init__(
        self, stack: Stack, makers: dict[str, MakeVisit], tasks: list[Task], bills: dict[str, list[dict[str, Any]]]
    ) -> None:
        """`makers` and `bills` by manner, with one under "" for all the others."""
        self.stack, self.makers = stack, makers
        self.tasks, self.bills = tasks, bills
        self.done: list[Outcome] = []
        self._by_amount = {task.amount_cents: task for task in tasks}
        self._armed: set[int] = set()
        self._lock = threading.Lock()
        stack.wire.on_create = self._arm

    def run(self, payers: int) -> None:
        with ThreadPoolExecutor(payers, thread_name_prefix="payer") as pool:
            for found in [pool.submit(self._errand, task) for task in self.tasks]:
                found.result()

    def _arm(self, asked: Mapping[str, Any]) -> None:
        """A checkout is asked for: whose it is, the amount tells."""
        task = self._by_amount.get(asked["amount_cents"])
        with self._lock:
            if task is None or task.number in self._armed:
                return
            self._armed.add(task.number)
        for name, more in task.asked():
            if not name.startswith(("refund_", "charges_")):
                self.stack.fault(name, match={"reference": asked["reference"]}, **more)

    def _errand(self, task: Task) -> None:
        began = clock.monotonic()
        outcome = Outcome(task)
        person = self._person(task, 0, task.amount_cents)
        person.step = task.step
        try:
            told = MANNERS[task.manner](self, task, person, outcome)
            outcome.last = told.kind if told else "left"
        except GaveUp as tired:
            outcome.last = f"gave up: {tired}"
        if "succeeded" in person.shown:
            outcome.paid_cents.append(task.amount_cents)
        outcome.seconds = clock.monotonic() - began
        outcome.broken, outcome.sorry = person.broken, person.sorry
        with self._lock:
            self.done.append(outcome)

    def _person(self, task: Task, which: int, amount_cents: int) -> Person:
        browser = Browser(f"127.{2 + which}.{task.number % 40}.{1 + task.number % 16}")
        bills = self.bills.get(task.manner) or self.bills[""]
        make = self.makers.get(task.manner) or self.makers[""]
        return Person(
            make(browser, bills[task.number % len(bills)], amount_cents, task.email), random.Random(task.seed)
        )

    # Manners

    def pays(self, task: Task, person: Person, _: Outcome) -> Told | None:
        told = self._press(person)
        if told.kind != "open":
            return told
        told_ = person.at_processor(told.url, list(task.cards))
        return person.wait(told_, WAIT_SECONDS) if told_ else None

    def closes(self, task: Task, person: Person, _: Outcome) -> Told | None:
        told = self._press(person)
        if told.kind == "open":
            person.at_processor(told.url, list(task.cards)[:1], closes=True)
        return None

    def gives_up(self, _: Task, person: Person, __: Outcome) -> Told | None:
        person.begin()
        person.press(patient=False)
        return None

    def forgets(self, _: Task, person: Person, __: Outcome) -> Told | None:
        self._press(person)
        return None

    def cancels(self, _: Task, person: Person, __: Outcome) -> Told | None:
        told = self._press(person)
        return person.cancel(told.url) if told.kind == "open" else told

    def doubles(self, task: Task, person: Person, outcome: Outcome) -> Told | None:
        """Two presses of one button at the same moment."""
        person.begin()
        with ThreadPoolExecutor(2) as pool:
            told, _ = [found.result() for found in [pool.submit(person.press) for _ in range(2)]]
        return self._pay_at(told, task, person)

    def back(self, task: Task, person: Person, _: Outcome) -> Told | None:
        """Back from the processor's page, and pressed again; and once more after it was paid."""
        first = self._press(person)
        told = person.press_again()
        assert told.url == first.url, "the same browser goes on with the page it had"
        ended = self._pay_at(told, task, person)
        if ended is not None and ended.kind == "succeeded":
            again = person.press_again()
            assert again.kind in ("succeeded", "paid"), again
        return ended

    def two_browsers(self, task: Task, person: Person, outcome: Outcome) -> Told | None:
        """Somebody else is at the same bill."""
        told = self._press(person)
        other = self._person(task, 1, task.amount_cents + 20_000)
        other.begin()
        held = other.press()
        assert held.kind == "being_paid", held
        ended = self._pay_at(told, task, person)
        if ended is not None and ended.kind == "succeeded":
            second = self._pay_at(other.press(), task, other)
            if second is not None and second.kind == "succeeded":
                outcome.paid_cents.append(task.amount_cents + 20_000)
        return ended

    def declined(self, task: Task, person: Person, _: Outcome) -> Told | None:
        """Five times no. The bill is owed as before, and another card pays it."""
        told = self._pay_at(self._press(person), task, person)
        if told is None or told.kind != "failed":
            return told
        return self._pay_at(self._press(person), task, person, [task.cards[0].replace(DECLINED, "4111111111111111")])

    def _press(self, person: Person) -> Told:
        person.begin()
        return person.press()

    def _pay_at(self, told: Told, task: Task, person: Person, cards: list[str] | None = None) -> Told | None:
        if told.kind != "open":
            return told
        ended = person.at_processor(told.url, cards or list(task.cards))
        return person.wait(ended, WAIT_SECONDS) if ended else None


MANNERS: dict[str, Callable[[Errands, Task, Person, Outcome], Told | None]] = {
    "pays": Errands.pays,
    "refunds": Errands.pays,
    "refunded_there": Errands.pays,
    "refuses_step": Errands.pays,
    "closes": Errands.closes,
    "gives_up": Errands.gives_up,
    "forgets": Errands.forgets,
    "cancels": Errands.cancels,
    "doubles": Errands.doubles,
    "back": Errands.back,
    "two_browsers": Errands.two_browsers,
    "declined": Errands.declined,
    "several": Errands.pays,
    "silence": Errands.pays,
}
__all__ = ["Errands", "MakeVisit", "Outcome", "Request"]
