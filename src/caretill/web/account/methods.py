"""Ways to pay that a member saved: the list, one of them, deleting it. Nobody else of the family sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from caretill.ach import handling
from caretill.autopay import depends
from caretill.core import audit, clock
from caretill.letters.method_mails import label
from caretill.methods import access, change, expiry, mandates, pause
from caretill.methods.access import Method
from caretill.payments import queued
from caretill.people.sessions import Session
from caretill.regions import bankdays
from caretill.web import preferences
from caretill.web.account.member import member_form_page, member_page, signed_in
from caretill.web.forms.methods import NameForm
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts

DONE = frozenset({"added", "renamed", "default", "deleted", "replaced", "proved", "known", "not_saved"})
# What a bank's return code, or the processor's word, means to the owner of the account (money.md, ACH returns).
_WHY = {
    **dict.fromkeys(("R02", "R03", "R04", "R12", "R13", "R14", "R15", "R28"), "no_account"),
    "R16": "frozen",
    "R20": "no_debit",
    **dict.fromkeys(("R05", "R07", "R08", "R10", "R11", "R29", "R51"), "not_allowed"),
    **dict.fromkeys(("closed", "account_closed", "no_such_method"), "closed"),
    "authorization_revoked": "not_allowed",
    "expired": "expired",
    "guesses": "guesses",
}


@dataclass(frozen=True)
class Shown:
    """A way to pay with its words for a page. `state` is a key of methods.state or methods.why."""

    method: Method
    label: str
    state: str
    on: date | None
    provable: bool

    @property
    def ends(self) -> date | None:
        """The last day of a card."""
        if self.method.expiry_month is None or self.method.expiry_year is None:
            return None
        return expiry.last_day(self.method.expiry_month, self.method.expiry_year)


@accepts("GET")
@signed_in
def methods(request: HttpRequest, session: Session) -> HttpResponse:
    """Each with its state in words, and what to do next."""
    listed = [shown(request, each) for each in access.listed(session.viewer)]
    for account_id in {each.method.account_id for each in listed}:
        audit.record_read(account_id, session.viewer.name, "methods", None)
    done = request.GET.get("done", "")
    figures: dict[str, Any] = {
        "listed": listed,
        "done": done if done in DONE else "",
        "can": account_of(session) is not None,
        "by_bank": pause.bank_door(),
    }
    return member_page(request, session, "account/methods.html", **figures)


@accepts("GET", "POST")
@signed_in
def method(request: HttpRequest, session: Session, method: UUID) -> HttpResponse:
    """Everything about one, its name and whether it is the first choice."""
    one = mine(session, method)
    if request.method == "POST" and "default" in request.POST:
        made = change.make_default(one.account_id, one.id)
        return there(one, "default" if made in ("made", "repeat") else "")
    form = NameForm.read(request, one.nickname)
    if form.sent:
        change.rename(one.account_id, one.id, form.nickname)
        return there(one, "renamed")
    done = request.GET.get("done", "")
    figures = {
        "one": shown(request, one),
        **used(one),
        "agreed": mandates.of_method(one.account_id, one.id),
        "done": done if done in DONE else "",
    }
    return member_form_page(request, session, "account/method.html", form, **figures)


@accepts("GET", "POST")
@signed_in
def delete(request: HttpRequest, session: Session, method: UUID) -> HttpResponse:
    """What depends on it is said first."""
    one = mine(session, method)
    if request.method == "POST" and "delete" in request.POST:
        change.delete(one.account_id, one.id)
        handling.withdraw(one.account_id, method_id=one.id)
        return SeeOther(f"{url('methods')}?done=deleted")
    figures: dict[str, Any] = {"one": shown(request, one), **used(one)}
    return member_page(request, session, "account/method_delete.html", **figures)


def mine(session: Session, method_id: UUID) -> Method:
    """One of this member's; the read is logged. Raises Hidden."""
    found = access.mine(session.viewer, method_id)
    audit.record_read(found.account_id, session.viewer.name, "method", found.id)
    return found


def account_of(session: Session) -> UUID | None:
    """The billing account that a member's way to pay is charged in: their own, else one where they may pay."""
    reaches = session.viewer.reaches
    own = [each.account_id for each in reaches if each.holder]
    paid = [each.account_id for each in reaches if each.everybody in ("pay", "manage") or _pays(each.people)]
    return next(iter([*own, *paid]), None)


def _pays(people: Any) -> bool:
    return any(level in ("pay", "manage") for level in people.values())


def used(one: Method) -> dict[str, Any]:
    """What is taken from it later, and debits that wait for their file."""
    return {
        "uses": depends.on_method(one.account_id, one.id),
        "queued": queued.of_method(one.account_id, one.id),
    }


def there(one: Method, done: str = "") -> SeeOther:
    """Back to its page, with a word of what was done."""
    return SeeOther(url("method", str(one.id)) + (f"?done={done}" if done else ""))


def shown(request: HttpRequest, one: Method) -> Shown:
    """With its words in the language of the page."""
    named = label(one, preferences.of(request).language)
    today = bankdays.eastern_day(clock.now())
    if one.state == "disabled":
        return Shown(one, named, f"methods.why.{_WHY.get(one.why, 'other')}", None, False)
    if one.state == "checking":
        state, on, provable = _checking(one, today)
        return Shown(one, named, f"methods.state.{state}", on, provable)
    last = Shown(one, named, "", None, False).ends
    if last is not None and last <= today + expiry.AHEAD:
        return Shown(one, named, "methods.state.ends_soon", last, False)
    return Shown(one, named, "methods.state.ready", None, False)


def _checking(one: Method, today: date) -> tuple[str, date | None, bool]:
    if one.validation == "prenote":
        return "prenote", None, False
    if one.validation == "micro" and one.opens_on is None:
        return "micro_soon", None, False
    if one.validation == "micro" and one.opens_on and today < one.opens_on:
        return "micro_wait", one.opens_on, False
    return ("micro_here" if one.validation == "micro" else "checking"), None, True
