"""Every bill as it was sent: page by page, by bill, and each paper as it was, byte for byte, while it can be drawn."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from caretill.letters import history as whole
from caretill.letters.dates import short_date
from caretill.letters.history import Told
from caretill.letters.statements import StatementGone, again
from caretill.people.sessions import Session
from caretill.web import preferences
from caretill.web.account.member import member_page, signed_in
from caretill.web.forms.history import place_in, place_of
from caretill.web.jinja import url
from caretill.web.page import accepts

A_PAGE = 25


@accepts("GET")
@signed_in
def statements(request: HttpRequest, session: Session) -> HttpResponse:
    """A page of them, by bill; the bill that was sent last stands first. Older papers of a bill may stand on a later
    page, under its name again.
    """
    language = preferences.of(request).language
    before = place_of(request.GET)
    found, after = whole.statements(session.viewer, A_PAGE, before)
    bills: dict[UUID, list[Told]] = {}
    for told in found:
        bills.setdefault(told.bill_id, []).append(told)
    return member_page(
        request,
        session,
        "account/statements.html",
        bills=[_bill(held, language) for held in bills.values()],
        first=before is None,
        older=f"{url('statements')}?{urlencode({'after': place_in(after)})}" if after else "",
    )


@accepts("GET")
@signed_in
def statement_pdf(request: HttpRequest, session: Session, statement: UUID) -> HttpResponse:
    """The paper; where it cannot be made again as it was, a page that says what to do."""
    told = whole.statement(session.viewer, statement)
    try:
        body = again(told.account_id, told.id)
    except StatementGone:
        return member_page(request, session, "account/statement_gone.html", status=410, bill=str(told.bill_id))
    response = HttpResponse(body, content_type="application/pdf")
    response.headers["Content-Disposition"] = 'inline; filename="bill.pdf"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _bill(held: list[Told], language: str) -> dict[str, Any]:
    first = held[0]
    return {
        "id": str(first.bill_id),
        "number": first.bill_number,
        "payee": first.payee_name,
        "first_name": first.first_name,
        "open": first.open,
        "papers": [
            {"id": str(told.id), "date": short_date(told.day, language), "cents": told.amount_cents} for told in held
        ],
    }
