"""The first page, and where care was given."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from caretill.regions.catalog import organisation
from caretill.web.forms.place import PlaceForm
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts, form_page


@accepts("GET", "POST")
def start(request: HttpRequest) -> HttpResponse:
    """Pay a bill: the place is asked right here. A post only switches the language or the look."""
    return form_page(request, "start.html", PlaceForm.read(request))


@accepts("GET", "POST")
def where(request: HttpRequest) -> HttpResponse:
    """Choose the region, by ZIP code, by name or from the list."""
    form = PlaceForm.read(request)
    if form.sent:
        region = organisation().find_region(form.place)
        if region:
            return SeeOther(url("find", region.slug))
        form = form.wrong("place", "find.where.error.unknown")
    return form_page(request, "where.html", form)
