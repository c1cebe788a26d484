"""Years of debits by chance, the same for the same seed: banks send back what they like, programs die, laws are asked.

Nothing is presented more often, later or in another amount than the rules allow; no cent is left over.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from caretill.ach import again, build, send, settle
from caretill.cli import check
from caretill.core import clock, sql
from caretill.formats import nacha_codes
from caretill.methods import mandates
from caretill.payments import charge
from house.cast import Bill, a_bill
from house.debits import MONDAY, Bank, a_return, entry, queued, state, took
from house.nacha_reader import judge
from house.saved import a_bank, agreed, saved_ask

DAYS = 240
FATES = ["R01", "R01", "R01", "R09", "R09", "R02", "R10", "R08", "R16", "R29", "R68", "R73", "R99", "", "", "", "", ""]


class History:
    """One organisation's debits over many days."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.bank = Bank()
        self.bills: list[Bill] = []
        self.made: list[UUID] = []
        self.seen: Counter[str] = Counter()

    def day(self) -> None:
        """New debits, cancellations, a file, what settles, what comes back, what goes again."""
        if len(self.bills) < 40:
            self.bills.append(a_bill(20_000, family=f"h{len(self.bills)}"))
        for bill in self.chance.sample(self.bills, min(3, len(self.bills))):
            self._pay(bill)
        if self.made and self.chance.random() < 0.3:
            row = sql.one("SELECT account_id, mandate_id FROM payments_payment WHERE id = %s", (self.made[-1],))
            assert row is not None
            if self.chance.random() < 0.5:
                mandates.end(row["account_id"], row["mandate_id"], "cancelled")
            else:
                charge.withdraw(row["account_id"], self.made[-1])
        again.present()
        build.build()
        if self.chance.random() < 0.9:
            for sent in send.send(self.bank):
                assert not judge(self.bank.files[sent.name]).wrong
        settle.settle()
        self._come_back()

    def _pay(self, bill: Bill) -> None:
        owed = bill.figures()["payable_cents"]
        if owed < 100:
            return
        method = a_bank(bill)
        ask = saved_ask(bill, self.chance.randint(100, owed), method, mandate_id=agreed(bill, method))
        answer = charge.charge(ask)
        if answer.code == "queued" and answer.payment_id:
            self.made.append(answer.payment_id)

    def _come_back(self) -> None:
        rows = sql.query(
            "SELECT e.* FROM ach_entry e JOIN ach_file f ON f.id = e.file_id AND f.state = 'sent'"
            " WHERE e.kind = 'debit' ORDER BY e.trace DESC LIMIT 12"
        )
        lines = []
        for row in rows:
            code = self.chance.choice(FATES)
            if code and self.chance.random() < 0.35:
                more = {"return_trace": "091499990000001", "return_code": "R01"} if code in ("R68", "R73") else {}
                lines.append(a_return(row, code, information="" if more else str(self.chance.random()), **more))
        if lines:
            told = took(*lines)
            self.seen.update({"applied": told.applied, "repeat": told.repeated, "quarantined": told.quarantined})
            assert told.lines == told.applied + told.repeated + told.noted + told.quarantined


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_histories_break_no_rule(db: None, seed: int) -> None:
    history = History(seed)
    with clock.fixed(MONDAY) as now:
        for day in range(DAYS // 4):
            history.day()
            now.advance(days=history.chance.choice((1, 1, 1, 3, 9)))
            if day % 10 == 0:
                assert check.broken() == {}
        row = sql.one(
            "SELECT max(presentment) AS most, count(*) FILTER (WHERE presentment > 1) AS again, count(*) AS entries,"
            " count(DISTINCT payment_id) AS payments FROM ach_entry WHERE kind = 'debit'"
        )
    assert row is not None and row["most"] == 3 and row["again"] > 3, row
    assert row["entries"] == row["payments"] and history.seen["applied"] > 20 and history.seen["quarantined"] > 5
    limits = nacha_codes.windows()
    spans = sql.query(
        "SELECT e.effective_on - f.effective_on AS days, e.amount_cents = f.amount_cents AS same"
        " FROM ach_entry e JOIN ach_entry f ON f.account_id = e.account_id AND f.id = e.first_id"
        " WHERE e.presentment > 1"
    )
    assert all(each["same"] and 0 < each["days"] <= limits.again_days for each in spans)


BUILDER = """
import sys, django
from datetime import datetime, UTC
django.setup()
from caretill.ach import build, send
from caretill.core import clock
from pathlib import Path
build.SET_ROWS = 20
with clock.fixed(datetime(2026, 11, 23, 18, 0, tzinfo=UTC)):
    print("ready", flush=True)
    build.build()
    send.send(send.Folder(Path(sys.argv[1])))
"""


@pytest.mark.slow
def test_killed_wherever_it_is_a_build_files_each_debit_once(db: None, tmp_path: Path) -> None:
    with clock.fixed(MONDAY):
        made = [queued(a_bill(20_000, family=f"k{number}"), 1_000 + number) for number in range(200)]
    chance = Random(7)
    kills = 0
    for turn in range(12):
        running = subprocess.Popen(
            [sys.executable, "-c", BUILDER, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
        )
        assert running.stdout is not None and running.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.0, 0.25))
        if running.poll() is None and turn < 11:
            running.send_signal(signal.SIGKILL)
            kills += 1
        running.wait(60)
        running.stdout.close()
    with clock.fixed(MONDAY + timedelta(seconds=1)):
        build.build()
        send.send(send.Folder(tmp_path))
    told = [judge(path.read_bytes()) for path in tmp_path.glob("ach-*.ach")]
    assert kills > 3 and not any(each.wrong for each in told)
    assert sum(each.entries for each in told) == len(made)
    assert sum(each.debits for each in told) == sum(1_000 + number for number in range(200))
    assert {state(payment) for payment in made} == {"pending"}
    assert len({entry(payment)["trace"] for payment in made}) == len(made)
