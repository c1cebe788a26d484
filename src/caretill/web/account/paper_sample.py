"""A made-up bill to open before agreeing to do without paper. Nothing in it is anybody's."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse

from caretill.letters import paper
from caretill.regions.catalog import organisation
from caretill.web.page import accepts, region_of


@accepts("GET")
def paper_sample(request: HttpRequest, slug: str, language: str) -> HttpResponse:
    """The sample bill of a region as PDF."""
    region_of(slug)
    if language not in organisation().languages:
        raise Http404(language)
    response = HttpResponse(paper.sample_pdf(slug, language), content_type="application/pdf")
    response.headers["Content-Disposition"] = 'inline; filename="sample-bill.pdf"'
    response.headers["Cache-Control"] = "no-store"
    return response
