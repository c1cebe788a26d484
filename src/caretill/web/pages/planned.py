"""A guest's payment on a day to come: choosing the day, the press, and the page behind its link."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from caretill.autopay import days, guests, schedules
from caretill.autopay.access import Due, Order
from caretill.autopay.orders import Made, Wish
from caretill.core import clock, tokens
from caretill.letters.autopay_mails import planned_token
from caretill.letters.dates import long_date
from caretill.methods import access as methods
from caretill.methods.keep import BankAsk
from caretill.methods.mandates import MandateText
from caretill.payments import from_bank, saved_ask
from caretill.payments.access import payment_figures
from caretill.payments.from_bank import Offer
from caretill.web import network, preferences
from caretill.web.account import ways
from caretill.web.flow import turns, viewers
from caretill.web.forms.bank import BankForm
from caretill.web.forms.later import MoveForm
from caretill.web.jinja import url
from caretill.web.page import SeeOther, View, accepts, form_page, page, region_of
from caretill.web.pages import errors
from caretill.web.visit import Flow

Dated = TypeVar("Dated", BankForm, MoveForm)
DONE = frozenset({"made", "changed", "cancelled", "withdrawn", "repeat", "too_late"})


def offered(flow: Flow) -> bool:
    """Whether a day can be chosen: a guest who pays bills of one account at the processor."""
    return not flow.login and not flow.helps and not flow.accounts and len(turns(flow)) == 1


def days_of(asked: bool) -> dict[str, Any]:
    """For the page: the soonest day, and the first that can be chosen."""
    if not asked:
        return {"asks_when": False}
    return {"asks_when": True, "soonest": saved_ask.posts_on(from_bank.TYPED, clock.now()), "first": guests.first_day()}


def judged(request: HttpRequest, flow: Flow, form: BankForm) -> BankForm:
    """The form, with what is in the way of its day."""
    assert form.day is not None
    return _wrong(request, form, guests.judge_day(flow.region, form.day))


def offer(request: HttpRequest, flow: Flow, last4: str, account_type: str) -> Offer:
    """What is agreed to by pressing."""
    on, language = date.fromisoformat(flow.later), preferences.of(request).language
    return Offer(guests.said(language, flow.region, last4, account_type, turns(flow)[0].total_cents, on), on)


def until(request: HttpRequest, flow: Flow) -> str:
    """Until when it could be changed; empty where no day was chosen."""
    if not flow.later:
        return ""
    return ways.until(request, flow.region, days.closes_at(date.fromisoformat(flow.later), "bank", flow.region))


def press(request: HttpRequest, flow: Flow, text: MandateText) -> str:
    """Plan it: the code of `guests.plan`. The flow keeps the order, and forgets the account's number."""
    told, account_id = flow.bank, UUID(flow.account_id)
    bank = BankAsk(
        account_id, None, told["holder_name"], told["routing"], told["number"],
        "savings" if told["account_type"] == "savings" else "checking",
    )  # fmt: skip
    wish = Wish(
        key=UUID(flow.key), viewer=viewers(flow)[0], account_id=account_id, region=flow.region,
        method_account_id=account_id, method_id=None, payer_name=flow.payer_name, email=flow.email,
        language=preferences.of(request).language, network=network.of(request),
    )  # fmt: skip
    parts = [(UUID(bill), cents) for bill, cents in turns(flow)[0].parts]
    made = guests.plan(wish, parts, date.fromisoformat(flow.later), bank, text)
    if made.order_id:
        flow.planned, flow.bank = str(made.order_id), {}
    return made.code


def over_to(flow: Flow, done: str = "") -> SeeOther:
    """To the page of what the flow planned."""
    return SeeOther(_address(UUID(flow.account_id), UUID(flow.planned), done))


def with_order(view: Callable[[HttpRequest, str, Order], HttpResponse]) -> View:
    """The view gets the order that the token means. A bad token and an order that is not there get one answer."""

    @wraps(view)
    def found(request: HttpRequest, token: str) -> HttpResponse:
        try:
            kept = tokens.unseal("planned", token)
        except tokens.TokenError:
            return errors.problem(request, 404, "link_bad")
        order = guests.held(UUID(kept["a"]), UUID(kept["o"]))
        return view(request, token, order) if order else errors.problem(request, 404, "link_bad")

    return found


@accepts("GET")
@with_order
def planned(request: HttpRequest, token: str, order: Order) -> HttpResponse:
    """Where it stands, until when it can be changed, and what was agreed to."""
    done = request.GET.get("done", "")
    return page(request, "planned.html", **_figures(request, token, order), done=done if done in DONE else "")


@accepts("GET", "POST")
@with_order
def another_day(request: HttpRequest, token: str, order: Order) -> HttpResponse:
    """A day, then what is agreed to for it, then the press."""
    figures = _figures(request, token, order)
    if not figures["open"]:
        return SeeOther(f"{url('planned', token)}?done=too_late")
    form = MoveForm.read(request)
    due = figures["due"]
    if not form.sent or form.day is None:
        return form_page(request, "planned_day.html", form, **figures)
    method = figures["method"]
    text = guests.said(preferences.of(request).language, order.region, method.last4, method.account_type, due.cents,
                       form.day)  # fmt: skip
    mark = text.hash.hex()[:16]
    if request.POST.get("mark") == mark:
        made = guests.change(order.account_id, order.id, form.day, text.language, network.of(request))
        if made.code in ("made", "too_late"):
            return SeeOther(_address(order.account_id, order.id, "changed" if made.code == "made" else "too_late"))
    else:
        made = guests.may_move(order.account_id, order.id, form.day)
        if made.code == "free":
            closes = days.closes_at(form.day, "bank", order.region)
            shown = {"on": form.day, "text": text, "mark": mark, "until": ways.until(request, order.region, closes)}
            return form_page(request, "planned_check.html", form, **{**figures, **shown})
    return form_page(request, "planned_day.html", _wrong(request, form, made), **figures)


@accepts("GET", "POST")
@with_order
def call_off(request: HttpRequest, token: str, order: Order) -> HttpResponse:
    """One button: a program that follows links changes nothing. Then which of the two happened."""
    if request.method == "POST" and not preferences.switched(request):
        code = schedules.cancel(order.account_id, order.id)
        return SeeOther(f"{url('planned', token)}?done={code if code in DONE else 'repeat'}")
    figures = _figures(request, token, order)
    if not figures["open"] and not figures["back"]:
        return SeeOther(url("planned", token))
    return page(request, "planned_call_off.html", **figures)


def _figures(request: HttpRequest, token: str, order: Order) -> dict[str, Any]:
    due = order.dues[-1]
    method = methods.by_id(order.account_id, order.method_id) if order.method_id else None
    return {
        "token": token, "order": order, "due": due, "method": method, "region": region_of(order.region),
        "open": due.open and order.state == "active" and method is not None,
        "back": _back(order, due), "until": ways.until(request, order.region, due.closes_at),
        "first": days.slot(guests.first_day(order.made_at), "bank", order.region).take_on,
    }  # fmt: skip


def _back(order: Order, due: Due) -> bool:
    """Whether its debit, which was begun, can still be taken back: its file has not left."""
    if due.state != "begun" or due.payment_id is None:
        return False
    return bool(payment_figures(order.account_id, due.payment_id)["state"] == "submitting")


def _address(account_id: UUID, order_id: UUID, done: str) -> str:
    return url("planned", planned_token(account_id, order_id)) + (f"?done={done}" if done else "")


def _wrong(request: HttpRequest, form: Dated, verdict: Made) -> Dated:
    """What is in the way of the day, at its field, with the next that is possible."""
    if verdict.code == "free":
        return form
    if verdict.slot is None:
        return form.wrong("on", f"later.error.{'too_far' if verdict.code == 'too_far' else 'changed'}")
    day = long_date(verdict.slot.take_on, preferences.of(request).language)
    return form.wrong("on", f"later.error.{verdict.code}", date=day)
