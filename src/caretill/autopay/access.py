"""What a member sees of what is taken later: their own orders alone. Missing and forbidden: the same answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from caretill.core import audit, sql
from caretill.people.viewer import Hidden, Viewer

Row = dict[str, Any]
OVER = ("taken", "failed", "skipped", "not_needed", "above_cap", "stopped")


@dataclass(frozen=True)
class Due:
    """What is taken on one day, for all accounts at processors together. `state`: of the part furthest from its end.

    `payment_id` is its payment, where one began; `method_account_id` of the order says where that stands.
    """

    due_on: date
    take_on: date
    closes_at: datetime
    state: str
    code: str
    cents: int
    taken_cents: int
    noticed_on: date | None
    payment_id: UUID | None
    bills: tuple[tuple[UUID, int], ...]

    @property
    def open(self) -> bool:
        """Whether it can still be skipped or moved."""
        return self.state == "waiting"


@dataclass(frozen=True)
class Order:
    """An order of this member with its dues, the next first."""

    account_id: UUID
    id: UUID
    kind: str
    region: str
    method_account_id: UUID
    method_id: UUID | None
    method_kind: str
    method_brand: str
    method_last4: str
    method_nickname: str
    scope: str
    person_id: UUID | None
    person_name: str
    bill_kind: str
    cap_cents: int | None
    day: int | None
    days_before: int | None
    tell_also: bool
    starts_on: date
    state: str
    ended_why: str
    made_at: datetime
    ended_at: datetime | None
    dues: tuple[Due, ...] = field(default_factory=tuple)

    @property
    def next(self) -> Due | None:
        """What comes next, or is being taken."""
        return next((each for each in self.dues if each.state in ("waiting", "taking", "begun")), None)

    @property
    def left(self) -> tuple[Due, ...]:
        """What is still to come."""
        return tuple(each for each in self.dues if each.state in ("waiting", "taking", "begun"))


@dataclass(frozen=True)
class Plan:
    """A plan as it was signed, with its order."""

    order: Order
    total_cents: int
    payments: int
    text: str
    signed_at: datetime
    paused: int
    missed: int
    bills: tuple[tuple[UUID, int], ...]

    @property
    def left_cents(self) -> int:
        """What its payments to come are together."""
        return sum(each.cents for each in self.order.left)


def listed(viewer: Viewer, kind: str) -> list[Order]:
    """The member's orders of a kind, those that go on first, then the newest. Logged."""
    if viewer.kind != "member" or viewer.login_id is None:
        return []
    found = _orders("o.login_id = %s AND o.kind = %s", (viewer.login_id, kind))
    audit.record_reads({each.account_id for each in found}, viewer.name, "amounts")
    return found


def one(viewer: Viewer, account_id: UUID | None, order_id: UUID, kind: str = "") -> Order:
    """One order of this member. Raises Hidden for what is missing or somebody else's. Logged."""
    found = _orders("o.login_id = %s AND o.id = %s", (viewer.login_id, order_id))
    order = next((each for each in found if account_id in (None, each.account_id)), None)
    if viewer.kind != "member" or order is None or (kind and order.kind != kind):
        raise Hidden
    audit.record_read(order.account_id, viewer.name, "amounts", order_id)
    return order


def plan(viewer: Viewer, order_id: UUID) -> Plan:
    """One plan of this member. Raises Hidden. Logged."""
    order = one(viewer, None, order_id, "plan")
    return _plans([order])[0]


def plans(viewer: Viewer) -> list[Plan]:
    """The member's plans, those that go on first. Logged."""
    return _plans(listed(viewer, "plan"))


def held(account_id: UUID, order_id: UUID) -> Order | None:
    """An order by itself, for whoever holds a link from its mail."""
    found = _orders("o.account_id = %s AND o.id = %s", (account_id, order_id))
    return found[0] if found else None


def coming(viewer: Viewer, most: int = 3) -> list[Row]:
    """The next days on which something is taken for this member by itself: {take_on, cents}."""
    return sql.query(
        "SELECT d.take_on, sum(d.amount_cents)::bigint AS cents FROM autopay_order o JOIN autopay_due d"
        " ON d.account_id = o.account_id AND d.order_id = o.id WHERE o.login_id = %s AND d.state = 'waiting'"
        " AND o.method_id IS NOT NULL GROUP BY d.take_on ORDER BY d.take_on LIMIT %s",
        (viewer.login_id, most),
    )


def of_bills(viewer: Viewer, bills: Sequence[UUID]) -> dict[UUID, Row]:
    """When this member's orders take something of these bills next: {order_id, kind, take_on, cents} by bill."""
    rows = sql.query(
        "SELECT DISTINCT ON (bill_id) (t->>'bill_id')::uuid AS bill_id, d.order_id, d.kind, d.take_on,"
        " (t->>'amount_cents')::bigint AS cents FROM autopay_order o JOIN autopay_due d ON d.account_id = o.account_id"
        " AND d.order_id = o.id, jsonb_array_elements(d.parts) AS t WHERE o.login_id = %s AND d.state = 'waiting'"
        " AND o.account_id = ANY(%s) AND (t->>'bill_id')::uuid = ANY(%s) ORDER BY bill_id, d.take_on",
        (viewer.login_id, list(viewer.accounts), list(bills)),
    )
    return {row["bill_id"]: row for row in rows}


def _orders(where: str, params: tuple[Any, ...]) -> list[Order]:
    rows = sql.query(
        "SELECT o.account_id, o.id, o.kind, o.region, o.method_account_id, o.method_id, o.method_kind,"
        " coalesce(m.brand, '') AS method_brand, coalesce(m.last4, '') AS method_last4,"
        " coalesce(m.nickname, '') AS method_nickname, o.scope, o.person_id, coalesce(p.first_name, '') AS person_name,"
        " o.bill_kind, o.cap_cents, o.day, o.days_before, o.tell_also, o.starts_on, o.state, o.ended_why, o.made_at,"
        " o.ended_at FROM autopay_order o"
        " LEFT JOIN methods_method m ON m.account_id = o.method_account_id AND m.id = o.method_id"
        " LEFT JOIN people_person p ON p.account_id = o.account_id AND p.id = o.person_id"
        f" WHERE {where} ORDER BY o.state = 'ended', o.made_at DESC, o.id",
        params,
    )
    dues = _dues([row["id"] for row in rows]) if rows else {}
    return [Order(**row, dues=tuple(dues.get(row["id"], ()))) for row in rows]


def _dues(orders: Sequence[UUID]) -> dict[UUID, list[Due]]:
    rows = sql.query(
        "SELECT d.order_id, d.due_on, d.take_on, d.closes_at, d.state, d.code, d.amount_cents, d.taken_cents,"
        " d.noticed_on, d.payment_id, d.parts FROM autopay_due d JOIN autopay_order o ON o.account_id = d.account_id"
        " AND o.id = d.order_id WHERE o.id = ANY(%s) ORDER BY d.take_on, d.due_on, d.processor_account",
        (list(orders),),
    )
    days: dict[tuple[UUID, date], list[Row]] = {}
    for row in rows:
        days.setdefault((row["order_id"], row["due_on"]), []).append(row)
    found: dict[UUID, list[Due]] = {}
    for (order_id, due_on), parts in days.items():
        first = min(parts, key=lambda row: (row["state"] in OVER, row["state"] != "waiting"))
        found.setdefault(order_id, []).append(
            Due(
                due_on, first["take_on"], first["closes_at"], first["state"], first["code"],
                sum(row["amount_cents"] for row in parts), sum(row["taken_cents"] for row in parts),
                first["noticed_on"], first["payment_id"], tuple(pair for row in parts for pair in _pairs(row["parts"])),
            )
        )  # fmt: skip
    return found


def _plans(orders: Sequence[Order]) -> list[Plan]:
    rows = sql.query(
        "SELECT id, total_cents, payments, text, signed_at, paused, missed, bills FROM autopay_plan"
        " WHERE account_id = ANY(%s) AND id = ANY(%s)",
        ([each.account_id for each in orders], [each.id for each in orders]),
    )
    by_id = {row.pop("id"): row for row in rows}
    return [
        Plan(order=each, **{**by_id[each.id], "bills": tuple(_pairs(by_id[each.id]["bills"]))})
        for each in orders
        if each.id in by_id
    ]


def _pairs(value: Any) -> list[tuple[UUID, int]]:
    found = json.loads(value) if isinstance(value, str) else value
    return [(UUID(each["bill_id"]), int(each["amount_cents"])) for each in found]
