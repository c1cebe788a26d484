"""What is taken later, for tests: a member with a way to pay, and the wish for an order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from caretill.autopay import enrol, notice, orders, runs, take
from caretill.autopay.orders import Wish
from caretill.core import sql
from caretill.people.viewer import Viewer
from house import saved
from house.cast import Bill
from house.desk import Desk
from house.member import MemberOf, a_member

__all__ = ["Payer", "a_member", "orders", "uuid4"]


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
