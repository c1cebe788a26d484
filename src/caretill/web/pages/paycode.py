"""The square code on the paper, and the pay link: place and number are filled in, one fact is asked."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from caretill.billing import link
from caretill.core import limits
from caretill.core.ids import clean_pay_code, mistyped_pay_code, show_pay_code
from caretill.regions.catalog import regions
from caretill.web import network, seek
from caretill.web.forms.facts import FactsForm
from caretill.web.page import accepts, form_page, page, region_of
from caretill.web.pages.find import held

# Codes that do not exist, an hour and network. Past it every code is answered as one of those.
UNKNOWN_CODES = 60


@accepts("GET", "POST")
def paycode(request: HttpRequest, code: str) -> HttpResponse:
    """`/p/CODE`: the bill is found when the last name or the ZIP code is right, too."""
    cleaned = clean_pay_code(code[:64])
    if cleaned is None:
        limits.count(_misses(request))
        read = mistyped_pay_code(code[:64])
        return page(request, "paycode_mistyped.html", status=404, code=show_pay_code(read) if read else "")
    slug = _region(request, cleaned)
    if slug is None:
        return page(request, "paycode_unknown.html", status=404)
    region = region_of(slug)
    form = FactsForm.read(request, region)
    if form.sent:
        sought = seek.seek(request, seek.by_code(slug, cleaned, form.last_name, form.zip))
        if sought.found:
            return seek.begin(request, slug, sought.found)
        if sought.gate != "open":
            return held(request, region, form, sought)
        form = form.wrong("last_name", "find.error.facts_wrong")
    return form_page(request, "paycode.html", form, region=region, code=show_pay_code(cleaned))


def _region(request: HttpRequest, code: str) -> str | None:
    misses = _misses(request)
    if not limits.look(misses).allowed:
        return None
    slug = link.region_of_code(code, [region.slug for region in regions()])
    if slug is None:
        limits.count(misses)
    return slug


def _misses(request: HttpRequest) -> list[limits.Limit]:
    return [limits.Limit("pay_code_page", network.of(request), UNKNOWN_CODES, 3600)]
