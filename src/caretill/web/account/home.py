"""Home: what is owed and by when, what to do about it, what is on its way, and what happened lately."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from caretill.autopay import access as later
from caretill.billing import member as bills
from caretill.billing.member import Owed
from caretill.core import audit, clock
from caretill.intake import fresh
from caretill.letters.method_mails import label
from caretill.methods import access as methods
from caretill.methods import expiry
from caretill.payments import motion
from caretill.people import factors, passkeys
from caretill.people.sessions import Session
from caretill.regions.catalog import organisation
from caretill.web import moments, preferences, visit
from caretill.web.account import keys
from caretill.web.account.member import member_page, signed_in
from caretill.web.flow import Made
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts
from caretill.web.preferences import YEAR_SECONDS
from caretill.web.seek import MOST_BILLS
from caretill.web.standing import Step, standing, steps

SOON = timedelta(days=14)
STALE = timedelta(days=3)
LATER = "passkey-later"
# Nobody has come back from the processor's page yet: nothing is on its way, but it may be finished or stopped.
_UNFINISHED = ("submitting", "requires_action")


@dataclass(frozen=True)
class Card:
    """One thing to do. `name` is its table of words; `bills` are those that its button pays, as many as one payment
    holds, and `pays_cents` what can be paid on them. `label` names a way to pay.
    """

    name: str
    cents: int = 0
    day: date | None = None
    bills: tuple[str, ...] = ()
    pays_cents: int = 0
    label: str = ""


@dataclass(frozen=True)
class Motion:
    """A payment under way as its part of the page: where it stands, its tracker, by when we tell, and its own page."""

    made: Made
    figures: dict[str, Any]
    stands: str
    steps: tuple[Step, ...]
    promised: str
    mine: bool


@dataclass(frozen=True)
class Part:
    """What is owed for one person of a household."""

    person: str
    name: str
    cents: int
    due: date
    past_due: bool


@accepts("GET")
@signed_in
def home(request: HttpRequest, session: Session) -> HttpResponse:
    """One look: what is owed, by when, and what is on its way."""
    region = organisation().region(session.region)
    owed = bills.owed(session.viewer)
    told = fresh.last_told()
    return member_page(
        request,
        session,
        "account/home.html",
        owed=owed,
        cards=[*cards(owed, linked=bool(session.reaches)), *_ending(request, session), *_passkey(request, session)],
        parts=parts(owed),
        moving=[_motion(request, session, each) for each in motion.under_way(session.viewer, owed.people)],
        coming=later.coming(session.viewer),
        recent=motion.recent(session.viewer, owed.people),
        told=told.astimezone(region.zone) if told else None,
        told_today=told is not None and told.astimezone(region.zone).date() == clock.today(region.time_zone),
        stale=told is not None and clock.now() - told > STALE,
        linked=bool(session.reaches),
        moves_money=any(each.holder or each.everybody in ("pay", "manage") for each in session.reaches),
        **moments.said(request, region),
    )


def cards(owed: Owed, *, linked: bool) -> list[Card]:
    """What there is to do, the most pressing first, each with one action."""
    if not linked:
        return [Card("unlinked")]
    found = []
    if late := _mine(owed.past_due):
        found.append(_to_pay("past_due", late, late[0]["due_date"]))
    if coming := _mine(owed.coming):
        near = coming[0]["due_date"]
        first = [row for row in coming if row["due_date"] == near]
        name = "due_soon" if near - _today(first[0]) <= SOON else "due_later"
        found.append(_to_pay(name, first, near))
    everything = _to_pay("all", _mine(owed.payable))
    if everything.bills and everything.bills not in [card.bills for card in found]:
        found.append(everything)
    if owed.credit_cents > 0:
        found.append(Card("credit", owed.credit_cents))
    if owed.deposit_cents > 0:
        found.append(Card("deposit", owed.deposit_cents))
    return found


def _ending(request: HttpRequest, session: Session) -> list[Card]:
    """Cards that end within 30 days, as their owner calls them: what is set up with one would not be taken after."""
    found = []
    for each in methods.listed(session.viewer):
        if each.state != "ready" or each.expiry_month is None or each.expiry_year is None:
            continue
        last = expiry.last_day(each.expiry_month, each.expiry_year)
        if last <= clock.today("UTC") + expiry.AHEAD:
            audit.record_read(each.account_id, session.viewer.name, "methods", each.id)
            found.append(Card("card_ends", day=last, label=label(each, preferences.of(request).language)))
    return found


def _passkey(request: HttpRequest, session: Session) -> list[Card]:
    """Offered until there is one, or until this browser was told not now; where browsers have passkeys at all."""
    if LATER in request.COOKIES or not passkeys.possible(keys.origin(request)):
        return []
    return [] if factors.ways(session.login_id).passkeys else [Card("passkey")]


@accepts("POST")
@signed_in
def passkey_later(request: HttpRequest, session: Session) -> HttpResponse:
    """Not now: this browser is not asked again for a year."""
    response = SeeOther(url("home"))
    secure = settings.CARETILL_PUBLIC_URL.startswith("https:")
    response.set_cookie(LATER, "1", max_age=YEAR_SECONDS, secure=secure, httponly=True, samesite="Lax")
    return response


def _today(row: dict[str, Any]) -> date:
    """The day where that bill is from."""
    return clock.today(organisation().region(row["region"]).time_zone)


def _mine(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that this member may pay, not only see."""
    return [row for row in rows if row["pays"]]


def _to_pay(name: str, rows: Sequence[dict[str, Any]], day: date | None = None) -> Card:
    """What is owed on all of them; its button pays the first."""
    some = rows[:MOST_BILLS]
    return Card(name, bills.cents(rows), day, tuple(str(row["bill_id"]) for row in some), bills.cents(some))


def parts(owed: Owed) -> list[Part]:
    """Person by person, where several people owe."""
    found = []
    for person in owed.people:
        rows = [row for row in owed.payable if row["person_id"] == person.id]
        if rows:
            first = rows[0]
            found.append(
                Part(str(person.id), person.first_name, bills.cents(rows), first["due_date"], first["past_due"])
            )
    return found if len(found) > 1 else []


def _motion(request: HttpRequest, session: Session, figures: dict[str, Any]) -> Motion:
    stands = standing(figures)
    region = organisation().region(figures["region"])
    return Motion(
        Made.of(figures["account_id"], figures["payment_id"]),
        figures,
        stands,
        steps(figures, stands),
        moments.promise(region, figures["promised_at"], preferences.of(request).language),
        stands not in _UNFINISHED or figures["visit"] == visit.browser(request).hex(),
    )
