"""Check the answers, then pay: the last page before the processor's."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from caretill.methods.mandates import MandateText
from caretill.payments import helping, take
from caretill.payments.kept_card import words
from caretill.payments.take import Answer, Ask
from caretill.regions.catalog import organisation
from caretill.web import bills, network, notices, preferences, visit
from caretill.web.flow import (
    Made,
    following,
    help_address,
    help_of,
    kept,
    over_to,
    settle,
    signed,
    turns,
    with_any_flow,
)
from caretill.web.forms.form import Reader
from caretill.web.jinja import url
from caretill.web.moments import said
from caretill.web.page import SeeOther, accepts, page, region_of
from caretill.web.pages import errors, how, pay_saved, planned
from caretill.web.pages.amount import fallen, shut
from caretill.web.pages.how import Source
from caretill.web.visit import Flow

WAIT_SECONDS = 600


@accepts("GET", "POST")
@with_any_flow
def check(request: HttpRequest, flow: Flow) -> HttpResponse:
    """What is about to be paid, each answer with a way to change it. A form older than the answers pays nothing."""
    state = settle(flow)
    if state in ("pending", "unknown") or (state == "submitting" and flow.how):
        return over_to("wait", Made.of(flow.account_id, flow.payment_id))
    if flow.planned:
        return planned.over_to(flow)
    if not flow.amounts and flow.earlier:
        return kept(request, over_to("done", Made.of(flow.account_id, flow.earlier[-1])), flow)
    if flow.helps and not flow.amounts:
        return SeeOther(help_address(flow))
    if not flow.amounts or not flow.payer_name:
        return SeeOther(url("details" if flow.amounts else "amount", flow.id))
    if flow.how == "bank" and flow.bank and not flow.login and not flow.email:
        return SeeOther(url("pay_bank", flow.id))  # a copy of what is agreed to is promised there (ACH-1)
    reader = Reader(request)
    if not reader.judged:
        return kept(request, check_page(request, flow), flow)
    if reader.post.get("key") != flow.key:
        return kept(request, check_page(request, flow, 409, "changed"), flow)
    chosen, source = flow.how, how.source(request, flow)
    if chosen and source.kind == "card":
        return kept(request, check_page(request, flow, 409, "gone"), flow)
    if source.kind != "card":
        return by_saved(request, flow, source)
    if flow.login and not flow.payment_id:
        flow.keep = reader.post.get("keep") == "yes"
    if flow.helps and not flow.payment_id and helping.read(*help_of(flow)).state in ("taken_back", "ended"):
        return sent(request, flow, Answer("help_ended"))
    return sent(request, flow, take.pay(ask(request, flow)))


def by_saved(request: HttpRequest, flow: Flow, source: Source) -> HttpResponse:
    """The press, where nothing is typed on the processor's page. Words that were not shown are agreed to by nobody."""
    offer = pay_saved.offered(request, flow, source)
    if offer is not None and request.POST.get("mark") != offer.mark:
        return kept(request, check_page(request, flow, 409, "words"), flow)
    if offer is not None and flow.later:
        return _planned(request, flow, offer.text)
    return sent(request, flow, pay_saved.pay(request, flow, source, offer))


def _planned(request: HttpRequest, flow: Flow, text: MandateText) -> HttpResponse:
    """The press that plans a payment, and each of its answers."""
    match planned.press(request, flow, text):
        case "made" | "repeat":
            return kept(request, planned.over_to(flow, "made"), flow)
        case "above_owed":
            return fallen(request, flow)
        case "paused":
            flow.pay_by("")
            return kept(request, SeeOther(url("how", flow.id)), flow)  # which says so
        case "not_found" | "two_accounts":
            return errors.problem(request, 404, "flow_gone")
    flow.renew()
    return kept(request, SeeOther(url("pay_bank", flow.id)), flow)  # the day is over, or the account is wrong


def check_page(request: HttpRequest, flow: Flow, status: int = 200, notice: str = "") -> HttpResponse:
    """The answers, and the payments they make. `notice` names words on top."""
    region = region_of(flow.region)
    texts = notices.texts(organisation(), region, preferences.of(request).language)
    coming = [turn for each in following(request, flow) for turn in turns(each)]
    shown: dict[str, Any] = {"flow": flow, "turns": (*turns(flow), *coming), "texts": texts, "notice": notice}
    shown["back"] = help_address(flow) if flow.helps else ""
    source = how.source(request, flow)
    shown |= {"source": source, **pay_saved.figures(pay_saved.offered(request, flow, source)), **said(request, region)}
    shown["until"] = planned.until(request, flow)
    shown["consent"] = words(flow.region, preferences.of(request).language) if flow.login else None
    return page(request, "check.html", status=status, **shown, **signed(request, flow))


def ask(request: HttpRequest, flow: Flow) -> Ask:
    """The first of the payments that were chosen, as the payment room wants it."""
    turn = turns(flow)[0]
    return Ask(
        key=UUID(flow.key),
        account_id=UUID(flow.account_id),
        region=flow.region,
        parts=tuple((UUID(bill), cents) for bill, cents in turn.parts if bill not in flow.accounts),
        others=tuple(
            (UUID(flow.accounts[bill]), UUID(bill), cents) for bill, cents in turn.parts if bill in flow.accounts
        ),
        payer_name=flow.payer_name,
        email=flow.email,
        language=preferences.of(request).language,
        visit=visit.browser(request),
        statement_name=turn.statement_name,
        processor_account=turn.processor_account,
        channel="helper" if flow.helps else "member" if flow.login else "guest",
        help_id=UUID(flow.helps) if flow.helps else None,
        login_id=UUID(flow.login) if flow.login else None,
        save=flow.keep and bool(flow.login),
        network=network.of(request),
    )


def sent(request: HttpRequest, flow: Flow, answer: Answer) -> HttpResponse:
    """Each answer of the payment room as a page, or the way to the processor's."""
    if answer.code in ("open", "ended", "not_sent", "refused", "queued", "declined"):
        flow.payment_id = str(answer.payment_id)
        flow.bank = {}  # its number is kept, sealed, by the room of saved methods now
    elif flow.how and not answer.payment_id:
        flow.renew()  # what was agreed for this press ended with it
    match answer.code:
        case "open":
            return kept(request, SeeOther(answer.url), flow)
        case "ended" | "refused" | "queued" | "declined":
            return kept(request, over_to("wait", Made.of(flow.account_id, flow.payment_id)), flow)
        case "not_sent":
            return kept(request, check_page(request, flow, 503, "not_sent"), flow)
        case "being_paid" | "above_owed" | "help_ended" | "not_found" if flow.helps:
            flow.renew()
            return kept(request, SeeOther(f"{help_address(flow)}?fallen=1"), flow)
        case "being_paid" if flow.login:
            return fallen(request, flow)
        case "being_paid":
            found = bills.read(request, flow)
            return shut(request, flow, found, 409) if found.shut else check_page(request, flow, 409, "again")
        case "above_owed":
            return fallen(request, flow)
        case "too_many":
            return kept(request, errors.problem(request, 429, "pay_often", retry_seconds=WAIT_SECONDS), flow)
        case "method_gone" | "mandate_ended" | "not_validated":
            flow.pay_by("")
            return kept(request, check_page(request, flow, 409, "gone"), flow)
        case "paused":
            flow.pay_by("")
            return kept(request, SeeOther(url("how", flow.id)), flow)  # which says so
        case "key_conflict":
            return errors.problem(request, 409)
    return errors.problem(request, 404, "flow_gone")
