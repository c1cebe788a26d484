"""Invitations: sending one, taking it back, opening its link, and saying yes or no."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from caretill.people import family
from caretill.people import household as verbs
from caretill.people.sessions import Session
from caretill.people.viewer import NOBODY
from caretill.regions.catalog import organisation
from caretill.web.account import household, invited, member
from caretill.web.account.member import member_form_page, member_page, signed_in
from caretill.web.forms.household import ANSWERS, InviteForm
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts, page


@accepts("GET", "POST")
@signed_in
def invite(request: HttpRequest, session: Session, account: UUID) -> HttpResponse:
    """Who, and what they may do. The mail goes out by itself."""
    found = family.one(session.viewer, account)
    form = InviteForm.invite(request, found, session.email)
    if form.sent:
        try:
            verbs.invite(session.viewer, account, form.email, form.wishes)
            return household.done("invited")
        except verbs.TooMany:
            form = form.wrong("email", "household.error.too_many")
        except verbs.Full:
            form = form.wrong("email", "household.error.full", most=verbs.MOST_HELPERS)
    return member_form_page(
        request, session, "account/invite.html", form,
        account=found, choices=household.choices(found, found.managed), answers=ANSWERS,
    )  # fmt: skip


@accepts("POST")
@signed_in
def invite_end(request: HttpRequest, session: Session, account: UUID, invitation: UUID) -> HttpResponse:
    """Take an invitation back that waits."""
    verbs.end_invite(session.viewer, account, invitation)
    return household.done("invite_ended")


@accepts("GET")
def invite_open(request: HttpRequest, token: str) -> HttpResponse:
    """The mail's link: kept in this browser until its visitor is signed in. Looking uses nothing up."""
    try:
        offer = verbs.offer(token)
    except verbs.Gone:
        return page(request, "account/invite_gone.html", status=410)
    if member.of(request):
        response: HttpResponse = SeeOther(url("invite_take"))
    else:
        family.shown("invited", offer.account_id, offer.id)
        region = organisation().region(offer.region)
        response = page(request, "account/invite_open.html", offer=offer, region=region)
    invited.remember(response, token)
    return response


@accepts("GET", "POST")
@signed_in
def invite_take(request: HttpRequest, session: Session) -> HttpResponse:
    """Everything that the invitation gives, and yes or no."""
    token = invited.token_of(request)
    if request.method == "POST" and "no" in request.POST:
        verbs.decline(token)
        return _over(household.done("declined"))
    try:
        if request.method == "POST" and "yes" in request.POST:
            verbs.take(session.login_id, token)
            return _over(household.done("taken"))
        offer = verbs.offer(token)
    except verbs.Gone:
        return _over(member_page(request, session, "account/invite_gone.html", status=410))
    except verbs.OwnInvitation:
        return _over(member_page(request, session, "account/invite_own.html"))
    if offer.by_login == session.login_id:
        return _over(member_page(request, session, "account/invite_own.html"))
    family.shown(session.viewer.name, offer.account_id, offer.id)
    return member_page(request, session, "account/invite_take.html", offer=offer, everybody=NOBODY)


def _over(response: HttpResponse) -> HttpResponse:
    invited.forget(response)
    return response
