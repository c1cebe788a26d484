"""Pages that lead on from a bill and from the door, in a real browser: sound wide, and dark, narrow and in Spanish."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Page, expect

from caretill.core import clock
from caretill.core.words import say
from caretill.people import factors
from house.cast import a_bill
from house.desk import Desk, processor_desk
from house.member import PASSWORD, a_member
from house.payer import Payer
from house.scenes import NOON

__all__ = ["processor_desk"]
pytestmark = pytest.mark.slow
LOOKS: dict[str, dict[str, Any]] = {
    "en": {},
    "es": {"width": 320, "locale": "es-US", "color_scheme": "dark"},
}


@pytest.fixture(autouse=True)
def time(db: None) -> Iterator[clock.FixedClock]:
    with clock.fixed(NOON) as fixed:
        yield fixed


@pytest.mark.parametrize("language", LOOKS)
def test_a_member_calls_about_a_bill_and_proves_who_they_are(
    visit_as: Callable[..., Page],
    site: str,
    sound: Callable[..., None],
    processor: Desk,
    time: clock.FixedClock,
    language: str,
) -> None:
    bill = a_bill(14_000)
    who = a_member(bill.account_id)
    seed = factors.new_seed()
    assert factors.add_totp(who.login_id, seed, pyotp.TOTP(seed).at(NOON))
    page = visit_as(**LOOKS[language])
    page.context.add_cookies([{"name": "session", "value": who.token, "url": site}])
    page.goto(f"/account/bills/{bill.bill_id}/")
    page.get_by_role("link", name=say(language, "bill.door.wrong.title")).click()
    expect(page.locator("#wrong ~ p strong").first).to_contain_text(bill.number)
    assert bill.number not in page.url
    sound(page)
    page.get_by_role("link", name=say(language, "help.bill.back")).first.click()
    sound(page)
    for _ in range(2):
        time.advance(minutes=9)
        page.reload()
    page.goto("/account/security/")
    page.fill("#password", PASSWORD)
    page.locator(".go .ds-c-button--solid").click()
    expect(page.locator("#code-error")).to_have_text(say(language, "signin.error.code_missing"))
    sound(page)
    page.fill("#password", PASSWORD)
    page.fill("#code", pyotp.TOTP(seed).at(clock.now()))
    page.locator(".go .ds-c-button--solid").click()
    expect(page.locator("h1")).to_have_text(say(language, "security.title"))


@pytest.mark.parametrize("language", LOOKS)
def test_a_guest_has_a_receipt_sent_and_an_invited_finds_back(
    visit_as: Callable[..., Page], site: str, sound: Callable[..., None], processor: Desk, language: str
) -> None:
    payer = Payer(a_bill(14_000))
    payer.get(processor.card(payer.to_card()))
    page = visit_as(**LOOKS[language])
    held = {name: morsel.value for name, morsel in payer.client.cookies.items() if name.startswith("visit-")}
    page.context.add_cookies([{"name": name, "value": value, "url": site} for name, value in held.items()])
    page.goto(payer.at("amount"))
    sound(page)
    page.get_by_role("button", name=say(language, "amount.state.paid.receipt_button")).click()
    expect(page.locator(".ds-c-alert--success")).to_contain_text(say(language, "amount.state.paid.sent"))
    sound(page)
    page.goto("/forgot/password/oregon/")
    page.get_by_role("link", name=say(language, "recover.invited.link")).click()
    page.locator(".go .ds-c-button--solid").click()
    expect(page.get_by_role("group").first).to_be_focused()
    sound(page)
    page.fill("#email", "aunt@example.org")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(say(language, "recover.sent.title"))
