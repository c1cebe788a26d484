"""What people ask to be taken later, and change their minds about: schedules, automatic payment, plans."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from typing import Any
from uuid import UUID

from caretill.autopay import days, enrol, guests, keys, notice, plans, runs, schedules, turn
from caretill.autopay.orders import Made, Wish
from caretill.billing import member as bills
from caretill.core import clock, sql
from caretill.methods.keep import BankAsk
from caretill.people import household, register
from caretill.people.viewer import NOBODY, Viewer
from caretill.regions import catalog
from caretill.sim.life.bank import ROUTING, Banking
from caretill.sim.life.edges import Crash
from caretill.sim.life.oracle import Promise
from caretill.sim.life.people import TRIES, People
from caretill.sim.life.savers import Savers
from caretill.sim.life.town import Family, Owed

CAPS = (None, None, None, 5_000, 40_000)


@dataclass
class Member:
    """Somebody who signs in, and what they pay with."""

    family: Family
    login_id: UUID
    viewer: Viewer
    method_id: UUID


class Later:
    """Members of a town and their orders. Everything they are told is told to the oracle, too."""

    def __init__(self, people: People, savers: Savers, banking: Banking) -> None:
        self.people, self.savers, self.banking = people, savers, banking
        self.chance, self.oracle, self.edges = people.chance, people.oracle, people.edges
        self.members: dict[str, Member] = {}
        regions = catalog.organisation().regions
        self._accounts = {account for region in regions for account in region.processor_accounts.values()}

    def errands(self) -> tuple[tuple[Callable[[], None], int], ...]:
        """What members do, and how often next to other people's errands."""
        return ((self.schedule, 3), (self.enrol, 2), (self.sign_plan, 1), (self.change_mind, 1), (self.skip, 1),
                (self.plan_as_guest, 1))  # fmt: skip

    def settle_in(self, most: int) -> None:
        """Members who asked for automatic payment before a life begins: it takes something before the end."""
        for _ in range(most):
            self.enrol()

    def schedule(self) -> None:
        """A bill on one or two days to come."""
        member = self._member()
        if member is None:
            return
        bill = self.chance.choice(sorted(member.family.bills.values(), key=lambda each: each.number))
        (cents,) = self.people.amounts((bill,))
        first = self._day(bill.region, 1, 12)
        chosen = [schedules.Day(bill.bill_id, first, cents)]
        if cents > 1 and self.chance.random() < 0.3:
            chosen = [
                schedules.Day(bill.bill_id, first, cents // 2),
                schedules.Day(bill.bill_id, first + timedelta(days=7), cents - cents // 2),
            ]
        made = self._wish(member, lambda wish: schedules.plan(wish, chosen))
        if made and made.order_id and made.code == "made":
            self.oracle.caps[made.order_id] = chosen[0].cents

    def plan_as_guest(self) -> None:
        """A bank debit on a day to come, of somebody without an account; some choose another day afterwards."""
        family = self.chance.choice(self.people.town.families)
        bill = self.chance.choice(sorted(family.bills.values(), key=lambda each: each.number))
        (cents,) = self.people.amounts((bill,))
        number = self.banking.number()
        self.banking.bank.unproved.add(number)
        on = days.slot(self._day(bill.region, 8, 16), "bank", bill.region).take_on
        wish = Wish(
            self.people.key(), Viewer("guest", bill.account_id, frozenset({bill.bill_id})), bill.account_id,
            bill.region, bill.account_id, None, "Pat", f"{family.number.lower()}@example.org", "en", "192.0.2.1",
        )  # fmt: skip
        bank = BankAsk(bill.account_id, None, "Pat Payer", ROUTING, number, "checking")
        text = guests.said("en", bill.region, number[-4:], "checking", cents, on)
        made = self._pressed(lambda: guests.plan(wish, [(bill.bill_id, cents)], on, bank, text))
        if made is None or made.order_id is None:
            return
        order = made.order_id
        self.oracle.caps[order] = cents
        if self.chance.random() < 0.3:
            other = days.slot(self._day(bill.region, 12, 20), "bank", bill.region).take_on
            self._pressed(lambda: guests.change(bill.account_id, order, other, "en", "192.0.2.1"))

    def enrol(self) -> None:
        """All bills, from now on."""
        member = self._member()
        if member is None:
            return
        cap = self.chance.choice(CAPS)
        soon = self._day(member.family.region, 8, 24).day
        terms = enrol.Terms(cap_cents=cap, day=soon if self.chance.random() < 0.7 else self.chance.randint(1, 31))
        if self.chance.random() < 0.4:
            terms = enrol.Terms(cap_cents=cap, days_before=self.chance.randint(0, 20))
        made = self._wish(member, lambda wish: enrol.enrol(wish, terms))
        if made and made.order_id and cap and made.code == "made":
            self.oracle.caps[made.order_id] = cap

    def sign_plan(self) -> None:
        """What is owed on a bill, in two to four payments."""
        member = self._member()
        if member is None:
            return
        bill = self.chance.choice(sorted(member.family.bills.values(), key=lambda each: each.number))
        rows = bills.to_pay(member.viewer, [bill.bill_id])
        cents = sum(int(row["payable_cents"]) for row in rows)
        offers = plans.offers(bill.region, cents, self._day(bill.region, 2, 9))
        for each in offers:
            if sum(each.cents(place) for place in range(each.payments)) != cents:
                self.oracle.seen.append(f"{cents} are offered in payments that come to another sum: {each}")
        if offers:
            offer = self.chance.choice(offers)
            self._wish(member, lambda wish: plans.sign(wish, [bill.bill_id], offer, "what was shown"))

    def change_mind(self) -> None:
        """Cancel a schedule or stop automatic payment, perhaps in the second in which it is taken."""
        rows = sql.query(
            "SELECT account_id, id, kind FROM autopay_order WHERE state = 'active' AND kind <> 'plan'"
            " ORDER BY made_at, id"
        )
        if not rows:
            return
        row = self.chance.choice(rows)
        if row["kind"] == "autopay" and self.chance.random() < 0.6:
            return  # who has it mostly keeps it
        verb = schedules.cancel if row["kind"] == "schedule" else enrol.stop
        code = self._said(lambda: verb(row["account_id"], row["id"]))
        if code in ("cancelled", "stopped", "withdrawn"):
            self.oracle.ended[row["id"]] = clock.now()
        if code == "withdrawn":
            self._taken_back(row["id"])

    def skip(self) -> None:
        """Leave one debit out."""
        rows = sql.query(
            "SELECT account_id, order_id, due_on FROM autopay_due WHERE kind = 'autopay' AND state = 'waiting'"
            " ORDER BY due_on, order_id"
        )
        if rows and self.chance.random() < 0.5:
            row = self.chance.choice(rows)
            code = self._said(lambda: enrol.skip(row["account_id"], row["order_id"], row["due_on"]))
            if code in ("skipped", "withdrawn"):
                for account, tried in product(sorted(self._accounts), range(1, 5)):
                    self.oracle.withdrawn.add(keys.of_due(row["order_id"], row["due_on"], account, tried))

    def _taken_back(self, order_id: UUID) -> None:
        """The debits of an order that its payer was told are taken back."""
        rows = sql.query(
            "SELECT key FROM payments_payment p WHERE origin_id = %s AND state IN ('submitting', 'pending', 'voided')"
            " AND NOT EXISTS (SELECT 1 FROM ach_again n WHERE n.account_id = p.account_id AND n.key = p.key)",
            (order_id,),
        )
        self.oracle.withdrawn.update(row["key"] for row in rows)

    def runs(self) -> None:
        """The day's turns, any of which may be killed, and comes again."""
        if not sql.one("SELECT 1 AS yes FROM autopay_order LIMIT 1"):
            return  # nobody asked for anything yet
        for step in (turn.plan, turn.tell, self._run, turn.due, turn.follow):
            for _ in range(2):
                try:
                    with self.edges.risk(self._meanwhile):
                        step()
                    break
                except Crash:
                    continue

    def _meanwhile(self) -> None:
        """While what is due is taken: somebody changes their mind, leaves a debit out, or pays the bill themselves."""
        self.chance.choices((self.change_mind, self.skip, self.people.rival), (2, 1, 12))[0]()

    def deliver(self, topic: str, body: dict[str, Any]) -> None:
        """A mail leaves: what it promises counts from now on."""
        if topic != "autopay_notice":
            return
        about = UUID(body["account_id"]), UUID(body["order_id"]), date.fromisoformat(body["due_on"])
        found = notice.prepare(*about)
        if found is None:
            return
        if found.kind == "notice":
            told_on = clock.today(catalog.region(found.region).time_zone)
            self.oracle.promises.append(Promise(found.order_id, told_on, found.take_on, found.cents))
        notice.left(*about, found.take_on)

    def _run(self) -> None:
        open_ = runs.status(states=("approved", "running"))
        if open_:
            runs.run(open_[0].id)
        elif sql.one("SELECT 1 AS yes FROM autopay_due WHERE kind = 'autopay' AND state = 'waiting' LIMIT 1"):
            planned = runs.plan()
            runs.approve(planned.id, "life")
            runs.run(planned.id)

    def _said(self, verb: Callable[[], str]) -> str:
        """Press until there is an answer."""
        for _ in range(TRIES):
            try:
                with self.edges.risk(self._taken_now):
                    return verb()
            except Crash:
                continue
        return ""

    def _taken_now(self) -> None:
        turn.due()
        self._run()

    def _wish(self, member: Member, verb: Callable[[Wish], Made]) -> Made | None:
        account_id = next(iter(member.family.bills.values())).account_id
        wish = Wish(
            self.people.key(), member.viewer, account_id, member.family.region, account_id, member.method_id, "Pat",
            f"{member.family.number.lower()}@example.org", "en", "192.0.2.1",
        )  # fmt: skip
        return self._pressed(lambda: verb(wish))

    def _pressed(self, verb: Callable[[], Made]) -> Made | None:
        """Press, some twice; the first answer."""
        made = None
        for _ in range(TRIES):
            try:
                with self.edges.risk():
                    again = verb()
            except Crash:
                continue
            made = made or again
            if self.chance.random() < 0.9:
                break
        return made

    def _day(self, region: str, least: int, most: int) -> date:
        today = clock.today(catalog.region(region).time_zone)
        return today + timedelta(days=self.chance.randint(least, most))

    def _member(self) -> Member | None:
        family = self.chance.choice(self.people.town.families)
        if family.number not in self.members and family.bills:
            made = self._register(family, next(iter(family.bills.values())))
            if made is None:
                return None
            self.members[family.number] = made
        return self.members.get(family.number)

    def _register(self, family: Family, bill: Owed) -> Member | None:
        row = sql.one("SELECT login_id FROM people_access WHERE account_id = %s", (bill.account_id,))
        login_id = row["login_id"] if row else self.people.key()
        if row is None:
            standing = register.Standing(bill.account_id, NOBODY, "holder")
            wish = register.Wish(
                login_id=login_id, region=family.region, standing=standing,
                email=f"{family.number.lower()}@example.org", password="none", whole=True, first_name="Pat",
                last_name=family.name, street="1 Example Street", city="Sampleton", state="OR", zip="97201",
                language="en", paperless=False, agreed=(),
            )  # fmt: skip
            register.make(wish)
        by_card = self.chance.random() < 0.6
        method_id = self.savers.kept(bill, login_id) if by_card else self.banking.added(bill, login_id)
        return Member(family, login_id, household.viewer_of(login_id), method_id) if method_id else None
