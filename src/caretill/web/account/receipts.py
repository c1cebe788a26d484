"""A member's receipt: line by line where the care is open to them, the plain one where it is not."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from caretill.letters.itemised import itemised_page, itemised_pdf
from caretill.letters.letterhead import letterhead
from caretill.payments.itemised import read_receipt
from caretill.people.sessions import Session
from caretill.web import preferences
from caretill.web.account.member import member_page, signed_in
from caretill.web.money_back import back_of
from caretill.web.page import accepts, region_of
from caretill.web.pages.receipt import scaled


@accepts("GET")
@signed_in
def member_receipt(request: HttpRequest, session: Session, payment: UUID) -> HttpResponse:
    """On screen, ready to be printed."""
    language = preferences.of(request).language
    figures = read_receipt(session.viewer, payment)
    paper = itemised_page(figures, language, letterhead(figures["region"], language))
    return member_page(
        request,
        session,
        "account/receipt.html",
        region=region_of(figures["region"]),
        paper=paper,
        qr=scaled(paper["check"]["qr"]),
        backs=back_of(figures, region_of(figures["region"])),
        payment=str(payment),
    )


@accepts("GET")
@signed_in
def member_receipt_pdf(request: HttpRequest, session: Session, payment: UUID) -> HttpResponse:
    """As tagged PDF."""
    figures = read_receipt(session.viewer, payment)
    response = HttpResponse(itemised_pdf(figures, preferences.of(request).language), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="receipt-{figures["reference"]}.pdf"'
    response.headers["Cache-Control"] = "no-store"
    return response
