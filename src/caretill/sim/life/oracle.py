"""The reference ledger: what must have come out, reckoned in memory from what people asked and what the processor took.

It never looks at how the product keeps its books. It knows the bills that were delivered, what each person asked for
under which key, and the processor's own log; the product's figures are given to it to be compared.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from caretill.sim.life.counter import Taken

NOBODY = UUID(int=0)
NOTICE = timedelta(days=10)
UNDER_WAY = frozenset({"submitting", "requires_action", "pending", "unknown"})


@dataclass(frozen=True)
class Intent:
    """What somebody asked with one press of Pay: `parts` are (account, bill, cents)."""

    key: UUID
    account_id: UUID
    parts: tuple[tuple[UUID, UUID, int], ...]

    @property
    def cents(self) -> int:
        """All of it."""
        return sum(cents for _, _, cents in self.parts)


@dataclass(frozen=True)
class Booked:
    """A payment as the product shows it: the processor's reference for it, and the person's key."""

    key: UUID
    reference: str
    state: str
    captured_cents: int
    refunded_cents: int
    lost_cents: int
    returned_cents: int
    amount_cents: int
    account_id: UUID
    in_name: bool  # nobody pressed: an order of theirs, or a debit that is presented again
    origin: str
    origin_id: UUID | None
    begun_at: datetime
    moves_on: date  # when the money is to move
    again: bool  # the same debit, presented once more
    charge_ref: str
    family: bool
    settled: bool  # nothing of it is still to be brought to a bill
    told: int  # how often its payer was told that it is paid
    over_at: datetime | None  # when it was first called failed or voided


@dataclass(frozen=True)
class Standing:
    """What an account's screens add up to."""

    owed_cents: int
    credit_cents: int


@dataclass(frozen=True)
class Promise:
    """What a mail said when it left: so much at most, on that day, for that order."""

    order_id: UUID
    told_on: date
    take_on: date
    cents: int


@dataclass
class Oracle:
    """Compares, and remembers nothing of the product's."""

    intents: dict[UUID, Intent] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)  # what people saw that must not be
    withdrawn: set[UUID] = field(default_factory=set)  # who was told that their debit was taken back
    promises: list[Promise] = field(default_factory=list)
    caps: dict[UUID, int] = field(default_factory=dict)  # the most that an order may take in a day
    ended: dict[UUID, datetime] = field(default_factory=dict)  # orders whose payer was told that they are over

    def asks(self, intent: Intent) -> None:
        """Somebody presses Pay."""
        self.intents[intent.key] = intent

    def faults(
        self,
        taken: Iterable[Taken],
        given: Iterable[tuple[str, int]],
        lost: Iterable[tuple[str, int]],
        returned: Mapping[str, tuple[str, int]],
        booked: Iterable[Booked],
        over: bool,
    ) -> list[str]:
        """What is wrong with the payments; `over`: everything must have ended by now."""
        found = list(self.seen)
        by_reference = {each.reference: each for each in booked}
        charges: Counter[UUID] = Counter()
        charge_keys: dict[str, UUID] = {}
        for take in taken:
            payment = by_reference.get(take.reference)
            if payment is None:
                found.append(f"the processor took {take.amount_cents} under {take.reference}, which nobody asked for")
                continue
            if payment.in_name and payment.key not in self.intents:
                self.asks(
                    Intent(payment.key, payment.account_id, ((payment.account_id, NOBODY, payment.amount_cents),))
                )
            intent = self.intents.get(payment.key)
            if intent is None or intent.cents != take.amount_cents:
                found.append(f"taken {take.amount_cents}, asked {intent and intent.cents}: {take.reference}")
            if payment.over_at and take.at and take.at < payment.over_at:
                found.append(f"taken {take.amount_cents} at {take.at}, and called over afterwards: {take.reference}")
            charges[payment.key] += 1
            charge_keys[take.charge] = payment.key
            if payment.state == "failed" and take.charge in returned:
                continue
            if payment.key in self.withdrawn:
                found.append(f"taken {take.amount_cents} after it was taken back: {take.reference}")
            if payment.state != "succeeded" and (over or payment.state not in UNDER_WAY | {"voided", "failed"}):
                found.append(f"taken {take.amount_cents}, and the payment is {payment.state}: {take.reference}")
        found += [f"taken {count} times for one press: {key}" for key, count in charges.items() if count > 1]
        back: Counter[UUID] = Counter()
        for charge, cents in given:
            back[charge_keys[charge]] += cents
        gone: Counter[UUID] = Counter()
        for charge, cents in lost:
            gone[charge_keys[charge]] += cents
        bounced: Counter[UUID] = Counter()
        for charge, cents in returned.values():
            bounced[charge_keys[charge]] += cents
        for payment in by_reference.values():
            key = payment.key
            found += self._one(payment, charges[key], back[key], gone[key], over)
            if over and payment.state == "succeeded" and payment.returned_cents != bounced[key]:
                found.append(f"returned {bounced[key]}, booked {payment.returned_cents}: {payment.reference}")
        return found

    def _one(self, payment: Booked, charges: int, back_cents: int, lost_cents: int, over: bool) -> list[str]:
        found = []
        name = f"{payment.reference} ({payment.state})"
        if payment.state == "succeeded" and not charges:
            found.append(f"booked, and nobody took anything: {name}")
        if payment.told != (payment.state == "succeeded"):
            found.append(f"told {payment.told} times that it is paid: {name}")
        if payment.refunded_cents > back_cents or (over and payment.refunded_cents != back_cents):
            found.append(f"given back {back_cents}, booked {payment.refunded_cents}: {name}")
        if payment.lost_cents > lost_cents or (over and payment.lost_cents != lost_cents):
            found.append(f"lost {lost_cents} to a dispute, booked {payment.lost_cents}: {name}")
        if over and (payment.state in UNDER_WAY or not payment.settled):
            found.append(f"still under way long after: {name}")
        return found

    def orders(self, booked: Iterable[Booked]) -> list[str]:
        """What was begun in somebody's name without its notice, or after they were told that it is over."""
        found = []
        for payment in booked:
            if payment.origin_id is None or payment.again:
                continue
            over = self.ended.get(payment.origin_id)
            if over is not None and payment.begun_at > over:
                found.append(f"begun {payment.begun_at} for an order that was over at {over}: {payment.reference}")
            cap = self.caps.get(payment.origin_id)
            if cap is not None and payment.amount_cents > cap:
                found.append(f"{payment.amount_cents} in a day, and at most {cap} were agreed: {payment.reference}")
            if payment.origin == "autopay" and not any(self._kept(each, payment) for each in self.promises):
                found.append(
                    f"{payment.amount_cents} on {payment.moves_on} without ten days' notice: {payment.reference}"
                )
        return found

    @staticmethod
    def _kept(promise: Promise, payment: Booked) -> bool:
        return (
            promise.order_id == payment.origin_id
            and promise.told_on + NOTICE <= payment.moves_on
            and promise.take_on <= payment.moves_on
            and promise.cents >= payment.amount_cents
        )

    def adrift(
        self,
        charged: Mapping[UUID, int],
        taken: Iterable[Taken],
        gone: Iterable[tuple[str, int]],
        booked: Iterable[Booked],
        standing: Mapping[UUID, Standing],
    ) -> dict[UUID, int]:
        """Cents by which each account's screens differ from what it must owe; empty when none is adrift.

        `charged` is what each account was billed, `gone` what was given back or lost. Both count against the payer's
        account as a whole, so accounts that share a payment are compared together.
        """
        keys = {each.reference: each.key for each in booked}
        group = _Groups()
        net: dict[UUID, int] = defaultdict(int)
        for account, cents in charged.items():
            net[group.of(account)] += cents
        for intent in self.intents.values():
            group.join([intent.account_id, *(account for account, _, _ in intent.parts)])
        merged: dict[UUID, int] = defaultdict(int)
        for account, cents in net.items():
            merged[group.of(account)] += cents
        charge_account: dict[str, UUID] = {}
        for take in taken:
            intent = self.intents[keys[take.reference]]
            charge_account[take.charge] = intent.account_id
            merged[group.of(intent.account_id)] -= take.amount_cents
        for charge, cents in gone:
            merged[group.of(charge_account[charge])] += cents
        shown: dict[UUID, int] = defaultdict(int)
        for account, figures in standing.items():
            shown[group.of(account)] += figures.owed_cents - figures.credit_cents
        return {
            account: shown[account] - merged[account]
            for account in {*shown, *merged}
            if shown[account] != merged[account]
        }


class _Groups:
    """Accounts that ever shared a payment, as one."""

    def __init__(self) -> None:
        self._above: dict[UUID, UUID] = {}

    def of(self, account: UUID) -> UUID:
        while (above := self._above.get(account, account)) != account:
            account = above
        return account

    def join(self, accounts: list[UUID]) -> None:
        first = self.of(accounts[0])
        for account in accounts[1:]:
            other = self.of(account)
            if other != first:
                self._above[other] = first
