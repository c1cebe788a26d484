"""Who pays, and where the receipt goes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from caretill.web.flow import kept, with_flow
from caretill.web.forms.details import DetailsForm
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts, form_page, region_of
from caretill.web.visit import Flow


@accepts("GET", "POST")
@with_flow
def details(request: HttpRequest, flow: Flow) -> HttpResponse:
    """A name, and an email address or none."""
    if not flow.amounts:
        return SeeOther(url("amount", flow.id))
    form = DetailsForm.read(request, flow)
    if form.sent:
        flow.pay_as(form.payer_name, form.email)
        return kept(request, SeeOther(url("check", flow.id)), flow)
    return form_page(request, "details.html", form, region=region_of(flow.region), flow=flow)
