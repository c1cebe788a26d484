"""What every order has: a way to pay, what was agreed to about it, and an end that is exact.

An order is made in one transaction with its mandate and its dues. Its mandate ends after nothing of it is being taken:
who cancels while a run takes a payment is told that this one is taken, and then it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from caretill.autopay import days, misses
from caretill.core import clock, sql
from caretill.core.ids import uuid7
from caretill.methods import access as methods
from caretill.methods import mandates, pause
from caretill.methods.access import Method
from caretill.methods.mandates import MandateKind, MandateText
from caretill.payments.charge import withdraw
from caretill.people.viewer import NOBODY, Hidden, Viewer
from caretill.regions import catalog

Row = dict[str, Any]
Part = tuple[UUID, int]  # bill, cents
MANDATES: dict[str, MandateKind] = {"schedule": "schedule", "autopay": "recurring", "plan": "plan"}


@dataclass(frozen=True)
class Wish:
    """Who asks for an order, and from what it is taken. `key` was made with the form: sent twice, it is made once.

    `account_id` is whose bills. `network` is the address that the agreement came from.
    """

    key: UUID
    viewer: Viewer
    account_id: UUID
    region: str
    method_account_id: UUID
    method_id: UUID | None
    payer_name: str
    email: str
    language: str
    network: str

    @property
    def login_id(self) -> UUID:
        """Of the member who asks; a guest is nobody. Raises Hidden for anybody else."""
        if self.viewer.kind == "guest":
            return NOBODY
        if self.viewer.kind != "member" or self.viewer.login_id is None:
            raise Hidden
        return self.viewer.login_id


@dataclass(frozen=True)
class Made:
    """`code`: made or repeat with the order's id; else what is in the way. `slot` is the next possible day."""

    code: str
    order_id: UUID | None = None
    slot: days.Slot | None = None
    place: int = 0  # which of the days that were asked for


def usable(viewer: Viewer, account_id: UUID, method_id: UUID) -> Method | None:
    """The member's way to pay, when money can be taken from it later; None where it cannot. Raises Hidden.

    No bank account can while too many debits come back (`methods.pause`).
    """
    method = methods.one(viewer, account_id, method_id)
    waits = method.kind == "bank" and pause.paused()
    return method if can_be_used(method) and not waits else None


def can_be_used(method: Method) -> bool:
    """Whether later payments may be set up: a bank account must be proved, or its proof be on its way by a prenote."""
    return method.state == "ready" or (method.state == "checking" and method.validation == "prenote")


def text(kind: str, language: str, region: str, method: Method, **figures: Any) -> MandateText:
    """What is agreed to, for a saved way to pay: shown before the press, kept after it."""
    return mandates.words(
        MANDATES[kind], language, region=region, account=method.kind, last4=method.last4,
        account_type=method.account_type, brand=method.brand, corporate=method.corporate, **figures,
    )  # fmt: skip


def insert(kind: str, wish: Wish, order_id: UUID, method: Method | None, starts_on: date, **more: Any) -> bool:
    """Write the order, in the caller's transaction; False where the same form made it before."""
    now = clock.now()
    row: Row = {
        "account_id": wish.account_id, "id": order_id, "kind": kind, "login_id": wish.login_id, "region": wish.region,
        "method_account_id": wish.method_account_id, "method_id": method.id if method else None,
        "method_kind": method.kind if method else "", "mandate_id": None, "payer_name": wish.payer_name,
        "email": wish.email, "language": wish.language, "starts_on": starts_on, "state": "active", "made_at": now,
        "changed_at": now, **more,
    }  # fmt: skip
    marks = ", ".join(["%s"] * len(row))
    made = sql.execute(
        f"INSERT INTO autopay_order ({', '.join(row)}) VALUES ({marks}) ON CONFLICT DO NOTHING", list(row.values())
    )
    return made > 0


def agree(
    kind: str, wish: Wish, order_id: UUID, method: Method, said: MandateText, *, cents: int | None, varies: bool
) -> UUID:
    """Keep what was agreed to, and put it under the order. A mandate that it had before ends with that."""
    mandate_id, guest = uuid7(), wish.login_id == NOBODY
    mandates.agree(
        method.account_id, method.id, None if guest else wish.login_id, MANDATES[kind], "guest" if guest else "member",
        said, wish.network, cents, varies, email=wish.email, mandate_id=mandate_id,
    )  # fmt: skip
    before = sql.one(
        "SELECT mandate_id, method_account_id FROM autopay_order WHERE account_id = %s AND id = %s FOR UPDATE",
        (wish.account_id, order_id),
    )
    sql.execute(
        "UPDATE autopay_order SET mandate_id = %s, method_account_id = %s, method_id = %s, method_kind = %s,"
        " changed_at = %s WHERE account_id = %s AND id = %s",
        (mandate_id, method.account_id, method.id, method.kind, clock.now(), wish.account_id, order_id),
    )
    if before and before["mandate_id"]:
        mandates.end(before["method_account_id"], before["mandate_id"], "changed")
    return mandate_id


def put_due(
    wish: Wish, kind: str, order_id: UUID, due_on: date, slot: days.Slot, parts: Iterable[Part], payees: dict[UUID, str]
) -> None:
    """Write what is due that day: a row for each account at the processor."""
    accounts: dict[str, list[Part]] = {}
    of_payee = catalog.region(wish.region).processor_accounts
    for bill, cents in parts:
        accounts.setdefault(of_payee[payees[bill]], []).append((bill, cents))
    for processor_account, chosen in sorted(accounts.items()):
        told = [{"bill_id": bill, "amount_cents": cents} for bill, cents in chosen]
        sql.execute(
            "INSERT INTO autopay_due (account_id, order_id, due_on, processor_account, kind, region, take_on,"
            " closes_at, parts, amount_cents, state, notice_put, code, changed_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, 'waiting', true, '', %s)",
            (wish.account_id, order_id, due_on, processor_account, kind, wish.region, slot.take_on, slot.closes_at,
             sql.dumps(told), sum(cents for _, cents in chosen), clock.now()),
        )  # fmt: skip


def locked(account_id: UUID, order_id: UUID) -> Row | None:
    """The order, for this transaction alone."""
    return sql.one("SELECT * FROM autopay_order WHERE account_id = %s AND id = %s FOR UPDATE", (account_id, order_id))


def call_off(account_id: UUID, order_id: UUID, due_on: date, code: str) -> str:
    """Nothing is taken on that day: skipped | withdrawn (a bank debit taken back before its file) | repeat | too_late |
    missing. Each row decides by its state: either it was skipped, or it is taken and the payer is told so.
    """
    now = clock.now()
    moved = sql.execute(
        "UPDATE autopay_due SET state = 'skipped', code = %s, changed_at = %s"
        " WHERE account_id = %s AND order_id = %s AND due_on = %s AND state IN ('waiting', 'above_cap')",
        (code, now, account_id, order_id, due_on),
    )
    rows = sql.query(
        "SELECT d.state, d.payment_id, o.method_account_id, o.method_kind FROM autopay_due d JOIN autopay_order o"
        " ON o.account_id = d.account_id AND o.id = d.order_id"
        " WHERE d.account_id = %s AND d.order_id = %s AND d.due_on = %s",
        (account_id, order_id, due_on),
    )
    if not rows:
        return "missing"
    back = [_withdrawn(row) for row in rows if row["state"] == "begun" and row["method_kind"] == "bank"]
    late = any(row["state"] in ("taking", "taken") for row in rows)
    late = late or any(row["state"] == "begun" and row["method_kind"] != "bank" for row in rows)
    if late or not all(back):
        return "too_late"
    if back:
        return "withdrawn"
    return "skipped" if moved else "repeat" if rows[0]["state"] in ("skipped", "stopped") else "too_late"


def _withdrawn(row: Row) -> bool:
    return withdraw(row["method_account_id"], row["payment_id"]) == "withdrawn"


def end(account_id: UUID, order_id: UUID, why: str) -> bool:
    """End an order, in the caller's transaction, and what was agreed to as soon as nothing of it is being taken."""
    ended = misses.end(account_id, order_id, why)
    end_mandates(account_id, order_id)
    return ended


def end_mandates(account_id: UUID | None = None, order_id: UUID | None = None, most: int = 200) -> int:
    """End what was agreed to by orders that ended and of which nothing is being taken any more; how many."""
    one = " AND o.account_id = %(account)s AND o.id = %(order)s" if order_id else ""
    rows = sql.query(
        "SELECT o.account_id, o.id, o.method_account_id, o.mandate_id, o.ended_why FROM autopay_order o"
        " WHERE o.state = 'ended' AND NOT o.mandate_ended AND o.mandate_id IS NOT NULL" + one + " AND NOT EXISTS ("
        " SELECT 1 FROM autopay_due d WHERE d.account_id = o.account_id AND d.order_id = o.id AND d.state = 'taking')"
        " LIMIT %(most)s",
        {"account": account_id, "order": order_id, "most": most},
    )
    for row in rows:
        mandates.end(row["method_account_id"], row["mandate_id"], row["ended_why"])
        sql.execute(
            "UPDATE autopay_order SET mandate_ended = true WHERE account_id = %s AND id = %s",
            (row["account_id"], row["id"]),
        )
    return len(rows)


def parts_of(value: Any) -> list[Part]:
    """The bills of a due with their cents, out of its column."""
    found = json.loads(value) if isinstance(value, str) else value
    return [(UUID(each["bill_id"]), int(each["amount_cents"])) for each in found]


def kept_back(account_id: UUID, bills: Sequence[UUID], but: UUID | None = None) -> dict[UUID, int]:
    """What of these bills waits in dues that were agreed to with fixed amounts, of other orders: cents by bill."""
    rows = sql.query(
        "SELECT (t->>'bill_id')::uuid AS bill_id, sum((t->>'amount_cents')::bigint)::bigint AS cents"
        " FROM autopay_due d, jsonb_array_elements(d.parts) AS t WHERE d.account_id = %s AND d.kind <> 'autopay'"
        " AND d.state = 'waiting' AND (t->>'bill_id')::uuid = ANY(%s) AND d.order_id IS DISTINCT FROM %s GROUP BY 1",
        (account_id, list(bills), but),
    )
    return {row["bill_id"]: row["cents"] for row in rows}
