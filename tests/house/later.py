"""What is taken later, for tests: a member with a way to pay, and the wish for an order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from caretill.autopay import calendar, days, enrol, guests, keys, notice, orders, plans, runs, schedules, take
from caretill.autopay.orders import Wish
from caretill.core import clock, sql
from caretill.letters.autopay_mails import link, planned_token
from caretill.letters.dates import long_date
from caretill.methods.keep import BankAsk
from caretill.people.viewer import Viewer
from house import saved
from house.cast import Bill
from house.desk import Desk
from house.member import MemberOf, a_member

__all__ = ["Payer", "a_member", "days", "orders", "timedelta", "uuid4"]


@dataclass(frozen=True)
class Payer:
    """Somebody who may pay this bill, signed in, with a saved card or bank account."""

    bill: Bill
    member: MemberOf
    method_id: UUID
    viewer: Viewer

    def wish(self, **changes: Any) -> Wish:
        """A form that this member posts."""
        given: dict[str, Any] = {
            "key": uuid4(), "viewer": self.viewer, "account_id": self.bill.account_id, "region": self.bill.region,
            "method_account_id": self.bill.account_id, "method_id": self.method_id, "payer_name": "Pat Payer",
            "email": self.member.email, "language": "en", "network": "192.0.2.1",
        }  # fmt: skip
        return Wish(**given | changes)


def a_payer(
    bill: Bill, processor: Desk | None = None, *, email: str = "juana@example.org", level: str = "holder", **card: Any
) -> Payer:
    """With the processor: by card. Without it: by a bank account that is proved."""
    member = a_member(bill.account_id, level, email=email)
    if processor is None:
        method_id = saved.a_bank(bill, member.login_id)
    else:
        method_id = saved.a_card(processor, bill, login_id=member.login_id, **card)
    return Payer(bill, member, method_id, member.session().viewer)


def enrolled(payer: Payer, **terms: Any) -> UUID:
    """Automatic payment of all bills on the fifth of each month, unless other terms are given."""
    if "days_before" not in terms:
        terms.setdefault("day", 5)
    made = enrol.enrol(payer.wish(), enrol.Terms(**terms))
    assert made.code == "made" and made.order_id, made
    return made.order_id


def told(take_on: date | None = None) -> int:
    """Every notice that was put leaves now; how many."""
    notice.send_due()
    rows = sql.query("SELECT account_id, body FROM core_outbox WHERE topic = 'autopay_notice' AND sent_at IS NULL")
    count = 0
    for row in rows:
        body = sql.answer(row["body"])
        about = UUID(body["account_id"]), UUID(body["order_id"]), date.fromisoformat(body["due_on"])
        found = notice.prepare(*about)
        if found is not None:
            count += notice.left(*about, found.take_on) > 0
    sql.execute("UPDATE core_outbox SET sent_at = now() WHERE topic = 'autopay_notice'")
    return count


def ran() -> runs.Run:
    """A run is planned, approved and run."""
    planned = runs.plan()
    assert runs.approve(planned.id, "test") == "approved"
    done = runs.run(planned.id)
    assert done is not None
    take.follow()
    return done


def dues(order_id: UUID) -> list[dict[str, Any]]:
    """Every due of an order, by its day."""
    return sql.query("SELECT * FROM autopay_due WHERE order_id = %s ORDER BY due_on, processor_account", (order_id,))


def orders_of(bill: Bill, member: MemberOf) -> dict[tuple[str, str], tuple[object, ...]]:
    """A scheduled payment, automatic payment and a plan of a member, as the parts of addresses that name them."""
    account, viewer = bill.account_id, member.session().viewer
    method_id = saved.a_bank(bill, member.login_id, number="000777888999")
    payer = Payer(bill, member, method_id, viewer)
    wish = payer.wish()
    on = days.slot(days.today(bill.region) + timedelta(days=30), "bank", bill.region).take_on
    assert schedules.plan(wish, [schedules.Day(bill.bill_id, on, 500)]).code == "made"
    scheduled = keys.of_order("schedule", wish.key)
    auto = enrolled(payer, day=on.day)
    orders_row = {"account_id": account, "order_id": auto, "due_on": on, "processor_account": "main"}
    sql.execute(
        "INSERT INTO autopay_due (account_id, order_id, due_on, processor_account, kind, region, take_on, closes_at,"
        " parts, amount_cents, state, notice_put, code, changed_at)"
        " VALUES (%s, %s, %s, %s, 'autopay', %s, %s, %s, '[]', 700, 'waiting', true, '', %s)",
        (*orders_row.values(), bill.region, on, days.closes_at(on, "bank", bill.region), clock.now()),
    )
    token = link("skip", account, auto, on.isoformat(), "en").rstrip("/").rpartition("/")[2]
    feed, guests_token = calendar.renew(member.login_id, amounts=True), a_guests(bill, 300)
    return {
        **{(name, "holder"): (scheduled,) for name in ("schedule_change", "schedule_cancel")},
        ("autopay_change", "holder"): (auto,),
        ("autopay_due", "holder"): (auto, on.isoformat(), "skip"),
        ("autopay_open", "holder"): (token,),
        ("calendar", "holder"): (feed.token,),
        **{(name, "holder"): (guests_token,) for name in ("planned", "planned_day", "planned_call_off")},
    }


def a_guests(bill: Bill, cents: int, on: date | None = None) -> str:
    """A payment that a guest planned for a day to come: what stands in the address of its page."""
    on = on or days.slot(guests.first_day() + timedelta(days=14), "bank", bill.region).take_on
    viewer = Viewer("guest", bill.account_id, frozenset({bill.bill_id}))
    wish = Wish(
        uuid4(), viewer, bill.account_id, bill.region, bill.account_id, None, "Pat Payer", "pat@example.org", "en",
        "192.0.2.1",
    )  # fmt: skip
    bank = BankAsk(bill.account_id, None, "Pat Payer", saved.ROUTING, "000123456789", "checking")
    text = guests.said("en", bill.region, "6789", "checking", cents, on)
    made = guests.plan(wish, [(bill.bill_id, cents)], on, bank, text)
    assert made.code == "made" and made.order_id, made
    return planned_token(bill.account_id, made.order_id)


def a_plan(payer: Payer, payments: int = 2, *, first: date | None = None, by_hand: bool = False) -> UUID:
    """A plan of all that is owed on the payer's bill, signed."""
    first = first or days.slot(days.today(payer.bill.region) + timedelta(days=14), "bank", payer.bill.region).take_on
    offer = plans.work_out(payer.bill.figures()["payable_cents"], payments, first)
    shown = [long_date(day, "en") for day in offer.days]
    text = plans.agreement("en", payer.bill.region, offer, by_hand=by_hand, days_shown=shown)
    made = plans.sign(payer.wish(method_id=None) if by_hand else payer.wish(), [payer.bill.bill_id], offer, text)
    assert made.code == "made" and made.order_id, made
    return made.order_id
