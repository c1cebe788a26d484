"""A cheque that is in the post: how much, and in how many days it should be there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from django.http import HttpRequest

from caretill.core.money import plain
from caretill.web import preferences
from caretill.web.forms.amount import LONGEST_AMOUNT, read_cents
from caretill.web.forms.form import Form, Reader

DAYS = (7, 14, 21)


@dataclass(frozen=True)
class ChequeForm(Form):
    """`do` is send, or stop where none is coming any more."""

    amount: str = ""
    days: str = "7"
    cents: int = 0
    stop: bool = False

    @classmethod
    def read(cls, request: HttpRequest, most_cents: int) -> Self:
        """What was posted, otherwise all of the bill."""
        if request.method != "POST":
            return cls(amount=plain(most_cents))
        reader = Reader(request)
        if reader.post.get("do") == "stop":
            return cls(stop=True, **reader.outcome())  # type: ignore[arg-type]
        typed, days = reader.text("amount", longest=LONGEST_AMOUNT), reader.text("days")
        if days not in map(str, DAYS):
            reader.fault("days", "holds.say.choose")
        cents = read_cents(reader, "amount", typed, most_cents, preferences.of(request).language)
        return cls(amount=typed, days=days, cents=cents, **reader.outcome())  # type: ignore[arg-type]
