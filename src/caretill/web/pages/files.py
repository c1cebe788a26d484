"""What a page shows that is not text: the style sheet, the logo, and pictures of the paper."""

from __future__ import annotations

import functools
import gzip

from django.http import Http404, HttpRequest, HttpResponse

from caretill.letters import paper
from caretill.regions.catalog import organisation
from caretill.web.assets import assets
from caretill.web.page import accepts, region_of

FOR_EVER = "public, max-age=31536000, immutable"


def _file(request: HttpRequest, kind: str, body: bytes, packed: bytes, cache: str) -> HttpResponse:
    takes_packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(packed if takes_packed else body, content_type=kind)
    if takes_packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = cache
    return response


@accepts("GET")
def asset(request: HttpRequest, name: str) -> HttpResponse:
    """A file by the name that carries its hash: it may be kept for ever."""
    found = assets().by_name.get(name)
    if found is None:
        raise Http404(name)
    return _file(request, found.kind, found.body, found.packed, FOR_EVER)


@functools.lru_cache(maxsize=256)
def _packed(picture: bytes) -> bytes:
    return gzip.compress(picture, 6, mtime=0)


@accepts("GET")
def picture(request: HttpRequest, slug: str, language: str, spot: str, key: str) -> HttpResponse:
    """Part of the region's paper with one spot ringed; `numbers` shows its box of numbers without a ring.

    The key in the address changes with the picture. A page made before a change still gets one, which is not kept.
    """
    region_of(slug)
    ringed = None if spot == "numbers" else spot
    if language not in organisation().languages:
        raise Http404(language)
    try:
        body = paper.picture(slug, ringed, language)
    except paper.UnknownSpot:
        raise Http404(spot) from None
    cache = FOR_EVER if key == paper.picture_key(slug, ringed, language) else "no-store"
    return _file(request, "image/svg+xml", body, _packed(body), cache)
