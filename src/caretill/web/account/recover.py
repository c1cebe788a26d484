"""Ways back in: which address somebody signs in with, and a link for a new password.

Whatever was typed, the answer is one page with one set of headers: what differs goes by mail. Every try is counted as a
miss, since an answer that counted misses alone would tell.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from caretill.billing import guard
from caretill.core import limits
from caretill.people import factors, recovery, register, signin
from caretill.regions.catalog import organisation
from caretill.regions.models import Region
from caretill.web import network, preferences, seek
from caretill.web.account import door
from caretill.web.account.register import sought_standing, too_many
from caretill.web.forms.place import PlaceForm
from caretill.web.forms.recover import ForgotForm, InvitedForm, ResetForm
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts, form_page, page, region_of
from caretill.web.pages import errors

HOUR = 3600


@accepts("GET", "POST")
def forgot_email(request: HttpRequest) -> HttpResponse:
    """Where they get care, first."""
    return _place(request, "forgot_email_facts", "recover.email.title")


@accepts("GET", "POST")
def forgot_password(request: HttpRequest) -> HttpResponse:
    """Where they get care, first."""
    return _place(request, "forgot_password_facts", "recover.password.title")


def _place(request: HttpRequest, name: str, title: str) -> HttpResponse:
    form = PlaceForm.read(request)
    if form.sent:
        region = organisation().find_region(form.place)
        if region:
            return SeeOther(url(name, region.slug))
        form = form.wrong("place", "find.where.error.unknown")
    return form_page(request, "account/recover_place.html", form, way=name, title=title)


@accepts("GET", "POST")
def forgot_email_facts(request: HttpRequest, slug: str) -> HttpResponse:
    """The region's facts; the answer goes to the contact on file."""

    def tell(form: ForgotForm, held: register.Standing | None, language: str) -> None:
        recovery.tell_email(held, slug, language)

    return _facts(request, slug, "email", tell)


@accepts("GET", "POST")
def forgot_password_facts(request: HttpRequest, slug: str) -> HttpResponse:
    """The address and the region's facts; a link goes to that address, or a word that nothing fits."""

    def tell(form: ForgotForm, held: register.Standing | None, language: str) -> None:
        recovery.send_link(form.email, held, slug, language)

    return _facts(request, slug, "password", tell)


@accepts("GET", "POST")
def forgot_invited(request: HttpRequest, slug: str) -> HttpResponse:
    """For who was invited and has no numbers of their own: the address alone, and later their second step."""
    region = region_of(slug)
    form = InvitedForm.read(request)
    if not form.sent:
        return form_page(request, "account/recover_invited.html", form, region=region)
    place = limits.enter([limits.Limit("recover_network", network.of(request), 40, HOUR)])
    if not place.allowed:
        return errors.problem(request, 429, retry_seconds=place.retry_after)
    recovery.send_invited_link(form.email, slug, preferences.of(request).language)
    return _sent(request, region, "password")


def _sent(request: HttpRequest, region: Region, what: str) -> HttpResponse:
    return page(request, "account/recover_sent.html", region=region, what=what, minutes=recovery.LINK_SECONDS // 60)


def _facts(
    request: HttpRequest, slug: str, what: str, tell: Callable[[ForgotForm, register.Standing | None, str], None]
) -> HttpResponse:
    region = region_of(slug)
    form = ForgotForm.read(request, region, email=what == "password")
    if not form.sent:
        return form_page(request, "account/recover_facts.html", form, region=region, what=what)
    place = limits.enter([limits.Limit("recover_network", network.of(request), 40, HOUR)])
    if not place.allowed:
        return errors.problem(request, 429, retry_seconds=place.retry_after)
    number = seek.by_fields(region, region.register, form).counted
    with guard.alone(slug, number):
        sought, standing = sought_standing(request, region, form, count=False)
        if sought.gate == "open":
            guard.missed(slug, [number], network.of(request))
    if sought.gate != "open":
        return too_many(request, region, form, sought)
    tell(form, standing, preferences.of(request).language)
    return _sent(request, region, what)


@accepts("GET", "POST")
def reset_password(request: HttpRequest, token: str) -> HttpResponse:
    """A new password, and the second step where one is set up. Nobody is signed in by it."""
    reset = recovery.opened(token)
    if reset is None:
        return page(request, "account/recover_link_over.html", status=404)
    ways = factors.ways(reset.login_id)
    second = ways.totp or ways.codes > 0
    if reset.second and not second:
        return page(request, "account/recover_link_over.html", status=404)
    if ways.second and not second:
        # A passkey is the only second step, and it signs in by itself: a password is changed behind it.
        return page(request, "account/recover_passkey.html")
    form = ResetForm.read(request, (*reset.about, organisation().name), short=True, second=second)
    if form.sent and second:
        tried = signin.by_code(reset.login_id, form.code, door.place(request))
        if tried == "closed":
            return errors.problem(request, 429, retry_seconds=HOUR)
        if tried != "right":
            form = form.wrong("code", "recover.error.code_wrong")
    if not form.sent:
        return form_page(request, "account/recover_reset.html", form, second=second, app=ways.totp)
    if not recovery.set_password(reset, form.new_password):
        return page(request, "account/recover_link_over.html", status=404)
    response = page(request, "account/recover_done.html")
    door.trust(request, response, reset.login_id)
    return response
