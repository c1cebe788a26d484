"""How a member signs in: the password, passkeys, the authenticator app, recovery codes. Each change is told by mail and
signs out every other browser."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from caretill.people import factors, passkeys, sessions, signin
from caretill.people.factors import LastWay
from caretill.people.passkeys import Refused
from caretill.people.sessions import Session
from caretill.regions.catalog import organisation
from caretill.web.account import door, kept, keys, second
from caretill.web.account.member import fresh, member_form_page, member_page, signed_in
from caretill.web.forms.form import Form
from caretill.web.forms.sign_in import NewPasswordForm, PasskeyForm, ProveForm, SecondForm
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts

DONE = ("password", "passkey_added", "passkey_gone", "passkey_named", "app", "app_gone")


@accepts("GET", "POST")
@signed_in
def prove(request: HttpRequest, session: Session) -> HttpResponse:
    """All that signing in would ask, once more, before something that opens the account is changed (ASVS 7.5.1)."""
    held = factors.ways(session.login_id)
    form = ProveForm.read(request, second=held.asked)
    if form.sent:
        field, answer = _proved(request, session, form)
        if answer == "right":
            sessions.prove(session)
            return SeeOther(kept.way(form.next))
        form = form.wrong(field, f"signin.error.{answer}")
    asked = keys.to_use(request) if held.passkeys else None
    return member_form_page(request, session, "account/prove.html", form, held=held, keys=asked)


def _proved(request: HttpRequest, session: Session, form: ProveForm) -> tuple[str, str]:
    """`right`, or which field is wrong and why. A code is used up only after a right password."""
    if form.passkey:
        try:
            whose = passkeys.use(keys.origin(request), form.state, form.passkey)
        except Refused:
            whose = None
        return "password", "right" if whose == session.login_id else "prove_passkey"
    place = door.place(request)
    answer = signin.proves(session.email, form.password, place)
    if answer != "right":
        return "password", f"prove_{answer}"
    if not form.code:
        return "password", "right"
    answer = signin.by_code(session.login_id, form.code, place)
    return "code", answer if answer == "right" else f"code_{answer}"


@accepts("GET")
@fresh
def security(request: HttpRequest, session: Session) -> HttpResponse:
    """All ways in, each with its page."""
    done = request.GET.get("done", "")
    return member_page(
        request,
        session,
        "account/security.html",
        held=factors.ways(session.login_id),
        done=done if done in DONE else "",
        devices=len(sessions.listed(session)),
    )


@accepts("GET", "POST")
@fresh
def password(request: HttpRequest, session: Session) -> HttpResponse:
    """A new password."""
    held = factors.ways(session.login_id)
    form = NewPasswordForm.read(request, about(session), short=held.second)
    if not form.sent:
        return member_form_page(request, session, "account/security_password.html", form, held=held)
    with transaction.atomic():
        signin.set_password(session.login_id, form.new_password)
        signin.changed(session, "password_changed")
    return _done("password")


@accepts("GET", "POST")
@fresh
def passkeys_page(request: HttpRequest, session: Session) -> HttpResponse:
    """Add a passkey, name it, take it away."""
    for verb in ("rename", "remove"):
        if request.POST.get(verb):
            return _change(request, session, verb, request.POST[verb])
    form = PasskeyForm.read(request)
    if form.sent:
        label = form.label or door.browser(request)
        try:
            with transaction.atomic():
                passkeys.add(session.login_id, keys.origin(request), form.state, form.passkey, label)
                signin.changed(session, "factor_changed")
            return _done("passkey_added")
        except Refused as refused:
            form = form.wrong("label", f"security.error.passkey_{refused.code}")
    return _passkeys(request, session, form)


def _passkeys(request: HttpRequest, session: Session, form: Form) -> HttpResponse:
    held = factors.ways(session.login_id)
    asked = keys.to_add(request, session.login_id, session.email)
    label = getattr(form, "label", "")
    figures = {"held": held, "keys": asked, "label": label, "zone": _zone(session)}
    return member_form_page(request, session, "account/security_passkeys.html", form, **figures)


def _change(request: HttpRequest, session: Session, verb: str, text: str) -> HttpResponse:
    try:
        passkey_id = UUID(text)
    except ValueError:
        return SeeOther(url("security_passkeys"))
    if verb == "rename":
        label = PasskeyForm.read(request).label
        if label:
            factors.rename(session.login_id, passkey_id, label)
        return _done("passkey_named")
    try:
        with transaction.atomic():
            if factors.remove(session.login_id, "passkey", passkey_id):
                signin.changed(session, "factor_changed")
    except LastWay:
        return _passkeys(request, session, Form().wrong("label", "security.error.last_way"))
    return _done("passkey_gone")


@accepts("GET", "POST")
@fresh
def totp(request: HttpRequest, session: Session) -> HttpResponse:
    """Set up an authenticator app, or take it away."""
    form = SecondForm.read(request)
    if "remove" in request.POST:
        try:
            with transaction.atomic():
                if factors.remove(session.login_id, "totp"):
                    signin.changed(session, "factor_changed")
            return _done("app_gone")
        except LastWay:
            form = SecondForm().wrong("code", "security.error.last_way")
    if form.sent:
        seed = second.open_seed(form.seed, session.login_id)
        if seed and factors.add_totp(session.login_id, seed, form.code):
            return _app_added(request, session)
        form = form.wrong("code", "signin.error.app_wrong" if seed else "signin.error.seed_late")
    held = factors.ways(session.login_id)
    app = second.app_of(form.seed, session.login_id, session.email)
    return member_form_page(request, session, "account/security_totp.html", form, held=held, app=app)


def _app_added(request: HttpRequest, session: Session) -> HttpResponse:
    signin.changed(session, "factor_changed")
    if factors.ways(session.login_id).codes:
        return _done("app")
    codes = factors.new_codes(session.login_id)
    return second.codes_page(request, session, codes, next=f"{url('security')}?done=app")


@accepts("GET", "POST")
@fresh
def codes(request: HttpRequest, session: Session) -> HttpResponse:
    """Ten new recovery codes, shown once; those before end."""
    held = factors.ways(session.login_id)
    form = Form()
    if request.method == "POST" and "make" in request.POST and held.second:
        made = factors.new_codes(session.login_id)
        signin.changed(session, "factor_changed")
        return second.codes_page(request, session, made, next=url("security"))
    return member_form_page(request, session, "account/security_codes.html", form, held=held)


def about(session: Session) -> tuple[str, ...]:
    """Words that may not be most of a password of theirs."""
    name, _, host = session.email.partition("@")
    return (session.first_name, session.last_name, name, host, *organisation().name.split())


def _done(name: str) -> HttpResponse:
    return SeeOther(f"{url('security')}?done={name}")


def _zone(session: Session) -> str:
    return organisation().region(session.region).time_zone
