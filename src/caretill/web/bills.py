"""The bills of a flow as a payer sees them: whom they pay, what is owed, and what stands in the way of paying."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest

from caretill.billing import access
from caretill.core import clock
from caretill.payments import look
from caretill.payments.access import payment_figures
from caretill.payments.family import payer_of
from caretill.regions.catalog import organisation, region
from caretill.web import moments, preferences, visit
from caretill.web.flow import Made, viewers
from caretill.web.visit import Flow

BACK = ("refund", "returned")  # what did not pay a bill


@dataclass(frozen=True)
class Hold:
    """The payment that holds a bill, and `why`: session (the processor's page), debit, run. `until` is when others may
    try again; None where nobody can say. A bank debit has its day, an unknown outcome by when we tell (`promised`).
    """

    made: Made
    state: str
    amount_cents: int
    mine: bool
    until: datetime | None
    why: str = "session"
    posts_on: date | None = None
    promised: str = ""

    @property
    def stands(self) -> str:
        """The table of `amount.toml` under `state` that says it."""
        under_way = self.state in ("submitting", "requires_action")
        if self.why == "debit":
            return "mine_debit" if self.mine else "debit"
        if self.why == "run" and under_way:
            return "run"
        if self.mine:
            return "mine" if under_way and self.why != "charge" else "mine_on_way"
        if self.promised:
            return "unknown"
        return "waits" if self.until else "soon" if under_way else "on_way"


@dataclass(frozen=True)
class Said:
    """Money that is announced for a bill, and by when: `why` is cheque or run. It warns; it stops nobody."""

    why: str
    until: datetime
    amount_cents: int


@dataclass(frozen=True)
class Bill:
    """`state` is open, held, paid, credit or nothing (nothing was ever owed). `place` is its place in the flow.

    Bills with the same `account` can share a payment. `first_name` is known only of a member's own bills.
    """

    place: int
    id: str
    end: str  # the last of its number: tells a payer which paper it is, and a stranger nothing
    payee: str
    payee_name: str
    account: str
    due: date
    past_due: bool
    payable_cents: int
    due_now_cents: int
    credit_cents: int
    state: str
    hold: Hold | None = None
    paid_on: date | None = None
    first_name: str = ""
    said: Said | None = None

    @property
    def stands(self) -> str:
        """The table of `amount.toml` under `state` that says it."""
        return self.hold.stands if self.hold else self.state

    @property
    def day(self) -> date | None:
        """The day that goes with it: when it was paid, or when a bank debit leaves the account."""
        return self.hold.posts_on if self.hold else self.paid_on


@dataclass(frozen=True)
class Bills:
    """All of them, in the order of their due dates."""

    all: tuple[Bill, ...]
    masked_name: str

    @property
    def open(self) -> tuple[Bill, ...]:
        """Those that can be paid now."""
        return tuple(bill for bill in self.all if bill.state == "open")

    @property
    def shut(self) -> tuple[Bill, ...]:
        """Those that cannot."""
        return tuple(bill for bill in self.all if bill.state != "open")

    @property
    def mine(self) -> Hold | None:
        """A payment of this same browser that is under way."""
        return next((bill.hold for bill in self.all if bill.hold and bill.hold.mine), None)

    @property
    def said(self) -> tuple[Bill, ...]:
        """Open ones for which money is announced."""
        return tuple(bill for bill in self.open if bill.said)

    @property
    def payable_cents(self) -> int:
        """What all the open ones ask for."""
        return sum(bill.payable_cents for bill in self.open)

    @property
    def due_now_cents(self) -> int:
        """The part of it that is due by today."""
        return sum(bill.due_now_cents for bill in self.open)

    @property
    def several_accounts(self) -> bool:
        """Whether the open ones cannot share one payment."""
        return len({bill.account for bill in self.open}) > 1


def read(request: HttpRequest, flow: Flow) -> Bills:
    """As they are now; one query and the note that they were read, more only where a bill is held or paid.

    A hold whose time is over falls only by the processor's word: it is asked for first.
    """
    rows = _rows(flow)
    if over(rows):
        rows = _rows(flow)
    return of_rows(request, flow.bills, rows, rows[0]["masked_name"] if rows else "")


def _rows(flow: Flow) -> list[dict[str, Any]]:
    found = [row for seen in viewers(flow) for row in access.payable_bills(seen)]
    return sorted(found, key=lambda row: (row["due_date"], row["bill_id"]))


def over(rows: Sequence[dict[str, Any]]) -> bool:
    """Ask the processor about holds whose time is over; whether there were any, so that the rows may be others now."""
    found = {(row["account_id"], row["held_by"]) for row in rows if row["held_by"] and row["held_until"] <= clock.now()}
    for account_id, payment_id in found:
        look.look_again(payer_of(account_id, payment_id), payment_id)
    return bool(found)


def of_rows(request: HttpRequest, order: Sequence[str], rows: Sequence[dict[str, Any]], named: str) -> Bills:
    """Bills as they were read, each with its place in `order`; `named` says whose they are."""
    holds = {row["held_by"]: _hold(request, row) for row in _one_each(rows)}
    return Bills(tuple(_bill(order, row, holds.get(row["held_by"])) for row in rows), named)


def _one_each(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({row["held_by"]: row for row in rows if row["held_by"]}.values())


def _hold(request: HttpRequest, row: dict[str, Any]) -> Hold:
    account_id = payer_of(row["account_id"], row["held_by"])
    figures = payment_figures(account_id, row["held_by"])
    waits = figures["state"] in ("submitting", "requires_action") and row["held_until"] > clock.now()
    why, promised = row.get("held_why") or "session", ""
    if figures["method_id"]:
        why = "debit" if figures["gateway"] == "ach" else "run" if why == "run" else "charge"
    if figures["state"] == "unknown" and figures["promised_at"] and figures["promised_at"] > clock.now():
        language = preferences.of(request).language
        promised = moments.promise(region(figures["region"]), figures["promised_at"], language)
    return Hold(
        Made.of(account_id, row["held_by"]),
        figures["state"],
        figures["amount_cents"],
        figures["visit"] == visit.browser(request).hex(),
        row["held_until"] if waits and why == "session" else None,
        why,
        figures["posts_on"],
        promised,
    )


def _said(row: dict[str, Any]) -> Said | None:
    if not row.get("said_until") or row["said_until"] <= clock.now():
        return None
    return Said(row["said_why"], row["said_until"], row["said_cents"])


def _bill(order: Sequence[str], row: dict[str, Any], hold: Hold | None) -> Bill:
    place = region(row["region"])
    today = clock.today(place.time_zone)
    state, paid_on = "open", None
    if hold:
        state = "held"
    elif row["payable_cents"] <= 0:
        paid_on = _last_paid(row) if row.get("opens", True) else None  # what was paid at a desk tells the day of care
        state = "credit" if row["credit_cents"] > 0 else "paid" if paid_on else "nothing"
    return Bill(
        place=order.index(str(row["bill_id"])),
        id=str(row["bill_id"]),
        end=row["number"][-4:],
        payee=row["payee"],
        payee_name=organisation().payees[row["payee"]].name,
        account=f"{row['region']} {place.processor_accounts[row['payee']]}",
        due=row["due_date"],
        past_due=row["due_date"] < today,
        payable_cents=row["payable_cents"],
        due_now_cents=access.due_now_cents(row, today),
        credit_cents=row["credit_cents"],
        state=state,
        hold=hold,
        paid_on=paid_on,
        first_name=row.get("first_name", ""),
        said=_said(row) if state == "open" else None,
    )


def _last_paid(row: dict[str, Any]) -> date | None:
    """The day of the last payment, whichever way it came."""
    payments = access.bill_figures(row["account_id"], row["bill_id"])["payments"]
    return max((date.fromisoformat(each["date"]) for each in payments if each["kind"] not in BACK), default=None)
