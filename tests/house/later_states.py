"""Every page and state of what is taken later. As in `house.matrix_states`: each leaves a browser in front of one."""

from __future__ import annotations

import functools

from caretill.autopay import calendar, enrol, plan_changes, runs, schedules
from caretill.autopay.schedules import Day
from caretill.core import sql
from caretill.letters.autopay_mails import link
from house import later
from house.cast import a_bill
from house.matrix_states import Show, Stage
from house.member import a_member
from house.member_states import opened

LATER: dict[str, Show] = {}


def shown(show: Show) -> Show:
    LATER[show.__name__] = show
    return show


def planned() -> later.Payer:
    """Two days of one bill, automatic payment with a debit that was told, a calendar."""
    payer = later.a_payer(a_bill(14_000))
    on = later.days.slot(later.days.today("oregon") + later.timedelta(days=9), "bank", "oregon").take_on
    far = later.days.slot(on + later.timedelta(days=40), "bank", "oregon").take_on
    chosen = [Day(payer.bill.bill_id, on, 4_000), Day(payer.bill.bill_id, far, 2_500)]
    assert schedules.plan(payer.wish(), chosen).code == "made"
    calendar.renew(payer.member.login_id, amounts=False)
    return payer


def automatic(**terms: object) -> later.Payer:
    payer = later.a_payer(a_bill(14_000))
    day = (later.days.today("oregon") + later.timedelta(days=13)).day
    order = later.enrolled(payer, day=day, **terms)
    runs.plan_dues()
    later.told()
    assert order
    return payer


def at(address: str, s: Stage, *, saved: bool = True) -> None:
    """A page of one who owes a bill, with or without a saved way to pay."""
    bill = a_bill(14_000)
    member = later.a_payer(bill).member if saved else a_member(bill.account_id)
    opened(s, member, address.format(bill=bill.bill_id))


LATER |= {
    "schedule": functools.partial(at, "/account/schedule/?of={bill}"),
    "schedule_no_way": functools.partial(at, "/account/schedule/?of={bill}", saved=False),
    "schedules_none": functools.partial(at, "/account/scheduled/"),
    "autopay_none": functools.partial(at, "/account/autopay/"),
    "autopay_add": functools.partial(at, "/account/autopay/add/"),
    "plans_none_yet": functools.partial(at, "/account/plans/"),
    "plan_offer": functools.partial(at, "/account/plans/offer/?of={bill}"),
}


def press(s: Stage) -> None:
    with s.page.expect_navigation():
        s.page.locator("main .ds-c-button--solid").last.click()


@shown
def schedule_wrong(s: Stage) -> None:
    at("/account/schedule/?of={bill}", s)
    s.page.fill("#on_0", "12/25/2026")
    s.page.fill("#amount_0", "500")
    press(s)


@shown
def schedule_check(s: Stage) -> None:
    at("/account/schedule/?of={bill}", s)
    s.page.fill("#on_0", "12/28/2026")
    s.page.fill("#amount_0", "50")
    press(s)


@shown
def schedules_coming(s: Stage) -> None:
    opened(s, planned().member, "/account/scheduled/")


@shown
def schedules_made(s: Stage) -> None:
    opened(s, planned().member, "/account/scheduled/?done=made")


@shown
def schedule_cancel(s: Stage) -> None:
    payer = planned()
    row = sql.query("SELECT id FROM autopay_order ORDER BY starts_on")[0]
    opened(s, payer.member, f"/account/scheduled/{row['id']}/cancel/")


@shown
def autopay_coming(s: Stage) -> None:
    opened(s, automatic(cap_cents=30_000).member, "/account/autopay/")


@shown
def autopay_paused(s: Stage) -> None:
    payer = automatic()
    row = sql.query("SELECT id FROM autopay_order")[0]
    enrol.pause(payer.bill.account_id, row["id"])
    opened(s, payer.member, "/account/autopay/?done=paused")


@shown
def autopay_check(s: Stage) -> None:
    at("/account/autopay/add/", s)
    s.page.fill("#cap", "100")
    press(s)


@shown
def autopay_wrong(s: Stage) -> None:
    at("/account/autopay/add/", s)
    s.page.fill("#days_before", "40")
    press(s)


def mailed(action: str, s: Stage) -> None:
    payer = automatic()
    row = sql.query("SELECT order_id, due_on FROM autopay_due")[0]
    address = link(action, payer.bill.account_id, row["order_id"], row["due_on"].isoformat(), "en")
    s.page.goto("/autopay/" + address.partition("/autopay/")[2])


LATER |= {f"autopay_mail_{action}": functools.partial(mailed, action) for action in ("skip", "move", "stop")}


@shown
def autopay_mail_done(s: Stage) -> None:
    mailed("skip", s)
    press(s)


@shown
def autopay_mail_over(s: Stage) -> None:
    s.page.goto("/autopay/x/")


@shown
def plan_wrong(s: Stage) -> None:
    at("/account/plans/offer/?of={bill}", s)
    s.page.locator("[name=offer][value=monthly]").check()
    s.page.fill("#monthly", "5")
    press(s)


@shown
def plan_check(s: Stage) -> None:
    at("/account/plans/offer/?of={bill}", s)
    press(s)


def plan_at(query: str, s: Stage) -> None:
    payer = later.a_payer(a_bill(14_000))
    order = later.a_plan(payer, 4)
    if "paused" in query:
        plan_changes.pause(payer.bill.account_id, order)
    opened(s, payer.member, f"/account/plans/{order}/{query}")


LATER |= {
    "plan_going": functools.partial(plan_at, ""),
    "plan_made": functools.partial(plan_at, "?done=made"),
    "plan_put_off": functools.partial(plan_at, "?done=paused"),
    "plan_pay_off": functools.partial(plan_at, "?ask=off"),
    "plan_end": functools.partial(plan_at, "?ask=end"),
}


@shown
def plans_going(s: Stage) -> None:
    payer = later.a_payer(a_bill(14_000))
    later.a_plan(payer, 4)
    a_bill(9_000, number="H0087654321", kind="hospital", payee="hospital")
    opened(s, payer.member, "/account/plans/")


@shown
def home_with_what_comes(s: Stage) -> None:
    opened(s, planned().member, "/account/")
