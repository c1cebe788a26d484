"""Ways to pay, start to finish in a browser: a card on the processor's page, a bank account with its two amounts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from caretill.core import clock
from caretill.methods import access, mandates
from caretill.regions import bankdays
from caretill.web.account import member as door
from house import cast, wallet
from house.member import MemberOf, a_member
from house.till import CARD, Till, till_fixture

__all__ = ["till_fixture"]

Visit = Callable[..., Page]
Sound = Callable[..., None]

pytestmark = pytest.mark.slow
WAYS = "/account/ways/"
LOOKS: dict[str, dict[str, Any]] = {
    "wide, without script": {"java_script_enabled": False},
    "narrow, Spanish": {"width": 390, "locale": "es-US"},
}


def owner(page: Page, site: str) -> tuple[UUID, MemberOf]:
    own = cast.a_bill(14_000).account_id
    member = a_member(own)
    page.context.add_cookies([{"name": door.cookie(), "value": member.token, "url": site}])
    return own, member


def looking(sound: Sound, look: str) -> Callable[[Page], None]:
    """axe is a script: without any, nothing is measured."""
    return sound if LOOKS[look].get("java_script_enabled", True) else lambda page: None


def press(page: Page) -> None:
    page.locator("main .ds-c-button--solid").last.click()


@pytest.mark.parametrize("look", LOOKS)
def test_a_card_is_saved_chosen_first_and_put_in_the_place_of_another(
    till: Till, visit_as: Visit, sound: Sound, site: str, look: str
) -> None:
    page, sound = visit_as(**LOOKS[look]), looking(sound, look)
    own, member = owner(page, site)
    bank = wallet.a_bank(own, member.login_id)
    mandate = wallet.a_mandate(own, bank, member.login_id)
    page.goto(f"{WAYS}{bank}/replace/")
    sound(page)
    page.locator('.doors a[href*="card"]').click()
    sound(page)
    page.locator("#nickname").fill("Blue card")
    press(page)
    page.wait_for_url(f"{till.processor}/**")
    for field, value in CARD.items():
        page.locator(f"[name={field}]").fill(value)
    page.locator("[name=number]").press("Enter")
    page.wait_for_url(f"{site}{WAYS}{bank}/replace/?by=*")
    sound(page)
    assert mandates.live(own, mandate)
    press(page)
    page.wait_for_url("**/?done=replaced")
    sound(page)
    (one,) = access.listed(member.session().viewer)
    assert (one.nickname, one.last4, one.is_default) == ("Blue card", "4242", True)
    assert not mandates.live(own, mandate) and mandates.successor(own, mandate)
    assert till.charges() == []
    page.goto(f"{WAYS}{one.id}/delete/")
    sound(page)
    press(page)
    expect(page.locator("[role=status]")).to_be_visible()
    assert access.listed(member.session().viewer) == []


@pytest.mark.parametrize("look", LOOKS)
def test_a_bank_account_is_saved_and_proved(till: Till, visit_as: Visit, sound: Sound, site: str, look: str) -> None:
    page, sound = visit_as(**LOOKS[look]), looking(sound, look)
    own, member = owner(page, site)
    page.goto("/account/profile/")
    page.locator(f'a[href="{WAYS}"]').click()
    sound(page)
    page.locator('a[href$="/bank/"]').click()
    sound(page)
    press(page)
    expect(page.locator("[aria-labelledby=faults-title]")).to_be_visible()
    sound(page)
    for name, value in (("holder_name", "Juana Solano"), ("routing", wallet.ROUTING), ("number", "000123456789")):
        page.locator(f"#{name}").fill(value)
    page.locator("#number_again").fill("000123456789")
    press(page)
    expect(page.locator(".agreement")).to_be_visible()
    sound(page)
    press(page)
    page.wait_for_url("**/prove/")
    sound(page)
    (one,) = access.listed(member.session().viewer)
    pair = wallet.the_amounts(own, one.id)
    wallet.arrived(own, one.id, bankdays.add(bankdays.eastern_day(clock.now()), -1) - timedelta(days=1))
    page.goto(f"{WAYS}{one.id}/prove/")
    sound(page)
    for cents in ((pair[0], pair[1] % 99 + 1), pair):
        page.locator("#cents1").fill(str(cents[0]))
        page.locator("#cents2").fill(str(cents[1]))
        press(page)
    page.wait_for_url("**/?done=proved")
    sound(page)
    assert access.listed(member.session().viewer)[0].state == "ready"
    assert [each["kind"] for each in mandates.of_method(own, one.id)] == ["save"]
