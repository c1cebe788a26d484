"""A bill that is paid: its receipt once more, to the contact on file."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from caretill.payments import paid_bill
from caretill.web import bills, network, preferences
from caretill.web.flow import kept, with_flow
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts
from caretill.web.pages import errors
from caretill.web.visit import Flow

HOUR = 3600


@accepts("POST")
@with_flow
def bill_receipt(request: HttpRequest, flow: Flow) -> HttpResponse:
    """Back to the page that says so; a reload sends no second one."""
    back = url("amount", flow.id)
    found = bills.read(request, flow).all
    if len(found) != 1 or found[0].state != "paid":
        return kept(request, SeeOther(back), flow)
    bill = found[0].id
    asked = paid_bill.ask(
        UUID(flow.account_of(bill)), UUID(bill), preferences.of(request).language, network.of(request)
    )
    if asked == "too_many":
        return errors.problem(request, 429, "receipt_often", retry_seconds=HOUR)
    return kept(request, SeeOther(f"{back}?sent=1"), flow)
