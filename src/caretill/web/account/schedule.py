"""Payments on days to come: choosing days, signing, the list, another day, calling one off."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from caretill.autopay import access, calendar, days, orders, schedules
from caretill.autopay.orders import Made
from caretill.autopay.schedules import Day
from caretill.billing import member
from caretill.core.money import plain, show
from caretill.letters.dates import long_date
from caretill.methods.access import Method
from caretill.people.sessions import Session
from caretill.people.viewer import Hidden
from caretill.regions.catalog import organisation
from caretill.web import preferences
from caretill.web.account import ways
from caretill.web.account.bills import bare_id
from caretill.web.account.member import member_form_page, member_page, signed_in
from caretill.web.forms.later import ScheduleForm
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts

_DAYS = ("past", "rest", "too_soon")
DONE = frozenset({"made", "changed", "cancelled", "withdrawn", "repeat", "too_late", "missing"})
Row = dict[str, Any]


@accepts("GET")
@signed_in
def schedules_page(request: HttpRequest, session: Session) -> HttpResponse:
    """Everything that is taken later: days that were chosen, with until when each can be changed; the calendar."""
    found = access.listed(session.viewer, "schedule")
    done = request.GET.get("done", "")
    coming = [(each, each.next) for each in found if each.state == "active" and each.next]
    coming.sort(key=lambda pair: pair[1].take_on)
    feed = calendar.kept(session.login_id)
    return member_page(
        request, session, "account/schedules.html",
        coming=[(each, due, ways.named(request, each), ways.until(request, each.region, due.closes_at))
                for each, due in coming],
        over=[each for each in found if each.state == "ended"][:10],
        automatic=bool(access.listed(session.viewer, "autopay")), plans=bool(access.listed(session.viewer, "plan")),
        feed=feed, feed_address=_address(feed) if feed else "", done=done if done in DONE else "",
    )  # fmt: skip


@accepts("GET", "POST")
@signed_in
def schedule(request: HttpRequest, session: Session) -> HttpResponse:
    """Days and amounts for one bill; then what is agreed to, whole, and the press."""
    if request.method == "POST" and "kept" in request.POST:
        return _sign(request, session, None)
    bill = bare_id(request.POST.get("of") or request.GET.get("of", ""))
    row = _bill(session, bill)
    return _choose(request, session, row, None)


@accepts("GET", "POST")
@signed_in
def change(request: HttpRequest, session: Session, order: UUID) -> HttpResponse:
    """Another day or amount for one that waits; agreed to anew."""
    found = ways.own(session, order, "schedule")
    due = found.next
    if due is None or not due.open:
        return SeeOther(f"{url('schedules')}?done=too_late")
    if request.method == "POST" and "kept" in request.POST:
        return _sign(request, session, order)
    return _choose(request, session, _bill(session, due.bills[0][0]), found)


@accepts("GET", "POST")
@signed_in
def cancel(request: HttpRequest, session: Session, order: UUID) -> HttpResponse:
    """One button; then which of the two happened."""
    found = ways.own(session, order, "schedule")
    if request.method == "POST":
        return SeeOther(f"{url('schedules')}?done={schedules.cancel(found.account_id, found.id)}")
    due = found.next
    if due is None:
        return SeeOther(f"{url('schedules')}?done=repeat")
    return member_page(
        request, session, "account/schedule_cancel.html", order=found, due=due,
        until=ways.until(request, found.region, due.closes_at),
    )  # fmt: skip


def _bill(session: Session, bill: UUID | None) -> Row:
    """A bill that this member may pay. Raises Hidden."""
    rows = member.to_pay(session.viewer, [bill]) if bill else []
    if not rows:
        raise Hidden
    return rows[0]


def _choose(request: HttpRequest, session: Session, row: Row, order: access.Order | None) -> HttpResponse:
    found = ways.usable(session)
    most = _most(row, order)
    form = ScheduleForm.read(request, most, list(found))
    if order is not None and request.method != "POST" and order.next:
        typed = f"{order.next.take_on:%m/%d/%Y}", plain(order.next.cents)
        form = ScheduleForm(rows=(typed,), method=str(order.method_id or ""), key=form.key)
    if form.sent:
        wish = ways.wish(request, session, row["account_id"], row["region"], found[form.method], form.key)
        chosen = [Day(row["bill_id"], on, cents) for on, cents in form.chosen]
        verdict = schedules.judge(wish, found[form.method], chosen, order.id if order else None)
        if verdict.code == "free":
            told = {"of": str(row["bill_id"]), "method": form.method, "key": form.key,
                    "days": [[on.isoformat(), cents] for on, cents in form.chosen]}  # fmt: skip
            return _check(request, session, row, found[form.method], told, order)
        form = _wrong(form, verdict, most, preferences.of(request).language)
    return _form_page(request, session, form, row, order)


def _form_page(
    request: HttpRequest, session: Session, form: ScheduleForm, row: Row, order: access.Order | None
) -> HttpResponse:
    return member_form_page(
        request, session, "account/schedule.html", form, bill=row, order=order, most_cents=_most(row, order),
        payee=organisation().payees[row["payee"]].name, methods=ways.choices(request, ways.usable(session)),
        several=order is None and len(form.rows) < schedules.MOST,
        first=days.slot(days.today(row["region"]), "card", row["region"]).take_on,
    )  # fmt: skip


def _most(row: Row, order: access.Order | None) -> int:
    """What of the bill no other chosen day takes."""
    kept = orders.kept_back(row["account_id"], [row["bill_id"]], order.id if order else None)
    return max(0, int(row["payable_cents"]) - kept.get(row["bill_id"], 0))


def _check(
    request: HttpRequest, session: Session, row: Row, method: Method, told: Row, order: access.Order | None
) -> HttpResponse:
    wish = ways.wish(request, session, row["account_id"], row["region"], method, told["key"])
    rows = []
    for each in _days(row["bill_id"], told):
        slot = days.slot(each.on, method.kind, row["region"])
        rows.append((each, ways.until(request, row["region"], slot.closes_at), schedules.said(wish, method, each)))
    return member_page(
        request, session, "account/schedule_check.html", bill=row, rows=rows, order=order,
        payee=organisation().payees[row["payee"]].name, method=ways.choices(request, {told["method"]: method})[0][1],
        kept=ways.keep("schedule", session, told), total=sum(cents for _, cents in told["days"]),
    )  # fmt: skip


def _sign(request: HttpRequest, session: Session, order_id: UUID | None) -> HttpResponse:
    """The press; a switch of language shows the page again."""
    told = ways.kept(request, "schedule", session)
    if told is None:
        return SeeOther(f"{url('bills')}")
    row = _bill(session, UUID(told["of"]))
    method = ways.usable(session).get(told["method"])
    order = ways.own(session, order_id, "schedule") if order_id else None
    if method is None:
        return SeeOther(f"{url('schedule')}?of={told['of']}")
    if preferences.switched(request) or "agree" not in request.POST:
        return _check(request, session, row, method, told, order)
    wish = ways.wish(request, session, row["account_id"], row["region"], method, told["key"])
    chosen = _days(row["bill_id"], told)
    if order is not None:
        made = schedules.change(wish, order.id, chosen[0].on, chosen[0].cents)
    else:
        made = schedules.plan(wish, chosen)
    if made.code in ("made", "repeat"):
        return SeeOther(f"{url('schedules')}?done={'changed' if order else 'made'}")
    if made.code == "too_late":
        return SeeOther(f"{url('schedules')}?done=too_late")
    typed = tuple((f"{each.on:%m/%d/%Y}", plain(each.cents)) for each in chosen)
    most = _most(row, order)
    form = _wrong(ScheduleForm(rows=typed, method=told["method"], key=told["key"]), made, most,
                  preferences.of(request).language)  # fmt: skip
    return _form_page(request, session, form, row, order)


def _days(bill_id: UUID, told: Row) -> list[Day]:
    return [Day(bill_id, date.fromisoformat(on), int(cents)) for on, cents in told["days"]]


def _wrong(form: ScheduleForm, verdict: Made, most: int, language: str) -> ScheduleForm:
    """What is in the way, at the field where it can be put right, with the next possible day."""
    if verdict.code in _DAYS and verdict.slot:
        day = long_date(verdict.slot.take_on, language)
        return form.wrong(f"on_{verdict.place}", f"later.error.{verdict.code}", date=day)
    if verdict.code == "above_owed":
        return form.wrong("amount_0", "later.error.above", most=show(most, language))
    if verdict.code in ("method_not_ready", "expires"):
        return form.wrong("method", f"later.error.{verdict.code}")
    return form.wrong("on_0", f"later.error.{verdict.code if verdict.code in ('too_far', 'twice') else 'changed'}")


def _address(feed: calendar.Feed) -> str:
    return settings.CARETILL_PUBLIC_URL.rstrip("/") + url("calendar", feed.token)
