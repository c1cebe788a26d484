"""Saving a card or a bank account: what is agreed to is shown whole before the press."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from caretill.core import tokens
from caretill.formats import nacha
from caretill.methods import access, keep, mandates, pause, saving, validate
from caretill.methods.mandates import MandateText
from caretill.payments import saving as cards
from caretill.people.sessions import Session
from caretill.people.viewer import Hidden
from caretill.regions import catalog
from caretill.web import network, preferences
from caretill.web.account.member import member_form_page, member_page, signed_in
from caretill.web.account.methods import account_of, mine, shown, there
from caretill.web.forms.bank import BankForm
from caretill.web.forms.methods import AmountsForm, CardForm, held
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts

_MINUTES = 20
_PURPOSE = "bank account"


@accepts("GET", "POST")
@signed_in
def add_card(request: HttpRequest, session: Session) -> HttpResponse:
    """The consent; then the processor's page."""
    account_id = account_of(session)
    if account_id is None:
        raise Hidden
    text = mandates.words("save", preferences.of(request).language, region=session.region, account="card")
    form = CardForm.read(request)
    if form.sent:
        started = cards.begin(
            cards.SaveAsk(
                account_id, UUID(form.key), session.login_id, session.region, text, network.of(request), form.nickname,
                _replaces(request, session),
            )
        )  # fmt: skip
        if started.code == "open":
            return SeeOther(started.url)
        if started.code in ("saved", "ended"):
            return SeeOther(url("method_saved_card", form.key))
        form = form.wrong("card", f"methods.card.{started.code}", phone=_phone(session))
    return member_form_page(request, session, "account/method_add_card.html", form, words=text)


@accepts("GET")
@signed_in
def saved_card(request: HttpRequest, session: Session, saving_id: UUID) -> HttpResponse:
    """Back from the processor's page: it is asked what became of it."""
    try_ = saving.of(session.login_id, saving_id)
    if try_ is None:
        raise Hidden
    ended = cards.look(try_)
    after = saving.of(session.login_id, saving_id)
    if ended == "saved" and after is not None and after.method_id is not None:
        if after.replaces is not None:
            return SeeOther(f"{url('method_replace', str(after.replaces))}?by={after.method_id}")
        return SeeOther(f"{url('method', str(after.method_id))}?done=added")
    return member_page(request, session, "account/method_saved_card.html", ended=ended, try_=try_)


@accepts("GET", "POST")
@signed_in
def add_bank(request: HttpRequest, session: Session) -> HttpResponse:
    """The numbers; then what is agreed to, whole, and the press. Between the two they are sealed in the page."""
    account_id = account_of(session)
    door = pause.bank_door()
    if account_id is None or door == "none":
        raise Hidden
    if door == "paused":
        return SeeOther(url("methods"))  # which says so
    if request.method == "POST" and "kept" in request.POST:
        return _second_step(request, session, account_id)
    form, business = BankForm.read(request, ""), "business" in request.POST
    if not form.sent:
        figures: dict[str, Any] = {"gone": False, "business": business}
        return member_form_page(request, session, "account/method_add_bank.html", form, **figures)
    told = {**held(form), "business": business}
    return _check_page(request, session, told)


def _second_step(request: HttpRequest, session: Session, account_id: UUID) -> HttpResponse:
    """Only a switch of language or look shows the page again; the press keeps the account."""
    try:
        told = tokens.unseal(_PURPOSE, request.POST["kept"])
    except tokens.TokenError:
        return member_form_page(request, session, "account/method_add_bank.html", BankForm(), gone=True, business=False)
    if told.get("login") != str(session.login_id):
        raise Hidden
    if preferences.switched(request) or "agree" not in request.POST:
        return _check_page(request, session, told)
    ask = keep.BankAsk(
        account_id, session.login_id, told["holder_name"], told["routing"], told["number"], told["account_type"],
        bool(told["business"]),
    )  # fmt: skip
    added = keep.add_bank(ask)
    if added.method_id is None:
        return member_form_page(request, session, "account/method_add_bank.html", BankForm(), gone=True, business=False)
    if added.code == "known":
        return SeeOther(f"{url('method', str(added.method_id))}?done=known")
    text = _text(request, session, told)
    mandates.agree(
        account_id, added.method_id, session.login_id, "save", "member", text, network.of(request),
        mandate_id=added.method_id,
    )  # fmt: skip
    validate.begin(account_id, added.method_id)
    return SeeOther(url("method_micro", str(added.method_id)))


def _check_page(request: HttpRequest, session: Session, told: dict[str, Any]) -> HttpResponse:
    sealed = tokens.seal(_PURPOSE, {**told, "login": str(session.login_id)}, _MINUTES * 60)
    figures: dict[str, Any] = {
        "told": told,
        "last4": keep.shown_digits(nacha.bare_number(told["number"])),
        "kept": sealed,
    }
    words = _text(request, session, told)
    return member_page(request, session, "account/method_check_bank.html", words=words, **figures)


def _text(request: HttpRequest, session: Session, told: dict[str, Any]) -> MandateText:
    return mandates.words(
        "save",
        preferences.of(request).language,
        region=session.region,
        account="bank",
        last4=keep.shown_digits(nacha.bare_number(told["number"])),
        account_type=told["account_type"],
        corporate=bool(told["business"]),
    )


@accepts("GET", "POST")
@signed_in
def micro(request: HttpRequest, session: Session, method: UUID) -> HttpResponse:
    """Proving that a bank account is one's own: asking for the two amounts, waiting, saying them."""
    one = mine(session, method)
    if one.kind != "bank":
        raise Hidden
    if one.validation == "valid":
        return there(one)
    form, said = AmountsForm(), ""
    if request.method == "POST" and "begin" in request.POST:
        said = validate.begin(one.account_id, one.id)
    elif request.method == "POST":
        form = AmountsForm.read(request)
        if form.sent:
            said = validate.guess(one.account_id, one.id, *form.values())
            if said == "right":
                return there(one, "proved")
            form = replace(form, cents1="", cents2="")
    after = access.mine(session.viewer, method)
    if said == "wrong":
        form = form.wrong("cents1", f"methods.prove.{'left_two' if after.guesses == 1 else 'left_one'}")
    figures = {"one": shown(request, after), "said": said, "closed": after.state == "disabled"}
    return member_form_page(request, session, "account/method_micro.html", form, **figures)


def _replaces(request: HttpRequest, session: Session) -> UUID | None:
    """The way to pay whose place the new card is to take, where the page was opened from there."""
    try:
        return access.mine(session.viewer, UUID(request.GET.get("replaces", ""))).id
    except (ValueError, Hidden):
        return None


def _phone(session: Session) -> str:
    return catalog.region(session.region).contact("medical_bills").phone
