"""Pay as a member: how much of each chosen bill; who pays is known. From there on it is the same way as a guest's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from caretill.billing import member
from caretill.people.sessions import Session
from caretill.people.viewer import Hidden
from caretill.web import bills, visit
from caretill.web.account.bills import bare_id
from caretill.web.account.member import member_form_page, signed_in
from caretill.web.bills import Bills
from caretill.web.flow import following, settle, theirs
from caretill.web.forms.amount import AmountForm
from caretill.web.jinja import url
from caretill.web.moments import said
from caretill.web.page import SeeOther, accepts, region_of
from caretill.web.pages import amount
from caretill.web.seek import MOST_BILLS
from caretill.web.visit import MOST_FLOWS, Flow

Row = dict[str, Any]


@accepts("GET", "POST")
@signed_in
def member_pay(request: HttpRequest, session: Session) -> HttpResponse:
    """`?of=` names bills; `?flow=` a choice made before, whose amounts stand there again."""
    before = _before(request)
    asked = _asked(request, before)
    if not asked:
        return SeeOther(url("bills"))
    rows = member.to_pay(session.viewer, asked)
    if bills.over(rows):
        rows = member.to_pay(session.viewer, asked)
    if not rows:
        raise Hidden
    draft = _draft(asked, rows, before)
    found = bills.of_rows(request, draft.bills, rows, _names(rows))
    form = amount.read(request, draft, found) if found.open else None
    if form is not None and form.sent and len(_payers(session, rows, form.cents)) > MOST_FLOWS:
        form = form.wrong("bill", "member_pay.error.accounts", most=MOST_FLOWS)
    if form is None or not form.sent:
        return _page(request, session, found, form, draft, before)
    flows = flows_of(session, rows, form, before)
    response = SeeOther(url("ask_help" if amount.asks_help(request) else "check", flows[0].id))
    for flow in flows:
        visit.save(request, response, flow)
    return response


def flows_of(session: Session, rows: Sequence[Row], form: AmountForm, before: Mapping[str, Flow]) -> list[Flow]:
    """What was chosen as flows, one a region, paid one after the other in the order of the bills.

    This is the one place that says which bills go together; `flow.turns` says it of the bills of one flow. Bills of
    several accounts go together (payments.family). A flow that was begun before keeps its key where nothing changed,
    so going back and forth pays once.
    """
    flows = []
    for account_id, chosen in _payers(session, rows, form.cents).items():
        bills_of = [str(row["bill_id"]) for row in chosen]
        flow = before.get(account_id) or Flow.new(chosen[0]["region"], account_id, "member", bills_of)
        flow.bills = bills_of
        flow.login = str(session.login_id)
        flow.payees = {str(row["bill_id"]): row["payee"] for row in chosen}
        homes = {str(row["bill_id"]): str(row["account_id"]) for row in chosen}
        flow.accounts = {bill: home for bill, home in homes.items() if home != account_id}
        flow.ends = {str(row["bill_id"]): row["number"][-4:] for row in chosen}
        flow.masked_name = _names(chosen)
        if not flow.payer_name:
            flow.pay_as(f"{session.first_name} {session.last_name}".strip(), session.email)
        flow.ask({bill: form.cents[bill] for bill in bills_of}, form.choice)
        flow.language = session.language
        flows.append(flow)
    for flow, later in zip(flows, [*flows[1:], None], strict=True):
        flow.then = later.id if later else ""
    return flows


def _payers(session: Session, rows: Sequence[Row], cents: Mapping[str, int]) -> dict[str, list[Row]]:
    """The chosen bills of each region, by the account that pays them: one that is the member's own, or the first."""
    regions: dict[str, list[Row]] = {}
    for row in rows:
        if cents.get(str(row["bill_id"])):
            regions.setdefault(row["region"], []).append(row)
    own = {reach.account_id for reach in session.viewer.reaches if reach.holder}
    found = {}
    for chosen in regions.values():
        payer = next((row["account_id"] for row in chosen if row["account_id"] in own), chosen[0]["account_id"])
        found[str(payer)] = chosen
    return found


def _before(request: HttpRequest) -> dict[str, Flow]:
    """The flows of a choice made before by whoever is signed in, by account; what they paid since is taken off."""
    named = request.POST.get("flow") or request.GET.get("flow", "")
    first = visit.load(request, named) if named else None
    if first is None:
        return {}
    flows = [flow for flow in (first, *following(request, first)) if flow.login and theirs(request, flow)]
    for flow in flows:
        settle(flow)
    return {flow.account_id: flow for flow in flows}


def _asked(request: HttpRequest, before: Mapping[str, Flow]) -> list[UUID]:
    """The bills in question: those that are named, and those of the choice made before."""
    named = [*request.POST.getlist("of"), *request.GET.getlist("of")]
    named += [bill for flow in before.values() for bill in flow.bills if not request.POST.getlist("of")]
    return list(dict.fromkeys(each for text in named if (each := bare_id(text))))[:MOST_BILLS]


def _draft(asked: Sequence[UUID], rows: Sequence[Row], before: Mapping[str, Flow]) -> Flow:
    """All of it as one flow, never kept: the form reads places and earlier amounts from it."""
    draft = Flow.new(rows[0]["region"], str(rows[0]["account_id"]), "member", [str(bill) for bill in asked])
    for flow in before.values():
        draft.amounts |= flow.amounts
    return draft


def _names(rows: Sequence[Row]) -> str:
    """The first names of those who were cared for."""
    return ", ".join(dict.fromkeys(row["first_name"] for row in rows if row["first_name"]))


def _page(
    request: HttpRequest,
    session: Session,
    found: Bills,
    form: AmountForm | None,
    draft: Flow,
    before: Mapping[str, Flow],
) -> HttpResponse:
    """The form, or why none of them can be paid now."""
    first = next(iter(before.values()), None)
    return member_form_page(
        request,
        session,
        "account/pay_amounts.html" if form else "account/pay_shut.html",
        form or AmountForm(),
        bills=found,
        asked=draft.bills,
        flow_id=first.id if first else "",
        fallen="fallen" in request.GET,
        most_bills=MOST_BILLS,
        **said(request, region_of(draft.region)),
    )
