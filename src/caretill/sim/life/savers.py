"""What people do with a card they keep: keep it at the processor's page, and pay with it by one press."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from caretill.core import clock
from caretill.methods import keep, mandates
from caretill.payments import charge
from caretill.payments.gateways.base import GatewayRefused, GatewayUnknown, SessionRequest
from caretill.sim.life.counter import GOOD
from caretill.sim.life.edges import Crash
from caretill.sim.life.oracle import Intent
from caretill.sim.life.people import TRIES, People, processor_of
from caretill.sim.life.town import Owed

# Good; good once and refused later; a second step for its holder; its bank gives money back late.
KEPT = (GOOD,) * 5 + ("4000000000000341", "4000002500003155", "5200828282828210")
SAVE_MINUTES = 30


class Savers:
    """Cards by family, each with what was agreed about it."""

    def __init__(self, people: People) -> None:
        self.people, self.chance = people, people.chance
        self.cards: dict[str, list[tuple[UUID, UUID]]] = {}  # family's number: (method, mandate)

    def save_card(self) -> None:
        """Somebody keeps a card, without paying."""
        family = self.chance.choice(self.people.town.families)
        bill = next(iter(family.bills.values()), None)
        if bill is None:
            return
        method_id = self.kept(bill, None)
        if method_id is not None:
            mandate_id = self.agree(bill, method_id, self.people.key())
            self.cards.setdefault(family.number, []).append((method_id, mandate_id))

    def kept(self, bill: Owed, login_id: UUID | None) -> UUID | None:
        """A card kept at the processor's page; None where that did not work today."""
        key = str(self.people.key())
        request = SessionRequest(
            key, key, 0, "USD", processor_of(bill), "https://site.test/back", "https://site.test/cancel",
            clock.now() + timedelta(minutes=SAVE_MINUTES), "en", "Larkspur", purpose="save",
        )  # fmt: skip
        gateway = self.people.counter.gateway
        try:
            session = gateway.create_session(request)
            self.people.counter.pay(session.url, self.chance.choice(KEPT))
            session = gateway.retrieve_session(session.id)
        except (GatewayUnknown, GatewayRefused):
            return None  # nothing was taken; they try another day
        # The page that the processor led back to may break, and be loaded again: it is one card all the same.
        found = None
        for _ in range(TRIES if session.method_ref else 0):
            with suppress(Crash), self.people.edges.risk():
                again = keep.save_card(bill.account_id, login_id, session)
                if found not in (None, again):
                    self.people.oracle.seen.append(f"one card was kept as two ways to pay: {again}")
                found = again
                if self.chance.random() < 0.7:
                    break
        return found

    def agree(self, bill: Owed, method_id: UUID, mandate_id: UUID) -> UUID:
        """What is said before the press, kept word for word."""
        text = mandates.words(
            "recurring", "en", region=bill.region, account="card", last4="4242", brand="Visa", scope="all", day=3
        )
        return mandates.agree(
            bill.account_id, method_id, None, "recurring", "member", text, "192.0.2.1", mandate_id=mandate_id
        )

    def pay_saved(self) -> None:
        """One press, with a card that is kept; pressed again where the page breaks."""
        owners = [family for family in self.people.town.families if self.cards.get(family.number)]
        if not owners:
            return self.save_card()
        family = self.chance.choice(owners)
        bill = self.chance.choice(sorted(family.bills.values(), key=lambda each: each.number))
        method_id, mandate_id = self.chance.choice(self.cards[family.number])
        (cents,) = self.people.amounts((bill,))
        key = self.people.key()
        ask = charge.SavedAsk(
            key=key, account_id=bill.account_id, region=bill.region, parts=((bill.bill_id, cents),), payer_name="Pat",
            email="", language="en", statement_name="Larkspur", processor_account=processor_of(bill), channel="member",
            method_id=method_id, mandate_id=mandate_id, visit=key.bytes,
            network=f"10.0.1.{self.chance.randrange(250)}",
        )  # fmt: skip
        self.people.oracle.asks(Intent(key, bill.account_id, ask.bills))
        fate = self.chance.random() if self.people.edges.crash_rate else 1.0
        if fate < 0.25:
            self.people.counter.lose("charge")
        for _ in range(TRIES):
            try:
                with self.people.edges.risk(self.people.rival):
                    charge.charge(ask)
                if fate < 0.08:
                    self.people.counter.dark(30 * 3_600)  # until its key is forgotten
            except Crash:
                if self.chance.random() < 0.3:
                    return None
                continue
            if self.chance.random() < 0.85:
                return None
        return None
