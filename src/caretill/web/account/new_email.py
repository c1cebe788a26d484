"""A new mail address: asked for, proved with a code, then the member's."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from caretill.people import new_email
from caretill.people.sessions import Session
from caretill.web import preferences
from caretill.web.account.member import fresh, member_form_page
from caretill.web.account.profile import of, saved_page
from caretill.web.forms.code import CodeForm
from caretill.web.forms.profile import NewEmailForm
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts
from caretill.web.pages import errors


@accepts("GET", "POST")
@fresh
def ask(request: HttpRequest, session: Session) -> HttpResponse:
    """Where the code shall go. The answer is the same whether the address is free or another login's."""
    kept = of(session)
    form = NewEmailForm.read(request, kept)
    if not form.sent:
        return member_form_page(request, session, "account/profile_email.html", form, now=kept.email)
    token, wait = new_email.ask(session.login_id, form.email, preferences.of(request).language)
    if not token:
        return errors.problem(request, 429, retry_seconds=wait)
    response = SeeOther(url("profile_email_code"))
    _keep(response, token)
    return response


@accepts("GET", "POST")
@fresh
def enter(request: HttpRequest, session: Session) -> HttpResponse:
    """The code that came. A wrong one, a late one and one that was never sent read alike."""
    token = request.COOKIES.get(_name(), "")
    email = new_email.asked_for(session.login_id, token)
    if not email:
        return SeeOther(url("profile_email"))
    form = CodeForm.read(request, "profile.error.code_missing")
    if form.sent:
        if new_email.redeem(session.login_id, token, form.bare):
            response = saved_page("email")
            _keep(response, "")
            return response
        form = form.wrong("code", "profile.error.code_wrong")
    return member_form_page(request, session, "account/profile_email_code.html", form, email=email)


def _secure() -> bool:
    return settings.CARETILL_PUBLIC_URL.startswith("https:")


def _name() -> str:
    return "__Host-new-email" if _secure() else "new-email"


def _keep(response: HttpResponse, token: str) -> None:
    """The token waits in a cookie, so that reading mail in another tab, a reload and Back lose nothing."""
    age = new_email.SECONDS if token else 0
    response.set_cookie(_name(), token, max_age=age, secure=_secure(), httponly=True, samesite="Lax")
