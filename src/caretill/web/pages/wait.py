"""Waiting for the answer, and every end that is not a payment that went through. Closing it loses nothing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse

from caretill.methods import mandates
from caretill.payments import charge, look
from caretill.payments.access import payment_figures
from caretill.payments.saved_ask import back_until
from caretill.web import moments, preferences, visit
from caretill.web.flow import Made, over_to, with_payment
from caretill.web.jinja import url
from caretill.web.moments import said
from caretill.web.page import SeeOther, accepts, page, region_of
from caretill.web.standing import DAYS, STILL, standing, steps


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
        asks_again=stands not in STILL | DAYS and stands not in ("submitting", "requires_action"),
        back_until=back_until(figures["posts_on"]) if stands == "bank_planned" and figures["posts_on"] else None,
        too_late="late" in request.GET and stands == "bank_sent",
        agreed=agreed(made, figures) if stands in DAYS else None,
        steps=steps(figures, stands),
        promised=moments.promise(region, figures["promised_at"], preferences.of(request).language),
        token=made.token,
        flow=visit.holding(request, str(made.payment_id)),
        **said(request, region),
    )


@accepts("POST")
@with_payment
def take_back(request: HttpRequest, made: Made) -> HttpResponse:
    """Take a bank debit back before its file leaves. Too late, the page says where it is."""
    late = not preferences.switched(request) and charge.withdraw(made.account_id, made.payment_id) == "too_late"
    return SeeOther(f"{url('wait', made.token)}{'?late=1' if late else ''}")


def agreed(made: Made, figures: dict[str, Any]) -> dict[str, Any] | None:
    """The words that were agreed to, to be read again; a helper's or a run's are with whoever agreed."""
    return mandates.one(made.account_id, UUID(figures["mandate_id"])) if figures["mandate_id"] else None


@accepts("GET")
@with_payment
def state(request: HttpRequest, made: Made) -> HttpResponse:
    """What the waiting page asks every few seconds: where the payment stands, and where to go once it is paid."""
    look.look_again(made.account_id, made.payment_id)
    figures = payment_figures(made.account_id, made.payment_id)
    paid = figures["state"] == "succeeded"
    return JsonResponse({"stands": standing(figures), "go": url("done", made.token) if paid else ""})
