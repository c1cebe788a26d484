"""What a member said about themself, a row for each thing, and a small page to change it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from typing import Any, Protocol

from django.http import HttpRequest, HttpResponse

from caretill.letters.dates import clock_time
from caretill.people import profile as people
from caretill.people.profile import Profile
from caretill.people.sessions import Session
from caretill.regions.catalog import organisation
from caretill.web import hours, notices, preferences
from caretill.web.account.member import member_form_page, member_page, signed_in
from caretill.web.forms import profile as forms
from caretill.web.forms.form import Form
from caretill.web.forms.paperless import PaperForm, words_digest
from caretill.web.jinja import speaker, url
from caretill.web.page import SeeOther, View, accepts


class _Asked(Protocol):
    """A form of one question."""

    faults: tuple[Any, ...]
    sent: bool

    def values(self) -> dict[str, Any]: ...


@accepts("GET")
@signed_in
def profile(request: HttpRequest, session: Session) -> HttpResponse:
    """Everything, with Change beside it."""
    kept = of(session)
    language = preferences.of(request).language
    t = speaker(language)
    quiet = quiet_words(kept, language)
    paper = "screen" if kept.paperless else "paper"
    said = {
        "name": f"{kept.first_name} {kept.last_name}".strip(),
        "address": ", ".join(filter(None, (kept.street, kept.city, f"{kept.state} {kept.zip}".strip()))),
        "email": kept.email,
        "phone": kept.phone,
        "language": t(f"shell.tongue.{kept.language}") if kept.language in organisation().languages else "",
        "paper": t(f"profile.value.{paper}"),
        "quiet": quiet,
    }
    rows = [
        (t(f"profile.row.{name}"), text or t("profile.none"), url(f"profile_{name}")) for name, text in said.items()
    ]
    saved = request.GET.get("saved", "")
    return member_page(
        request, session, "account/profile.html", rows=rows, saved=saved in said, told=saved in people.TOLD
    )


def of(session: Session) -> Profile:
    """The profile of who is signed in. The read is logged."""
    return people.read(session.login_id, session.viewer.name)


def quiet_words(kept: Profile, language: str) -> str:
    """`From 9 p.m. to 8 a.m.`, or that there is none."""
    t = speaker(language)
    if kept.quiet_from is None or kept.quiet_to is None:
        return t("profile.value.quiet_none")
    begin, end = (clock_time(time(hour), language) for hour in (kept.quiet_from, kept.quiet_to))
    return t("profile.value.quiet", from_hour=begin, to_hour=end)


def saved_page(field: str) -> SeeOther:
    """Back to all of it, with a word that it was saved."""
    return SeeOther(f"{url('profile')}?saved={field}")


def _question(field: str, read: Callable[[HttpRequest, Profile], Form]) -> View:
    """The page of one field: asks, writes, goes back."""

    @accepts("GET", "POST")
    @signed_in
    def view(request: HttpRequest, session: Session) -> HttpResponse:
        kept = of(session)
        form = read(request, kept)
        if form.sent:
            asked: _Asked = form  # type: ignore[assignment]
            people.change(session.login_id, field, asked.values())
            return saved_page(field)
        return member_form_page(request, session, f"account/profile_{field}.html", form)

    return view


name = _question("name", forms.NameForm.read)
address = _question("address", forms.AddressForm.read)
phone = _question("phone", forms.PhoneForm.read)


@accepts("GET", "POST")
@signed_in
def language(request: HttpRequest, session: Session) -> HttpResponse:
    """The language of mails and papers; pages take it on at once."""
    form = forms.LanguageForm.read(request, of(session))
    if form.sent:
        people.change(session.login_id, "language", form.values())
        response = saved_page("language")
        preferences.of(request).choose("language", form.speak)
        preferences.keep(request, response)
        return response
    return member_form_page(request, session, "account/profile_language.html", form, languages=organisation().languages)


@accepts("GET", "POST")
@signed_in
def quiet(request: HttpRequest, session: Session) -> HttpResponse:
    """When nothing may come, on the clocks of the member's region."""
    form = forms.QuietForm.read(request, of(session))
    if form.sent:
        people.change(session.login_id, "quiet", form.values())
        return saved_page("quiet")
    spoken = preferences.of(request).language
    zone = hours.zone_text(organisation().region(session.region), spoken)
    named = [(hour, clock_time(time(hour), spoken)) for hour in range(24)]
    return member_form_page(request, session, "account/profile_quiet.html", form, hours_of_day=named, zone=zone)


@accepts("GET", "POST")
@signed_in
def paper(request: HttpRequest, session: Session) -> HttpResponse:
    """Without paper, with all that must be said first; or back to it, with one press."""
    kept = of(session)
    now = "screen" if kept.paperless else "paper"
    form = PaperForm.read(request, now)
    spoken = preferences.of(request).language
    rules = notices.texts(organisation(), organisation().region(session.region), spoken)["paperless"]
    if form.sent and form.paper != now:
        digest = words_digest(rules, spoken)
        people.change_paper(session.login_id, form.paper == "screen", spoken, rules["version"], digest)
    if form.sent:
        return saved_page("paper")
    return member_form_page(request, session, "account/profile_paper.html", form, words=rules)
