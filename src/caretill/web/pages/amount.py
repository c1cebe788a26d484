"""How much to pay now. What stands in the way is said here: paid already, being paid, nothing owed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from caretill.core.money import show
from caretill.web import bills, preferences
from caretill.web.bills import Bills
from caretill.web.flow import kept, settle, with_flow
from caretill.web.forms.amount import AmountForm, EachForm, OneForm
from caretill.web.jinja import url
from caretill.web.moments import said
from caretill.web.page import SeeOther, accepts, form_page, page, region_of
from caretill.web.pages import errors
from caretill.web.seek import MOST_BILLS
from caretill.web.visit import Flow


@accepts("GET", "POST")
@with_flow
def amount(request: HttpRequest, flow: Flow) -> HttpResponse:
    """Of one bill all, what is due or another amount; of several bills an amount each."""
    settle(flow)
    if flow.login:
        return kept(request, SeeOther(f"{url('member_pay')}?flow={flow.id}"), flow)
    found = bills.read(request, flow)
    if not found.open or found.mine:
        return kept(request, shut(request, flow, found), flow)
    form = read(request, flow, found)
    if form.sent:
        choose(flow, found, form)
        onward = "ask_help" if asks_help(request) else "check" if flow.payer_name else "details"
        return kept(request, SeeOther(url(onward, flow.id)), flow)
    return kept(request, open_page(request, flow, found, form), flow)


def asks_help(request: HttpRequest) -> bool:
    """Whether what was chosen is to be paid by somebody else."""
    return request.POST.get("do") == "helper"


def read(request: HttpRequest, flow: Flow, found: Bills) -> AmountForm:
    """One bill, or several."""
    if len(found.all) == 1:
        return OneForm.read(request, found.open[0], flow)
    return EachForm.read(request, found, flow)


def choose(flow: Flow, found: Bills, form: AmountForm) -> None:
    """Keep in the flow what was chosen, and whom it pays."""
    flow.ask(dict(form.cents), form.choice)
    flow.payees = {bill.id: bill.payee for bill in found.open}
    flow.ends = {bill.id: bill.end for bill in found.open}
    flow.masked_name = found.masked_name


def open_page(request: HttpRequest, flow: Flow, found: Bills, form: AmountForm) -> HttpResponse:
    """The form."""
    told = said(request, region_of(flow.region))
    return form_page(request, "amount.html", form, flow=flow, bills=found, most_bills=MOST_BILLS, **told)


def shut(request: HttpRequest, flow: Flow, found: Bills, status: int = 200) -> HttpResponse:
    """Why nothing can be paid here now, and what to do. Bills that are gone look like a flow that is gone."""
    if not found.all:
        return errors.problem(request, 404, "flow_gone")
    told = said(request, region_of(flow.region))
    just_sent = "sent" in request.GET
    return page(request, "state_bills.html", status=status, flow=flow, bills=found, just_sent=just_sent, **told)


def fallen(request: HttpRequest, flow: Flow) -> HttpResponse:
    """More was asked than is owed by now: the form once more, with the figures as they are."""
    if flow.login:
        return kept(request, SeeOther(f"{url('member_pay')}?flow={flow.id}&fallen=1"), flow)
    found = bills.read(request, flow)
    if not found.open or found.mine:
        return kept(request, shut(request, flow, found, 409), flow)
    over = [bill for bill in found.open if flow.amounts.get(bill.id, 0) > bill.payable_cents]
    bill = (over or found.open)[0]
    most = show(bill.payable_cents, preferences.of(request).language)
    if len(found.all) == 1:
        form: AmountForm = OneForm.before(bill, flow).wrong("amount", "amount.error.fallen", most=most)
    else:
        told = {"most": most, "end": bill.end}
        form = EachForm.before(found, flow).wrong(f"amount_{bill.place}", "amount.error_on.fallen", **told)
    return kept(request, open_page(request, flow, found, form), flow)
