"""A guest pays in a real browser, on the processor's own page, start to finish."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from house.cast import a_bill
from house.payer import Payer
from house.till import CARD, Till, till_fixture

__all__ = ["till_fixture"]

Visit = Callable[..., Page]
Sound = Callable[..., None]


def enter(page: Page, payer: Payer, site: str) -> None:
    """The browser holds what finding the bill gave it."""
    page.context.add_cookies(
        [{"name": name, "value": morsel.value, "url": site} for name, morsel in payer.client.cookies.items()]
    )


def type_card(page: Page, number: str = CARD["number"]) -> None:
    for field, value in {**CARD, "number": number}.items():
        page.fill(f"#{field}", value)
    page.locator("form button").first.click()


@pytest.mark.parametrize("script", [True, False])
def test_a_bill_is_paid_start_to_finish(till: Till, visit_as: Visit, sound: Sound, site: str, script: bool) -> None:
    bill = a_bill(14_000)
    payer = Payer(bill)
    page = visit_as(java_script_enabled=script)
    enter(page, payer, site)

    def looked_at() -> None:
        if script:
            sound(page)

    page.goto(payer.at("amount"))
    expect(page.get_by_role("heading", level=1)).to_have_text("You owe $140.00")
    looked_at()
    page.get_by_label("Another amount").check()
    page.get_by_role("textbox", name="Amount").fill("50.00")
    page.get_by_role("button", name="Continue", exact=True).last.click()
    page.get_by_label("Your name").fill("Pat Payer")
    page.get_by_label("Email, if you want one").fill("pat@example.org")
    looked_at()
    page.get_by_role("button", name="Continue", exact=True).last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your payment")
    looked_at()
    page.get_by_role("button", name="Pay $50.00").click()
    expect(page).to_have_url(re.compile(re.escape(till.processor)))
    type_card(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("You paid $50.00")
    looked_at()
    page.reload()
    expect(page.get_by_text("$90.00 is left to pay.")).to_be_visible()
    assert bill.figures()["paid_here_cents"] == 5_000
    assert len(till.charges()) == 1
    page.go_back()
    page.goto(payer.at("check"))
    expect(page.get_by_role("heading", level=1)).to_have_text("You paid $50.00")
    assert len(till.charges()) == 1


def test_breaking_off_changing_the_amount_and_paying_after_a_refused_card(
    till: Till, visit_as: Visit, site: str
) -> None:
    bill = a_bill(14_000)
    payer = Payer(bill)
    payer.to_check()
    page = visit_as()
    enter(page, payer, site)
    page.goto(payer.at("check"))
    page.get_by_role("button", name="Pay $140.00").click()
    page.get_by_role("link", name=re.compile("Cancel and go back")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your payment is not finished")
    page.get_by_role("button", name="Go on to the card page").click()
    type_card(page, "4000 0000 0000 0002")
    expect(page.get_by_text("Your bank said no to this card.")).to_be_visible()
    page.get_by_role("link", name=re.compile("Cancel and go back")).click()
    page.get_by_role("button", name="Pay another amount").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You owe $140.00")
    page.get_by_label("Another amount").check()
    page.get_by_role("textbox", name="Amount").fill("50.00")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Pay $50.00").click()
    type_card(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("You paid $50.00")
    assert [row["amount_cents"] for row in till.charges()] == [5_000]
    assert bill.figures()["paid_here_cents"] == 5_000


def test_back_from_the_card_page_and_back_from_done_never_pay_again(till: Till, visit_as: Visit, site: str) -> None:
    bill = a_bill(14_000)
    payer = Payer(bill)
    payer.to_check()
    page = visit_as()
    enter(page, payer, site)
    page.goto(payer.at("check"))
    page.get_by_role("button", name="Pay $140.00").click()
    card_page = page.url
    page.go_back()
    page.get_by_role("button", name="Pay $140.00").click()
    expect(page).to_have_url(card_page)
    type_card(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("You paid $140.00")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("This payment is done|Pay Larkspur"))
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("You paid $140.00")
    assert len(till.charges()) == 1 and bill.figures()["paid_here_cents"] == 14_000


def test_charged_and_no_way_back_is_found_by_the_waiting_page(till: Till, visit_as: Visit, site: str) -> None:
    bill = a_bill(14_000)
    payer = Payer(bill)
    payer.to_check()
    page = visit_as()
    enter(page, payer, site)
    page.goto(payer.at("check"))
    till.worker.paused.set()
    till.fault("pay_blank")
    page.get_by_role("button", name="Pay $140.00").click()
    type_card(page)
    page.wait_for_timeout(500)
    assert len(till.charges()) == 1
    page.goto(payer.at("amount"))
    expect(page.get_by_role("heading", level=1)).to_have_text("You have begun to pay")
    page.get_by_role("button", name="Pay another amount").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You paid $140.00")
    assert len(till.charges()) == 1
