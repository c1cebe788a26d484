"""Who is signed in: the cookie, the session it stands for, and pages that only a member sees."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from caretill.people import sessions
from caretill.people.sessions import Session
from caretill.people.viewer import Hidden
from caretill.regions.catalog import organisation
from caretill.web import page as pages
from caretill.web.account import kept
from caretill.web.forms.form import Form
from caretill.web.jinja import url
from caretill.web.page import SeeOther, View

# The pages that every page leads to, in this order.
ROOMS: tuple[str, ...] = ("home", "bills", "history", "household", "profile")
_ON_REQUEST = "_caretill_session"


def of(request: HttpRequest) -> Session | None:
    """The session of this browser, asked once a request."""
    if not hasattr(request, _ON_REQUEST):
        token = request.COOKIES.get(cookie(), "")
        setattr(request, _ON_REQUEST, sessions.who(token) if token else None)
    found: Session | None = getattr(request, _ON_REQUEST)
    return found


def signed_in(view: Callable[..., HttpResponse]) -> View:
    """The view gets the session after the request. Others sign in first: what they posted is kept for them.

    What is missing and what is not theirs (`Hidden`) get one page. A form of a page that was somebody else's, who was
    signed in in this browser before, does nothing.
    """

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **figures: Any) -> HttpResponse:
        session = of(request)
        if session is None:
            return kept.sign_in_first(request)
        if request.POST.get("who", session.tag) != session.tag:
            return member_page(request, session, "account/sign_in_other.html", status=409)
        try:
            return view(request, session, *args, **figures)
        except Hidden:
            return member_page(request, session, "error.html", status=404, problem="s404")

    return asked


def fresh(view: Callable[..., HttpResponse]) -> View:
    """As `signed_in`, and the person has proved a short while ago who they are: for changes to how they sign in."""

    @wraps(view)
    def asked(request: HttpRequest, session: Session, *args: Any, **figures: Any) -> HttpResponse:
        if not session.fresh:
            return SeeOther(f"{url('prove')}?{urlencode({'next': request.path})}")
        return view(request, session, *args, **figures)

    return signed_in(asked)


def member_page(
    request: HttpRequest, session: Session, template: str, *, status: int = 200, **figures: Any
) -> HttpResponse:
    """A page of a member's own, with the way to all the others. The region is that of the login."""
    figures.setdefault("region", organisation().region(session.region))
    return pages.page(request, template, status=status, member=session, rooms=ROOMS, **figures)


def open_page(request: HttpRequest, template: str, **figures: Any) -> HttpResponse:
    """A page for everybody: who is signed in keeps the way to their own pages."""
    session = of(request)
    if session is None:
        return pages.page(request, template, **figures)
    return pages.page(request, template, member=session, rooms=ROOMS, **figures)


def member_form_page(request: HttpRequest, session: Session, template: str, form: Form, **figures: Any) -> HttpResponse:
    """A member's page with a form: 422 where something in it is wrong, entries kept."""
    return member_page(request, session, template, status=422 if form.faults else 200, form=form, **figures)


def remember(response: HttpResponse, token: str) -> None:
    """Give the browser its session; with an empty token, take it away."""
    response.set_cookie(
        cookie(), token, max_age=None if token else 0, secure=_secure(), httponly=True, samesite="Lax", path="/"
    )


def cookie() -> str:
    """The name of the session's cookie."""
    return "__Host-session" if _secure() else "session"


def _secure() -> bool:
    return settings.CARETILL_PUBLIC_URL.startswith("https:")
