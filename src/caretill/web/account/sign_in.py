"""Signing in with an address and a password or a passkey, and signing out."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse

from caretill.core import work
from caretill.people import passkeys, sessions, signin, tries
from caretill.people.tries import Gate
from caretill.web import preferences
from caretill.web.account import door, kept, keys, member
from caretill.web.account.second import second_page
from caretill.web.forms.sign_in import SecondForm, SignInForm, sealed
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts, form_page, page

CLOSED_SECONDS = 3600


@accepts("GET", "POST")
def sign_in(request: HttpRequest) -> HttpResponse:
    """An address and a password, or a passkey. Every miss gets the same answer."""
    form = SignInForm.read(request)
    if not form.sent:
        return _asked(request, form)
    return _by_passkey(request, form) if form.passkey else _by_password(request, form)


@accepts("GET")
def employer(request: HttpRequest) -> HttpResponse:
    """For who pays for a group: how to reach us."""
    return page(request, "account/sign_in_employer.html")


@accepts("GET", "POST")
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session here. What the browser kept of its pages goes; the device stays known."""
    session = member.of(request)
    if request.method == "POST" and not preferences.switched(request):
        sessions.end(request.COOKIES.get(member.cookie(), ""))
        response: HttpResponse = SeeOther(url("sign_out"))
        member.remember(response, "")
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response
    if session is None:
        return page(request, "account/sign_out_done.html")
    return member.member_page(request, session, "account/sign_out.html")


def _asked(request: HttpRequest, form: SignInForm) -> HttpResponse:
    figures: dict[str, Any] = {"keys": keys.to_use(request), "here": member.of(request), "onward": kept.way(form.next)}
    return form_page(request, "account/sign_in.html", form, **figures)


def _by_password(request: HttpRequest, form: SignInForm) -> HttpResponse:
    tried = signin.by_password(form.email, form.password, door.place(request), lambda gate: _worked(request, gate))
    if tried.gate == "closed":
        response = page(request, "account/sign_in_closed.html", status=429)
        response.headers["Retry-After"] = str(CLOSED_SECONDS)
        return response
    if tried.gate != "open":
        return _work(request, form, tried.gate)
    if tried.login_id is None:
        return _asked(request, form.wrong("email", "signin.error.no"))
    if tried.then == "in":
        return door.enter(request, tried.login_id, second=False, next=form.next, keep=form.kept)
    if form.kept:
        response = second_page(request, tried.login_id, SecondForm(kept=form.kept))
    else:
        response = SeeOther(f"{url('sign_in_second')}?{urlencode({'next': form.next})}")
    door.set_half(response, tried.login_id)
    return response


def _by_passkey(request: HttpRequest, form: SignInForm) -> HttpResponse:
    try:
        login_id = passkeys.use(keys.origin(request), form.state, form.passkey)
    except passkeys.Refused as refused:
        name = "passkey_late" if refused.code == "late" else "passkey_no"
        return _asked(request, form.wrong("email", f"signin.error.{name}"))
    return door.enter(request, login_id, second=True, next=form.next, keep=form.kept)


def _work(request: HttpRequest, form: SignInForm, gate: Gate) -> HttpResponse:
    """A page that works for a moment and goes on by itself."""
    bits = tries.bits(gate)
    return page(
        request,
        "account/sign_in_work.html",
        entries={"typed": sealed(form), "next": form.next, "kept": form.kept},
        challenge=work.challenge(_purpose(gate), bits),
        bits=bits,
    )


def _worked(request: HttpRequest, gate: Gate) -> bool:
    given, answer = request.POST.get("work", ""), request.POST.get("answer", "")
    return bool(given and answer) and work.solved(_purpose(gate), given, answer)


def _purpose(gate: Gate) -> str:
    return f"sign in {gate}"
