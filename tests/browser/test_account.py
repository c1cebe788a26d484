"""Home, bills, a bill and paying in a real browser: every state is sound, wide and dark narrow; and by keyboard alone.

With `CARETILL_TEST_PICTURES=folder` each state is also photographed, wide and narrow.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from caretill.core import clock, sql
from caretill.core.words import say
from caretill.payments import look, take
from house.cast import a_bill
from house.desk import Desk, processor_desk
from house.keyboard import Keyboard
from house.member import MemberOf, a_member
from house.member_states import told, two_accounts
from house.scenes import NOON

__all__ = ["processor_desk"]

Visit = Callable[..., Page]
Sound = Callable[..., None]
PICTURES = os.environ.get("CARETILL_TEST_PICTURES", "")
LOOKS: dict[str, dict[str, Any]] = {
    "en": {},
    "es-dark-narrow": {"width": 320, "locale": "es-US", "color_scheme": "dark"},
    "en-forced": {"width": 390, "forced_colors": "active"},
    "en-rtl": {"width": 390},
}


@pytest.fixture(autouse=True)
def time(db: None) -> Iterator[clock.FixedClock]:
    with clock.fixed(NOON) as fixed:
        yield fixed


def owes(desk: Desk) -> tuple[MemberOf, str]:
    return two_accounts()[0], "/account/"


def zero(desk: Desk) -> tuple[MemberOf, str]:
    bill = a_bill(14_000)
    answer = take.pay(bill.ask(14_000))
    desk.card(answer.url)
    assert answer.payment_id and look.look_again(bill.account_id, answer.payment_id) == "succeeded"
    told(datetime(2026, 11, 22, 17, 41, tzinfo=UTC))
    return a_member(bill.account_id), "/account/"


def stale(desk: Desk) -> tuple[MemberOf, str]:
    told(datetime(2026, 11, 18, 17, 41, tzinfo=UTC))
    return a_member(a_bill(14_000).account_id), "/account/"


def unlinked(desk: Desk) -> tuple[MemberOf, str]:
    return a_member(None), "/account/"


def on_its_way(desk: Desk) -> tuple[MemberOf, str]:
    bill = a_bill(14_000)
    a_bill(2_000, number="P2")
    take.pay(bill.ask(10_000))
    sql.execute("UPDATE payments_payment SET returned_at = %s", (clock.now(),))
    return a_member(bill.account_id), "/account/"


def bills(desk: Desk) -> tuple[MemberOf, str]:
    return two_accounts()[0], "/account/bills/?state=all"


def bills_sifted(desk: Desk) -> tuple[MemberOf, str]:
    return two_accounts()[0], "/account/bills/?kind=pharmacy"


def bill_whole(desk: Desk) -> tuple[MemberOf, str]:
    member, found = two_accounts()
    return member, f"/account/bills/{found[0].bill_id}/"


def bill_private(desk: Desk) -> tuple[MemberOf, str]:
    member, found = two_accounts()
    return member, f"/account/bills/{found[1].bill_id}/"


def pay_several(desk: Desk) -> tuple[MemberOf, str]:
    member, found = two_accounts()
    return member, "/account/pay/?" + "&".join(f"of={bill.bill_id}" for bill in found)


def pay_one(desk: Desk) -> tuple[MemberOf, str]:
    member, found = two_accounts()
    return member, f"/account/pay/?of={found[1].bill_id}"


def pay_shut(desk: Desk) -> tuple[MemberOf, str]:
    member, found = two_accounts()
    return member, f"/account/pay/?of={found[3].bill_id}"


STATES = (owes, zero, stale, unlinked, on_its_way, bills, bills_sifted, bill_whole, bill_private, pay_several, pay_one)
STATES += (pay_shut,)
QUICK = (owes, bills, bill_whole, pay_several)


def enter(page: Page, member: MemberOf, site: str) -> None:
    page.context.add_cookies([{"name": "session", "value": member.token, "url": site}])


@pytest.mark.parametrize("state", QUICK, ids=lambda each: each.__name__)
def test_a_narrow_dark_page_in_spanish_is_sound(
    processor: Desk, visit_as: Visit, sound: Sound, site: str, state: Callable[[Desk], tuple[MemberOf, str]]
) -> None:
    is_sound(processor, visit_as, sound, site, state, "es-dark-narrow")


@pytest.mark.slow
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("state", STATES, ids=lambda each: each.__name__)
def test_every_state_is_sound(
    processor: Desk, visit_as: Visit, sound: Sound, site: str, state: Callable[[Desk], tuple[MemberOf, str]], look: str
) -> None:
    is_sound(processor, visit_as, sound, site, state, look)


def is_sound(
    processor: Desk, visit_as: Visit, sound: Sound, site: str, state: Callable[[Desk], tuple[MemberOf, str]], look: str
) -> None:
    member, address = state(processor)
    page = visit_as(**{"locale": "en-US", **LOOKS[look]})
    enter(page, member, site)
    page.goto(address)
    expect(page.locator("html")).to_have_attribute("lang", look[:2])
    expect(page.locator("h1")).to_have_count(1)
    if look.endswith("rtl"):
        page.evaluate("document.documentElement.dir = 'rtl'")
    sound(page)
    if PICTURES:
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 844})
            page.screenshot(path=f"{PICTURES}/{state.__name__}-{look}-{width}.png", full_page=True)


def test_nothing_chosen_is_said_with_the_focus(processor: Desk, visit_as: Visit, sound: Sound, site: str) -> None:
    page = visit_as(width=390)
    enter(page, two_accounts()[0], site)
    page.goto("/account/bills/")
    page.get_by_role("button", name=say("en", "bills.pay")).click()
    summary = page.locator("main [autofocus]")
    expect(summary).to_be_focused()
    sound(page)
    summary.get_by_role("link").click()
    expect(page.locator("#bill")).to_be_focused()


def test_from_home_to_the_card_page_by_keyboard(processor: Desk, visit_as: Visit, site: str) -> None:
    member, found = two_accounts()
    page = visit_as()
    enter(page, member, site)
    page.set_viewport_size({"width": 1280, "height": 2400})
    page.goto("/account/")
    hands = Keyboard(page)
    hands.reach(words=say("en", "home.pay", amount="$1,414.96"))
    hands.press("Enter", goes=True)
    hands.reach(id="amount_0")
    hands.reach(words=say("en", "shell.continue"), tag="button")
    hands.press("Enter", goes=True)
    expect(page.get_by_role("heading", level=1)).to_have_text(say("en", "check.title"))
    expect(page.get_by_role("button", name=say("en", "check.pay", amount="$1,414.96"))).to_be_visible()
    assert found[0].figures()["open_cents"] == 4_040
