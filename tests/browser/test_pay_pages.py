"""Every page and state of paying in a real browser: axe, no sideways scroll, targets, in several looks.

With `CARETILL_TEST_PICTURES=folder` each is also photographed, wide and narrow, in both languages.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from caretill.core import clock
from caretill.core.words import say
from house.desk import Desk, processor_desk
from house.payer import Payer
from house.scenes import NOON, SCENES, Scene, play, several

__all__ = ["processor_desk"]

Visit = Callable[..., Page]
Sound = Callable[..., None]
PICTURES = os.environ.get("CARETILL_TEST_PICTURES", "")
LOOKS: dict[str, dict[str, Any]] = {
    "en": {},
    "es-dark-narrow": {"width": 320, "locale": "es-US", "color_scheme": "dark"},
}
SHOTS: dict[str, tuple[int, Any]] = {"wide": (1280, "light"), "narrow": (390, "light"), "dark": (390, "dark")}


@pytest.fixture
def time() -> Iterator[clock.FixedClock]:
    with clock.fixed(NOON) as fixed:
        yield fixed


def enter(page: Page, payer: Payer, site: str) -> None:
    """The browser holds what the payer's browser holds."""
    held = payer.client.cookies.items()
    page.context.add_cookies([{"name": name, "value": morsel.value, "url": site} for name, morsel in held])


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", SCENES)
def test_every_state_is_sound(
    time: clock.FixedClock, processor: Desk, visit_as: Visit, sound: Sound, site: str, name: str, look: str
) -> None:
    language = look[:2]
    payer, address = play(name, processor, language, time)
    page = visit_as(**{"locale": "en-US", **LOOKS[look]})
    enter(page, payer, site)
    page.goto(address)
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("h1")).to_have_count(1)
    sound(page)
    if PICTURES:
        for shot, (width, scheme) in SHOTS.items():
            page.set_viewport_size({"width": width, "height": 844})
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=f"{PICTURES}/{name}-{language}-{shot}.png", full_page=True)


def wrong_amount(page: Page, payer: Payer, site: str) -> None:
    page.goto(payer.at("amount"))
    page.locator("#amount-other").check()
    page.locator("#other_amount").fill("12,50")
    page.locator("#other_amount").press("Enter")


def nothing_chosen(page: Page, payer: Payer, site: str) -> None:
    page.goto(payer.at("amount"))
    for box in page.locator("input[name=bill]").all():
        box.uncheck()
    page.locator("#amount-form .go .ds-c-button--solid").click()


def wrong_amounts(page: Page, payer: Payer, site: str) -> None:
    page.goto(payer.at("amount"))
    for place in (0, 1):
        page.locator(f"#amount_{place}").fill("1e3")
    page.locator("#amount_1").press("Enter")


def wrong_details(page: Page, payer: Payer, site: str) -> None:
    payer.post("amount", payer.each() if len(payer.bills) > 1 else {"amount": "all"})
    enter(page, payer, site)
    page.goto(payer.at("details"))
    page.locator("#payer_name").fill("4242 4242 4242 4242")
    page.locator("#email").fill("nobody")
    page.locator("#email").press("Enter")


def old_form(page: Page, payer: Payer, site: str) -> None:
    payer.to_check()
    enter(page, payer, site)
    page.goto(payer.at("check"))
    page.locator("input[name=key]").evaluate("each => each.value = 'old'")
    page.locator("#pay-form button").click()


MISTAKES: dict[str, tuple[int, Callable[[Page, Payer, str], None], str]] = {
    "amount": (1, wrong_amount, "other_amount"),
    "no bill": (3, nothing_chosen, "bill"),
    "amounts": (3, wrong_amounts, "amount_0"),
    "details": (1, wrong_details, "payer_name"),
    "old form": (1, old_form, ""),
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_shown_and_has_the_focus(
    time: clock.FixedClock, processor: Desk, visit_as: Visit, sound: Sound, site: str, name: str, look: str
) -> None:
    bills, make, field = MISTAKES[name]
    scene = Scene(processor, look[:2], time)
    payer = several(scene) if bills > 1 else scene.payer(scene.bill())
    page = visit_as(**{"locale": "en-US", **LOOKS[look]})
    enter(page, payer, site)
    make(page, payer, site)
    summary = page.locator("main [autofocus]")
    expect(summary).to_be_focused()
    expect(summary).to_be_in_viewport()
    sound(page)
    if PICTURES:
        page.emulate_media(color_scheme="light")
        page.screenshot(path=f"{PICTURES}/mistake-{name.replace(' ', '-')}-{look}.png", full_page=True)
    if field:
        summary.get_by_role("link").first.click()
        expect(page.locator(f"#{field}")).to_be_focused()


def test_the_total_keeps_up_and_typing_an_amount_chooses_it(
    time: clock.FixedClock, processor: Desk, visit_as: Visit, site: str
) -> None:
    scene = Scene(processor, "en", time)
    payer = several(scene)
    page = visit_as()
    enter(page, payer, site)
    page.goto(payer.at("amount"))
    total = page.locator("[data-total]")
    expect(total).to_have_text("$255.50")
    expect(page.locator("[data-quiet]")).to_be_hidden()
    page.locator("#amount_1").fill("1,000.5")
    expect(total).to_have_text("$1,116.00")
    page.get_by_label("Bill ending in H1: Larkspur Hospitals").uncheck()
    expect(total).to_have_text("$1,026.00")
    expect(page.locator("#amount_0")).to_be_hidden()


def test_without_a_script_the_total_is_one_press_away(
    time: clock.FixedClock, processor: Desk, visit_as: Visit, site: str
) -> None:
    payer = several(Scene(processor, "en", time))
    page = visit_as(java_script_enabled=False)
    enter(page, payer, site)
    page.goto(payer.at("amount"))
    page.locator("#amount_1").fill("100.00")
    page.locator("[data-quiet]").click()
    expect(page.locator("[data-total]")).to_have_text("$215.50")


def test_the_waiting_page_goes_on_by_itself(
    time: clock.FixedClock, processor: Desk, visit_as: Visit, site: str
) -> None:
    payer, address = play("wait_unknown", processor, "en", time)
    page = visit_as()
    enter(page, payer, site)
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("We do not know yet")
    created = [row for row in processor.shell.log() if row["what"] == "session.created"]
    processor.shell.admin("POST", "faults/clear")
    processor.card(f"{processor.shell.base_url}/c/{created[-1]['session']}")
    expect(page.get_by_role("heading", level=1)).to_have_text("You paid $140.00", timeout=15_000)


def test_the_waiting_page_says_when_it_cannot_look(
    time: clock.FixedClock, processor: Desk, visit_as: Visit, site: str
) -> None:
    payer, address = play("wait_unknown", processor, "en", time)
    page = visit_as()
    enter(page, payer, site)
    page.route("**/state", lambda route: route.fulfill(status=404, body=""))
    page.goto(address)
    expect(page.get_by_role("status")).to_have_text(say("en", "wait.lost"), timeout=15_000)


def test_a_receipt_prints_without_buttons(time: clock.FixedClock, processor: Desk, visit_as: Visit, site: str) -> None:
    payer, address = play("receipt", processor, "en", time)
    page = visit_as()
    enter(page, payer, site)
    page.goto(address)
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".saves")).to_be_hidden()
    expect(page.locator(".qr")).to_be_visible()
