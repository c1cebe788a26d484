"""The bank of a seed: takes files of debits, moves money on their days, sends some of it back days later."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from random import Random
from uuid import UUID

from caretill.ach import again, build, returns, send, settle
from caretill.core import clock, sql
from caretill.formats import nacha, nacha_read
from caretill.formats.nacha import BatchHeader, FileHeader, Return
from caretill.formats.nacha_write import Entry, write
from caretill.methods import keep, mandates, upkeep, validate
from caretill.payments import charge
from caretill.payments.take import Answer
from caretill.regions import bankdays
from caretill.sim.life import calendar
from caretill.sim.life.counter import Taken
from caretill.sim.life.edges import Crash, Edges
from caretill.sim.life.oracle import Intent
from caretill.sim.life.people import TRIES, People, processor_of
from caretill.sim.life.town import Owed

ROUTING, THEIR_BANK = "123456780", "091499992"
PREFIX = "ach:"  # before the reference of a debit, so that no processor's is taken for it
# (code, banking days after settlement, weight): want of money, closed accounts, and what its holder says weeks later.
FATES = (("", 0, 80), ("R01", 1, 6), ("R09", 2, 2), ("R02", 1, 4), ("R03", 2, 2), ("R10", 12, 3), ("R07", 8, 2))

# Whether the bank or the files have anything to do at all.
_ANYTHING = """
    SELECT 1 AS yes WHERE EXISTS (SELECT 1 FROM methods_method WHERE kind = 'bank' AND state = 'checking')
        OR EXISTS (SELECT 1 FROM payments_attempt WHERE gateway = 'ach' AND state <> 'ended')
        OR EXISTS (SELECT 1 FROM ach_file WHERE state <> 'sent')
        OR EXISTS (SELECT 1 FROM ach_again WHERE state = 'waiting')
        OR EXISTS (SELECT 1 FROM ach_entry WHERE state IN ('filed', 'settling'))
        OR EXISTS (SELECT 1 FROM payments_refund r JOIN payments_attempt a USING (account_id, payment_id)
            WHERE a.gateway = 'ach' AND r.state NOT IN ('succeeded', 'failed'))
"""


@dataclass
class Debit:
    """An entry as the bank read it. `back_on` is when it comes back, where it does."""

    trace: str
    file: str
    reference: str
    cents: int
    code: int
    sec: str
    settles: date
    account: str = field(repr=False)
    why: str = ""
    back_on: date | None = None
    told: bool = False

    @property
    def name(self) -> str:
        """What tells it apart from every other."""
        return f"{self.file} {self.trace}"


class Bank:
    """A carrier of files, and what came of them. `struck` counts what went wrong on the way."""

    def __init__(self, chance: Random, edges: Edges) -> None:
        self.chance, self.edges = chance, edges
        self.files: dict[str, bytes] = {}
        self.debits: list[Debit] = []
        self.credits: list[tuple[str, str, int]] = []
        self.seen: list[str] = []
        self.struck = 0
        self.faults = True
        self.poor: set[str] = set()  # accounts in which there is never enough
        self.closed: dict[str, date] = {}  # those that a return called closed, and when the product was told
        self.unproved: set[str] = set()  # those that nobody proved but by a prenote
        self.prenotes: dict[str, date] = {}  # when their prenote went through

    def put(self, name: str, pieces: Iterator[bytes]) -> None:
        """A file arrives; a second time it must be the same."""
        self.edges.edge()
        got = b"".join(pieces)
        if name in self.files:
            if self.files[name] != got:
                self.seen.append(f"the file {name} was sent again with other bytes")
            return
        self.files[name] = got
        for entry in nacha_read.entries(io.BytesIO(got)):
            if entry.is_debit and entry.amount_cents:
                self._take(name, entry)
            elif not entry.amount_cents:
                self.prenotes.setdefault(entry.account.strip(), calendar.soonest(clock.now()))
            else:
                self.credits.append((f"{name} {entry.trace}", entry.individual_id.strip(), entry.amount_cents))
        self.edges.edge()

    def given_back(self) -> dict[str, tuple[str, int]]:
        """Credits that give a debit back: (the debit, cents). Small amounts that prove an account belong to none."""
        by_reference = {each.reference: each.name for each in self.debits}
        return {
            name: (by_reference[reference], cents)
            for name, reference, cents in self.credits
            if reference in by_reference
        }

    def _take(self, name: str, entry: nacha_read.ReadEntry) -> None:
        weights = [weight for _, _, weight in FATES]
        why, days, _ = self.chance.choices(FATES, weights)[0] if self.faults else FATES[0]
        account = entry.account.strip()
        if self.faults and account in self.poor:
            why, days = "R01", 1
        soonest = calendar.soonest(clock.now())
        wished = entry.batch.effective or soonest
        settles = max(calendar.after(wished, 0), soonest)
        self._judge(name, account, wished, settles)
        self.debits.append(
            Debit(
                entry.trace,
                name,
                entry.individual_id.strip(),
                entry.amount_cents,
                entry.code,
                entry.batch.sec,
                settles,
                account,
                why,
                calendar.after(settles, days) if why else None,
            )
        )
        self.struck += bool(why)

    def _judge(self, name: str, account: str, wished: date, settles: date) -> None:
        """What a bank would refuse, or its customer complain of."""
        if not calendar.works(wished):
            self.seen.append(f"a debit of {name} is to move on {wished}, when the banks rest")
        if account in self.closed and name > f"ach-{self.closed[account]:%Y%m%d}-~":
            self.seen.append(f"a debit of {name} from an account that was called closed on {self.closed[account]}")
        known = self.prenotes.get(account)
        if account in self.unproved and (known is None or settles <= calendar.after(known, 3)):
            self.seen.append(f"a debit of {name} from an account whose prenote went out on {known}")

    def taken(self) -> list[Taken]:
        """What has moved by now."""
        day = bankdays.eastern_day(clock.now())
        return [Taken(each.name, PREFIX + each.reference, each.cents) for each in self.debits if each.settles <= day]

    def returned(self) -> dict[str, tuple[str, int]]:
        """What came back, as far as the product was told."""
        return {each.name: (each.name, each.cents) for each in self.debits if each.told}

    def returns(self) -> bytes | None:
        """Today's file of returns; None where nothing comes back."""
        day = bankdays.eastern_day(clock.now())
        back = [each for each in self.debits if each.back_on and each.back_on <= day and not each.told]
        if not back:
            return None
        batches = [self._batch(number, each) for number, each in enumerate(back, 1)]
        out = io.BytesIO()
        write(FileHeader(ROUTING, THEIR_BANK, clock.now().replace(tzinfo=None)), batches, out)
        for each in back:
            each.told = True
        return out.getvalue()

    def _batch(self, number: int, debit: Debit) -> tuple[BatchHeader, list[Entry]]:
        header = BatchHeader("LARKSPUR", "1001000001", debit.sec, "BILL PYMT", THEIR_BANK[:8], None, nacha.MIXED)
        code = debit.code // 10 * 10 + 6
        back = Return(debit.why, debit.trace, THEIR_BANK[:8])
        return header, [Entry(code, ROUTING, "0123456789", debit.cents, "", "PAT", "", number, (back,))]


class Banking:
    """People's bank accounts, and the product's runs of the day with the bank."""

    def __init__(self, people: People, bank: Bank) -> None:
        self.people, self.bank, self.chance = people, bank, people.chance
        self.accounts: dict[str, list[UUID]] = {}  # family's number: methods
        self.waiting: list[bytes] = []  # files of returns that were not taken in yet
        self._given = 0
        self._pressed: list[tuple[UUID, UUID, UUID]] = []  # key, account, payment

    def pay_from_bank(self) -> None:
        """A debit, agreed to and pressed; some take it back before it leaves."""
        family = self.chance.choice(self.people.town.families)
        bill = self.chance.choice(sorted(family.bills.values(), key=lambda each: each.number))
        method_id = self._account(family.number, bill)
        (cents,) = self.people.amounts((bill,))
        key = self.people.key()
        mandate_id = self._agree(bill, method_id, cents)
        ask = charge.SavedAsk(
            key=key, account_id=bill.account_id, region=bill.region, parts=((bill.bill_id, cents),), payer_name="Pat",
            email="", language="en", statement_name="Larkspur", processor_account=processor_of(bill), channel="member",
            method_id=method_id, mandate_id=mandate_id, visit=key.bytes,
            network=f"10.0.2.{self.chance.randrange(250)}",
        )  # fmt: skip
        self.people.oracle.asks(Intent(key, bill.account_id, ask.bills))
        for _ in range(TRIES):
            try:
                with self.people.edges.risk(self.people.rival):
                    answer = charge.charge(ask)
            except Crash:
                continue
            self._right_day(method_id, answer)
            if answer.payment_id:
                self._pressed.append((key, bill.account_id, answer.payment_id))
            if answer.payment_id and self.chance.random() < 0.15:
                self._take_back(*self._pressed[-1])
            return

    def regret(self) -> None:
        """A debit of some day is to be taken back, in time or not."""
        if self._pressed:
            self._take_back(*self.chance.choice(self._pressed))

    def _right_day(self, method_id: UUID, answer: Answer) -> None:
        """The day that somebody was told for a debit at once is the first on which the banks can."""
        row = sql.one(
            "SELECT p.posts_on FROM payments_payment p JOIN methods_method m ON m.account_id = p.account_id"
            " AND m.id = p.method_id WHERE p.id = %s AND m.validation = 'valid'",
            (answer.payment_id if answer.code == "queued" else None,),
        )
        right = calendar.soonest(clock.now())
        if row and row["posts_on"] != right:
            self.people.oracle.seen.append(f"a debit was promised for {row['posts_on']}, the banks can on {right}")

    def _take_back(self, key: UUID, account_id: UUID, payment_id: UUID) -> None:
        try:
            with self.people.edges.risk(self.build):
                code = charge.withdraw(account_id, payment_id)
        except Crash:
            return
        if code == "withdrawn":
            self.people.oracle.withdrawn.add(key)

    def _account(self, number: str, bill: Owed) -> UUID:
        known = self.accounts.setdefault(number, [])
        if known and self.chance.random() < 0.8:
            return self.chance.choice(known)
        known.append(self.added(bill, None))
        return known[-1]

    def number(self) -> str:
        """Of an account that nobody has yet; some have no money."""
        self._given += 1
        poor = self.chance.random() < 0.15
        digits = f"{self.chance.randrange(10**9):09d}{self._given:04d}"
        if poor:
            self.bank.poor.add(digits)
        return digits

    def added(self, bill: Owed, login_id: UUID | None) -> UUID:
        """A bank account, proved already or by a prenote that the next file holds."""
        digits = self.number()
        added = keep.add_bank(keep.BankAsk(bill.account_id, login_id, "Pat Payer", ROUTING, digits, "checking"))
        assert added.method_id is not None, added
        if self.chance.random() < 0.5:
            validate.begin(bill.account_id, added.method_id, "prenote")
            self.bank.unproved.add(digits)
        else:
            validate.mark(bill.account_id, added.method_id, "valid", "")
        return added.method_id

    def _agree(self, bill: Owed, method_id: UUID, cents: int) -> UUID:
        text = mandates.words(
            "once", "en", region=bill.region, account="bank", last4="6789", account_type="checking",
            amount_cents=cents, on=[bankdays.eastern_day(clock.now())],
        )  # fmt: skip
        return mandates.agree(bill.account_id, method_id, None, "once", "member", text, "192.0.2.1")

    def build(self) -> None:
        """The run that makes the day's file."""
        build.build()

    def runs(self) -> None:
        """The day's runs with the bank, any of which may be killed, and is run again later."""
        file = self.bank.returns()
        self.waiting += [file] if file else []
        if file and self.bank.faults and self.chance.random() < 0.2:
            self.waiting.append(file)  # the same file, twice
            self.bank.struck += 1
        if not self.waiting and not sql.one(_ANYTHING):
            return
        steps = (upkeep.turn, again.present, self.build, lambda: send.send(self.bank), settle.settle, self._returns)
        for step in steps:
            for _ in range(2):
                try:
                    with self.people.edges.risk(self.people.rival):
                        step()
                    break
                except Crash:
                    continue

    def _returns(self) -> None:
        while self.waiting:
            returns.take(io.BytesIO(self.waiting[0]), "returns.ach")
            self.waiting.pop(0)
        returns.finish()
        today = bankdays.eastern_day(clock.now())
        for each in self.bank.debits:
            if each.told and each.why in ("R02", "R03"):
                self.bank.closed.setdefault(each.account, today)
