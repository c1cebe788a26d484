"""To and from the processor's page: the payer comes back, breaks off, goes on, or stops."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from caretill.payments import look, take
from caretill.payments.access import payment_figures
from caretill.payments.gateways.base import GatewayUnknown
from caretill.web import preferences, visit
from caretill.web.account import member
from caretill.web.flow import Made, over_to, with_payment
from caretill.web.jinja import url
from caretill.web.moments import said
from caretill.web.page import SeeOther, accepts, page, region_of


@accepts("GET")
@with_payment
def came_back(request: HttpRequest, made: Made) -> HttpResponse:
    """From the processor's page, paid or not: ask it, then show what is so."""
    state = look.came_back(made.account_id, made.payment_id)
    return over_to("done" if state == "succeeded" else "wait", made)


@accepts("GET", "POST")
@with_payment
def broke_off(request: HttpRequest, made: Made) -> HttpResponse:
    """From the processor's page without paying: go on, stop, or pay another amount."""
    wish = request.POST.get("do", "")
    if wish in ("stop", "change") and not preferences.switched(request):
        return stopped(request, made, wish)
    if wish == "go" and not preferences.switched(request):
        return went_on(request, made)
    state = look.look_again(made.account_id, made.payment_id)
    if state not in ("submitting", "requires_action"):
        return over_to("done" if state == "succeeded" else "wait", made)
    return cancel_page(request, made)


def cancel_page(request: HttpRequest, made: Made, status: int = 200, notice: str = "") -> HttpResponse:
    """The choice. `notice` names words on top."""
    figures = payment_figures(made.account_id, made.payment_id)
    told = said(request, region_of(figures["region"]))
    here = member.of(request) is not None
    return page(
        request, "cancel.html", status=status, payment=figures, token=made.token, notice=notice, here=here, **told
    )


def went_on(request: HttpRequest, made: Made) -> HttpResponse:
    """To the processor's page of this same payment."""
    answer = take.open_page(made.account_id, made.payment_id)
    if answer.code == "open":
        return SeeOther(answer.url)
    if answer.code == "not_sent":
        return cancel_page(request, made, 503, "not_sent")
    return over_to("done" if answer.state == "succeeded" else "wait", made)


def stopped(request: HttpRequest, made: Made, wish: str) -> HttpResponse:
    """Close the processor's page; then, where it is closed, to another amount if that was the wish."""
    try:
        state = take.stop(made.account_id, made.payment_id)
    except GatewayUnknown:
        return cancel_page(request, made, 503, "not_stopped")
    if state in ("submitting", "requires_action"):
        return cancel_page(request, made, 503, "not_stopped")
    flow = visit.load(request, request.POST.get("flow", "")) or visit.holding(request, str(made.payment_id))
    if wish == "change" and flow and state in ("voided", "failed"):
        return SeeOther(url("amount", flow.id))
    return over_to("done" if state == "succeeded" else "wait", made)
