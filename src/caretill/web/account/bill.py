"""One bill of a member: what is owed, three doors, where it stands, where the money went, line by line, as a letter."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from caretill.billing import member
from caretill.letters.press import statement_pdf
from caretill.letters.statement_page import bill_words
from caretill.payments import motion
from caretill.people.sessions import Session
from caretill.people.viewer import Hidden
from caretill.regions.catalog import organisation
from caretill.web import notices, preferences
from caretill.web.account.cheque import standing
from caretill.web.account.member import member_page, signed_in
from caretill.web.jinja import url
from caretill.web.moments import said
from caretill.web.page import accepts, region_of
from caretill.web.pages import help
from caretill.web.pages.bill import lines, split

Figures = dict[str, Any]


@accepts("GET")
@signed_in
def member_bill(request: HttpRequest, session: Session, bill: UUID) -> HttpResponse:
    """The bill; where its care is not open to this member, only what is owed."""
    figures = member.read_bill(session.viewer, bill)
    region = region_of(figures["region"])
    shown: Figures = {"bill": figures, "payee": organisation().payees[figures["payee"]].name, **said(request, region)}
    shown["hold"] = standing(figures)
    if not figures["opens"]:
        return member_page(request, session, "account/bill_private.html", **shown)
    language = preferences.of(request).language
    return member_page(
        request,
        session,
        "account/bill.html",
        texts=notices.texts(organisation(), region, language),
        told=bill_words(figures, language),
        lines=lines(figures),
        split=split(figures),
        track=track(figures),
        receipts=motion.of_bill(figures["account_id"], bill),
        **shown,
    )


@accepts("GET")
@signed_in
def member_bill_help(request: HttpRequest, session: Session, bill: UUID) -> HttpResponse:
    """Whom to call about it, with its number to read out: on the page, never in the address."""
    figures = member.read_bill(session.viewer, bill)
    about = help.About(figures["number"], url("member_bill", bill))
    told = help.reach(region_of(figures["region"]), preferences.of(request).language, about)
    return member_page(request, session, "help.html", **told)


@accepts("GET")
@signed_in
def member_bill_pdf(request: HttpRequest, session: Session, bill: UUID) -> HttpResponse:
    """The same as a letter, to print or keep; only where the care is open."""
    figures = member.read_bill(session.viewer, bill)
    if not figures["opens"]:
        raise Hidden
    response = HttpResponse(statement_pdf(figures, preferences.of(request).language), content_type="application/pdf")
    response.headers["Content-Disposition"] = 'inline; filename="bill.pdf"'
    response.headers["Cache-Control"] = "no-store"
    return response


def track(figures: Figures) -> list[tuple[str, str, str]]:
    """From the visit to the last payment: state, step, and its day where it is known.

    The plan's steps show where a plan answered: nobody tells us of a claim that is still with it.
    """
    planned = figures["discount_cents"] or figures["plan_paid_cents"]
    plan = [("done", "sent", ""), ("done", "answered", "")] if planned else []
    start = [("done", "visit", figures["service_to"]), *plan, ("done", "bill", figures["issue_date"])]
    if figures["open_cents"] <= 0:
        days = [paid["date"] for paid in figures["payments"] if paid["kind"] not in ("refund", "returned")]
        return [*start, ("done", "paid", max(days, default=""))]
    begun = figures["pending_cents"] > 0 or figures["paid_here_cents"] > 0
    return [*start, ("now" if begun else "next", "paid", "")]
