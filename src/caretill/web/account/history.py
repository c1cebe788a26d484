"""The history: a list that can be searched, its sums, and the same as a table and as a paper."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from caretill.core import clock
from caretill.core.words import say
from caretill.letters import history as whole
from caretill.letters.dates import short_date
from caretill.letters.history_pdf import Cover, all_together, csv_lines, history_pdf, person_in_sums, said
from caretill.payments import history as paid
from caretill.payments.history import KINDS, Choices, Entry, Sum
from caretill.people.sessions import Session
from caretill.regions.catalog import organisation
from caretill.web import preferences
from caretill.web.account.member import member_page, signed_in
from caretill.web.forms.history import HistoryForm, place_in, place_of
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts

A_PAGE = 25
LONGEST_PAPER = 2_000


@accepts("GET", "POST")
@signed_in
def history(request: HttpRequest, session: Session) -> HttpResponse:
    """What was paid and sent, newest first. A search is posted and leads to an address that holds it sealed."""
    if request.method == "POST":
        form = HistoryForm.read(request)
        if form.sent:
            return SeeOther(_address("history", form.query))
        return _shown(request, session, form, status=422 if form.faults else 200)
    form, over = HistoryForm.of(request.GET)
    return _shown(request, session, form, over=over)


def _shown(
    request: HttpRequest,
    session: Session,
    form: HistoryForm,
    *,
    over: bool = False,
    status: int = 200,
) -> HttpResponse:
    language = preferences.of(request).language
    viewer, wanted, query = session.viewer, form.wanted, form.query
    before = place_of(request.GET)
    entries, after = whole.page(viewer, wanted, A_PAGE, before)
    sums, choices = paid.sums(viewer, wanted), paid.choices(viewer)
    whole.note_read(viewer, "history")
    return member_page(
        request,
        session,
        "account/history.html",
        status=status,
        form=form,
        over=over,
        long="long" in request.GET,
        first=before is None,
        narrow=wanted.narrow,
        rows=[_row(entry, language) for entry in entries],
        sums=[_sum(one, language) for one in sums],
        together=all_together(sums),
        years=years(choices, session),
        people=choices.people,
        kinds=tuple(KINDS),
        chosen=chosen(form, choices, language),
        older=_address("history", query | {"after": place_in(after)}) if after else "",
        newest=_address("history", query),
        csv=_address("history_csv", query),
        pdf=_address("history_pdf", query),
    )


@accepts("GET")
@signed_in
def history_csv(request: HttpRequest, session: Session) -> Any:
    """All that is wanted as a table, sent while it is read."""
    language = preferences.of(request).language
    form, _ = HistoryForm.of(request.GET)
    whole.note_read(session.viewer, "history")
    lines = csv_lines(whole.entries(session.viewer, form.wanted), language)
    response = StreamingHttpResponse((line.encode() for line in lines), content_type="text/csv; charset=utf-8")
    return _file(response, language, "csv")


@accepts("GET")
@signed_in
def history_paper(request: HttpRequest, session: Session) -> HttpResponse:
    """The same as tagged PDF; what is too long for one is said on the page."""
    language = preferences.of(request).language
    form, _ = HistoryForm.of(request.GET)
    viewer = session.viewer
    entries, more = whole.page(viewer, form.wanted, LONGEST_PAPER)
    if more:
        return SeeOther(_address("history", form.query | {"long": "1"}))
    whole.note_read(viewer, "history")
    cover = Cover(
        session.region,
        f"{session.first_name} {session.last_name}".strip(),
        ". ".join(chosen(form, paid.choices(viewer), language)),
        clock.today(organisation().region(session.region).time_zone),
    )
    body = history_pdf(entries, paid.sums(viewer, form.wanted), cover, language)
    return _file(HttpResponse(body, content_type="application/pdf"), language, "pdf")


def _file(response: Any, language: str, ending: str) -> Any:
    response.headers["Content-Disposition"] = f'attachment; filename="{say(language, "history.file.name")}.{ending}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _address(name: str, query: dict[str, str]) -> str:
    return f"{url(name)}?{urlencode(query)}" if query else url(name)


def years(choices: Choices, session: Session) -> range:
    """From this year back to the first care."""
    this = clock.today(organisation().region(session.region).time_zone).year
    return range(this, (choices.since or this) - 1, -1)


def chosen(form: HistoryForm, choices: Choices, language: str) -> list[str]:
    """What the list is narrowed to, in words."""
    wanted = form.wanted
    found: list[str] = []
    if wanted.kind:
        found.append(say(language, f"history.kind.{wanted.kind}"))
    found += [f"{first} {last}".strip() for person, first, last in choices.people if person == wanted.person]
    if wanted.year:
        found.append(str(wanted.year))
    if form.find:
        found.append(f"“{form.find}”")
    return found


def _row(entry: Entry, language: str) -> dict[str, Any]:
    words = said(entry, language)
    return {
        "kind": entry.kind,
        "open": entry.open,
        "date": short_date(entry.day, language),
        "what": words.what,
        "details": [text for text in (words.people, words.payees, words.method if entry.method_last4 else "") if text],
        "bills": words.bills,
        "reference": entry.reference,
        "cents": entry.amount_cents,
        "counts": entry.paid_cents != 0 or entry.refunded_cents != 0,
        "receipt": _receipt(entry),
        "id": str(entry.id),
    }


def _receipt(entry: Entry) -> str:
    """The payment whose receipt tells more; outside and unfinished payments have none."""
    tells = entry.kind in ("payment", "refund", "returned", "restored")
    return str(entry.payment_id) if tells and entry.reference else ""


def _sum(one: Sum, language: str) -> dict[str, Any]:
    return {
        "person": person_in_sums(one, language),
        "paid_cents": one.paid_cents,
        "refunded_cents": one.refunded_cents,
    }
