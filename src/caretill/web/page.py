"""Making a page: the template in the visitor's language inside the shell, as a response."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token

from caretill.regions.catalog import organisation
from caretill.regions.models import Region, UnknownRegion
from caretill.web import jinja, preferences
from caretill.web.assets import assets
from caretill.web.forms.form import Form

View = Callable[..., HttpResponse]


class SeeOther(HttpResponseRedirect):
    """303: what was posted is done, look over there. A reload repeats nothing."""

    status_code = 303


class Forgery:
    """What a form carries against being sent by somebody else: called, the token; `who`, the member whose page it is.

    Guests' pages have no member. The macros of templates see what they are given alone, and all of them are given this.
    """

    def __init__(self, request: HttpRequest, member: Any) -> None:
        self._request = request
        self._token = ""
        self.who: str = member.tag if member else ""

    def __call__(self) -> str:
        """Made once a page, for all of its forms: each mask is 32 draws from the system's chance."""
        self._token = self._token or get_token(self._request)
        return self._token


def page(
    request: HttpRequest, template: str, *, status: int = 200, region: Region | None = None, **figures: Any
) -> HttpResponse:
    """The template with these figures. `region` puts that region's help on the page."""
    wanted = preferences.of(request)
    figures.setdefault("member", None)
    html = (
        jinja.environment(wanted.language)
        .get_template(template)
        .render(
            figures,
            organisation=organisation(),
            region=region,
            path=request.path,
            theme=wanted.theme,
            asset=assets().path,
            csrf=Forgery(request, figures["member"]),
            posted=request.method == "POST",
        )
    )
    response = HttpResponse(html, status=status)
    response.headers["Content-Language"] = wanted.language
    response.headers["Cache-Control"] = "no-store"
    preferences.keep(request, response)
    return response


def form_page(request: HttpRequest, template: str, form: Form, **figures: Any) -> HttpResponse:
    """A page with a form: 422 where something in it is wrong, entries kept."""
    return page(request, template, status=422 if form.faults else 200, form=form, **figures)


def accepts(*methods: str) -> Callable[[View], View]:
    """Only these methods reach the view; HEAD goes where GET goes. Others get the page for 405."""

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method in methods or (request.method == "HEAD" and "GET" in methods):
                return view(request, *args, **kwargs)
            response = page(request, "error.html", status=405, problem="s405")
            response.headers["Allow"] = ", ".join(methods)
            return response

        return checked

    return decorate


def region_of(slug: str) -> Region:
    """The region in an address. Raises Http404."""
    try:
        return organisation().region(slug)
    except UnknownRegion:
        raise Http404(slug) from None
