"""The pages before a bill is found, in a real browser: every look, no script, keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

Visit = Callable[..., Page]
Sound = Callable[..., None]

PAGES = (
    "/",
    "/pay/",
    "/pay/california/",
    "/pay/california/fields/member/",
    "/pay/maryland/fields/bill/",
    "/pay/georgia/paper/",
    "/help/",
    "/help/hawaii/",
    "/help/hawaii/languages/",
    "/nothing",
)
LOOKS: dict[str, dict[str, Any]] = {
    "wide, light": {},
    "wide, dark, Spanish": {"color_scheme": "dark", "locale": "es-US"},
    "narrow, light, Spanish": {"width": 320, "locale": "es-US"},
    "forced colours": {"forced_colors": "active"},
}


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_sound(visit_as: Visit, sound: Sound, look: str) -> None:
    page = visit_as(**LOOKS[look])
    for path in PAGES:
        page.goto(path)
        for part in page.locator("summary").all():
            part.click()
        sound(page)


def test_every_page_runs_right_to_left_and_with_longer_words(visit_as: Visit, sound: Sound) -> None:
    page = visit_as(width=390)
    longer = """
        const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
        while (walk.nextNode()) {
            const text = walk.currentNode.textContent;
            if (text.trim().length > 3) walk.currentNode.textContent = text + " " + text.slice(0, text.length * 0.4);
        }
        document.documentElement.dir = "rtl";
    """
    for path in PAGES:
        page.goto(path)
        page.evaluate(longer)
        sound(page, axe=False)


def test_every_page_bears_wide_text_spacing(visit_as: Visit, sound: Sound) -> None:
    """WCAG 1.4.12, at the width of 400 % zoom (1.4.10)."""
    page = visit_as(width=320)
    spacing = "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }"
    for path in PAGES:
        page.goto(path)
        page.evaluate(
            """css => {
                const sheet = new CSSStyleSheet();
                sheet.replaceSync(css);
                document.adoptedStyleSheets = [sheet];
            }""",
            spacing,
        )
        sound(page, axe=False)


@pytest.mark.parametrize("script", [True, False])
def test_a_mistake_is_shown_and_has_the_focus(visit_as: Visit, sound: Sound, script: bool) -> None:
    page = visit_as(java_script_enabled=script)
    page.goto("/pay/california/")
    page.get_by_label("Any number from your bill").fill("H0012345678")
    page.get_by_role("button", name="Find my bill").click()
    expect(page).to_have_title("Error: Find your bill · Larkspur Health")
    summary = page.get_by_role("group", name="There is 1 thing to fix")
    expect(summary).to_be_focused()
    expect(page.get_by_label("Any number from your bill")).to_have_value("H0012345678")
    summary.get_by_role("link").click()
    box = page.get_by_role("textbox", name="Last name")
    expect(box).to_be_focused()
    expect(box).to_have_attribute("aria-invalid", "true")
    expect(box).to_have_accessible_description("Type a last name or a ZIP code.")
    if script:
        sound(page)


def test_keyboard_alone_from_the_first_page_to_the_form(visit_as: Visit) -> None:
    page = visit_as(java_script_enabled=False)
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the main part")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Where did you get care?")).to_be_focused()
    page.keyboard.type("Oregon")
    page.keyboard.press("Enter")
    expect(page).to_have_url("/pay/oregon/")
    page.get_by_label("Any number from your bill").focus()
    page.keyboard.type("x")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("group", name="There are 2 things to fix")).to_be_focused()


def test_the_language_switch_keeps_what_was_typed(visit_as: Visit) -> None:
    page = visit_as(java_script_enabled=False)
    page.goto("/pay/oregon/")
    page.get_by_label("Any number from your bill").fill("PJCT-T2AQ-H6KY-6")
    page.get_by_role("textbox", name="ZIP code").fill("97201")
    page.get_by_role("button", name="Español").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Busque su factura")
    expect(page.get_by_label("Un número de su factura")).to_have_value("PJCT-T2AQ-H6KY-6")
    expect(page.get_by_role("textbox", name="Código postal")).to_have_value("97201")
    expect(page).to_have_url("/pay/oregon/")


def test_nothing_but_our_own_host_is_asked(visit_as: Visit, site: str) -> None:
    page = visit_as()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/")
    page.goto("/pay/california/")
    assert asked and all(address.startswith(site) for address in asked)
    assert len(asked) <= 10
