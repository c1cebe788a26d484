"""Waiting for the answer, and every end that is not a payment that went through. Closing it loses nothing."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse

from caretill.payments import look
from caretill.payments.access import payment_figures
from caretill.web import moments, preferences, visit
from caretill.web.flow import Made, over_to, with_payment
from caretill.web.jinja import url
from caretill.web.moments import said
from caretill.web.page import accepts, page, region_of
from caretill.web.standing import STILL, standing, steps


@accepts("GET")
@with_payment
def wait(request: HttpRequest, made: Made) -> HttpResponse:
    """Where the payment stands. The page asks again by itself until nothing more will change."""
    look.came_back(made.account_id, made.payment_id)
    figures = payment_figures(made.account_id, made.payment_id)
    stands = standing(figures)
    if figures["state"] == "succeeded":
        return over_to("done", made)
    region = region_of(figures["region"])
    return page(
        request,
        "wait.html",
        payment=figures,
        stands=stands,
        asks_again=stands not in STILL and stands not in ("submitting", "requires_action"),
        steps=steps(figures, stands),
        promised=moments.promise(region, figures["promised_at"], preferences.of(request).language),
        token=made.token,
        flow=visit.holding(request, str(made.payment_id)),
        **said(request, region),
    )


@accepts("GET")
@with_payment
def state(request: HttpRequest, made: Made) -> HttpResponse:
    """What the waiting page asks every few seconds: where the payment stands, and where to go once it is paid."""
    look.look_again(made.account_id, made.payment_id)
    figures = payment_figures(made.account_id, made.payment_id)
    paid = figures["state"] == "succeeded"
    return JsonResponse({"stands": standing(figures), "go": url("done", made.token) if paid else ""})
