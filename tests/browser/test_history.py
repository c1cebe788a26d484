"""History, receipt and bills that were sent in a real browser: axe, no sideways scroll, targets; a search by keyboard.

With `CARETILL_TEST_PICTURES=folder` each is also photographed, wide and narrow.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from caretill.core import clock, sql
from caretill.core.words import say
from caretill.letters.statements import issue
from caretill.web.account.member import cookie
from house import ledgerbook as book
from house.cast import a_bill
from house.desk import Desk, processor_desk
from house.member import MemberOf, a_member
from house.scenes import NOON

__all__ = ["processor_desk"]

Visit = Callable[..., Page]
Sound = Callable[..., None]
PICTURES = os.environ.get("CARETILL_TEST_PICTURES", "")
LOOKS: dict[str, dict[str, Any]] = {
    "en": {},
    "es-dark-narrow": {"width": 320, "locale": "es-US", "color_scheme": "dark"},
}
HISTORY = "/account/history/"


@pytest.fixture(autouse=True)
def time(db: None) -> Iterator[clock.FixedClock]:
    with clock.fixed(NOON) as fixed:
        yield fixed


@pytest.fixture
def member(processor: Desk) -> MemberOf:
    """A family in which everything happened once."""
    first, second = a_bill(14_000, number="P0012345678", desk_cents=2_500), a_bill(9_000, number="H0087654321")
    book.another_person(second)
    book.more_lines(first, 4_000, 2_000)
    payment = book.pay(processor, (first, 5_000), (second, 3_000))
    book.give_back(first, payment, 1_000)
    book.refuse(second, 1_200)
    book.begin(second, 700)
    issue(first.account_id, first.bill_id)
    issue(second.account_id, second.bill_id)
    sql.execute("UPDATE billing_bill SET private = true WHERE id = %s", (second.bill_id,))
    return a_member(first.account_id)


def enter(page: Page, member: MemberOf, site: str) -> None:
    page.context.add_cookies([{"name": cookie(), "value": member.token, "url": site}])


def shot(page: Page, name: str) -> None:
    for width in (1280, 390) if PICTURES else ():
        page.set_viewport_size({"width": width, "height": 844})
        page.screenshot(path=f"{PICTURES}/{name}-{width}.png", full_page=True)


@pytest.mark.parametrize("look", [pytest.param("en", marks=pytest.mark.slow), "es-dark-narrow"])
def test_every_page_is_sound(visit_as: Visit, sound: Sound, site: str, member: MemberOf, look: str) -> None:
    page = visit_as(**{"locale": "en-US", **LOOKS[look]})
    enter(page, member, site)
    payment = sql.query("SELECT id FROM payments_payment WHERE state = 'succeeded'")[0]["id"]
    statement = sql.query(
        "SELECT s.id FROM letters_statement s JOIN billing_bill b ON b.id = s.bill_id WHERE NOT private"
    )
    pages = {"history": HISTORY, "receipt": f"{HISTORY}receipts/{payment}/", "statements": f"{HISTORY}statements/"}
    for name, address in pages.items():
        page.goto(address)
        expect(page.locator("h1")).to_have_count(1)
        sound(page)
        shot(page, f"{name}-{look}")
        page.evaluate("document.documentElement.dir = 'rtl'")
        sound(page, axe=False)
    table = page.request.get(f"{HISTORY}history.csv")
    assert table.ok and len(table.text().splitlines()) == 8, "a head and seven entries, over the wire"
    sql.execute("UPDATE letters_statement SET sha256 = 'x'")
    page.goto(f"{HISTORY}statements/{statement[0]['id']}/bill.pdf")
    sound(page)
    shot(page, f"gone-{look}")


@pytest.mark.parametrize("script", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_search_by_keyboard_and_empty_answers(
    visit_as: Visit, sound: Sound, site: str, member: MemberOf, script: bool
) -> None:
    page = visit_as(locale="en-US", java_script_enabled=script)
    enter(page, member, site)
    page.goto(HISTORY)
    expect(page.locator(".entries li")).to_have_count(7)
    page.locator("details summary").first.click()
    page.locator("#find").focus()
    page.keyboard.type("$80.00")
    page.keyboard.press("Enter")
    expect(page.locator(".entries li")).to_have_count(1)
    expect(page.locator("#find")).to_have_value("$80.00")
    assert "80.00" not in page.url and "find=" in page.url
    page.locator("#kind").select_option("refund")
    page.get_by_role("button", name=say("en", "history.search.button"), exact=True).click()
    expect(page.get_by_role("heading", name=say("en", "history.empty.narrow_title"))).to_be_visible()
    if script:
        sound(page)
        shot(page, "nothing-found")
    page.get_by_role("link", name=say("en", "history.search.clear")).click()
    expect(page.locator(".entries li")).to_have_count(7)


def test_nothing_yet(visit_as: Visit, sound: Sound, site: str) -> None:
    page = visit_as(locale="en-US")
    enter(page, a_member(a_bill(1_000).account_id), site)
    for name, address in (("empty", HISTORY), ("no-statements", f"{HISTORY}statements/")):
        page.goto(address)
        sound(page)
        shot(page, name)
