"""Asking somebody else to pay, and what that somebody chooses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from django.http import HttpRequest

from caretill.core.money import plain
from caretill.web import preferences
from caretill.web.forms.amount import LONGEST_AMOUNT, read_cents
from caretill.web.forms.details import read_email, read_payer
from caretill.web.forms.form import Form, Reader
from caretill.web.visit import Flow


@dataclass(frozen=True)
class AskHelpForm(Form):
    """Where its maker hears that the link was used, or nowhere; `back` is the link to take back."""

    email: str = ""
    back: str = ""

    @classmethod
    def read(cls, request: HttpRequest, flow: Flow) -> Self:
        """What was posted, otherwise the address given before."""
        if request.method != "POST":
            return cls(email=flow.email)
        reader = Reader(request)
        back = reader.post.get("back", "")
        email = flow.email if back or flow.login else read_email(reader)
        return cls(email=email, back=back, **reader.outcome())  # type: ignore[arg-type]


@dataclass(frozen=True)
class HelpForm(Form):
    """`amount` is all or other, `other_amount` as typed, `cents` what that is; who pays, and where the receipt goes."""

    amount: str = "all"
    other_amount: str = ""
    payer_name: str = ""
    email: str = ""
    cents: int = 0

    @classmethod
    def read(cls, request: HttpRequest, most_cents: int, flow: Flow | None) -> Self:
        """What was posted; otherwise what was chosen before, as far as it can still be paid."""
        if request.method != "POST":
            return cls.before(most_cents, flow)
        reader = Reader(request)
        amount, typed = reader.text("amount"), reader.text("other_amount", longest=LONGEST_AMOUNT)
        cents = most_cents
        if amount == "other":
            language = preferences.of(request).language
            cents = read_cents(reader, "other_amount", typed, most_cents, language, above="helping.error.above")
        elif amount != "all":
            reader.fault("amount", "amount.error.choose")
        payer_name, email = read_payer(reader), read_email(reader)
        return cls(
            amount=amount,
            other_amount=typed,
            payer_name=payer_name,
            email=email,
            cents=cents,
            **reader.outcome(),  # type: ignore[arg-type]
        )

    @classmethod
    def before(cls, most_cents: int, flow: Flow | None) -> Self:
        """As it was left."""
        if flow is None:
            return cls()
        chosen = flow.total_cents
        part = 0 < chosen < most_cents
        return cls(
            amount="other" if part else "all",
            other_amount=plain(chosen) if part else "",
            payer_name=flow.payer_name,
            email=flow.email,
        )
