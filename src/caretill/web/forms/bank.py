"""A bank account as it is typed from a cheque. Nothing of the number comes back to the page where it was wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Self
from uuid import UUID

from django.http import HttpRequest

from caretill.core.redact import looks_like_card
from caretill.methods.keep import BankAsk, bank_faults
from caretill.web import preferences
from caretill.web.forms.details import read_email
from caretill.web.forms.form import Form, Reader
from caretill.web.forms.later import read_day

LONGEST_NAME = 80
KINDS = ("checking", "savings")
WHEN = ("soon", "day")
FIELDS = {
    "name_empty": "holder_name",
    "routing_wrong": "routing",
    "number_empty": "number",
    "number_not_digits": "number",
    "number_too_long": "number",
    "number_too_short": "number",
}
_NOBODY = UUID(int=0)


@dataclass(frozen=True)
class HowForm(Form):
    """What it is paid from: `card` (typed on the processor's page), `bank`, or the id of a saved method."""

    how: str = "card"

    @classmethod
    def read(cls, request: HttpRequest, chosen: str, known: frozenset[str]) -> Self:
        """What was posted, otherwise what was chosen before."""
        if request.method != "POST":
            return cls(how=chosen if chosen in known else "card")
        reader = Reader(request)
        how = reader.text("how")
        if how not in known:
            reader.fault("how", "how.error.choose")
        return cls(how=how, **reader.outcome())  # type: ignore[arg-type]


@dataclass(frozen=True)
class BankForm(Form):
    """`number` is only ever read: a page shows the field empty again."""

    holder_name: str = ""
    routing: str = ""
    number: str = ""
    account_type: str = "checking"
    email: str = ""
    when: str = "soon"
    on: str = ""
    day: date | None = None

    @classmethod
    def read(cls, request: HttpRequest, holder_name: str, *, asks_email: bool = False, asks_when: bool = False) -> Self:
        """What was posted, otherwise a form with the payer's name. `asks_email`: where a copy of the words goes.

        `asks_when`: whether it can be taken on a day that the payer chooses, which is `day` then.
        """
        if request.method != "POST":
            return cls(holder_name=holder_name)
        reader = Reader(request)
        name, routing = reader.text("holder_name", longest=LONGEST_NAME), reader.text("routing", longest=20)
        number = "".join(reader.post.get("number", "").split())
        again = "".join(reader.post.get("number_again", "").split())
        kind = reader.post.get("account_type", "")
        if kind not in KINDS:
            reader.fault("account_type", "bank.error.account_type")
            kind = KINDS[0]
        if looks_like_card(number):
            reader.fault("number", "bank.error.number_card")
            number = ""
        else:
            made = cls(holder_name=name, routing=routing, number=number, account_type=kind)
            for code in bank_faults(made.ask(_NOBODY)):
                reader.fault(FIELDS[code], f"bank.error.{code}")
            if number != again:
                reader.fault("number_again", "bank.error.number_again")
        email = read_email(reader, missing="bank.error.email_missing") if asks_email else ""
        when, on = (reader.text("when") or "soon", reader.text("on", longest=20)) if asks_when else ("soon", "")
        if when not in WHEN:
            reader.fault("when", "bank.error.when")
        day = read_day(reader, "on", on, preferences.of(request).language) if when == "day" else None
        return cls(
            holder_name=name, routing=routing, number=number, account_type=kind, email=email, when=when, on=on, day=day,
            **reader.outcome(),  # type: ignore[arg-type]
        )  # fmt: skip

    def ask(self, account_id: UUID) -> BankAsk:
        """For the room of saved methods, as an account for one payment."""
        kind = "savings" if self.account_type == "savings" else "checking"
        return BankAsk(account_id, None, self.holder_name, self.routing, self.number, kind)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        """Without the number: whatever fails may print its arguments."""
        return f"BankForm({self.faults})"
