"""The style sheet and the logo."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse

from caretill.web.assets import assets
from caretill.web.page import accepts


@accepts("GET")
def asset(request: HttpRequest, name: str) -> HttpResponse:
    """A file by the name that carries its hash: it may be kept for ever."""
    found = assets().by_name.get(name)
    if found is None:
        raise Http404(name)
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(found.packed if packed else found.body, content_type=found.kind)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
