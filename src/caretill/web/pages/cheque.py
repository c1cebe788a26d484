"""My cheque is in the post: said by whoever pays, on the way of a guest and on a member's bill (payments.holds)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from caretill.core import clock
from caretill.payments import holds
from caretill.web import bills
from caretill.web.bills import Bill
from caretill.web.flow import signed, with_flow
from caretill.web.forms.cheque import DAYS, ChequeForm
from caretill.web.jinja import url
from caretill.web.moments import said
from caretill.web.page import SeeOther, accepts, form_page, region_of
from caretill.web.pages.amount import shut
from caretill.web.visit import Flow


@accepts("GET", "POST")
@with_flow
def cheque(request: HttpRequest, flow: Flow, place: int = 0) -> HttpResponse:
    """For one of the bills that were found, named by its place."""
    found = bills.read(request, flow)
    bill = next((each for each in found.open if each.place == place), None)
    if bill is None:
        return shut(request, flow, found)
    form = ChequeForm.read(request, bill.payable_cents)
    here = url("cheque", flow.id, place)
    if form.sent:
        say(UUID(flow.account_of(bill.id)), UUID(bill.id), form, "guest")
        return SeeOther(f"{here}?{'stopped' if form.stop else 'kept'}=1")
    return form_page(
        request, "cheque.html", form, **told(request, bill.payable_cents, here, url("amount", flow.id)),
        said=_standing(bill), flow=flow, **said(request, region_of(flow.region)), **signed(request, flow),
    )  # fmt: skip


def say(account_id: UUID, bill_id: UUID, form: ChequeForm, by: str) -> None:
    """Note it, or that none is coming."""
    if form.stop:
        holds.release(account_id, bill_id, "cheque")
        return
    until = clock.now() + timedelta(days=int(form.days))
    holds.hold(account_id, bill_id, "cheque", until, by, amount_cents=form.cents)


def told(request: HttpRequest, payable_cents: int, here: str, back: str) -> dict[str, Any]:
    """What the page needs beside its form."""
    news = next((name for name in ("kept", "stopped") if name in request.GET), "")
    return {"days": DAYS, "payable_cents": payable_cents, "here": here, "back": back, "news": news}


def _standing(bill: Bill) -> bills.Said | None:
    return bill.said if bill.said and bill.said.why == "cheque" else None
