"""What a link to help opens: an amount, an initial, and a way to pay. Nothing here names a bill or who sent it."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from caretill.core import tokens
from caretill.payments import helping as links
from caretill.payments.helping import Link
from caretill.people.viewer import Hidden
from caretill.web import bills, visit
from caretill.web.bills import Bills
from caretill.web.flow import help_opened, kept, settle
from caretill.web.forms.helping import HelpForm
from caretill.web.jinja import url
from caretill.web.moments import said
from caretill.web.page import SeeOther, accepts, form_page, page, region_of
from caretill.web.pages import errors
from caretill.web.pages.amount import shut
from caretill.web.visit import Flow


@accepts("GET", "POST")
def helping(request: HttpRequest, token: str) -> HttpResponse:
    """How much, who pays, and where the receipt goes; or why nothing can be paid by it now."""
    try:
        link = links.read(*help_opened(token))
    except (tokens.TokenError, Hidden):
        return errors.problem(request, 404, "link_bad")
    if link.state in ("taken_back", "ended"):
        return closed(request, link, "ended", 410)
    before = visit.helping(request, link.id)
    if before:
        settle(before)
    flow = before or _flow(link)
    found = bills.read(request, flow)
    if found.mine:
        return kept(request, shut(request, flow, found), flow)
    payable = {UUID(bill.id): bill.payable_cents for bill in found.open}
    most = sum(link.split(link.left_cents, payable).values())
    if not most:
        why = "held" if link.left_cents and _held(found) else "paid"
        return closed(request, link, why, until=_bank_day(found) if why == "held" else None)
    form = HelpForm.read(request, most, before)
    if form.sent:
        flow.payees = {bill.id: bill.payee for bill in found.open}
        flow.ask({str(bill): cents for bill, cents in link.split(form.cents, payable).items()}, form.amount)
        flow.pay_as(form.payer_name, form.email)
        return kept(request, SeeOther(url("check", flow.id)), flow)
    figures: dict[str, Any] = {"link": link, "most_cents": most, "fallen": "fallen" in request.GET, "token": token}
    figures["announced"] = bool(found.said)
    return form_page(request, "helping.html", form, region=region_of(link.region), **figures)


def closed(request: HttpRequest, link: Link, why: str, status: int = 200, until: date | None = None) -> HttpResponse:
    """Nothing can be paid by it: `ended` (taken back or too old), `held` (somebody pays now) or `paid`. `until` is the
    day on which a bank takes what is on its way.
    """
    return page(
        request, "helping_closed.html", status=status, why=why, until=until, **said(request, region_of(link.region))
    )


def _bank_day(found: Bills) -> date | None:
    """The last day of the bank debits that hold something."""
    days = [bill.hold.posts_on for bill in found.shut if bill.hold and bill.hold.posts_on]
    return max(days, default=None)


def _held(found: Bills) -> bool:
    return any(bill.state == "held" for bill in found.shut)


def _flow(link: Link) -> Flow:
    """What somebody who helps is in the middle of: it knows whom it helps by an initial."""
    flow = Flow.new(link.region, str(link.account_id), "helper", [str(bill) for bill, _ in link.parts])
    flow.helps, flow.masked_name = str(link.id), link.initial
    return flow
