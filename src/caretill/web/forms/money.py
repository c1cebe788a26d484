"""Forms of the money on an account: how much to put there, what is done with it, how much to take back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from uuid import uuid4

from django.http import HttpRequest

from caretill.core.money import MoneyError, parse_form_cents, plain
from caretill.payments.deposits import Wish
from caretill.web import preferences
from caretill.web.forms.amount import LONGEST_AMOUNT, read_cents
from caretill.web.forms.form import Form, Reader

MOST_CENTS = 1_000_000  # of one payment onto an account: more is a slip of the finger
MOST_FLOOR_CENTS = 1_000_000


@dataclass(frozen=True)
class PutForm(Form):
    """How much to put on the account, whom it pays, and the key of this payment."""

    amount: str = ""
    cents: int = 0
    account: str = ""
    key: str = ""

    @classmethod
    def read(cls, request: HttpRequest, accounts: tuple[str, ...]) -> Self:
        """What was posted, otherwise a new one. `accounts` are the payees' accounts that may be chosen."""
        reader = Reader(request)
        typed, account = reader.text("amount", longest=LONGEST_AMOUNT), reader.text("account")
        cents = 0
        if reader.judged:
            cents = read_cents(reader, "amount", typed, MOST_CENTS, preferences.of(request).language)
            if len(accounts) > 1 and account not in accounts:
                reader.fault("account", "deposit.error.account")
        chosen = account if account in accounts else accounts[0] if len(accounts) == 1 else ""
        # Nobody typed it, and some look like the number of a card.
        key = reader.post.get("key", "") or str(uuid4())
        return cls(amount=typed, cents=cents, account=chosen, key=key, **reader.outcome())  # type: ignore[arg-type]


@dataclass(frozen=True)
class WishForm(Form):
    """Whether it goes onto bills by itself, and below what they are reminded; empty is never."""

    by_itself: bool = False
    floor: str = ""
    floor_cents: int | None = None

    @classmethod
    def read(cls, request: HttpRequest, before: Wish) -> Self:
        """What was posted, otherwise as it is kept."""
        if request.method != "POST":
            return cls(by_itself=before.by_itself, floor=plain(before.floor_cents) if before.floor_cents else "")
        reader = Reader(request)
        typed, floor_cents = reader.text("floor", longest=LONGEST_AMOUNT), None
        if typed and reader.judged:
            try:
                floor_cents = parse_form_cents(typed, preferences.of(request).language)
            except MoneyError:
                floor_cents = -1
            if not 0 <= floor_cents <= MOST_FLOOR_CENTS:
                reader.fault("floor", "deposit.error.floor")
        by_itself = reader.post.get("by_itself") == "yes"
        return cls(by_itself=by_itself, floor=typed, floor_cents=floor_cents or None, **reader.outcome())  # type: ignore[arg-type]
