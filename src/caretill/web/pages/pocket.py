"""What a browser asks for that puts the site on a telephone. The same for everybody, so nothing here is private."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse

from caretill.regions.catalog import organisation
from caretill.web import pocket
from caretill.web.page import accepts

DAY = "public, max-age=86400"


def _language(wanted: str) -> str:
    if wanted not in organisation().languages:
        raise Http404(wanted)
    return wanted


@accepts("GET")
def manifest(request: HttpRequest, language: str) -> HttpResponse:
    """Name, colours, pictures and short ways in, in one language."""
    response = HttpResponse(pocket.manifest(_language(language)), content_type="application/manifest+json")
    response.headers["Cache-Control"] = DAY
    return response


@accepts("GET")
def icon(request: HttpRequest, kind: str, size: int) -> HttpResponse:
    """The logo as PNG."""
    made = pocket.icon_bytes(kind, size)
    if made is None:
        raise Http404(kind)
    response = HttpResponse(made, content_type="image/png")
    response.headers["Cache-Control"] = DAY
    return response


@accepts("GET")
def worker(request: HttpRequest, language: str) -> HttpResponse:
    """The worker's script: asked anew each time, and answering for the whole site."""
    response = HttpResponse(pocket.worker(_language(language)), content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Service-Worker-Allowed"] = "/"
    return response


@accepts("GET")
def offline(request: HttpRequest, language: str) -> HttpResponse:
    """The page for when there is no network."""
    response = HttpResponse(pocket.offline(_language(language)))
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Language"] = language
    return response
