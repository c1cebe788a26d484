"""Every page and state of a guest's payment on a day to come. As in `house.matrix_states`: each leaves a browser in
front of one.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from caretill.autopay import days, guests, schedules, turn
from caretill.core import sql, tokens
from caretill.methods import mandates
from caretill.payments.record import record
from house import later
from house.cast import Bill, a_bill
from house.matrix_states import Show, Stage
from house.payer import TYPED_BANK, Payer

PLANNED: dict[str, Show] = {}


def shown(show: Show) -> Show:
    PLANNED[show.__name__] = show
    return show


def typed(s: Stage, on: str) -> Payer:
    """The account and the day are typed."""
    payer = Payer(a_bill(14_000), language=s.language)
    payer.to_check()
    payer.post("bank", TYPED_BANK | {"when": "day", "on": on})
    return payer


def goes(s: Stage, payer: Payer, address: str) -> None:
    s.enter(payer)
    s.page.goto(address)


def a_day(bill: Bill) -> str:
    return f"{days.slot(guests.first_day() + timedelta(days=14), 'bank', bill.region).take_on:%m/%d/%Y}"


def planned(s: Stage) -> tuple[Bill, str]:
    """Somebody planned it: the bill, and the address of its page in their language."""
    bill = a_bill(14_000)
    token = later.a_guests(bill, 14_000)
    goes(s, Payer(bill, language=s.language), f"/planned/{token}/")
    return bill, token


def taken(s: Stage) -> tuple[Bill, str, UUID]:
    """Its day came: the payment that was begun."""
    bill, token = planned(s)
    row = sql.one("SELECT closes_at FROM autopay_due")
    assert row is not None
    s.time.at = row["closes_at"]
    schedules.take_due()
    paid = sql.one("SELECT id FROM payments_payment")
    assert paid is not None
    return bill, token, paid["id"]


@shown
def planned_day_typed_wrong(s: Stage) -> None:
    payer = Payer(a_bill(14_000), language=s.language)
    payer.to_check()
    goes(s, payer, payer.at("bank"))
    s.page.locator("#when-day").check()
    s.page.locator("#on").fill("12/25/2026")
    s.page.locator("#routing").fill(TYPED_BANK["routing"])
    s.page.locator("#number").fill(TYPED_BANK["number"])
    s.page.locator("#number_again").fill(TYPED_BANK["number"])
    with s.page.expect_navigation():
        s.page.locator("#bank-form button").click()


@shown
def planned_agree(s: Stage) -> None:
    payer = typed(s, a_day(a_bill(14_000)))
    goes(s, payer, payer.at("check"))


@shown
def planned_made(s: Stage) -> None:
    planned_agree(s)
    with s.page.expect_navigation():
        s.page.locator("#pay-form button").click()


@shown
def planned_other_day(s: Stage) -> None:
    _, token = planned(s)
    s.page.goto(f"/planned/{token}/day/")


@shown
def planned_other_day_wrong(s: Stage) -> None:
    planned_other_day(s)
    s.page.locator("#on").fill("02/31/2027")
    with s.page.expect_navigation():
        s.page.locator("#day-form button").click()


@shown
def planned_other_day_agree(s: Stage) -> None:
    planned_other_day(s)
    s.page.locator("#on").fill("01/04/2027")
    with s.page.expect_navigation():
        s.page.locator("#day-form button").click()


@shown
def planned_changed(s: Stage) -> None:
    planned_other_day_agree(s)
    with s.page.expect_navigation():
        s.page.locator("#agree-form button").click()


@shown
def planned_call_off(s: Stage) -> None:
    _, token = planned(s)
    s.page.goto(f"/planned/{token}/call-off/")


@shown
def planned_off(s: Stage) -> None:
    planned_call_off(s)
    with s.page.expect_navigation():
        s.page.locator("#cancel-form button").click()


@shown
def planned_on_its_way(s: Stage) -> None:
    taken(s)
    s.page.reload()


@shown
def planned_taken(s: Stage) -> None:
    bill, _, payment = taken(s)
    for event in ("filed", "succeeded"):
        more = {"amount_cents": 14_000} if event == "succeeded" else {}
        record(bill.account_id, payment, bill.region, event, provider="ach", object_ref="t", evidence=event, **more)
    turn.follow()
    s.page.reload()


@shown
def planned_failed(s: Stage) -> None:
    bill, _, payment = taken(s)
    for event in ("filed", "returned"):
        record(bill.account_id, payment, bill.region, event, provider="ach", object_ref="t", evidence=event)
    turn.follow()
    s.page.reload()


@shown
def planned_not_needed(s: Stage) -> None:
    bill, _ = planned(s)
    a_bill(14_000, desk_cents=14_000, version=2)
    row = sql.one("SELECT closes_at FROM autopay_due")
    assert row is not None and bill
    s.time.at = row["closes_at"]
    schedules.take_due()
    s.page.reload()


@shown
def planned_stopped(s: Stage) -> None:
    _, token = planned(s)
    held = tokens.unseal("planned", token)
    row = sql.one("SELECT mandate_id FROM autopay_order WHERE id = %s", (held["o"],))
    assert row is not None
    mandates.end(UUID(held["a"]), row["mandate_id"], "R03")
    turn.follow()
    s.page.reload()
