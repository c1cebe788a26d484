"""What a payment is made from: a card on the processor's page, a bank account, or something a member saved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from caretill.core import audit
from caretill.formats import nacha
from caretill.methods import access as methods
from caretill.methods import pause
from caretill.methods.access import Method
from caretill.methods.keep import BankAsk, shown_digits
from caretill.people.viewer import Hidden
from caretill.web.account import member
from caretill.web.flow import kept, signed, with_flow
from caretill.web.forms.bank import BankForm, HowForm
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts, form_page, region_of
from caretill.web.pages import planned
from caretill.web.visit import Flow


@dataclass(frozen=True)
class Source:
    """What the payer chose. `kind` is card (the processor's page), bank (typed) or saved, which has its `method`."""

    kind: str = "card"
    last4: str = ""
    account_type: str = ""
    method: Method | None = None

    @property
    def by_bank(self) -> bool:
        """Whether a bank debit comes of it."""
        return self.kind == "bank" or (self.method is not None and self.method.kind == "bank")


@accepts("GET", "POST")
@with_flow
def how(request: HttpRequest, flow: Flow) -> HttpResponse:
    """The choice. A card on the processor's page is what it is until something else is chosen."""
    if not flow.amounts:
        return SeeOther(url("amount", flow.id))
    saved, by_bank = ready(request, flow), pause.bank_door()
    known = {"card", *(str(each.id) for each in saved), *(("bank",) if by_bank == "open" else ())}
    form = HowForm.read(request, flow.how or "card", frozenset(known))
    if form.sent and form.how == "bank":
        return SeeOther(url("pay_bank", flow.id))
    if form.sent:
        chosen = next((each for each in saved if str(each.id) == form.how), None)
        if chosen is not None and str(chosen.account_id) != flow.account_id:
            flow.renew()
            flow.move_to(str(chosen.account_id))
        flow.pay_by("" if chosen is None else form.how)
        return kept(request, SeeOther(url("check", flow.id)), flow)
    figures = {"flow": flow, "saved": saved, "by_bank": by_bank, **signed(request, flow)}
    return form_page(request, "how.html", form, region=region_of(flow.region), **figures)


@accepts("GET", "POST")
@with_flow
def pay_bank(request: HttpRequest, flow: Flow) -> HttpResponse:
    """A bank account, typed. It is kept by us only once its owner agreed: until then it is in the sealed cookie."""
    if not flow.amounts:
        return SeeOther(url("amount", flow.id))
    if pause.bank_door() != "open":
        return SeeOther(url("how", flow.id))
    asks_email, asks_when = not flow.login and not flow.email, planned.offered(flow)
    name = flow.bank.get("holder_name", "") or flow.payer_name
    form = BankForm.read(request, name, asks_email=asks_email, asks_when=asks_when)
    if form.sent and form.day:
        form = planned.judged(request, flow, form)
    if form.sent:
        if asks_email:
            flow.pay_as(flow.payer_name, form.email)
        told = {
            "holder_name": form.holder_name,
            "routing": nacha.bare_number(form.routing),
            "number": nacha.bare_number(form.number),
            "account_type": form.account_type,
        }
        flow.pay_by("bank", told, form.day.isoformat() if form.day else "")
        return kept(request, SeeOther(url("check" if flow.payer_name else "details", flow.id)), flow)
    figures = {"flow": flow, "asks_email": asks_email, **planned.days_of(asks_when), **signed(request, flow)}
    return form_page(request, "pay_bank.html", form, region=region_of(flow.region), **figures)


def ready(request: HttpRequest, flow: Flow) -> list[Method]:
    """What whoever is signed in saved, as far as it can be charged now."""
    session = member.of(request) if flow.login else None
    if session is None:
        return []
    kinds = ("card", "bank") if pause.bank_door() == "open" else ("card",)
    found = [each for each in methods.listed(session.viewer) if each.state == "ready" and each.kind in kinds]
    for account_id in {each.account_id for each in found}:
        audit.record_read(account_id, session.viewer.name, "methods", None)
    return found


def source(request: HttpRequest, flow: Flow) -> Source:
    """What the flow is paid from; what is gone since falls back to a card on the processor's page."""
    if flow.how == "bank" and flow.bank:
        return Source("bank", shown_digits(flow.bank["number"]), flow.bank["account_type"])
    session = member.of(request) if flow.login and flow.how not in ("", "bank") else None
    if session is not None:
        try:
            found = methods.one(session.viewer, UUID(flow.account_id), UUID(flow.how))
        except (Hidden, ValueError):
            found = None
        if found is not None and found.state == "ready":
            return Source("saved", found.last4, found.account_type, found)
    if flow.how:
        flow.pay_by("")
    return Source()


def bank_of(flow: Flow) -> BankAsk | None:
    """The account that was typed."""
    if flow.how != "bank" or not flow.bank:
        return None
    told, account_id = flow.bank, UUID(flow.account_id)
    kind: Literal["checking", "savings"] = "savings" if told["account_type"] == "savings" else "checking"
    return BankAsk(account_id, None, told["holder_name"], told["routing"], told["number"], kind)
