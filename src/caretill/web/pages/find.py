"""Finding a bill: one box and a second fact, or the region's full fields; and where the numbers stand on the paper."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse

from caretill.core.ids import mistyped_pay_code
from caretill.regions.models import Region
from caretill.web import seek, visit
from caretill.web.forms.facts import FactsForm
from caretill.web.forms.find import FieldsForm, FindForm
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts, form_page, page, region_of
from caretill.web.seek import Sought


@accepts("GET", "POST")
def find(request: HttpRequest, slug: str) -> HttpResponse:
    """One box for any number on the paper, plus a last name or a ZIP code."""
    region = region_of(slug)
    form = FindForm.read(request, region)
    if form.sent:
        ask = seek.by_number(region, form)
        sought = seek.seek(request, ask)
        if sought.found:
            return seek.begin(request, slug, sought.found, form.add, ask=ask)
        if sought.gate == "both":
            return both(request, region, form)
        if sought.gate != "open":
            return held(request, region, form, sought)
        return both(request, region, form.wrong("number", f"find.error.{missed(form.number)}"))
    return form_page(request, "find.html", form, region=region)


def missed(number: str) -> str:
    """What is said of a number that nothing was found by. Only what was typed decides: it tells of no bill."""
    return "mistyped" if mistyped_pay_code(number) else "not_found"


@accepts("GET", "POST")
def fields(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """The full set of fields of one of the region's lookups."""
    region = region_of(slug)
    lookup = region.lookup(name)
    if lookup is None:
        raise Http404(name)
    form = FieldsForm.read(request, region, lookup)
    if form.sent:
        ask = seek.by_fields(region, lookup, form)
        sought = seek.seek(request, ask)
        if sought.found:
            return seek.begin(request, slug, sought.found, form.add, ask=ask)
        if sought.gate == "both":
            return both(request, region, FindForm.of(form, lookup))
        if sought.gate != "open":
            return held(request, region, form, sought)
        form = form.wrong(lookup.number_field, "find.error.not_found")
    return form_page(request, "fields.html", form, region=region, lookup=lookup)


def both(request: HttpRequest, region: Region, form: FindForm) -> HttpResponse:
    """There were misses: the one box once more, and beside it the last name and the ZIP code."""
    if not form.faults:
        for name in ("last_name", "zip"):
            form = form if getattr(form, name) else form.wrong(name, f"find.error.{name}_missing")
    return form_page(request, "find.html", form, region=region, both=True)


def held(request: HttpRequest, region: Region, form: FindForm | FieldsForm | FactsForm, sought: Sought) -> HttpResponse:
    """Too many misses lately: a page that works for a moment and goes on by itself, or one that names other ways."""
    if sought.gate == "closed":
        response = page(request, "find_closed.html", status=429, region=region)
        response.headers["Retry-After"] = "3600"
        return response
    return page(
        request,
        "find_work.html",
        region=region,
        entries=form.entries(),
        challenge=seek.challenge(sought.gate),
        bits=sought.bits,
    )


@accepts("GET")
def paper(request: HttpRequest, slug: str) -> HttpResponse:
    """Where each number stands on this region's paper."""
    return page(request, "paper.html", region=region_of(slug))


@accepts("GET")
def nothing_owed(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything that was found is paid. The page says nothing about anybody, so it needs no visit."""
    return page(request, "find_nothing.html", region=region_of(slug))


@accepts("GET")
def apart(request: HttpRequest, flow: str, other: str) -> HttpResponse:
    """A bill that cannot join a payment: go on with the first, then pay this one by itself."""
    first, second = visit.load(request, flow), visit.load(request, other)
    if first is None or second is None:
        return SeeOther(url("start"))
    return page(request, "find_apart.html", region=region_of(first.region), first=first.id, second=second.id)
