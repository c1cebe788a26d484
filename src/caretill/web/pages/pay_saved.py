"""The press that pays from a saved card or a bank account: what is agreed to first, and each answer as a page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest

from caretill.payments import charge, from_bank
from caretill.payments.charge import SavedAsk
from caretill.payments.from_bank import Offer
from caretill.payments.saved_ask import Method, back_until
from caretill.payments.take import Answer
from caretill.web import bills, network, preferences, visit
from caretill.web.flow import Turn, turns
from caretill.web.pages import planned
from caretill.web.pages.how import Source, bank_of
from caretill.web.visit import Flow


def offered(request: HttpRequest, flow: Flow, found: Source) -> Offer | None:
    """What the payer agrees to by pressing, where it is a bank debit."""
    if not found.by_bank:
        return None
    if flow.later:
        return planned.offer(request, flow, found.last4, found.account_type)
    method = found.method
    return from_bank.offer(
        flow.region,
        preferences.of(request).language,
        turns(flow)[0].total_cents,
        last4=found.last4,
        account_type=found.account_type,
        corporate=method.corporate if method else False,
        method=Method("bank", method.validation) if method else from_bank.TYPED,
        guest=not flow.login,
    )


def figures(offer: Offer | None) -> dict[str, Any]:
    """For the page: the offer, and until when the debit can be taken back."""
    return {"offer": offer, "back_until": back_until(offer.posts_on) if offer else None}


def pay(request: HttpRequest, flow: Flow, found: Source, offer: Offer | None) -> Answer:
    """Charge what was saved, or agree to the debit and queue it. Nothing is agreed where a bill cannot be held now."""
    turn = turns(flow)[0]
    asked = ask(request, flow, turn, found)
    if offer is None:
        return charge.charge(asked)
    fault = "" if charge.known(asked) else _held_back(request, flow, turn)
    if fault and not charge.known(asked):  # the same form, sent twice at once: what holds the bill is this payment
        return Answer(fault)
    return from_bank.pay(asked, offer.text, bank_of(flow))


def _held_back(request: HttpRequest, flow: Flow, turn: Turn) -> str:
    """Why a bill of this payment cannot be held now: being_paid | above_owed, or nothing."""
    now = {bill.id: bill for bill in bills.read(request, flow).all}
    for bill, cents in turn.parts:
        stands = now.get(bill)
        if stands is None or stands.state != "open":
            return "being_paid" if stands is not None and stands.hold else "above_owed"
        if cents > stands.payable_cents:
            return "above_owed"
    return ""


def ask(request: HttpRequest, flow: Flow, turn: Turn, found: Source) -> SavedAsk:
    """The first of the payments that were chosen, as the payment room wants it."""
    return SavedAsk(
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
        channel="member" if flow.login else "guest",
        method_id=found.method.id if found.method else from_bank.nobody(),
        mandate_id=None,
        login_id=UUID(flow.login) if flow.login else None,
        network=network.of(request),
    )
