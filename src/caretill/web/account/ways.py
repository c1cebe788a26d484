"""What the pages of later payments share: ways to pay to choose from, the wish that verbs want, kept steps, moments."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from caretill.autopay import access, days, orders
from caretill.autopay.access import Order
from caretill.autopay.orders import Wish
from caretill.core import tokens
from caretill.core.words import say
from caretill.letters.dates import long_date
from caretill.letters.method_mails import label
from caretill.methods import access as methods
from caretill.methods import pause
from caretill.methods.access import Method
from caretill.people.sessions import Session
from caretill.people.viewer import Hidden
from caretill.web import moments, network, preferences
from caretill.web.page import region_of

_MINUTES = 30
Row = dict[str, Any]


def usable(session: Session) -> dict[str, Method]:
    """The member's ways to pay from which money can be taken later, by what stands in the form."""
    kinds = ("card",) if pause.paused() else ("card", "bank")
    listed = methods.listed(session.viewer)
    return {str(each.id): each for each in listed if each.kind in kinds and orders.can_be_used(each)}


def choices(request: HttpRequest, found: dict[str, Method]) -> list[tuple[str, str, str]]:
    """Them as choices of a form."""
    language = preferences.of(request).language
    return [(value, label(each, language), "") for value, each in found.items()]


def named(request: HttpRequest, order: Order) -> str:
    """An order's way to pay, as its owner calls it; empty where it is paid by hand."""
    method = methods.by_id(order.method_account_id, order.method_id) if order.method_id else None
    return label(method, preferences.of(request).language) if method else ""


def wish(
    request: HttpRequest, session: Session, account_id: UUID, region: str, method: Method | None, key: str
) -> Wish:
    """What a verb is asked, in this member's name."""
    return Wish(
        key=UUID(key),
        viewer=session.viewer,
        account_id=account_id,
        region=region,
        method_account_id=method.account_id if method else account_id,
        method_id=method.id if method else None,
        payer_name=f"{session.first_name} {session.last_name}".strip(),
        email=session.email,
        language=preferences.of(request).language,
        network=network.of(request),
    )


def keep(purpose: str, session: Session, told: Row) -> str:
    """What was chosen, sealed between two pages of this member's."""
    return tokens.seal(f"later {purpose}", {**told, "login": str(session.login_id)}, _MINUTES * 60)


def kept(request: HttpRequest, purpose: str, session: Session) -> Row | None:
    """What was kept; None where it was too long ago. Raises Hidden for somebody else's."""
    try:
        told = tokens.unseal(f"later {purpose}", request.POST.get("kept", ""))
    except tokens.TokenError:
        return None
    if told.get("login") != str(session.login_id):
        raise Hidden
    return told


def until(request: HttpRequest, region: str, closes_at: datetime) -> str:
    """Until when something can be changed, as people of the region say it."""
    place, language = region_of(region), preferences.of(request).language
    last = days.last_minute(closes_at)
    day = long_date(last.astimezone(place.zone).date(), language)
    return say(language, "later.until", date=day, time=moments.teller(place, language)(last))


def own(session: Session, order_id: UUID, kind: str = "") -> Order:
    """An order of this member's. Raises Hidden."""
    return access.one(session.viewer, None, order_id, kind)
