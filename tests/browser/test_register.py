"""Registering and coming back, in a real browser: the whole way in both languages, every look, and by keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from caretill.billing import guard
from caretill.core import sql
from caretill.core.words import say
from caretill.people import passwords
from house.cast import Bill, a_bill
from house.member import a_member
from house.registrant import EMAIL, PASSWORD, facts, mailed_code, mails

Visit = Callable[..., Page]
Sound = Callable[..., None]

NEW = "eleven loud herons dance"
NARROW: dict[str, Any] = {"width": 320, "color_scheme": "dark", "locale": "es-US"}
LOOKS: dict[str, dict[str, Any]] = {
    "wide, English": {},
    "narrow, English": {"width": 320, "locale": "en-US"},
    "wide, dark, Spanish": {"color_scheme": "dark", "locale": "es-US"},
    "forced colours": {"forced_colors": "active"},
    "without a script": {"java_script_enabled": False},
}


@pytest.fixture
def bill(db: None) -> Bill:
    return a_bill(14_000)


def on(page: Page) -> None:
    """The button that leads on."""
    with page.expect_navigation():
        page.locator("main .ds-c-button--solid").first.click()


def fill(page: Page, **typed: str) -> None:
    for name, value in typed.items():
        page.locator(f"#{name}").fill(value)


def registers(page: Page, bill: Bill) -> Iterator[str]:
    """Every page and its faults, from the first to the account."""
    page.goto("/register/")
    yield "place"
    fill(page, place="Oregon")
    on(page)
    yield "facts"
    fill(page, **facts(bill, zip="97202"))
    on(page)
    yield "a miss"
    fill(page, zip="97201")
    on(page)
    on(page)
    yield "terms not agreed to"
    page.check("#agreed")
    on(page)
    fill(page, email="odd@localhost")
    on(page)
    yield "an odd address"
    fill(page, email=EMAIL)
    on(page)
    yield "code"
    fill(page, code=mailed_code())
    on(page)
    yield "name"
    on(page)
    fill(page, new_password="short")
    on(page)
    yield "a bad password"
    fill(page, new_password=PASSWORD)
    on(page)
    page.check("#paper-screen")
    on(page)
    yield "no sample"
    page.check("#opened")
    on(page)
    yield "done"


def walk(page: Page, bill: Bill, sound: Sound, axe: bool) -> None:
    for _ in registers(page, bill):
        sound(page, axe=axe)
    assert page.url.endswith("/register/done/")
    row = sql.one("SELECT email, language, paperless, first_name FROM people_login")
    assert row and (row["email"], row["paperless"], row["first_name"]) == (EMAIL, True, "Juana")
    on(page)
    assert page.url.endswith("/account/") and page.locator("h1").count() == 1


def test_the_whole_way(visit_as: Visit, sound: Sound, bill: Bill) -> None:
    walk(visit_as(**NARROW), bill, sound, axe=True)


@pytest.mark.slow
@pytest.mark.parametrize("look", LOOKS)
def test_the_whole_way_in_other_looks(visit_as: Visit, sound: Sound, bill: Bill, look: str) -> None:
    script = LOOKS[look].get("java_script_enabled", True)
    page = visit_as(**LOOKS[look])
    walk(page, bill, sound if script else lambda page, axe: None, axe=script)


@pytest.mark.slow
def test_it_runs_right_to_left_with_wide_text(visit_as: Visit, sound: Sound, bill: Bill) -> None:
    """A pseudo-locale from right to left, and the spacing of WCAG 1.4.12, at the width of 400 % zoom."""
    page = visit_as(width=320)
    for _ in registers(page, bill):
        page.evaluate("document.documentElement.dir = 'rtl'")
        sound(page, axe=False)
        page.evaluate("document.documentElement.dir = 'ltr'")
        page.evaluate("document.body.style.letterSpacing = '.12em'; document.body.style.wordSpacing = '.16em'")
        sound(page, axe=False)


@pytest.mark.parametrize("look", [{}, pytest.param(NARROW, marks=pytest.mark.slow)], ids=["wide", "narrow"])
def test_a_new_password(visit_as: Visit, sound: Sound, bill: Bill, look: dict[str, Any]) -> None:
    owner = a_member(bill.account_id, email="owner@example.org")
    page = visit_as(**look)
    page.goto("/forgot/password/")
    sound(page)
    fill(page, place="97201")
    on(page)
    sound(page)
    on(page)
    sound(page)
    fill(page, email=owner.email, **facts(bill))
    on(page)
    sound(page)
    page.goto(f"/reset/{mails('recover_password')[-1][1]['link']}/")
    sound(page)
    fill(page, new_password=NEW)
    on(page)
    sound(page)
    row = sql.one("SELECT password FROM people_login")
    assert row and passwords.matches(row["password"], NEW)
    on(page)
    fill(page, email=owner.email, password=NEW)
    on(page)
    assert page.url.endswith("/account/")


@pytest.mark.parametrize("look", [NARROW, pytest.param({}, marks=pytest.mark.slow)], ids=["narrow", "wide"])
def test_the_address_they_sign_in_with(visit_as: Visit, sound: Sound, bill: Bill, look: dict[str, Any]) -> None:
    a_member(bill.account_id, email="owner@example.org")
    page = visit_as(**look)
    page.goto("/forgot/email/oregon/")
    fill(page, **facts(bill))
    on(page)
    sound(page)
    assert "owner@example.org" in [says["to"] for _, says in mails("recover_email_answer")]
    assert "owner" not in page.content()


def test_pages_for_old_links_and_closed_doors(visit_as: Visit, sound: Sound, bill: Bill) -> None:
    page = visit_as(width=320)
    page.goto("/reset/none-of-ours/")
    sound(page)
    for _ in range(20):
        guard.missed("oregon", [bill.account_number], "127.0.0.1")
    page.goto("/forgot/email/oregon/")
    fill(page, **facts(bill))
    on(page)
    assert page.locator("h1").inner_text() == say("en", "find.closed.title")
    sound(page)


def test_work_is_done_silently(visit_as: Visit, bill: Bill) -> None:
    for _ in range(5):
        guard.missed("oregon", [bill.account_number], "127.0.0.1")
    page = visit_as()
    page.goto("/register/")
    fill(page, place="Oregon")
    on(page)
    fill(page, **facts(bill))
    page.locator("main .ds-c-button--solid").first.click()
    page.wait_for_url("**/register/terms/", timeout=20_000)


def test_the_language_switch_keeps_what_was_typed(visit_as: Visit, bill: Bill) -> None:
    page = visit_as()
    page.goto("/register/")
    fill(page, place="Oregon")
    on(page)
    fill(page, **facts(bill))
    page.locator('button[name="language"][value="es"]').click()
    page.wait_for_selector("html[lang=es]")
    assert page.input_value("#account_number") == bill.account_number
    on(page)
    assert page.url.endswith("/register/terms/")
