"""Inviting somebody and taking it back in a real browser: sound in both languages, narrow, dark, without a script."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from caretill.core import sql, tokens
from caretill.web.account import member as door
from house.family import Family, a_family
from house.member import PASSWORD, MemberOf, a_login, a_member

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("db")]
LOOKS: list[dict[str, Any]] = [
    {"width": 1280},
    {"width": 320, "locale": "es-US", "color_scheme": "dark", "java_script_enabled": False},
]


def signed_in(page: Page, site: str, member: MemberOf) -> Page:
    page.context.add_cookies([{"name": door.cookie(), "value": member.token, "url": site}])
    return page


def link() -> str:
    row = sql.one("SELECT body FROM core_outbox WHERE topic = 'invite' ORDER BY id DESC LIMIT 1")
    assert row is not None
    return f"/invite/{tokens.unseal('invite', sql.answer(row['body'])['sealed'])['token']}"


@pytest.fixture
def home() -> Family:
    return a_family()


@pytest.mark.parametrize("look", LOOKS, ids=["wide", "narrow-es-dark-plain"])
def test_invite_take_and_take_back(
    visit_as: Callable[..., Page], sound: Callable[..., None], site: str, home: Family, look: dict[str, Any]
) -> None:
    plain = not look.get("java_script_enabled", True)
    check = (lambda page: None) if plain else sound
    juana = signed_in(visit_as(**look), site, a_member(home.account_id, "holder"))
    juana.goto("/account/household/")
    check(juana)
    juana.locator("main .go a").click()
    juana.fill("#email", "ona@example.org")
    juana.locator("#invite-form .go button").click()
    expect(juana.locator("[aria-labelledby=faults-title]")).to_be_focused()
    check(juana)
    assert juana.input_value("#email") == "ona@example.org"
    juana.select_option("#rights-5", "pay")
    juana.locator("#invite-form .go button").click()
    expect(juana.locator(".ds-c-alert--success")).to_be_visible()
    check(juana)

    ona = visit_as(**look)
    ona.goto(link())
    expect(ona.locator("h1")).to_contain_text("Juana Solano")
    check(ona)
    a_login("ona@example.org")
    ona.locator("main .go a").first.click()
    ona.fill("#email", "ona@example.org")
    ona.fill("#password", PASSWORD)
    ona.locator("main form .go button").first.click()
    ona.wait_for_url("**/account/household/invitation/")
    expect(ona.locator("main .rights")).to_contain_text("Iker")
    check(ona)
    ona.locator("#take-form button[name=yes]").click()
    expect(ona.locator("main dl").first).to_contain_text("Iker")
    expect(ona.locator("main")).not_to_contain_text("Olmo")
    check(ona)

    juana.goto("/account/household/")
    juana.locator("dl.household .change a").click()
    check(juana)
    juana.locator("#end-form button").click()
    expect(juana.locator(".ds-c-alert--success")).to_be_visible()
    ona.goto("/account/household/")
    expect(ona.locator("main")).not_to_contain_text("Iker")
    check(ona)


def test_at_320_pixels_and_by_keyboard(
    visit_as: Callable[..., Page], sound: Callable[..., None], site: str, home: Family
) -> None:
    a_member(home.account_id, "pay", email="somebody.with.a.very.long.address@hospital.example.org")
    page = signed_in(visit_as(width=320, color_scheme="dark"), site, a_member(home.account_id, "holder"))
    page.goto("/account/household/")
    sound(page)
    page.locator("main .go a").focus()
    page.keyboard.press("Enter")
    page.locator("#email").focus()
    page.keyboard.type("kin@example.org")
    page.keyboard.press("Tab")
    page.keyboard.press("S")
    page.keyboard.press("Enter")
    page.locator("#invite-form .go button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("kin@example.org")
    sound(page)


def test_a_dead_link(visit_as: Callable[..., Page], sound: Callable[..., None]) -> None:
    page = visit_as(width=320)
    page.goto("/invite/nothing")
    expect(page.locator("h1")).to_be_visible()
    sound(page)
