"""Saving a card without paying: the processor's page, and whatever it says of the card later.

No card number comes here. No lock is held while the processor is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.conf import settings

from caretill.core import clock
from caretill.methods import change, forget, saving
from caretill.methods.mandate_text import MandateText
from caretill.methods.saving import Saving
from caretill.payments.gateways import gateway
from caretill.payments.gateways.base import GatewayRefused, GatewayUnknown, Session, SessionRequest
from caretill.regions import catalog

Ended = Literal["saved", "declined", "open", "ended", "unknown"]


@dataclass(frozen=True)
class Started:
    """`code`: open (go to `url`), saved, ended, not_sent (no card was kept; press again), too_many."""

    code: str
    url: str = ""


@dataclass(frozen=True)
class SaveAsk:
    """What a member agreed to. `saving_id` was made with the form: the same again is the same try."""

    account_id: UUID
    saving_id: UUID
    login_id: UUID
    region: str
    text: MandateText
    network: str
    nickname: str = ""
    replaces: UUID | None = None


def begin(ask: SaveAsk) -> Started:
    """Open the processor's page for a card."""
    accounts = catalog.region(ask.region).processor_accounts
    try_ = saving.begin(
        ask.account_id, ask.saving_id, ask.login_id, ask.text, ask.network,
        nickname=ask.nickname, processor_account=next(iter(accounts.values())), replaces=ask.replaces,
    )  # fmt: skip
    if try_ is None:
        return Started("too_many")
    if try_.state in ("saved", "ended"):
        return Started(try_.state)
    try:
        session = gateway(try_.gateway).create_session(_request(try_))
    except (GatewayUnknown, GatewayRefused):
        return Started("not_sent")
    saving.opened(ask.account_id, ask.saving_id, session.id)
    return Started("open", session.url)


def look(try_: Saving) -> Ended:
    """Ask the processor what became of a try, and keep the card if there is one."""
    if try_.state in ("saved", "ended"):
        return "saved" if try_.state == "saved" else "ended"
    asked = gateway(try_.gateway)
    try:
        found = [asked.retrieve_session(try_.session_ref)] if try_.session_ref else asked.find_sessions(str(try_.id))
    except (GatewayUnknown, GatewayRefused):
        return "unknown"
    if not found:
        return _over(try_)
    return heard(try_, found[0])


def heard(try_: Saving, session: Session) -> Ended:
    """What the processor says of its page."""
    if session.outcome == "saved" and session.method_ref:
        saving.finish(try_.account_id, try_.id, session)
        return "saved"
    if session.status == "expired":
        saving.ended(try_.account_id, try_.id)
        return "ended"
    return "declined" if session.outcome == "declined" else "open"


def sweep(most: int = 20) -> dict[str, int]:
    """A turn of the worker: tries whose browser never came back, and deleted cards that the processor must forget."""
    finished = sum(look(each) in ("saved", "ended") for each in saving.claim(most))
    forgotten = 0
    for token in forget.tokens(most):
        try:
            gateway(token.gateway).forget_method(token.token_ref)
        except GatewayUnknown:
            break  # the processor is away: all of them wait
        except GatewayRefused as refused:
            if refused.code != "no_such_method":
                continue
        forget.forgotten(token.account_id, token.method_id)
        forgotten += 1
    return {"finished": finished, "forgotten": forgotten}


def renewed(provider: str, method_ref: str) -> str:
    """The processor says that a saved card changed: its new last day is asked for. A closed one is charged no more."""
    kept = gateway(provider).retrieve_method(method_ref)
    if kept.usable:
        return change.renewed(provider, method_ref, kept.expiry_month, kept.expiry_year, kept.card_last4)
    return change.closed(provider, method_ref)


def _over(try_: Saving) -> Ended:
    """The processor knows of no page: the request was lost. Until its time is over it may still come."""
    if clock.now() < try_.expires_at:
        return "open"
    saving.ended(try_.account_id, try_.id)
    return "ended"


def _request(try_: Saving) -> SessionRequest:
    public = settings.CARETILL_PUBLIC_URL
    return SessionRequest(
        key=str(try_.id),
        reference=str(try_.id),
        amount_cents=0,
        currency="USD",
        processor_account=try_.processor_account,
        return_url=f"{public}/account/ways/saved/{try_.id}/",
        cancel_url=f"{public}/account/ways/",
        expires_at=try_.expires_at,
        language=try_.language,
        statement_name=catalog.organisation().name,
        save=False,
        purpose="save",
    )
