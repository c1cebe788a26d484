"""The receipt on screen and as a file: both are made from the same page of figures, so they cannot differ."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from markupsafe import Markup

from caretill.core import audit, tokens
from caretill.core.ids import clean_check_code, show_pay_code
from caretill.letters.letterhead import letterhead
from caretill.letters.links import open_receipt_link
from caretill.letters.receipts import receipt_page, receipt_pdf
from caretill.payments.access import receipt_figures
from caretill.people.viewer import Hidden
from caretill.web import preferences
from caretill.web.flow import Made
from caretill.web.forms.code import CodeForm
from caretill.web.page import View, accepts, page, region_of
from caretill.web.pages import errors

Figures = dict[str, Any]
_SIZE = re.compile(r'\bwidth="(\d+)" height="(\d+)"')


def with_receipt(view: Callable[[HttpRequest, str, Figures], HttpResponse]) -> View:
    """The view gets the figures of a payment that went through. A link of a mail ends; it opens the receipt alone."""

    @wraps(view)
    def found(request: HttpRequest, token: str) -> HttpResponse:
        try:
            account_id, payment_id = whose(token)
            figures = receipt_figures(account_id, payment_id)
        except (tokens.TokenError, Hidden):
            return errors.problem(request, 404, "link_bad")
        audit.record_read(account_id, "guest", "receipt", payment_id)
        return view(request, token, figures)

    return found


def whose(token: str) -> tuple[UUID, UUID]:
    """Account and payment of a link of ours, from a page or from a mail. Raises TokenError."""
    try:
        made = Made.opened(token)
    except tokens.TokenError:
        return open_receipt_link(token)
    return made.account_id, made.payment_id


@accepts("GET")
@with_receipt
def receipt(request: HttpRequest, token: str, figures: Figures) -> HttpResponse:
    """On screen, ready to be printed."""
    language = preferences.of(request).language
    paper = receipt_page(figures, language, letterhead(figures["region"], language))
    region = region_of(figures["region"])
    return page(request, "receipt.html", region=region, paper=paper, qr=scaled(paper["check"]["qr"]), token=token)


def scaled(drawing: str) -> Markup:
    """The drawing of the paper, so that it grows to the size it is given; it is our own, letter by letter."""
    return Markup(_SIZE.sub(r'viewBox="0 0 \1 \2"', drawing, count=1))


@accepts("GET")
@with_receipt
def receipt_file(request: HttpRequest, token: str, figures: Figures) -> HttpResponse:
    """As tagged PDF."""
    body = receipt_pdf(figures, preferences.of(request).language)
    response = HttpResponse(body, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="receipt-{figures["reference"]}.pdf"'
    response.headers["Cache-Control"] = "no-store"
    return response


@accepts("GET")
def scanned(request: HttpRequest, code: str) -> HttpResponse:
    """What the square code of a receipt opens: the check page with the code filled in. It answers when it is sent."""
    cleaned = clean_check_code(code)
    if cleaned is None:
        raise Http404
    return page(request, "receipt_check.html", form=CodeForm(code=show_pay_code(cleaned)), answer="")
