"""Automatic payment: the list with what comes next, setting it up and changing it; skip, move and stop in one press."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from caretill.autopay import access, enrol
from caretill.autopay.access import Order
from caretill.autopay.enrol import Terms
from caretill.billing import member
from caretill.core import tokens
from caretill.core.money import plain
from caretill.core.words import say
from caretill.letters.autopay_mails import ACTIONS
from caretill.letters.dates import long_date
from caretill.people.sessions import Session
from caretill.regions.catalog import organisation
from caretill.web import preferences
from caretill.web.account import ways
from caretill.web.account.bills import KINDS
from caretill.web.account.member import member_form_page, member_page, signed_in
from caretill.web.forms.later import AutopayForm, MoveForm
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts, form_page, page

Row = dict[str, Any]
DONE = frozenset(
    {"made", "changed", "skipped", "moved", "stopped", "withdrawn", "repeat", "too_late", "paused", "resumed"}
)


@accepts("GET", "POST")
@signed_in
def autopay(request: HttpRequest, session: Session) -> HttpResponse:
    """Every one with its next day and amount. A post pauses one or lets it go on."""
    if request.method == "POST" and "order" in request.POST and not preferences.switched(request):
        return _pause(request, session)
    found = access.listed(session.viewer, "autopay")
    done = request.GET.get("done", "")
    rows = [
        (each, each.next, ways.named(request, each),
         ways.until(request, each.region, each.next.closes_at) if each.next else "")
        for each in found if each.state != "ended"
    ]  # fmt: skip
    return member_page(
        request, session, "account/autopay.html", rows=rows, over=[each for each in found if each.state == "ended"][:5],
        done=done if done in DONE else "", can=bool(_whats(session)),
    )  # fmt: skip


@accepts("GET", "POST")
@signed_in
def add(request: HttpRequest, session: Session) -> HttpResponse:
    """The terms; then what is agreed to, whole, with what would be taken first, and the press."""
    return _edit(request, session, None)


@accepts("GET", "POST")
@signed_in
def change(request: HttpRequest, session: Session, order: UUID) -> HttpResponse:
    """Other terms, agreed to anew."""
    found = ways.own(session, order, "autopay")
    if found.state == "ended":
        return SeeOther(url("autopay"))
    return _edit(request, session, found)


@accepts("GET", "POST")
@signed_in
def due(request: HttpRequest, session: Session, order: UUID, day: str, action: str) -> HttpResponse:
    """Skip, move or stop: a page with one button; a press does it. From the list the button posts here at once."""
    found = ways.own(session, order, "autopay")
    return _act(request, found, _day(day), action, session)


@csrf_exempt  # who holds the mail's link needs nothing else; it does this one thing
@accepts("GET", "POST")
def autopay_open(request: HttpRequest, token: str) -> HttpResponse:
    """The mail's link: one button. A program that only follows links changes nothing."""
    try:
        held = tokens.unseal("autopay", token)
    except tokens.TokenError:
        return page(request, "account/autopay_open.html", status=410, state="over")
    found = access.held(UUID(held["a"]), UUID(held["o"]))
    if found is None or held["x"] not in ACTIONS:
        return page(request, "account/autopay_open.html", status=410, state="over")
    return _act(request, found, _day(held["d"]), held["x"], None)


def _act(request: HttpRequest, order: Order, day: date, action: str, session: Session | None) -> HttpResponse:
    found = next((each for each in order.dues if each.due_on == day), None)
    if action not in ACTIONS or (found is None and action != "stop"):
        raise Http404
    form = MoveForm.read(request) if action == "move" else MoveForm()
    pressed = request.method == "POST" and not preferences.switched(request)
    if pressed and (action != "move" or form.sent):
        code, form = _done(request, order, day, action, form)
        if code:
            if session is not None:
                return SeeOther(f"{url('autopay')}?done={code}")
            return page(request, "account/autopay_open.html", state=code, action=action)
    elif order.state == "ended" or (found is not None and not found.open):
        state = "too_late" if found and found.state in ("taking", "begun", "taken") else "repeat"
        if session is not None:
            return SeeOther(f"{url('autopay')}?done={state}")
        return page(request, "account/autopay_open.html", state=state, action=action)
    figures: Row = {
        "state": "ask", "action": action, "due": found, "order": order,
        "until": ways.until(request, order.region, found.closes_at) if found else "",
    }  # fmt: skip
    if session is not None:
        return member_form_page(request, session, "account/autopay_open.html", form, **figures)
    return form_page(request, "account/autopay_open.html", form, **figures)


def _done(request: HttpRequest, order: Order, day: date, action: str, form: MoveForm) -> tuple[str, MoveForm]:
    """What was done; or, of another day that cannot be, nothing and the form with why."""
    if action == "skip":
        return enrol.skip(order.account_id, order.id, day), form
    if action == "stop":
        return enrol.stop(order.account_id, order.id), form
    assert form.day is not None
    made = enrol.move(order.account_id, order.id, day, form.day)
    if made.code in ("made", "too_late"):
        return "moved" if made.code == "made" else "too_late", form
    language = preferences.of(request).language
    shown = {"date": long_date(made.slot.take_on, language)} if made.slot else {}
    return "", form.wrong("on", f"later.error.{made.code if made.slot else 'moved_too_far'}", **shown)


def _pause(request: HttpRequest, session: Session) -> HttpResponse:
    found = ways.own(session, UUID(request.POST["order"]), "autopay")
    verb = enrol.resume if found.state == "paused" else enrol.pause
    return SeeOther(f"{url('autopay')}?done={verb(found.account_id, found.id)}")


def _edit(request: HttpRequest, session: Session, order: Order | None) -> HttpResponse:
    whats, found = _whats(session), ways.usable(session)
    if request.method == "POST" and "kept" in request.POST:
        return _sign(request, session, order)
    form = AutopayForm.read(request, [value for value, _, _ in whats], list(found), _before(whats, found, order))
    if form.sent and form.account is not None:
        told = {"account": str(form.account), "method": form.method, "key": form.key, "what": form.what,
                "terms": _told(form.terms)}  # fmt: skip
        return _check(request, session, told, order)
    return _form_page(request, session, form, order)


def _form_page(request: HttpRequest, session: Session, form: AutopayForm, order: Order | None) -> HttpResponse:
    return member_form_page(
        request, session, "account/autopay_edit.html", form, order=order, whats=_said(request, _whats(session)),
        methods=ways.choices(request, ways.usable(session)),
    )  # fmt: skip


def _check(request: HttpRequest, session: Session, told: Row, order: Order | None) -> HttpResponse:
    account_id, terms = UUID(told["account"]), _terms(told["terms"])
    method = ways.usable(session)[told["method"]]
    wish = ways.wish(request, session, account_id, _region(session, account_id), method, told["key"])
    what = next((label for value, label, _ in _said(request, _whats(session)) if value == told["what"]), "")
    return member_page(
        request, session, "account/autopay_check.html", order=order, terms=terms, what=what,
        first=enrol.first(wish, method.kind, terms), words=enrol.said(wish, method, terms),
        method=ways.choices(request, {told["method"]: method})[0][1], kept=ways.keep("autopay", session, told),
    )  # fmt: skip


def _sign(request: HttpRequest, session: Session, order: Order | None) -> HttpResponse:
    told = ways.kept(request, "autopay", session)
    method = ways.usable(session).get(told["method"]) if told else None
    if told is None or method is None:
        return SeeOther(url("autopay"))
    if preferences.switched(request) or "agree" not in request.POST:
        return _check(request, session, told, order)
    account_id, terms = UUID(told["account"]), _terms(told["terms"])
    wish = ways.wish(request, session, account_id, _region(session, account_id), method, told["key"])
    made = enrol.change(wish, order.id, terms) if order else enrol.enrol(wish, terms)
    if made.code in ("made", "repeat"):
        return SeeOther(f"{url('autopay')}?done={'changed' if order else 'made'}")
    form = _form_of(told, terms).wrong("what", f"later.error.{made.code}")
    return _form_page(request, session, form, order)


def _whats(session: Session) -> list[tuple[str, str, str]]:
    """What may be paid by itself: value, word, name. All of an account, each kind, each person they may pay for."""
    people = member.seen(session.viewer)
    found = []
    for reach in session.viewer.reaches:
        if session.viewer.allows("pay", reach.account_id, None):
            found.append((f"{reach.account_id}|all|", "all", ""))
            found += [(f"{reach.account_id}|kind|{kind}", kind, "") for kind in KINDS]
        for person in people:
            if person.account_id == reach.account_id and session.viewer.allows("pay", person.account_id, person.id):
                found.append((f"{reach.account_id}|person|{person.id}", "person", person.first_name))
    return found


def _said(request: HttpRequest, whats: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    language = preferences.of(request).language
    return [(value, say(language, f"later.autopay.what.{word}", name=name), "") for value, word, name in whats]


def _before(whats: list[tuple[str, str, str]], found: Row, order: Order | None) -> AutopayForm:
    """What stands, or the start: all bills, three days before they are due, the first way to pay."""
    if order is None:
        return AutopayForm(what=whats[0][0] if whats else "", method=next(iter(found), ""))
    ref = str(order.person_id) if order.scope == "person" else order.bill_kind
    return AutopayForm(
        what=f"{order.account_id}|{order.scope}|{ref}", when="day" if order.day else "before",
        day=str(order.day or ""), days_before="" if order.days_before is None else str(order.days_before),
        cap=plain(order.cap_cents) if order.cap_cents else "", tell_also=order.tell_also, method=str(order.method_id),
    )  # fmt: skip


def _form_of(told: Row, terms: Terms) -> AutopayForm:
    return AutopayForm(
        what=told["what"], when="day" if terms.day else "before", day=str(terms.day or ""),
        days_before="" if terms.days_before is None else str(terms.days_before),
        cap=plain(terms.cap_cents) if terms.cap_cents else "", tell_also=terms.tell_also, method=told["method"],
        key=told["key"],
    )  # fmt: skip


def _told(terms: Terms) -> Row:
    person = str(terms.person_id) if terms.person_id else None
    return {"scope": terms.scope, "person_id": person, "bill_kind": terms.bill_kind, "cap_cents": terms.cap_cents,
            "day": terms.day, "days_before": terms.days_before, "tell_also": terms.tell_also}  # fmt: skip


def _terms(told: Row) -> Terms:
    return Terms(**{**told, "person_id": UUID(told["person_id"]) if told["person_id"] else None})


def _region(session: Session, account_id: UUID) -> str:
    """Where an account is. The login's own region where nobody on it is seen."""
    people = member.seen(session.viewer)
    return next(
        (each.region for each in people if each.account_id == account_id), organisation().region(session.region).slug
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Http404 from None
