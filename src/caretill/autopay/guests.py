"""A guest's payment on a day to come: from a bank account that was typed for it, with no login behind it.

It is an order like a member's, whose login is nobody. Who holds the link of its mail may change its day or call it off.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from caretill.autopay import access, days, keys, orders
from caretill.autopay.orders import Made, Part, Wish
from caretill.billing import access as bills
from caretill.core import audit, clock, sql
from caretill.methods import access as methods
from caretill.methods import keep, mandates, validate
from caretill.methods.access import Method
from caretill.methods.keep import BankAsk
from caretill.methods.mandates import MandateText
from caretill.payments import from_bank, saved_ask
from caretill.people.viewer import NOBODY, Viewer
from caretill.regions import bankdays, catalog


def first_day(typed_at: datetime | None = None) -> date:
    """The first day that can be chosen: the bank of an account that is typed now, or then, was asked (ACH-3)."""
    return bankdays.next_banking_day(saved_ask.posts_on(from_bank.TYPED, typed_at or clock.now()))


def judge_day(region: str, on: date, first: date | None = None) -> Made:
    """`free`, or what is in the way of a day: past, rest, too_soon (before `first`), too_far; with the next that is
    possible.
    """
    first, today = first or first_day(), days.today(region)
    slot = days.slot(max(on, first), "bank", region)
    if on < today:
        return Made("past", slot=slot)
    if on - today > days.MOST_AHEAD:
        return Made("too_far")
    if on < first:
        return Made("too_soon", slot=slot)
    return Made(slot.moved or "free", slot=slot)


def said(language: str, region: str, last4: str, account_type: str, cents: int, on: date) -> MandateText:
    """What is agreed to by whoever plans it."""
    return mandates.words(
        "schedule", language, region=region, account="bank", last4=last4, account_type=account_type,
        amount_cents=cents, on=[on], guest=True,
    )  # fmt: skip


def plan(wish: Wish, parts: Sequence[Part], on: date, bank: BankAsk, text: MandateText) -> Made:
    """Plan one payment of these bills of the wish's account. The same form again is the same order.

    made or repeat with the order's id; else as `judge_day`, above_owed (more than is owed, or than other planned days
    leave), not_found, two_accounts (they are paid to different accounts at the processor), or what is wrong with the
    account (`keep.AddedCode`). Nothing is reserved: what was paid otherwise by then is not taken again.
    """
    order_id = keys.of_order("schedule", wish.key)
    if _nobodys(wish.account_id, order_id):
        return Made("repeat", order_id)
    verdict = judge_day(wish.region, on)
    if verdict.code == "free":
        verdict = _judge_bills(wish, parts)
    if verdict.code != "free":
        # The same form, sent twice at once: what keeps these cents back may be this order.
        return Made("repeat", order_id) if _nobodys(wish.account_id, order_id) else verdict
    payees = {row["bill_id"]: row["payee"] for row in bills.payable_bills(wish.viewer)}
    with transaction.atomic():
        if not orders.insert("schedule", wish, order_id, None, on):
            return Made("repeat", order_id)
        added = keep.add_bank(from_bank.typed(wish.account_id, bank))
        if added.method_id is None:
            transaction.set_rollback(True)
            return Made(added.code)
        validate.begin(wish.account_id, added.method_id, "prenote")
        method = methods.by_id(wish.account_id, added.method_id)
        assert method is not None
        cents = sum(each for _, each in parts)
        orders.agree("schedule", wish, order_id, method, text, cents=cents, varies=False)
        orders.put_due(wish, "schedule", order_id, on, days.slot(on, "bank", wish.region), parts, payees)
    return Made("made", order_id)


def held(account_id: UUID, order_id: UUID) -> access.Order | None:
    """The order of a guest, for whoever holds its link. Logged."""
    found = access.held(account_id, order_id)
    if found is None or found.kind != "schedule" or not _nobodys(account_id, order_id):
        return None
    audit.record_read(account_id, "guest", "amounts", order_id)
    return found


def change(account_id: UUID, order_id: UUID, on: date, language: str, network: str) -> Made:
    """Another day for the same bills and amounts, agreed to anew: made | too_late | as `judge_day`.

    Of an account whose bank has answered, any banking day whose file has not left can be chosen.
    """
    with transaction.atomic():
        order = orders.locked(account_id, order_id)
        due = sql.one(
            "SELECT due_on, parts FROM autopay_due WHERE account_id = %s AND order_id = %s AND state = 'waiting'"
            " AND tries = 0 FOR UPDATE",
            (account_id, order_id),
        )
        if order is None or due is None or order["state"] != "active" or order["login_id"] != NOBODY:
            return Made("too_late")
        method = methods.by_id(account_id, order["method_id"])
        if method is None:
            return Made("too_late")
        verdict = _judge_move(order["region"], order["made_at"], method, on)
        if verdict.code != "free":
            return verdict
        parts = orders.parts_of(due["parts"])
        viewer = Viewer("guest", account_id, frozenset(bill for bill, _ in parts))
        wish = Wish(
            keys.of_order("schedule change", order_id), viewer, account_id, order["region"], account_id,
            order["method_id"], order["payer_name"], order["email"], language, network,
        )  # fmt: skip
        cents = sum(each for _, each in parts)
        text = said(language, order["region"], method.last4, method.account_type, cents, on)
        orders.agree("schedule", wish, order_id, method, text, cents=cents, varies=False)
        payees = {row["bill_id"]: row["payee"] for row in bills.payable_bills(wish.viewer)}
        sql.execute("DELETE FROM autopay_due WHERE account_id = %s AND order_id = %s", (account_id, order_id))
        orders.put_due(wish, "schedule", order_id, on, days.slot(on, "bank", order["region"]), parts, payees)
    return Made("made", order_id)


def may_move(account_id: UUID, order_id: UUID, on: date) -> Made:
    """Whether its day can become that one: free | missing | as `judge_day`."""
    order = access.held(account_id, order_id)
    method = methods.by_id(account_id, order.method_id) if order and order.method_id else None
    if order is None or method is None:
        return Made("missing")
    return _judge_move(order.region, order.made_at, method, on)


def of_mandate(account_id: UUID, mandate_id: UUID) -> UUID | None:
    """The guest's order that goes on under this mandate."""
    row = sql.one(
        "SELECT id FROM autopay_order WHERE account_id = %s AND mandate_id = %s AND login_id = %s AND state = 'active'",
        (account_id, mandate_id, NOBODY),
    )
    return row["id"] if row else None


def _judge_move(region: str, made_at: datetime, method: Method, on: date) -> Made:
    return judge_day(region, on, days.today(region) if method.validation == "valid" else first_day(made_at))


def _judge_bills(wish: Wish, parts: Sequence[Part]) -> Made:
    """`free`, or why these bills cannot be planned with these amounts."""
    rows = {row["bill_id"]: row for row in bills.payable_bills(wish.viewer)}
    kept = orders.kept_back(wish.account_id, [bill for bill, _ in parts])
    if not parts or any(bill not in rows for bill, _ in parts):
        return Made("not_found")
    if any(not 0 < cents <= rows[bill]["payable_cents"] - kept.get(bill, 0) for bill, cents in parts):
        return Made("above_owed")
    of_payee = catalog.region(wish.region).processor_accounts
    return Made("free" if len({of_payee[rows[bill]["payee"]] for bill, _ in parts}) == 1 else "two_accounts")


def _nobodys(account_id: UUID, order_id: UUID) -> bool:
    query = "SELECT 1 AS yes FROM autopay_order WHERE account_id = %s AND id = %s AND login_id = %s"
    return sql.one(query, (account_id, order_id, NOBODY)) is not None
