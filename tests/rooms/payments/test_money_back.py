"""Anything that money can do, in any order: the ledger agrees with a few sums kept beside it, and every law holds."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest

from caretill.cli import check
from caretill.core import sql
from caretill.payments import callbacks, credit, deposits, look, refund, returns, take
from caretill.regions import catalog
from house.cast import Bill, a_bill
from house.desk import Desk

MAIN = catalog.region("oregon").processor_accounts["medical_group"]
HELD = """
SELECT coalesce(sum(CASE kind WHEN 'receivable' THEN debits_posted - credits_posted END), 0)::bigint AS open_cents,
    coalesce(sum(CASE kind WHEN 'returned_item' THEN debits_posted - credits_posted END), 0)::bigint AS owed_cents,
    coalesce(sum(CASE WHEN kind IN ('credit', 'deposit') THEN credits_posted - debits_posted END), 0)::bigint
        AS kept_cents
FROM ledger_balance
"""


@dataclass
class Book:
    """The reference: what came, what went, what is owed. It knows nothing of ledgers."""

    charged: int = 0
    came: dict[UUID, int] = field(default_factory=dict)
    went: int = 0
    returned: dict[str, int] = field(default_factory=dict)
    disputes: dict[str, int] = field(default_factory=dict)


class Life:
    """One account, three bills, and whatever the seed says."""

    def __init__(self, processor: Desk, seed: int) -> None:
        self.draw, self.processor, self.book, self.seed = random.Random(seed), processor, Book(), seed
        self.versions = {f"P{seed}{place}": 1 for place in range(3)}
        self.bills = [self._bill(number, self.draw.randrange(1_000, 20_000)) for number in self.versions]
        self.account_id = self.bills[0].account_id

    def _bill(self, number: str, cents: int) -> Bill:
        made = a_bill(cents, family=f"life {self.seed}", number=number, version=self.versions[number])
        row = sql.one(
            "SELECT sum(CASE WHEN credit_kind = 'revenue' THEN amount_cents ELSE -amount_cents END)::bigint AS cents"
            " FROM ledger_transfer WHERE 'revenue' IN (credit_kind, debit_kind)"
        )
        assert row is not None
        self.book.charged = row["cents"]
        return made

    def pay(self) -> None:
        parts = []
        for bill in self.draw.sample(self.bills, self.draw.randrange(0, 3)):
            owed = bill.figures()["payable_cents"]
            if owed > 0:
                parts.append((bill.bill_id, self.draw.randrange(1, owed + 1)))
        deposit = self.draw.choice([0, 0, self.draw.randrange(1, 9_000)])
        if not parts and not deposit:
            return
        answer = take.pay(self.bills[0].ask(0, parts=tuple(parts), deposit_cents=deposit, processor_account=MAIN))
        if answer.code != "open" or answer.payment_id is None:
            return
        self.processor.card(answer.url)
        assert look.came_back(self.account_id, answer.payment_id) == "succeeded"
        self.book.came[answer.payment_id] = deposit + sum(cents for _, cents in parts)

    def _one(self) -> tuple[UUID, int] | None:
        return self.draw.choice(sorted(self.book.came.items())) if self.book.came else None

    def refund(self) -> None:
        if found := self._one():
            cents = self.draw.randrange(1, found[1] + 1)
            answer = refund.refund(self.account_id, found[0], cents, uuid4(), "asked")
            self.book.went += cents if answer["code"] == "refunded" else 0

    def bring_back(self) -> None:
        if found := self._one():
            name = f"line {len(self.book.returned)}"
            answer = returns.apply_return(self.account_id, found[0], found[1], "R01", name)
            if answer["code"] == "returned":
                self.book.returned[name] = found[1]
            assert returns.apply_return(self.account_id, found[0], found[1], "R01", name)["code"] != "returned"

    def undo(self) -> None:
        if self.book.returned:
            name = self.draw.choice(sorted(self.book.returned))
            if returns.undo(self.account_id, name)["code"] == "undone":
                self.book.returned[name] = 0

    def dispute(self) -> None:
        if found := self._one():
            row = sql.one("SELECT charge_ref FROM payments_payment WHERE id = %s", (found[0],))
            assert row is not None
            made = self.processor.shell.admin("POST", "disputes", {"charge": row["charge_ref"]})
            if "error" not in made:
                self.book.disputes[made["id"]] = made["amount_cents"]

    def decide(self) -> None:
        if self.book.disputes:
            name = self.draw.choice(sorted(self.book.disputes))
            status = self.draw.choice(["won", "lost"])
            made = self.processor.shell.admin("POST", f"disputes/{name}", {"status": status})
            if "error" not in made and status == "lost":
                self.book.went += self.book.disputes[name]

    def use(self) -> None:
        bill = self.draw.choice(self.bills)
        self.draw.choice([deposits.apply, credit.apply])(self.account_id, bill.bill_id, uuid4())

    def ask_back(self) -> None:
        answer = self.draw.choice([deposits.refund_rest, credit.give_back])(self.account_id, uuid4())
        self.book.went += sum(each["amount_cents"] for each in answer["refunds"] if each["code"] == "refunded")

    def change(self) -> None:
        number = self.draw.choice(sorted(self.versions))
        self.versions[number] += 1
        self._bill(number, self.draw.randrange(1_000, 20_000))

    def step(self) -> None:
        """One thing, drawn; then the processor's messages come."""
        names = ["pay"] * 4 + ["refund", "bring_back", "undo", "dispute", "decide", "use", "use", "ask_back", "change"]
        getattr(self, self.draw.choice(names))()
        self.processor.shell.flush()
        callbacks.apply_due()

    def agrees(self) -> None:
        """What came less what went is on bills or kept; what went twice is owed."""
        row = sql.one(HELD)
        assert row is not None
        here = self.book.charged - row["open_cents"] + row["kept_cents"] - row["owed_cents"]
        there = sum(self.book.came.values()) - self.book.went - sum(self.book.returned.values())
        assert here == there, (row, self.book)


def live(processor: Desk, seed: int, steps: int, every: int) -> None:
    life = Life(processor, seed)
    for count in range(1, steps + 1):
        life.step()
        life.agrees()
        if count % every == 0:
            assert check.broken() == {}, f"seed {seed}, step {count}"


@pytest.mark.parametrize("seed", range(3))
def test_a_few_lives(processor: Desk, seed: int) -> None:
    live(processor, seed, 16, 8)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 112))
def test_more_lives_every_law_after_each_step(processor: Desk, seed: int) -> None:
    live(processor, seed, 30, 3)
