"""People who pay: now, twice, halfway, from two tabs, and who come back when the page broke."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from random import Random
from uuid import UUID

from caretill.core import clock, sql
from caretill.payments import look, refund, take
from caretill.payments.gateways.base import GatewayRefused, GatewayUnknown
from caretill.regions import catalog
from caretill.sim.life.counter import DECLINED, FAILS_BACK, GOOD, LOST, SLOW_BACK, STEP, WON, Counter
from caretill.sim.life.edges import Crash, Edges
from caretill.sim.life.oracle import Intent, Oracle
from caretill.sim.life.town import Owed, Town

CARDS = (GOOD,) * 16 + (STEP,) * 4 + (DECLINED,) * 4 + (SLOW_BACK, SLOW_BACK, FAILS_BACK, LOST, WON)
TRIES = 4
BEGUN = ("open", "ended", "not_sent")  # the key stands for something from here on


class People:
    """Everybody in a town. `done` counts errands by name."""

    def __init__(self, seed: int, chance: Random, town: Town, counter: Counter, oracle: Oracle, edges: Edges) -> None:
        self.seed, self.chance = seed, chance
        self.town, self.counter, self.oracle, self.edges = town, counter, oracle, edges
        self.done: dict[str, int] = {}
        self._keys = 0
        self.refunds: dict[str, UUID] = {}  # refund: the key under which the office asked for it

    def errands(self) -> list[tuple[Callable[[], None], int]]:
        """What these people do, and how often next to each other."""
        return [(self.pay, 12), (self.pay_several, 4), (self.give_back, 3)]

    def errand(self, more: Sequence[tuple[Callable[[], None], int]] = ()) -> None:
        """Somebody does something."""
        every = [*self.errands(), *more]
        errand = self.chance.choices([each for each, _ in every], [weight for _, weight in every])[0]
        self.done[errand.__name__] = self.done.get(errand.__name__, 0) + 1
        errand()

    def key(self) -> UUID:
        """The key that a form was made with."""
        self._keys += 1
        return UUID(int=(self.seed << 64) + self._keys)

    def pay(self) -> None:
        """One bill: all of it mostly, a part, or more than is owed."""
        bill = self.chance.choice(self.town.owed())
        self._pay((bill,), self.amounts((bill,)))

    def pay_whole(self, bill: Owed) -> None:
        """All of a bill, by a good card, on a good day."""
        ask = self._ask((bill,), (bill.charge_cents,))
        answer = take.pay(ask)
        if answer.code == "open" and answer.payment_id and self.counter.pay(answer.url, GOOD):
            look.came_back(ask.account_id, answer.payment_id)

    def pay_several(self) -> None:
        """Several bills at once, of one account or of a family's."""
        region = self.chance.choice(self.town.families).region
        near = [bill for bill in self.town.owed() if bill.region == region]
        shared = [bill for bill in near if processor_of(bill) == processor_of(near[0])]
        bills = tuple(self.chance.sample(shared, min(len(shared), self.chance.choice((1, 2, 2, 3)))))
        self._pay(bills, self.amounts(bills))

    def give_back(self) -> None:
        """The office gives money back, in part or whole; its page may break and be sent again."""
        rows = sql.query(
            "SELECT account_id, id, captured_cents - refunded_cents AS rest FROM payments_payment"
            " WHERE state = 'succeeded' AND captured_cents > refunded_cents ORDER BY key"
        )
        if not rows:
            return
        row = self.chance.choice(rows)
        cents = row["rest"] if self.chance.random() < 0.4 else self.chance.randint(1, row["rest"])
        self._give(row["account_id"], row["id"], cents)
        if cents * 2 <= row["rest"] and self.chance.random() < 0.4:
            self._give(row["account_id"], row["id"], cents)  # the same once more, on purpose

    def _give(self, account_id: UUID, payment_id: UUID, cents: int) -> None:
        key = self.key()
        for _ in range(TRIES):
            with suppress(Crash, GatewayUnknown), self.edges.risk(self.rival):
                with suppress(GatewayRefused):
                    answer = refund.refund(account_id, payment_id, cents, key, "asked for")
                    made = str(answer.get("refund_id", key))
                    if self.refunds.setdefault(made, key) != key:
                        self.oracle.seen.append(f"{cents} were to be given back twice, and are once: {made}")
                return

    def amounts(self, bills: tuple[Owed, ...]) -> tuple[int, ...]:
        """What somebody wants to pay of each: all mostly, a part, or too much."""

        def amount(bill: Owed) -> int:
            way = self.chance.random()
            row = sql.one(
                "SELECT debits_posted - credits_posted - credits_pending AS open FROM ledger_balance"
                " WHERE account_id = %s AND kind = 'receivable' AND ref = %s",
                (bill.account_id, bill.bill_id),
            )
            open_cents = int(row["open"]) if row else 0
            if way < 0.65 and open_cents > 0:
                return open_cents
            if way < 0.9 and open_cents > 1:
                return self.chance.randint(1, open_cents)
            return open_cents + self.chance.randint(1, 500)

        return tuple(amount(bill) for bill in bills)

    def _ask(self, bills: tuple[Owed, ...], amounts: tuple[int, ...]) -> take.Ask:
        payer = bills[0].account_id
        own = tuple(
            (bill.bill_id, cents) for bill, cents in zip(bills, amounts, strict=True) if bill.account_id == payer
        )
        others = tuple(
            (bill.account_id, bill.bill_id, cents)
            for bill, cents in zip(bills, amounts, strict=True)
            if bill.account_id != payer
        )
        key = self.key()
        ask = take.Ask(
            key=key,
            account_id=payer,
            region=bills[0].region,
            parts=own,
            payer_name="Pat",
            email="",
            language=self.chance.choice(("en", "es")),
            visit=key.bytes,
            statement_name="Larkspur",
            processor_account=processor_of(bills[0]),
            network=f"10.0.0.{self.chance.randrange(250)}",
            others=others,
        )
        self.oracle.asks(Intent(key, payer, ask.bills))
        return ask

    def _pay(self, bills: tuple[Owed, ...], amounts: tuple[int, ...]) -> None:
        ask = self._ask(bills, amounts)
        answer = self._press(ask)
        if answer is not None and self.chance.random() < 0.1:
            answer = self._press(ask) or answer  # a double click, or Back and again
        if answer is not None and answer.code in BEGUN and self.chance.random() < 0.15:
            self._changed(ask)
        if answer is None or answer.code != "open" or answer.payment_id is None:
            return
        way = self.chance.random()
        if way < 0.08:
            return  # the browser is closed
        if way < 0.16:
            self._give_up(ask.account_id, answer.payment_id)
            return
        led_back = self.counter.pay(answer.url, self.chance.choice(CARDS))
        if led_back and self.chance.random() < 0.8:
            self._come_back(ask.account_id, answer.payment_id)
        elif self.chance.random() < 0.1:
            self._give_up(ask.account_id, answer.payment_id)

    def _press(self, ask: take.Ask) -> take.Answer | None:
        """Press Pay; where the page breaks, press again under the same key, or go away."""
        for _ in range(TRIES):
            try:
                with self.edges.risk(lambda: self._twin(ask)):
                    answer = take.pay(ask)
            except Crash:
                if self.chance.random() < 0.2:
                    return None
                continue
            if answer.code != "not_sent" or self.chance.random() < 0.3:
                return answer
        return None

    def _changed(self, ask: take.Ask) -> None:
        """A browser that sends another amount under a key that was used: it must be told, not taken for the first."""
        if not ask.parts:
            return
        (bill, cents), *rest = ask.parts
        answer = take.pay(replace(ask, parts=((bill, cents + 1), *rest)))
        if answer.code in BEGUN:
            self.oracle.seen.append(f"another amount under a used key was answered {answer.code}: {ask.key}")

    def _twin(self, ask: take.Ask) -> None:
        """At the same moment: the same form once more, or the same bills from another tab."""
        if self.chance.random() < 0.5:
            take.pay(ask)
            return
        wanted = {bill for _, bill, _ in ask.bills}
        self.rival([bill for bill in self.town.owed() if bill.bill_id in wanted] if self.chance.random() < 0.6 else [])

    def rival(self, wanted: Sequence[Owed] = ()) -> None:
        """Somebody else wants a bill at the same moment: one of those that are `wanted`, or any."""
        bill = self.chance.choice(wanted or self.town.owed())
        take.pay(self._ask((bill,), self.amounts((bill,))))

    def _come_back(self, account_id: UUID, payment_id: UUID) -> None:
        for _ in range(TRIES):
            with suppress(Crash), self.edges.risk(self.rival):
                look.came_back(account_id, payment_id)
                return

    def _give_up(self, account_id: UUID, payment_id: UUID) -> None:
        for _ in range(TRIES):
            with suppress(Crash, GatewayUnknown), self.edges.risk(self.rival):
                take.stop(account_id, payment_id)
                return


def processor_of(bill: Owed) -> str:
    """The account at the processor that takes money for that bill's payee."""
    return catalog.organisation().payees[bill.payee].processor_account


def now_text() -> str:
    """The simulated moment, for a failure's story."""
    return clock.now().isoformat(timespec="seconds")
