"""Later payments in a browser, start to finish: a day, automatic payment skipped by mail, a plan. All sound."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from caretill.autopay import runs
from caretill.core import clock, sql
from caretill.letters.autopay_mails import link
from house import later
from house.cast import a_bill
from house.scenes import NOON

Visit = Callable[..., Page]
Sound = Callable[..., None]
pytestmark = pytest.mark.slow


@pytest.fixture
def payer(db: None) -> Iterator[later.Payer]:
    with clock.fixed(NOON):
        yield later.a_payer(a_bill(14_000))


def signed_in(payer: later.Payer, page: Page, site: str) -> Page:
    page.context.add_cookies([{"name": "session", "value": payer.member.token, "url": site}])
    return page


def press(page: Page) -> None:
    with page.expect_navigation():
        page.locator("main .ds-c-button--solid").last.click()


def test_a_day_is_planned_and_called_off(payer: later.Payer, visit_as: Visit, sound: Sound, site: str) -> None:
    page = signed_in(payer, visit_as(width=390), site)
    page.goto(f"/account/bills/{payer.bill.bill_id}/")
    page.get_by_role("link", name="Pay on another day").click()
    sound(page)
    page.get_by_label("Day", exact=True).fill("2/31/2027")
    page.get_by_label("Amount", exact=True).fill("40")
    press(page)
    sound(page)
    expect(page.get_by_role("link", name="There is no such day. The next one is March 1, 2027.")).to_be_visible()
    page.get_by_label("Day", exact=True).fill("3/1/2027")
    press(page)
    sound(page)
    expect(page.get_by_role("heading", name="$40.00 on March 1, 2027")).to_be_visible()
    press(page)
    sound(page)
    expect(page.get_by_role("heading", name="It is set up")).to_be_visible()
    page.get_by_role("link", name="Call off March 1, 2027").click()
    sound(page)
    press(page)
    expect(page.get_by_role("heading", name="The payment is called off")).to_be_visible()
    assert sql.one("SELECT state FROM autopay_due") == {"state": "skipped"}


def test_automatic_payment_is_skipped_from_the_mail(
    payer: later.Payer, visit_as: Visit, sound: Sound, site: str
) -> None:
    page = signed_in(payer, visit_as(width=1280), site)
    page.goto("/account/autopay/")
    sound(page)
    page.get_by_role("link", name="Set up automatic payment").click()
    page.get_by_label("On one day of the month").check()
    day = later.days.slot(later.days.today("oregon") + timedelta(days=14), "bank", "oregon").take_on
    page.get_by_label("Which day of the month?").fill(str(day.day))
    sound(page)
    press(page)
    sound(page)
    press(page)
    expect(page.get_by_role("heading", name="It is set up")).to_be_visible()
    runs.plan_dues()
    page.goto("/account/autopay/")
    sound(page)
    [due] = sql.query("SELECT account_id, order_id, due_on FROM autopay_due")
    mail = link("skip", due["account_id"], due["order_id"], due["due_on"].isoformat(), "en")
    stranger = visit_as(width=390)
    stranger.goto("/autopay/" + mail.partition("/autopay/")[2])
    sound(stranger)
    assert sql.one("SELECT state FROM autopay_due") == {"state": "waiting"}
    press(stranger)
    sound(stranger)
    assert sql.one("SELECT state FROM autopay_due") == {"state": "skipped"}
    page.goto("/account/autopay/")
    page.get_by_role("button", name="Stop it all All bills").click()
    expect(page.get_by_role("heading", name="Automatic payment has stopped")).to_be_visible()


def test_a_plan_is_signed_without_script_in_spanish(
    payer: later.Payer, visit_as: Visit, sound: Sound, site: str
) -> None:
    page = signed_in(payer, visit_as(width=390, locale="es-US", java_script_enabled=False), site)
    page.goto("/account/plans/")
    page.locator("[name=of]").check()
    press(page)
    page.get_by_label("Otro monto cada mes").check()
    page.get_by_label("Monto cada mes", exact=True).fill("50")
    press(page)
    expect(page.get_by_role("heading", name="Revise y firme su plan")).to_be_visible()
    press(page)
    expect(page.get_by_role("heading", name="Su plan está firmado")).to_be_visible()
    assert sql.one("SELECT payments, total_cents FROM autopay_plan") == {"payments": 3, "total_cents": 14_000}
