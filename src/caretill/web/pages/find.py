"""Finding a bill: one box and a second fact, or the region's full fields; and where the numbers stand on the paper."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse

from caretill.web.forms.find import FieldsForm, FindForm
from caretill.web.page import accepts, form_page, page, region_of


@accepts("GET", "POST")
def find(request: HttpRequest, slug: str) -> HttpResponse:
    """One box for any number on the paper, plus a last name or a ZIP code."""
    region = region_of(slug)
    form = FindForm.read(request, region)
    return form_page(request, "find.html", form, region=region)


@accepts("GET", "POST")
def fields(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """The full set of fields of one of the region's lookups."""
    region = region_of(slug)
    lookup = region.lookup(name)
    if lookup is None:
        raise Http404(name)
    form = FieldsForm.read(request, region, lookup)
    return form_page(request, "fields.html", form, region=region, lookup=lookup)


@accepts("GET")
def paper(request: HttpRequest, slug: str) -> HttpResponse:
    """Where each number stands on this region's paper."""
    return page(request, "paper.html", region=region_of(slug))
