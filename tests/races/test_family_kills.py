"""A family pays, and a program of ours is killed with -9 in the middle of a step of one of its accounts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from caretill import ROOT
from house.browser import Browser
from house.faults import books
from house.faults.person import GOOD
from house.stack import Stack, open_bills, until

pytestmark = pytest.mark.slow
ACCOUNTS, LEAST_CENTS, FIRST_CENTS, WAIT_SECONDS = 4, 5_000, 1_000, 60.0
CARD = {"number": GOOD, "expiry": "12/40", "security_code": "123", "name": "Pat Payer", "zip": "97201"}


class Family:
    """Five bills of four accounts, in the order in which they are held; the payer's program and who pays."""

    def __init__(self, stack: Stack, folder: Path, bills: list[dict[str, Any]], number: int) -> None:
        self.stack, self.number = stack, number
        self.bills = sorted(bills, key=lambda bill: (bill["account_id"], bill["bill_id"]))
        self.cents = [FIRST_CENTS + 10 * number + place for place in range(len(bills))]
        self.file = folder / f"family{number}.json"
        told = {
            "key": str(uuid4()),
            "region": bills[0]["region"],
            "processor_account": "main",
            "bills": [
                [str(bill["account_id"]), str(bill["bill_id"]), cents]
                for bill, cents in zip(self.bills, self.cents, strict=True)
            ],
        }
        self.file.write_text(json.dumps(told), encoding="utf-8")

    def program(self) -> subprocess.Popen[str]:
        """The payer's press of the button, as a process of its own; the database shows it as `payer`."""
        environment = {**os.environ, **self.stack.environment, "PGAPPNAME": "payer"}
        command = [sys.executable, "-m", "house.faults.family_payer", str(self.file)]
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)

    def pressed(self) -> str:
        """Press to the end; the processor's page."""
        told, _ = self.program().communicate(timeout=WAIT_SECONDS)
        code, _, url = told.strip().partition(" ")
        assert code == "open", told
        return url

    def hold(self, place: int) -> Any:
        """Whoever wants to move that bill stands still."""
        bill = self.bills[place]["bill_id"]
        return self.stack.hold(
            "SELECT 1 FROM ledger_balance WHERE kind = 'receivable' AND ref = %s FOR UPDATE", (bill,)
        )

    def shares(self) -> list[str]:
        """The states of its accounts' shares, as far as there are any."""
        rows = self.stack.rows(
            "SELECT s.state FROM payments_share s JOIN payments_payment p ON p.id = s.payment_id"
            " WHERE p.amount_cents = %s ORDER BY s.account_id",
            (sum(self.cents),),
        )
        return [row["state"] for row in rows]

    def pays(self, url: str) -> None:
        """A card, and the browser is closed: what follows is left to the processor's message and our worker."""
        browser = Browser(f"127.7.0.{self.number + 1}")
        browser.stays = True
        browser.send(browser.get(url).form("number").filled(CARD))

    def paid(self) -> bool:
        """Whether every bill has its amount from it, and nothing is left to do."""
        rows = self.stack.rows(
            "SELECT t.amount_cents FROM ledger_transfer t JOIN payments_payment p ON p.id = t.payment_id"
            " JOIN payments_attempt a ON a.payment_id = p.id WHERE p.amount_cents = %s AND t.phase = 'post'"
            " AND t.debit_kind = 'forwarded' AND a.lease_until IS NULL ORDER BY 1",
            (sum(self.cents),),
        )
        return [row["amount_cents"] for row in rows] == self.cents


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Iterator[Family]]:
    """Families of one region, one after the other; afterwards the processor's log and the ledger are one to one."""
    folder = tmp_path_factory.mktemp("families")
    with Stack(lines=2_400) as stack:
        yield _families(stack, folder)
        books.settle(stack)
        assert books.differences(stack) == []
        assert books.receipts(stack) == []
        assert " 0 broken" in stack.run("check")


def _families(stack: Stack, folder: Path) -> Iterator[Family]:
    regions: dict[str, dict[Any, list[dict[str, Any]]]] = {}
    for bill in open_bills(stack, LEAST_CENTS):
        regions.setdefault(bill["region"], {}).setdefault(bill["account_id"], []).append(bill)
    number = 0
    for accounts in regions.values():
        left = sorted(accounts.values(), key=len)
        while len(left) >= ACCOUNTS and len(left[-1]) > 1:
            two, *ones = left.pop(), *(left.pop(0) for _ in range(ACCOUNTS - 1))
            yield Family(stack, folder, [*two[:2], *(bills[0] for bills in ones)], number)
            number += 1


@pytest.mark.parametrize("undo", [True, False], ids=["undone", "unheard"])
@pytest.mark.parametrize("place", [0, 2, 4])
def test_the_payers_program_is_killed_while_it_holds_an_account(
    families: Iterator[Family], place: int, undo: bool
) -> None:
    made = next(families)
    with made.hold(place) as hold:
        program = made.program()
        caught = hold.caught("payer", "payments_share_reserve", WAIT_SECONDS)
        program.kill()
        program.wait(10)
        before = made.shares()
        assert set(before) <= {"reserved"} and len(before) < ACCOUNTS
        if undo:
            hold.undo(caught)
            assert made.shares() == before
    made.pays(made.pressed())
    until(WAIT_SECONDS, "every bill is paid", made.paid)
    assert made.shares() == ["booked"] * ACCOUNTS


@pytest.mark.parametrize("undo", [True, False], ids=["undone", "unheard"])
@pytest.mark.parametrize("place", [0, 2, 4])
def test_the_worker_is_killed_while_it_books_an_account(families: Iterator[Family], place: int, undo: bool) -> None:
    made = next(families)
    url = made.pressed()
    with made.hold(place) as hold:
        made.pays(url)
        caught = hold.caught("worker", "payments_share_end", WAIT_SECONDS)
        made.stack.kill("worker")
        assert made.shares().count("booked") < ACCOUNTS
        assert not made.paid()
        if undo:
            hold.undo(caught)
    until(WAIT_SECONDS, "every bill is paid", made.paid)
    assert made.shares() == ["booked"] * ACCOUNTS


def test_nobody_presses_again_and_all_of_it_falls_free(families: Iterator[Family]) -> None:
    """Killed between two accounts, and the payer gives up: the time runs out, and every bill is free."""
    made = next(families)
    with made.hold(3) as hold:
        program = made.program()
        hold.caught("payer", "payments_share_reserve", WAIT_SECONDS)
        program.kill()
        program.wait(10)
    stack = made.stack
    stack.do(
        "UPDATE payments_payment SET expires_at = now() - interval '1 minute' WHERE amount_cents = %s",
        (sum(made.cents),),
    )

    def free() -> bool:
        stack.pass_time()
        return made.shares() == ["released"] * ACCOUNTS

    until(WAIT_SECONDS, "every share is released", free)
    bills = [bill["bill_id"] for bill in made.bills]
    assert stack.rows("SELECT 1 FROM payments_claim WHERE bill_id = ANY(%s)", (bills,)) == []
