"""How much to pay: of one bill all, what is due or another amount; of several bills an amount each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from django.http import HttpRequest

from caretill.core.money import MoneyError, parse_form_cents, plain, show
from caretill.web import preferences
from caretill.web.bills import Bill, Bills
from caretill.web.forms.form import Form, Reader
from caretill.web.visit import Flow

LONGEST_AMOUNT = 20
_FAULTS = {
    "empty": "empty",
    "negative": "zero",
    "too_big": "above",
    "too_many_decimals": "decimals",
    "not_a_number": "shape",
}


@dataclass(frozen=True)
class AmountForm(Form):
    """`cents` is what was chosen, by bill; complete only when nothing is wrong."""

    cents: Mapping[str, int] = field(default_factory=dict)

    @property
    def total_cents(self) -> int:
        """Of what can be counted so far."""
        return sum(self.cents.values())

    @property
    def choice(self) -> str:
        """all, due, other, or each (several bills)."""
        return "each"


@dataclass(frozen=True)
class OneForm(AmountForm):
    """`amount` is all, due or other; `other_amount` as typed."""

    amount: str = "all"
    other_amount: str = ""

    @property
    def choice(self) -> str:
        return self.amount

    @classmethod
    def read(cls, request: HttpRequest, bill: Bill, flow: Flow) -> Self:
        """What was posted, otherwise as `before`."""
        if request.method != "POST":
            return cls.before(bill, flow)
        reader = Reader(request)
        amount, typed = reader.text("amount"), reader.text("other_amount", longest=LONGEST_AMOUNT)
        whole = {"all": bill.payable_cents, "due": bill.due_now_cents}
        cents = whole.get(amount, 0)
        if amount == "other":
            cents = read_cents(reader, "other_amount", typed, bill.payable_cents, preferences.of(request).language)
        elif cents <= 0:
            reader.fault("amount", "amount.error.choose")
        return cls(cents={bill.id: cents}, amount=amount, other_amount=typed, **reader.outcome())  # type: ignore[arg-type]

    @classmethod
    def before(cls, bill: Bill, flow: Flow) -> Self:
        """What was chosen before, as far as it can still be paid, otherwise all of it."""
        chosen = flow.amounts.get(bill.id, 0)
        if 0 < chosen < bill.payable_cents:
            return cls(cents={bill.id: chosen}, amount="other", other_amount=plain(chosen))
        return cls(cents={bill.id: bill.payable_cents})


@dataclass(frozen=True)
class EachForm(AmountForm):
    """`bill` names the places of those that are to be paid; `typed` is the amount of each as typed."""

    picked: frozenset[int] = frozenset()
    typed: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def read(cls, request: HttpRequest, bills: Bills, flow: Flow) -> Self:
        """What was posted, otherwise as `before`.

        `pick` only shows the page again: with all of every bill, with what is due, with none, or with the total of what
        is there.
        """
        reader = Reader(request)
        pick = reader.post.get("pick", "")
        if request.method != "POST" or pick in ("all", "due", "none"):
            return cls.before(bills, flow, pick)
        reader.judged = reader.judged and not pick
        language = preferences.of(request).language
        places = {str(bill.place): bill for bill in bills.open}
        picked = {bill.place for place in reader.post.getlist("bill") if (bill := places.get(place))}
        typed, cents = {}, {}
        for bill in bills.open:
            name = f"amount_{bill.place}"
            typed[bill.place] = reader.text(name, longest=LONGEST_AMOUNT)
            if bill.place in picked:
                cents[bill.id] = read_cents(reader, name, typed[bill.place], bill.payable_cents, language, end=bill.end)
        if not picked:
            reader.fault("bill", "amount.error.no_bill")
        return cls(cents=cents, picked=frozenset(picked), typed=typed, **reader.outcome())  # type: ignore[arg-type]

    @classmethod
    def before(cls, bills: Bills, flow: Flow, pick: str = "") -> Self:
        """What was chosen before, as far as it can still be paid, otherwise all of every bill; or due, or none."""
        chosen = {bill: min(flow.amounts.get(bill.id, 0), bill.payable_cents) for bill in bills.open}
        if pick == "due":
            chosen = {bill: bill.due_now_cents for bill in bills.open}
        elif pick == "none":
            chosen = dict.fromkeys(bills.open, 0)
        elif pick == "all" or not any(chosen.values()):
            chosen = {bill: bill.payable_cents for bill in bills.open}
        return cls(
            cents={bill.id: cents for bill, cents in chosen.items() if cents},
            picked=frozenset(bill.place for bill, cents in chosen.items() if cents),
            typed={bill.place: plain(cents or bill.payable_cents) for bill, cents in chosen.items()},
        )


def read_cents(
    reader: Reader, name: str, typed: str, most_cents: int, language: str, *, end: str = "", above: str = ""
) -> int:
    """The amount typed; 0 with a fault where it is none, or more than the most. `end` names one bill of many; `above`
    is what is said of too much to somebody who owes nothing.
    """
    figures: dict[str, object] = {"most": show(most_cents, language)}
    table = "amount.error"
    if end:
        table, figures["end"] = "amount.error_on", end
    try:
        cents = parse_form_cents(typed, language)
        fault = "" if 0 < cents <= most_cents else "above" if cents else "zero"
    except MoneyError as error:
        cents, fault = 0, _FAULTS[error.code]
    if not fault:
        return cents
    reader.fault(name, above if above and fault == "above" else f"{table}.{fault}", **figures)
    return 0
