"""Family: who is on the accounts of a member, who else may see or pay, and changing or taking that back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse

from caretill.people import age, family
from caretill.people import household as verbs
from caretill.people.family import Household, Share
from caretill.people.sessions import Session
from caretill.people.viewer import NOBODY, Hidden
from caretill.regions.catalog import organisation
from caretill.web.account import invited
from caretill.web.account.member import member_form_page, member_page, signed_in
from caretill.web.forms.household import ANSWERS, RightsForm, field_name
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts

SAID = ("invited", "changed", "same", "ended", "invite_ended", "taken", "declined", "left")


@dataclass(frozen=True)
class Choice:
    """One choice of a level. `name` is the person's, empty for everybody; `ends` the day it ends by itself."""

    field: str
    name: str
    ends: date | None


@accepts("GET")
@signed_in
def household(request: HttpRequest, session: Session) -> HttpResponse:
    """Everybody on the accounts, others who may see, invitations that wait. `said` is what was just done."""
    said = request.GET.get("said", "")
    return member_page(
        request,
        session,
        "account/household.html",
        households=family.read(session.viewer),
        said=said if said in SAID else "",
        invitation=invited.offer_of(request),
        everybody=NOBODY,
        changeable=changeable,
        day=day,
    )


def day(moment: datetime, account: Household) -> date:
    """The last day on which something that ends then still stands, on the calendar of the account's region."""
    return moment.astimezone(ZoneInfo(organisation().region(account.region).time_zone)).date()


@accepts("GET", "POST")
@signed_in
def access(request: HttpRequest, session: Session, account: UUID, login: UUID) -> HttpResponse:
    """What one other person may do: changed, or all taken back."""
    found = family.one(session.viewer, account)
    share = found.share(login)
    asked = changeable(found, share)
    if share.you or not asked:
        raise Hidden
    if request.method == "POST" and "end" in request.POST:
        verbs.change(session.viewer, account, login, dict.fromkeys(asked))
        return done("ended")
    form = RightsForm.read(request, found, share.rights, asked)
    if form.sent:
        return done(verbs.change(session.viewer, account, login, form.wishes))
    return member_form_page(
        request, session, "account/household_access.html", form,
        account=found, share=share, choices=choices(found, asked), answers=ANSWERS,
    )  # fmt: skip


def changeable(account: Household, share: Share) -> tuple[UUID, ...]:
    """Of whom the viewer may say what that login may do: not of themself, and of the guarantor only what is no longer
    theirs by right, the care of a grown child.
    """
    grown = {each.person_id for each in account.people if each.grown}
    return tuple(each for each in account.managed if each not in share.own and (not share.holder or each in grown))


def choices(account: Household, asked: tuple[UUID, ...]) -> tuple[Choice, ...]:
    """The choices of a page, everybody first."""
    people = {each.person_id: each for each in account.people}
    made = []
    for person_id in asked:
        person = people.get(person_id)
        young = person and person.relation == "child" and not person.grown and not person.you and person.birth_date
        ends = age.grown_on(person.birth_date) if young and person and person.birth_date else None
        made.append(Choice(field_name(account, person_id), person.first_name if person else "", ends))
    return tuple(made)


@accepts("POST")
@signed_in
def leave(request: HttpRequest, session: Session, account: UUID) -> HttpResponse:
    """Give up what others gave on an account."""
    verbs.leave(session.viewer, account)
    return done("left")


def done(said: str) -> HttpResponse:
    """Back to the family, with a word about what was done."""
    return SeeOther(f"{url('household')}?said={said}")
