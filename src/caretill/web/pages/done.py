"""A payment that went through: its reference, what is left, what happens to the money, and the receipt."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from caretill.core import audit
from caretill.core.ids import show_pay_code
from caretill.payments.access import payment_figures
from caretill.payments.resend import resend
from caretill.regions.catalog import organisation
from caretill.web import network, notices, preferences, visit
from caretill.web.flow import Made, Turn, following, over_to, settle, signed, turns, with_payment
from caretill.web.forms.details import ReceiptForm
from caretill.web.jinja import url
from caretill.web.moments import said
from caretill.web.money_back import back_of
from caretill.web.page import SeeOther, accepts, form_page, region_of
from caretill.web.pages import errors
from caretill.web.standing import standing, steps
from caretill.web.visit import Flow


@accepts("GET", "POST")
@with_payment
def done(request: HttpRequest, made: Made) -> HttpResponse:
    """The same at every reload; a post sends the receipt to an address."""
    form = ReceiptForm.read(request)
    if form.sent:
        return send(request, made, form)
    return done_page(request, made, form)


def done_page(request: HttpRequest, made: Made, form: ReceiptForm) -> HttpResponse:
    """Everything about it. The address that was given is shown to the browser that gave it, to no one else."""
    figures = payment_figures(made.account_id, made.payment_id)
    if figures["state"] != "succeeded":
        return over_to("wait", made)
    audit.record_read(made.account_id, "guest", "receipt", made.payment_id)
    region = region_of(figures["region"])
    flow = visit.holding(request, str(made.payment_id))
    stands = standing(figures)
    turn, turn_flow = next_turn(flow, figures), flow
    for later in following(request, flow) if turn is None else ():
        settle(later)
        turn, turn_flow = next(iter(turns(later)), None), later
        if turn:
            break
    return form_page(
        request,
        "done.html",
        form,
        payment=figures,
        stands=stands,
        steps=steps(figures, stands),
        backs=back_of(figures, region),
        token=made.token,
        flow=flow,
        next_turn=turn,
        next_flow=turn_flow,
        mine=figures["visit"] == visit.browser(request).hex(),
        just_sent="sent" in request.GET,
        check_code=show_pay_code(figures["check_code"]),
        texts=notices.texts(organisation(), region, preferences.of(request).language),
        **said(request, region),
        **signed(request, flow),
    )


def next_turn(flow: Flow | None, figures: dict[str, Any]) -> Turn | None:
    """The payment that comes after this one, where what was chosen takes several."""
    if flow is None or flow.helps:
        return None
    if flow.payment_id != figures["payment_id"]:
        settle(flow)
    paid = [part["bill_id"] for part in figures["parts"]]
    return next((turn for turn in turns(flow) if not {bill for bill, _ in turn.parts} & set(paid)), None)


def send(request: HttpRequest, made: Made, form: ReceiptForm) -> HttpResponse:
    """Have a link to the receipt sent there; a reload of what follows sends no second one."""
    if resend(made.account_id, made.payment_id, form.email, network.of(request)) == "too_many":
        return errors.problem(request, 429, "mail_often", retry_seconds=3600)
    return SeeOther(f"{url('done', made.token)}?sent=1#receipt")
