"""One seed: days of a town, the worker's turns between, every law and the oracle after each day."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from caretill.core import clock, ids, outbox, sql
from caretill.payments import callbacks, disputes, refund, sweep
from caretill.payments.gateways import installed
from caretill.reconcile import run as reconcile
from caretill.regions import catalog
from caretill.sim.life.bank import Bank, Banking
from caretill.sim.life.calendar import NEW_YORK
from caretill.sim.life.counter import LATEST_HOURS, Counter
from caretill.sim.life.edges import Crash, Edges
from caretill.sim.life.later import Later
from caretill.sim.life.oracle import Booked, Oracle, Standing
from caretill.sim.life.people import People, now_text
from caretill.sim.life.savers import Savers
from caretill.sim.life.town import Town

# Days on which calendars go wrong: both ends of daylight saving, 29 February, ends of years and months, long weekends.
STARTS = (
    datetime(2026, 3, 1, 17, tzinfo=UTC),
    datetime(2026, 10, 20, 17, tzinfo=UTC),
    datetime(2028, 2, 20, 17, tzinfo=UTC),
    datetime(2026, 12, 15, 17, tzinfo=UTC),
    datetime(2027, 1, 10, 17, tzinfo=UTC),
    datetime(2026, 6, 25, 17, tzinfo=UTC),
    datetime(2026, 11, 20, 17, tzinfo=UTC),
    datetime(2027, 12, 14, 17, tzinfo=UTC),  # Christmas and New Year's Day on Saturdays
)
# Hours in which a day ends: for the bank's files, where people live, for machines.
DAYS_END = ((NEW_YORK, time(16, 30)), (ZoneInfo("America/Los_Angeles"), time(23, 30)), (ZoneInfo("UTC"), time(23, 30)))
NIGHT_TURNS = 4
DRAIN_HOURS = (1, 1, 2, 4, 8, *[24] * 45)
# After a bank's silence: a yes as late as it may be, the night that pays it out, the morning its file is read.
LAST_NEWS = timedelta(hours=LATEST_HOURS) + timedelta(days=3)
LARGE_CENTS = 2_000_000  # more than a life gives back
_WAITS = """
    SELECT EXISTS (SELECT 1 FROM payments_callback WHERE applied_at IS NULL AND due_at <= %(now)s) AS callbacks,
        EXISTS (SELECT 1 FROM payments_attempt WHERE lease_until <= %(now)s) AS payments,
        EXISTS (SELECT 1 FROM payments_refund WHERE lease_until <= %(now)s) AS refunds,
        EXISTS (SELECT 1 FROM payments_dispute WHERE ask_at <= %(now)s) AS disputes,
        EXISTS (SELECT 1 FROM core_outbox WHERE sent_at IS NULL AND due_at <= %(now)s) AS letters
"""
Laws = Callable[[], Mapping[str, list[dict[str, Any]]]]


@dataclass(frozen=True)
class Wish:
    """How to live: `people` families, with faults or without."""

    days: int
    people: int = 4
    faults: bool = True
    each_day: tuple[int, int] = (1, 4)


@dataclass
class Life:
    """What came of a seed. `broken` are sentences, empty when all is well; `where` is the step they were found at."""

    seed: int
    days: int = 0
    operations: int = 0
    faults: int = 0
    adrift_cents: int = 0
    unresolved: int = 0
    broken: list[str] = field(default_factory=list)
    where: str = ""
    kinds: dict[str, int] = field(default_factory=dict)


def live(seed: int, wish: Wish, laws: Laws) -> Life:
    """Live one seed in a database that holds nothing else. The same seed is the same life.

    Ends at the first day on which a law is broken or the oracle disagrees.
    """
    chance = Random(f"life {seed}")
    start = chance.choice(STARTS)
    with ExitStack() as stack:
        held = stack.enter_context(clock.fixed(start.replace(minute=chance.randrange(60))))
        stack.enter_context(ids.drawn_from(Random(f"ids {seed}")))
        return _Days(seed, wish, laws, chance, held, stack).run()


class _Days:
    def __init__(
        self, seed: int, wish: Wish, laws: Laws, chance: Random, held: clock.FixedClock, stack: ExitStack
    ) -> None:
        self.wish, self.laws, self.chance, self.held = wish, laws, chance, held
        self.life = Life(seed)
        rate = 1.0 if wish.faults else 0.0
        self.edges = Edges(chance, crash_rate=0.12 * rate, race_rate=0.12 * rate)
        self.counter = Counter(seed, chance, self.edges)
        stack.callback(self.counter.close)
        stack.enter_context(installed("sandbox", self.counter.gateway))
        stack.enter_context(self.edges.watch())
        self.oracle = Oracle()
        self.town = Town(chance, wish.people)
        self.people = People(seed, chance, self.town, self.counter, self.oracle, self.edges)
        self.savers = Savers(self.people)
        self.bank = Bank(chance, self.edges)
        self.bank.faults = wish.faults
        self.banking = Banking(self.people, self.bank)
        self._no_mail_until: datetime | None = None
        self.later = Later(self.people, self.savers, self.banking)
        self.more = (
            (self.savers.save_card, 1),
            (self.savers.pay_saved, 4),
            (self.banking.pay_from_bank, 4),
            (self.banking.regret, 1),
            *self.later.errands(),
        )

    def run(self) -> Life:
        try:
            self._live()
        except Exception as fault:
            steps = traceback.extract_tb(fault.__traceback__)
            where = [step.name for step in steps if "caretill" in step.filename][-5:]
            self.life.broken.append(f"{type(fault).__name__} in {', '.join(where)}: {fault}"[:400])
            self._where()
        return self._told()

    def _live(self) -> None:
        self.town.settle_in(3)
        self.later.settle_in(2)
        for day in range(self.wish.days):
            self.life.days = day + 1
            self._day()
            if not self._sound(over=False):
                break
        else:
            self._drain()
            self._sound(over=True)

    def _day(self) -> None:
        chance = self.chance
        if chance.random() < 0.2:
            bills = self.town.owed()
            changed = chance.choice(bills) if bills and chance.random() < 0.5 else None
            family = next(f for f in self.town.families if changed is None or changed.bill_id in f.bills)
            self.town.deliver([(family if changed else chance.choice(self.town.families), changed)])
        for _ in range(chance.randint(*self.wish.each_day)):
            if self.wish.faults and chance.random() < 0.5:
                self.counter.fault(2)
            if self.wish.faults and chance.random() < 0.03:
                self.counter.dark(chance.choice((30, 3_600, 16 * 3_600)))
            gone = self.wish.faults and chance.random() < 0.02
            if gone:
                self.counter.vanish()
            self.life.operations += 1
            self.people.errand(self.more)
            if gone:
                self.counter.dark(30 * 3_600)
            self._pass(seconds=chance.choice((1, 20, 300, 4_000)))
            self._turn()
        if chance.random() < 0.3:
            self._late()
        if self.wish.faults and chance.random() < 0.04:
            self._no_mail_until = clock.now() + timedelta(days=chance.choice((1, 5, 14, 25)))
        for _ in range(NIGHT_TURNS):
            self._pass(seconds=chance.choice((40, 900, 3_000)))
            self._turn()
        if chance.random() < 0.2:
            self._runs()  # out of turn
        self._pass(seconds=_till_morning(self.held))
        self._runs()

    def _late(self) -> None:
        """Somebody comes in an hour in which a day ends; they pay from their bank more often than by day."""
        zone, at = self.chance.choice(DAYS_END)
        from_when = datetime.combine(clock.now().astimezone(zone).date(), at, zone)
        until = from_when + timedelta(minutes=self.chance.randrange(90))
        self._pass(seconds=max(0, int((until - clock.now()).total_seconds())))
        self.life.operations += 1
        self.people.errand([*self.more, (self.banking.pay_from_bank, 20)])
        self._turn()

    def _settles(self) -> None:
        """Some mornings what was paid out is read, and booked once it has arrived; killed anywhere, and begun again."""
        if self.chance.random() < 0.3:
            with suppress(Crash), self.edges.risk(self.people.rival):
                reconcile.turn()
            with suppress(Crash), self.edges.risk(self.people.rival):
                disputes.find_new()

    def _runs(self) -> None:
        self._settles()
        self.later.runs()
        self.banking.runs()

    def _drain(self) -> None:
        """Nothing goes wrong any more; everything under way must find its end by itself."""
        self.counter.calm()
        self.edges.crash_rate = self.edges.race_rate = 0.0
        self.bank.faults = False
        self._no_mail_until = None
        for hours in DRAIN_HOURS:
            self._pass(seconds=hours * 3_600)
            for _ in range(3 if hours < 24 else 1):
                self._pass(seconds=400)
                self._turn()
            self._runs()
            if hours == 24:
                reconcile.turn()  # what no message told of is found in a payout
                disputes.find_new()
                if self._news_to_come() or _under_way():
                    continue
                if self.counter.silent_at is None:
                    return
                # A payout that would not be above nothing waits for more, and what is in it with it.
                for bill in self.town.deliver_large(LARGE_CENTS):
                    self.people.pay_whole(bill)
                self.counter.silent_at = None

    def _news_to_come(self) -> bool:
        self.counter.read_log()
        silent = self.counter.silent_at
        return silent is not None and clock.now() < silent + LAST_NEWS

    def _pass(self, seconds: int) -> None:
        self.held.advance(seconds=seconds)
        self.counter.flush()

    def _turn(self) -> None:
        """The worker's turn; it may be killed in the middle of it, and is started again."""
        steps: tuple[Callable[[], object], ...] = (
            callbacks.apply_due,
            sweep.sweep,
            refund.sweep,
            disputes.sweep,
            self._letters,
        )
        waits = sql.one(_WAITS, {"now": clock.now()}) or {}
        for step, name in zip(steps, ("callbacks", "payments", "refunds", "disputes", "letters"), strict=True):
            if not waits[name]:
                continue  # an idle turn, of which a worker has thousands
            try:
                with self.edges.risk(self.people.rival):
                    step()
            except Crash:
                continue

    def _letters(self) -> None:
        """What must be told leaves, where mail goes out at all."""
        if self._no_mail_until and self._no_mail_until > clock.now():
            return
        outbox.relay(lambda topic, owner, row, body: self.later.deliver(topic, body), most=20)

    def _sound(self, over: bool) -> bool:
        self.counter.read_log()
        life = self.life
        for law, rows in self.laws().items():
            life.broken.append(f"{law}: {rows[:3]}")
        booked = _booked()
        taken = [*self.counter.taken, *self.bank.taken()]
        given = [*self.counter.given_back.values(), *self.bank.given_back().values()]
        lost, returned = [*self.counter.lost.values()], self.bank.returned()
        life.broken += [*self.bank.seen, *self.oracle.orders(booked)]
        life.broken += self.oracle.faults(taken, given, lost, returned, booked, over)
        if over and not life.broken:
            charged: dict[UUID, int] = {}
            for bill in self.town.owed():
                charged[bill.account_id] = charged.get(bill.account_id, 0) + bill.charge_cents
            adrift = self.oracle.adrift(charged, taken, [*given, *lost, *returned.values()], booked, _standing())
            life.adrift_cents = sum(abs(cents) for cents in adrift.values())
            life.broken += [f"account {account} is {cents} cents adrift" for account, cents in adrift.items()]
        life.unresolved = sum(each.state == "unknown" for each in booked)
        if over and _under_way():
            life.broken.append("something is still under way long after")
        self._where()
        return not life.broken

    def _where(self) -> None:
        life = self.life
        life.where = f"seed {life.seed} day {life.days} ({now_text()}), {life.operations} operations"

    def _told(self) -> Life:
        life = self.life
        life.kinds = {
            **self.people.done, **self.edges.struck, "processor": self.counter.struck, "bank": self.bank.struck,
        }  # fmt: skip
        life.faults = sum(self.edges.struck.values()) + self.counter.struck + self.bank.struck
        return life


def _till_morning(held: clock.FixedClock) -> int:
    morning = held.at.replace(hour=14, minute=0, second=0, microsecond=0)
    seconds = int((morning - held.at).total_seconds())
    return seconds if seconds > 0 else seconds + 24 * 3_600


def _under_way() -> bool:
    """Whether anything has not ended: a payment, a refund, a bill of a family that was not reached yet."""
    row = sql.one(
        "SELECT EXISTS (SELECT 1 FROM payments_attempt WHERE lease_until IS NOT NULL)"
        " OR EXISTS (SELECT 1 FROM payments_refund WHERE state NOT IN ('succeeded', 'failed'))"
        " OR EXISTS (SELECT 1 FROM payments_dispute WHERE state = 'open')"
        # A refusal that has no name here is looked for an hour long, and moves nothing.
        " OR EXISTS (SELECT 1 FROM payments_callback WHERE applied_at IS NULL AND kind <> 'charge.declined') AS found"
    )
    return bool(row and row["found"])


def _booked() -> list[Booked]:
    rows = sql.query(
        "SELECT p.key, CASE a.gateway WHEN 'ach' THEN 'ach:' || p.reference ELSE a.id::text END AS reference,"
        " p.account_id, p.state, p.amount_cents, p.captured_cents, p.lost_cents, p.returned_cents, p.charge_ref,"
        " p.family,"
        " p.origin <> '' OR EXISTS (SELECT 1 FROM ach_again n WHERE n.account_id = p.account_id AND n.key = p.key)"
        " AS in_name, EXISTS (SELECT 1 FROM ach_again n WHERE n.account_id = p.account_id AND n.key = p.key) AS again,"
        " p.origin, p.origin_id, p.created_at AS begun_at,"
        " coalesce(p.posts_on, (p.created_at AT TIME ZONE (%s::jsonb->>p.region))::date) AS moves_on,"
        " (SELECT coalesce(sum(r.amount_cents), 0) FROM payments_refund r WHERE r.account_id = p.account_id"
        " AND r.payment_id = p.id AND r.state = 'succeeded')::bigint AS refunded_cents,"
        " NOT p.family OR a.lease_until IS NULL AS settled, (SELECT count(*) FROM core_outbox o"
        " WHERE o.account_id = p.account_id AND o.topic IN ('receipt_ready', 'late_payment')"
        " AND o.body->>'payment_id' = p.id::text)::int AS told,"
        " (SELECT min(e.recorded_at) FROM payments_event e WHERE e.account_id = p.account_id AND e.payment_id = p.id"
        " AND e.to_state IN ('failed', 'voided')) AS over_at FROM payments_payment p"
        " JOIN payments_attempt a ON a.account_id = p.account_id AND a.payment_id = p.id",
        (sql.dumps({region.slug: region.time_zone for region in catalog.regions()}),),
    )
    return [Booked(**row) for row in rows]


def _standing() -> dict[UUID, Standing]:
    rows = sql.query(
        "SELECT account_id, coalesce(sum(debits_posted - credits_posted) FILTER"
        " (WHERE kind IN ('receivable', 'returned_item')), 0)::bigint AS owed_cents,"
        " coalesce(sum(credits_posted - debits_posted) FILTER"
        " (WHERE kind IN ('credit', 'deposit', 'refund_payable')), 0)::bigint AS credit_cents"
        " FROM ledger_balance GROUP BY account_id"
    )
    return {row["account_id"]: Standing(row["owed_cents"], row["credit_cents"]) for row in rows}
