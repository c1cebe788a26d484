"""Registering, the second half: who they are, a password, language and paper. The last step writes all of it."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from caretill.people import passwords, register
from caretill.regions.catalog import organisation
from caretill.regions.models import Region
from caretill.web import notices, preferences
from caretill.web.account import door, member, registering
from caretill.web.account.register import agreed_terms
from caretill.web.account.registering import Registering, go, step
from caretill.web.forms.paperless import words_digest
from caretill.web.forms.register import NameForm, SpeakForm
from caretill.web.forms.sign_in import NewPasswordForm
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts, form_page


@accepts("GET", "POST")
@step("register_name")
def name(request: HttpRequest, held: Registering, region: Region) -> HttpResponse:
    """Name and mailing address, filled in with what is on file: the mail address is proved by now."""
    before = held.person
    if request.method == "GET" and not before:
        before = register.on_file(held.standing) if held.standing else {}
    form = NameForm.read(request, before)
    if form.sent:
        held.person = form.values()
        return go(held, "register_secret")
    return form_page(request, "account/register_name.html", form, region=region, skipped=held.skipped)


@accepts("GET", "POST")
@step("register_secret")
def secret(request: HttpRequest, held: Registering, region: Region) -> HttpResponse:
    """A password. One of 8 to 14 characters is taken: a second step is set up before anything is open."""
    about = (held.email.partition("@")[0], held.person["first_name"], held.person["last_name"], organisation().name)
    form = NewPasswordForm.read(request, about, short=True)
    if form.sent:
        held.password, held.whole = passwords.keep(form.new_password), passwords.alone(form.new_password)
        return go(held, "register_paper")
    return form_page(
        request,
        "account/register_secret.html",
        form,
        region=region,
        email=held.email,
        skipped=held.skipped,
        chosen=bool(held.password),
        alone=passwords.ALONE,
        second=passwords.WITH_SECOND,
    )


@accepts("GET", "POST")
@step("register_paper")
def paper(request: HttpRequest, held: Registering, region: Region) -> HttpResponse:
    """The language we write in; paper, or none after a sample could be opened. Then the login is made."""
    before = preferences.of(request).language
    form = SpeakForm.read(request, before)
    # Reading may switch the language: the words that are shown and agreed to are those of the page that follows.
    language = preferences.of(request).language
    if language != before:
        form = replace(form, speak=language)
    words = notices.texts(organisation(), region, language)["paperless"]
    if form.sent:
        digest = words_digest(words, language)
        chosen = register.Agreed("paperless", form.paper == "screen", words["version"], language, digest)
        return _make(request, held, form, chosen)
    return form_page(request, "account/register_paper.html", form, region=region, words=words, skipped=held.skipped)


def _make(request: HttpRequest, held: Registering, form: SpeakForm, paper: register.Agreed) -> HttpResponse:
    login_id = UUID(held.login_id)
    made = register.make(
        register.Wish(
            login_id=login_id,
            region=held.region,
            standing=held.standing,
            email=held.email,
            password=held.password,
            whole=held.whole,
            **held.person,
            language=form.speak,
            paperless=paper.agreed,
            agreed=(agreed_terms(held), paper),
        )
    )
    preferences.of(request).choose("language", form.speak)
    if made == "taken":
        response: HttpResponse = SeeOther(url("sign_in"))
    elif held.whole:
        there = url("invite_take" if held.invited else "register_done")
        response = door.begin(request, login_id, second=False).onto(SeeOther(there))
    else:
        then = urlencode({"next": url("invite_take" if held.invited else "register_done")})
        response = SeeOther(f"{url('sign_in_second')}?{then}")
        door.set_half(response, login_id)
    preferences.keep(request, response)
    registering.forget(response)
    return response


@accepts("GET")
@member.signed_in
def done(request: HttpRequest, session: member.Session) -> HttpResponse:
    """The account stands: on to it, or first a passkey. The same page whatever could be linked."""
    return member.member_page(request, session, "account/register_done.html")
