"""Registering: the place, the facts from the paper, the terms, and a mail address that is proved by a code.

A wrong fact of any kind gets one answer, and costs what a missed lookup costs. What is found is shown to nobody here.
"""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse

from caretill.billing import guard
from caretill.core import limits
from caretill.people import register as verbs
from caretill.people.household import Offer
from caretill.people.register import Standing
from caretill.regions.catalog import organisation
from caretill.regions.models import Region
from caretill.web import network, notices, preferences, seek, visit
from caretill.web.account import invited, registering
from caretill.web.account.registering import Registering, go, step
from caretill.web.forms.code import CodeForm
from caretill.web.forms.find import FieldsForm
from caretill.web.forms.place import PlaceForm
from caretill.web.forms.register import EmailForm, TermsForm
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts, form_page, page
from caretill.web.pages import errors
from caretill.web.seek import Sought

HOUR, DAY = 3600, 86_400


@accepts("GET", "POST")
def register(request: HttpRequest) -> HttpResponse:
    """Where they get care. `pay` names a payment of this browser: what it knows is not asked again."""
    held = registering.load(request) or Registering()
    if request.method == "GET" and "pay" in request.GET:
        return _from_payment(request, Registering())
    offer = invited.offer_of(request) if request.method == "GET" and "invited" in request.GET else None
    if offer:
        return _from_invitation(offer, Registering())
    form = PlaceForm.read(request)
    chosen = request.POST.get("slug", "")
    region = next((each for each in organisation().regions if each.slug == chosen), None)
    if form.sent and region is None:
        region = organisation().find_region(form.place)
        form = form if region else form.wrong("place", "find.where.error.unknown")
    if region and request.method == "POST" and not preferences.switched(request):
        held.in_region(region.slug)
        return go(held, "register_fields")
    return form_page(request, "account/register_place.html", form)


def _from_payment(request: HttpRequest, held: Registering) -> HttpResponse:
    flow = visit.load(request, request.GET["pay"])
    if flow is None:
        return SeeOther(url("register"))
    held.in_region(flow.region)
    held.email = flow.email
    found = seek.proved(flow)
    if found:
        standing = verbs.standing(found.account_id, found.person_id, found.last_norm)
        if standing:
            held.found(standing)
            held.proved_before = True
    return go(held)


def _from_invitation(offer: Offer, held: Registering) -> HttpResponse:
    """Who was invited needs no number of their own: what they may see is what they are given."""
    held.in_region(offer.region)
    held.invited, held.email = True, offer.email
    return go(held)


@accepts("GET", "POST")
@step("register_fields")
def fields(request: HttpRequest, held: Registering, region: Region) -> HttpResponse:
    """The facts that this region asks of who registers, each with a picture of where it stands on the paper."""
    form = FieldsForm.read(request, region, region.register)
    if request.method == "GET":
        form = FieldsForm(typed=dict(held.facts))
    if form.sent:
        sought, standing = sought_standing(request, region, form)
        if standing:
            held.facts = dict(form.typed)
            held.found(standing)
            held.proved_before = False
            return go(held, "register_terms")
        if sought.gate != "open":
            return too_many(request, region, form, sought)
        form = form.wrong(region.register.number_field, "register.error.not_found")
    return form_page(request, "account/register_fields.html", form, region=region, known=held.proved_before)


def sought_standing(
    request: HttpRequest, region: Region, form: FieldsForm, *, count: bool = True
) -> tuple[Sought, Standing | None]:
    """Look the facts up as every lookup is made, and say what they open. A last name that is not the guarantor's is a
    miss like any other: the same statements run and it is counted, unless the caller counts every try.
    """
    ask = seek.by_fields(region, region.register, form)
    with guard.alone(region.slug, ask.counted):
        sought = seek.seek(request, ask, count=count)
        if sought.gate != "open":
            return sought, None
        found = sought.found
        standing = verbs.standing(
            found.account_id if found else None, found.person_id if found else None, ask.facts.get("last_norm") or ""
        )
        if count and found and standing is None:
            guard.missed(region.slug, [ask.counted], network.of(request))
    return sought, standing


def too_many(request: HttpRequest, region: Region, form: FieldsForm, sought: Sought, **entries: str) -> HttpResponse:
    """Many misses lately: a page that works for a moment and goes on by itself, or one that names other ways."""
    if sought.gate == "closed":
        response = page(request, "account/register_closed.html", status=429, region=region)
        response.headers["Retry-After"] = str(HOUR)
        return response
    return page(
        request,
        "account/register_work.html",
        region=region,
        entries=form.entries() | entries,
        challenge=seek.challenge(sought.gate),
        bits=sought.bits,
    )


@accepts("GET", "POST")
@step("register_terms")
def terms(request: HttpRequest, held: Registering, region: Region) -> HttpResponse:
    """The organisation's terms of use. Which words were agreed to, in which version and language, is kept."""
    form = TermsForm.read(request, before=bool(held.terms))
    # Reading may switch the language: the words that are shown and agreed to are those of the page that follows.
    language = preferences.of(request).language
    words = notices.texts(organisation(), region, language)["terms"]
    if form.sent:
        held.terms = {
            "version": words["version"],
            "language": language,
            "digest": hashlib.sha256(f"{words['title']}\n{words['text']}".encode()).hexdigest(),
        }
        return go(held, "register_email")
    return form_page(request, "account/register_terms.html", form, region=region, words=words, skipped=held.skipped)


@accepts("GET", "POST")
@step("register_email")
def email(request: HttpRequest, held: Registering, region: Region) -> HttpResponse:
    """The address they will sign in with. A code goes to it, or a word that it has an account: the page is the same."""
    form = EmailForm.read(request, before=held.email)
    if form.sent:
        if held.proved and form.email == held.email:
            return go(held, "register_name")
        place = limits.enter(_mails(request, form.email))
        if not place.allowed:
            return errors.problem(request, 429, retry_seconds=place.retry_after)
        held.write_to(form.email, verbs.send_code(form.email, region.slug, preferences.of(request).language))
        return go(held, "register_code")
    return form_page(request, "account/register_email.html", form, region=region, skipped=held.skipped)


def _mails(request: HttpRequest, email: str) -> list[limits.Limit]:
    """How often a code may be asked for, whether one goes out or not."""
    key = verbs.email_key(email)
    return [
        limits.Limit("register_mail_network", network.of(request), 40, HOUR),
        limits.Limit("register_mail", key, 5, HOUR),
        limits.Limit("register_mail_day", key, 10, DAY),
    ]


@accepts("GET", "POST")
@step("register_code")
def code(request: HttpRequest, held: Registering, region: Region) -> HttpResponse:
    """The code that came. A wrong one, a late one and one that was never sent read alike."""
    if held.proved and request.method == "GET":
        return SeeOther(url("register_name"))
    form = CodeForm.read(request, "code.error.code_missing")
    if form.sent:
        if held.proved or verbs.redeem(held.code, held.email, form.bare):
            held.proved = True
            return go(held, "register_name")
        form = form.wrong("code", "code.error.code_wrong")
    figures = {"email": held.email, "minutes": verbs.SECONDS // 60, "skipped": held.skipped}
    return form_page(request, "account/register_code.html", form, region=region, **figures)


def agreed_terms(held: Registering) -> verbs.Agreed:
    """The yes to the terms, for the consent's row."""
    told = held.terms
    return verbs.Agreed("terms", True, told["version"], told["language"], bytes.fromhex(told["digest"]))
