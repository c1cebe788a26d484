"""A bill explained, for whoever may see what was done: what it is, where the money went, line by line, what changed.

Words and figures are those of the paper (`letters.statement_page`), so screen and letter cannot tell two stories.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse

from caretill.billing import access, link
from caretill.core.tokens import TokenError
from caretill.letters import links
from caretill.letters.press import statement_pdf
from caretill.letters.statement_page import PARTS, bill_words, plain_line
from caretill.payments import holds
from caretill.people.viewer import Hidden, Viewer
from caretill.regions.catalog import organisation
from caretill.web import notices, preferences, seek
from caretill.web.flow import with_flow
from caretill.web.forms.facts import FactsForm
from caretill.web.moments import said
from caretill.web.page import accepts, form_page, page, region_of
from caretill.web.pages.find import held
from caretill.web.visit import Flow

Figures = dict[str, Any]


@accepts("GET", "POST")
def bill_link(request: HttpRequest, token: str) -> HttpResponse:
    """`/bill/TOKEN` of a message: opens the lines after the last name and the ZIP code, until the next statement."""
    try:
        account_id, bill_id, version = links.open_bill_link(token)
    except TokenError:
        return page(request, "bill_ended.html", status=410, newer=False)
    known = link.linked(account_id, bill_id, version)
    if known is None or not known.current:
        region = region_of(known.region) if known else None
        return page(request, "bill_ended.html", status=410, region=region, newer=known is not None)
    region = region_of(known.region)
    form = FactsForm.read(request, region, both=True)
    if form.sent:
        sought = seek.seek(request, seek.by_link(known, bill_id, form))
        if sought.found:
            return seek.begin(request, known.region, sought.found, lines_of=None if known.private else version)
        if sought.gate != "open":
            return held(request, region, form, sought)
        form = form.wrong("last_name", "bill.link.wrong")
    return form_page(request, "bill_link.html", form, region=region)


@accepts("GET")
@with_flow
def bill(request: HttpRequest, flow: Flow) -> HttpResponse:
    """The bill of a visit that was opened by its link."""
    figures = opened(flow)
    if figures["version"] != flow.lines_version:
        return ended(request, figures)
    language, region = preferences.of(request).language, region_of(figures["region"])
    return page(
        request,
        "bill.html",
        texts=notices.texts(organisation(), region, language),
        hold=holds.standing(UUID(flow.account_id), [figures_id := UUID(figures["bill_id"])]).get(figures_id),
        flow=flow.id,
        bill=figures,
        told=bill_words(figures, language),
        lines=lines(figures),
        split=split(figures),
        **said(request, region),
    )


@accepts("GET")
@with_flow
def bill_pdf(request: HttpRequest, flow: Flow) -> HttpResponse:
    """The same as a letter, to print or keep."""
    figures = opened(flow)
    if figures["version"] != flow.lines_version:
        return ended(request, figures)
    body = statement_pdf(figures, preferences.of(request).language)
    response = HttpResponse(body, content_type="application/pdf")
    response.headers["Content-Disposition"] = 'inline; filename="bill.pdf"'
    return response


def ended(request: HttpRequest, figures: Figures) -> HttpResponse:
    """There is a newer version than the one whose link was opened."""
    return page(request, "bill_ended.html", status=410, region=region_of(figures["region"]), newer=True)


def opened(flow: Flow) -> Figures:
    """The bill that the visit's link named; what joined the payment later is not opened with it. Logs the read."""
    account_id, bill_id = UUID(flow.account_id), UUID(flow.bills[0])
    viewer = Viewer("guest", account_id, frozenset({bill_id}), lines=flow.lines_open)
    try:
        return access.read_lines(viewer, account_id, bill_id)
    except Hidden:
        raise Http404(flow.id) from None


def lines(figures: Figures) -> list[dict[str, Any]]:
    """Each line in plain words; what only some people need is for its details."""
    return [
        line
        | {
            "what": plain_line(line["text"]),
            "part_cents": line["charge_cents"] - line["discount_cents"] - line["plan_paid_cents"],
            "parts": [(name, line[f"{name}_cents"]) for name in PARTS if line[f"{name}_cents"]],
        }
        for line in figures["lines"]
    ]


def split(figures: Figures) -> list[tuple[str, int]]:
    """How the patient's part came about: cents by reason, and what is left without one.

    Empty where no plan said, and where the reasons are together above the part: that does not add up for anybody.
    """
    sums = [(name, sum(line[f"{name}_cents"] for line in figures["lines"])) for name in PARTS]
    said = [(name, cents) for name, cents in sums if cents]
    rest = figures["your_part_cents"] - sum(cents for _, cents in said)
    if rest < 0:
        return []
    return [*said, ("rest", rest)] if said and rest > 0 else said
