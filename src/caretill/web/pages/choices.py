"""Changing the language or the look from a page without a form."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme

from caretill.web import preferences
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts


def _back(request: HttpRequest) -> HttpResponse:
    """To the page that was left: a path of ours, never another site."""
    back = request.GET.get("back", "")
    local = back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    response = SeeOther(back if local else url("start"))
    preferences.keep(request, response)
    return response


@accepts("GET")
def language(request: HttpRequest) -> HttpResponse:
    """`?to=es&back=/pay/`."""
    preferences.of(request).choose("language", request.GET.get("to", ""))
    return _back(request)


@accepts("GET")
def look(request: HttpRequest) -> HttpResponse:
    """`?to=dark&back=/pay/`."""
    preferences.of(request).choose("theme", request.GET.get("to", ""))
    return _back(request)
