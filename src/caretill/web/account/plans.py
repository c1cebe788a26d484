"""Payment plans: the list, offers for chosen bills, the agreement and its signing, one plan and what changes it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from caretill.autopay import access, days, plan_changes, plans
from caretill.autopay.orders import Made
from caretill.autopay.plans import Offer
from caretill.billing import member
from caretill.core.money import plain, show
from caretill.letters.dates import long_date
from caretill.methods.access import Method
from caretill.people.sessions import Session
from caretill.people.viewer import Hidden
from caretill.regions.catalog import organisation
from caretill.web import notices, preferences
from caretill.web.account import ways
from caretill.web.account.bills import bare_id
from caretill.web.account.member import member_form_page, member_page, signed_in
from caretill.web.forms.later import HAND, PlanForm
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts, region_of
from caretill.web.seek import MOST_BILLS

Row = dict[str, Any]
FIRST_AFTER = timedelta(days=14)
DONE = frozenset({"made", "paused", "too_often", "taken", "by_hand", "ended", "withdrawn", "too_late", "repeat"})
DOES = {"pause": plan_changes.pause, "ahead": plan_changes.pay_ahead, "off": plan_changes.pay_off,
        "end": plan_changes.end}  # fmt: skip


@accepts("GET")
@signed_in
def plans_page(request: HttpRequest, session: Session) -> HttpResponse:
    """Plans that go on, and the bills that may be paid in parts, one account at a time."""
    found = access.plans(session.viewer)
    held = {bill for each in found if each.order.state == "active" for bill, _ in each.bills}
    rows = [row for row in member.owed(session.viewer).payable if row["pays"] and row["bill_id"] not in held]
    return member_page(
        request, session, "account/plans.html", going=[each for each in found if each.order.state == "active"],
        over=[each for each in found if each.order.state != "active"][:5], rows=rows, payees=organisation().payees,
        wrong="choose" in request.GET,
    )  # fmt: skip


@accepts("GET", "POST")
@signed_in
def offer(request: HttpRequest, session: Session) -> HttpResponse:
    """Three worked offers and an amount a month for the bills in the address; then the agreement."""
    asked = [each for text in [*request.POST.getlist("of"), *request.GET.getlist("of")] if (each := bare_id(text))]
    rows = _bills(session, list(dict.fromkeys(asked))[:MOST_BILLS])
    if not rows:
        return SeeOther(f"{url('plans')}?choose=1")
    total, region, found = member.cents(rows), rows[0]["region"], ways.usable(session)
    first = days.slot(days.today(region) + FIRST_AFTER, "card", region).take_on
    form = PlanForm.read(
        request, ["2", "3", *map(str, range(4, 37))], list(found), _before(region, total, first, found)
    )
    chosen: Offer | None = None
    if form.sent and form.first_on:
        chosen, form = _chosen(form, region, total, preferences.of(request).language)
    if chosen is not None:
        slot = days.slot(chosen.first, "card", region)
        if slot.moved in ("past", "too_soon"):
            form = form.wrong("first", f"later.error.{slot.moved}",
                              date=long_date(slot.take_on, preferences.of(request).language))  # fmt: skip
        else:
            told = {"of": [str(row["bill_id"]) for row in rows], "n": chosen.payments, "each": chosen.each_cents,
                    "last": chosen.last_cents, "first": chosen.first.isoformat(), "method": form.method,
                    "key": form.key}  # fmt: skip
            return _check(request, session, rows, told)
    return _form_page(request, session, form, rows)


@accepts("GET", "POST")
@signed_in
def sign(request: HttpRequest, session: Session) -> HttpResponse:
    """The press under the agreement; a switch of language shows it again."""
    told = ways.kept(request, "plan", session) if request.method == "POST" else None
    if told is None:
        return SeeOther(url("plans"))
    rows = _bills(session, [UUID(each) for each in told["of"]])
    method = ways.usable(session).get(told["method"])
    if not rows or (method is None and told["method"] != HAND):
        return SeeOther(url("plans"))
    if preferences.switched(request) or "agree" not in request.POST:
        return _check(request, session, rows, told)
    wish = ways.wish(request, session, rows[0]["account_id"], rows[0]["region"], method, told["key"])
    made = plans.sign(wish, [row["bill_id"] for row in rows], _offer_of(told), _text(request, rows, told))
    if made.code in ("made", "repeat") and made.order_id:
        return SeeOther(f"{url('plan', str(made.order_id))}?done=made")
    return _form_page(request, session, _refused(made, told), rows)


@accepts("GET", "POST")
@signed_in
def plan(request: HttpRequest, session: Session, order: UUID) -> HttpResponse:
    """Its payments and its words; put off, paid ahead, paid off, ended. The last three ask once more."""
    found = access.plan(session.viewer, order)
    do = request.POST.get("do", "") if request.method == "POST" else request.GET.get("ask", "")
    if request.method == "POST" and do in DOES and not preferences.switched(request):
        code = DOES[do](found.order.account_id, found.order.id)
        return SeeOther(f"{url('plan', str(order))}?done={code}")
    done = request.GET.get("done", "")
    return member_page(
        request, session, "account/plan.html", plan=found, method=ways.named(request, found.order),
        done=done if done in DONE else "", ask=do if do in DOES else "", most=plans.MOST_PAUSES,
        paragraphs=found.text.split("\n\n"), numbers=_numbers(session, [bill for bill, _ in found.bills]),
        payees=organisation().payees,
    )  # fmt: skip


def _bills(session: Session, asked: Sequence[UUID]) -> list[Row]:
    """Those of the bills that may go into one plan: of the account of the first."""
    rows = [row for row in member.to_pay(session.viewer, list(asked)) if row["payable_cents"] > 0]
    if asked and not rows:
        raise Hidden
    return [row for row in rows if row["account_id"] == rows[0]["account_id"]]


def _before(region: str, total: int, first: date, found: dict[str, Method]) -> PlanForm:
    shown = plans.offers(region, total, first)
    return PlanForm(
        offer=str(shown[-1].payments) if shown else "monthly", first=f"{first:%m/%d/%Y}",
        method=next(iter(found), HAND), key="", monthly=plain(plans.least_monthly(region, total)),
    )  # fmt: skip


def _chosen(form: PlanForm, region: str, total: int, language: str) -> tuple[Offer | None, PlanForm]:
    assert form.first_on is not None
    if form.offer != "monthly":
        count = int(form.offer)
        if any(each.payments == count for each in plans.offers(region, total, form.first_on)):
            return plans.work_out(total, count, form.first_on), form
        return None, form.wrong("offer", "plans.error.offer")
    made = plans.of_monthly(region, total, form.monthly_cents, form.first_on)
    if isinstance(made, Offer):
        return made, form
    least = show(plans.least_monthly(region, total), language)
    return None, form.wrong("monthly", f"plans.error.{made}", least=least, total=show(total, language))


def _form_page(request: HttpRequest, session: Session, form: PlanForm, rows: Sequence[Row]) -> HttpResponse:
    region, total = rows[0]["region"], member.cents(rows)
    first = form.first_on or days.slot(days.today(region) + FIRST_AFTER, "card", region).take_on
    place, language = region_of(region), preferences.of(request).language
    return member_form_page(
        request, session, "account/plan_offer.html", form, rows=rows, total=total, payees=organisation().payees,
        offers=plans.offers(region, total, first), least=plans.least_monthly(region, total),
        limits=plans.limits(region), methods=ways.choices(request, ways.usable(session)), region=place,
        texts=notices.texts(organisation(), place, language),
    )  # fmt: skip


def _check(request: HttpRequest, session: Session, rows: Sequence[Row], told: Row) -> HttpResponse:
    made, method = _offer_of(told), ways.usable(session).get(told["method"])
    wish = ways.wish(request, session, rows[0]["account_id"], rows[0]["region"], method, told["key"])
    named = ways.choices(request, {told["method"]: method})[0][1] if method else ""
    return member_page(
        request, session, "account/plan_check.html", rows=rows, offer=made, method=named,
        paragraphs=_text(request, rows, told).split("\n\n"), kept=ways.keep("plan", session, told),
        words=plans.said(wish, method, made) if method else None,
    )  # fmt: skip


def _text(request: HttpRequest, rows: Sequence[Row], told: Row) -> str:
    language, made = preferences.of(request).language, _offer_of(told)
    shown = [long_date(day, language) for day in made.days]
    return plans.agreement(language, rows[0]["region"], made, by_hand=told["method"] == HAND, days_shown=shown)


def _offer_of(told: Row) -> Offer:
    first = date.fromisoformat(told["first"])
    found = tuple(days.months_later(first, place) for place in range(told["n"]))
    return Offer(told["n"], told["each"], told["last"], found)


def _refused(made: Made, told: Row) -> PlanForm:
    first = date.fromisoformat(told["first"])
    form = PlanForm(offer=str(told["n"]), first=f"{first:%m/%d/%Y}", method=told["method"], key="", first_on=first)
    known = ("changed", "in_plan", "method_not_ready")
    return form.wrong("offer", f"plans.error.{made.code if made.code in known else 'changed'}")


def _numbers(session: Session, bills: Sequence[UUID]) -> list[Row]:
    return member.to_pay(session.viewer, list(bills))
