"""A member puts money on the account in a real browser, uses it for a bill, and takes the rest back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from caretill.core import sql
from caretill.payments import deposits
from house.cast import a_bill
from house.member import a_member
from house.till import CARD, Till, till_fixture

__all__ = ["till_fixture"]

Visit = Callable[..., Page]
Sound = Callable[..., None]


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


@pytest.mark.parametrize("script", [True, False])
def test_put_on_used_and_taken_back(till: Till, visit_as: Visit, sound: Sound, site: str, script: bool) -> None:
    bill = a_bill(5_000)
    member = a_member(bill.account_id)
    page = visit_as(java_script_enabled=script)
    page.context.add_cookies([{"name": "session", "value": member.token, "url": site}])

    def looked_at() -> None:
        if script:
            sound(page)

    page.goto("/account/")
    page.get_by_role("link", name="Money on your account").click()
    heading(page, "Money on your account")
    looked_at()
    page.get_by_label("How much?").fill("80.00")
    page.get_by_label("Larkspur Hospitals, Larkspur Medical Group").check()
    page.get_by_role("button", name="Go on to pay by card").click()
    expect(page).to_have_url(re.compile(re.escape(till.processor)))
    for field, value in CARD.items():
        page.fill(f"#{field}", value)
    page.locator("form button").first.click()
    heading(page, "You paid $80.00")
    looked_at()
    page.goto("/account/money/")
    heading(page, "You have $80.00 with us")
    page.get_by_role("button", name="Use $50.00 from your account").click()
    heading(page, "You have $30.00 with us")
    expect(page.get_by_role("heading", name="We put it on your bill")).to_be_visible()
    looked_at()
    assert bill.figures()["open_cents"] == 0
    page.get_by_role("link", name="Take it back").click()
    heading(page, "Take back $30.00")
    looked_at()
    page.get_by_role("button", name="Send me $30.00").click()
    expect(page.get_by_role("heading", name="We are sending your money back")).to_be_visible()
    looked_at()
    assert deposits.balance(bill.account_id) == 0
    row = sql.one("SELECT id FROM payments_payment")
    assert row is not None
    page.goto("/account/history/")
    page.get_by_role("link", name="Receipt").first.click()
    expect(page.get_by_role("heading", name="Refund of $30.00")).to_be_visible()
    looked_at()
