"""A lost bill, or a lookup that was missed too often: a code goes to the address on file and opens the bill.

Every answer is the same whether we know the address or not: same statements, same page, a token of the same length.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from caretill.billing import codes, lookup
from caretill.core import limits
from caretill.regions.names import zip5
from caretill.web import network, preferences, seek
from caretill.web.forms.code import CodeForm, ContactForm
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts, form_page, region_of
from caretill.web.pages import errors


@accepts("GET", "POST")
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    """Where the code shall go: the mail address and the ZIP code on file."""
    region = region_of(slug)
    form = ContactForm.read(request, region)
    if not form.sent:
        return form_page(request, "code.html", form, region=region)
    place = limits.enter(_tries(request, form.email))
    if not place.allowed:
        return errors.problem(request, 429, retry_seconds=place.retry_after)
    found = lookup.find_by_contact(slug, form.email, zip5(form.zip) or "")
    token = codes.send(found, slug, preferences.of(request).language)
    response = SeeOther(url("code_enter", slug))
    _keep(response, token)
    return response


@accepts("GET", "POST")
def enter(request: HttpRequest, slug: str) -> HttpResponse:
    """The code that came. A wrong one, a late one and one that was never sent read alike."""
    region = region_of(slug)
    token = request.COOKIES.get(_name(), "")
    if not token:
        return SeeOther(url("code", slug))
    form = CodeForm.read(request, "code.error.code_missing")
    if form.sent:
        found = codes.redeem(token, form.bare)
        if found:
            response = seek.begin(request, slug, found)
            _keep(response, "")
            return response
        form = form.wrong("code", "code.error.code_wrong")
    return form_page(request, "code_enter.html", form, region=region)


def _tries(request: HttpRequest, email: str) -> list[limits.Limit]:
    """How often a code may be asked for, whether one goes out or not. Work is not asked: this is the way without it."""
    return [
        limits.Limit("code_ask_network", network.of(request), 40, 3600),
        limits.Limit("code_ask_email", email.lower(), 5, 3600),
    ]


def _secure() -> bool:
    return settings.CARETILL_PUBLIC_URL.startswith("https:")


def _name() -> str:
    return "__Host-code" if _secure() else "code"


def _keep(response: HttpResponse, token: str) -> None:
    """The token waits in a cookie, so that reading mail in another tab, a reload and Back lose nothing."""
    age = codes.SECONDS if token else 0
    response.set_cookie(_name(), token, max_age=age, secure=_secure(), httponly=True, samesite="Lax")
