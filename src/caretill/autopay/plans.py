"""Payment plans: worked offers, an agreement in the payer's words, payments once a month, without interest or fee.

A plan never needs a saved way to pay: what is paid by hand counts (EFT-1). Never more payments than the organisation
allows, four unless it turned more on with its disclosure (CRE-1), and never more than the state's row (BIL-4).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction

from caretill.autopay import days, keys, misses, orders
from caretill.autopay.orders import Made, Part, Wish
from caretill.billing import member
from caretill.core import clock, sql
from caretill.core.money import show
from caretill.core.words import say
from caretill.methods.access import Method
from caretill.methods.mandates import MandateText
from caretill.regions import catalog
from caretill.regions.plan_rules import StateRule, rule

VERSION = "2026-11-22"  # of the words in words/*/plans.toml under [agreement]
MOST_PAUSES = 2
Row = dict[str, Any]


@dataclass(frozen=True)
class Offer:
    """`payments` of `each_cents` a month, the last of `last_cents`: together what is owed, and nothing on top."""

    payments: int
    each_cents: int
    last_cents: int
    days: tuple[date, ...]

    @property
    def total_cents(self) -> int:
        return self.each_cents * (self.payments - 1) + self.last_cents

    @property
    def first(self) -> date:
        return self.days[0]

    @property
    def last(self) -> date:
        return self.days[-1]

    def cents(self, place: int) -> int:
        """Of the payment at that place."""
        return self.last_cents if place == self.payments - 1 else self.each_cents


@dataclass(frozen=True)
class Limits:
    """How many payments there may be, the least of one, and what the state's row says."""

    most: int
    least_cents: int
    rule: StateRule


def limits(region: str) -> Limits:
    """For plans in that region from today on."""
    terms = catalog.organisation().plans
    found = rule(catalog.region(region).code, days.today(region))
    most = min(terms.most_payments, found.forgiven_after or terms.most_payments)
    return Limits(most, terms.least_cents, found)


def offers(region: str, total_cents: int, first: date) -> list[Offer]:
    """Three worked offers, fewer where the least payment leaves less: from the shortest plan to the longest."""
    held = limits(region)
    longest = min(held.most, total_cents // held.least_cents)
    if longest < 2:
        return []
    wanted = (2, 3, 4) if held.most <= 4 else (held.most // 3, held.most * 2 // 3, held.most)
    counts = sorted({max(2, min(each, longest)) for each in wanted})
    return [work_out(total_cents, count, first) for count in counts]


def of_monthly(region: str, total_cents: int, monthly_cents: int, first: date) -> Offer | str:
    """The plan of so much a month, or why there is none: too_little (too many payments, or too small), too_much."""
    held = limits(region)
    if monthly_cents >= total_cents:
        return "too_much"
    count = -(-total_cents // monthly_cents) if monthly_cents > 0 else held.most + 1
    if count > held.most or monthly_cents < held.least_cents:
        return "too_little"
    last = total_cents - monthly_cents * (count - 1)
    return Offer(count, monthly_cents, last, _days(first, count))


def least_monthly(region: str, total_cents: int) -> int:
    """The least that a month may be, in whole dollars."""
    held = limits(region)
    return max(held.least_cents, -(-total_cents // held.most // 100) * 100)


def work_out(total_cents: int, count: int, first: date) -> Offer:
    """So many equal payments; the last is what is left, never more than the others."""
    each = -(-total_cents // count)
    return Offer(count, each, total_cents - each * (count - 1), _days(first, count))


def agreement(language: str, region: str, offer: Offer, *, by_hand: bool, days_shown: Sequence[str]) -> str:
    """The whole text that is signed, in paragraphs: every payment, the cost, a miss, changes, the end."""
    held, about = limits(region), {"organisation": catalog.organisation().name}
    lines = [
        say(language, "plans.agreement.who", amount=show(offer.total_cents), n=offer.payments, **about),
        "\n".join(
            say(language, "plans.agreement.payment", n=place + 1, amount=show(offer.cents(place)), date=shown)
            for place, shown in enumerate(days_shown)
        ),
        say(language, "plans.agreement.cost", amount=show(offer.total_cents)),
        say(language, "plans.agreement.by_hand" if by_hand else "plans.agreement.taken"),
        say(language, "plans.agreement.miss", most=misses.MOST_MISSED),
        say(language, "plans.agreement.change", most=MOST_PAUSES),
        say(language, "plans.agreement.end"),
    ]
    if held.rule.income_percent_professional is not None:
        percent = held.rule.income_percent_professional
        lines.append(say(language, "plans.agreement.income", percent=percent))
    disclosure = catalog.organisation().plans.disclosure.get(language)
    if disclosure:
        lines.append(disclosure)
    return "\n\n".join(lines)


def said(wish: Wish, method: Method, offer: Offer) -> MandateText:
    """What is agreed to about the way to pay."""
    return orders.text(
        "plan", wish.language, wish.region, method, amount_cents=offer.each_cents, last_cents=offer.last_cents,
        on=list(offer.days),
    )  # fmt: skip


def sign(wish: Wish, bills: Sequence[UUID], offer: Offer, text: str) -> Made:
    """Sign it: made or repeat with its id; changed (what is owed is not that sum any more), in_plan, not_found,
    unsound, past, method_not_ready. `text` is what was shown. Raises Hidden.
    """
    order_id = keys.of_order("plan", wish.key)
    if sql.one("SELECT 1 FROM autopay_order WHERE account_id = %s AND id = %s", (wish.account_id, order_id)):
        return Made("repeat", order_id)
    method = orders.usable(wish.viewer, wish.method_account_id, wish.method_id) if wish.method_id else None
    if wish.method_id and method is None:
        return Made("method_not_ready")
    rows = member.to_pay(wish.viewer, bills)
    verdict = _judge(wish, rows, bills, offer, method)
    if verdict.code != "free":
        return verdict
    owed = [
        (row["bill_id"], int(row["payable_cents"])) for row in sorted(rows, key=lambda r: (r["due_date"], r["number"]))
    ]
    payees = {row["bill_id"]: row["payee"] for row in rows}
    with transaction.atomic():
        if not orders.insert("plan", wish, order_id, method, offer.first):
            return Made("repeat", order_id)
        for place, parts in enumerate(_shared_out(owed, offer)):
            slot = days.slot(offer.days[place], method.kind if method else "", wish.region)
            if method is None:
                slot = days.Slot(slot.take_on, days.BY_HAND)
            orders.put_due(wish, "plan", order_id, offer.days[place], slot, parts, payees)
        told = [{"bill_id": bill, "amount_cents": cents} for bill, cents in owed]
        sql.execute(
            "INSERT INTO autopay_plan (account_id, id, total_cents, payments, bills, text, text_hash, version, rule,"
            " signed_at) VALUES (%s, %s, %s, %s, %s::jsonb, %s, %s, %s, %s, %s)",
            (wish.account_id, order_id, offer.total_cents, offer.payments, sql.dumps(told), text,
             hashlib.sha256(text.encode()).digest(), VERSION, limits(wish.region).rule.name, clock.now()),
        )  # fmt: skip
        if method is not None:
            orders.agree(
                "plan", wish, order_id, method, said(wish, method, offer), cents=offer.each_cents, varies=False
            )  # fmt: skip
    return Made("made", order_id)


def in_plan(account_id: UUID, bills: Sequence[UUID]) -> set[UUID]:
    """Those of the bills that stand in a plan that goes on."""
    rows = sql.query(
        "SELECT DISTINCT (t->>'bill_id')::uuid AS bill_id FROM autopay_order o JOIN autopay_plan p"
        " ON p.account_id = o.account_id AND p.id = o.id, jsonb_array_elements(p.bills) AS t"
        " WHERE o.account_id = %s AND o.kind = 'plan' AND o.state = 'active' AND (t->>'bill_id')::uuid = ANY(%s)",
        (account_id, list(bills)),
    )
    return {row["bill_id"] for row in rows}


def _judge(wish: Wish, rows: Sequence[Row], bills: Sequence[UUID], offer: Offer, method: Method | None) -> Made:
    held = limits(wish.region)
    if len(rows) != len(set(bills)) or not rows or any(row["account_id"] != wish.account_id for row in rows):
        return Made("not_found")
    if not 2 <= offer.payments <= held.most or offer.last_cents <= 0:
        return Made("unsound")
    slot = days.slot(offer.first, method.kind if method else "", wish.region)
    if slot.moved in ("past", "too_soon"):
        return Made("past", slot=slot)
    if in_plan(wish.account_id, bills):
        return Made("in_plan")
    if member.cents(rows) != offer.total_cents or orders.kept_back(wish.account_id, bills):
        return Made("changed")
    return Made("free")


def _shared_out(owed: Sequence[Part], offer: Offer) -> list[list[Part]]:
    """The bills of each payment: the oldest is paid first. Sums are exact."""
    left = dict(owed)
    found: list[list[Part]] = []
    for place in range(offer.payments):
        need, parts = offer.cents(place), []
        for bill, cents in left.items():
            part = min(need, cents)
            if part > 0:
                parts.append((bill, part))
                need -= part
        for bill, part in parts:
            left[bill] -= part
        found.append(parts)
    return found


def _days(first: date, count: int) -> tuple[date, ...]:
    return tuple(days.months_later(first, place) for place in range(count))
