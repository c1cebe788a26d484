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
from house.desk import Desk, processor_desk
from house.payer import Payer
from house.scenes import NOON, SCENES, play

__all__ = ["processor_desk"]

Visit = Callable[..., Page]
Sound = Callable[..., None]
PICTURES = os.environ.get("CARETILL_TEST_PICTURES", "")
LOOKS: dict[str, dict[str, Any]] = {
    "en": {},
    "es-dark-narrow": {"width": 320, "locale": "es-US", "color_scheme": "dark"},
}
SHOTS: dict[str, dict[str, Any]] = {"wide": {}, "narrow": {"width": 390}}


@pytest.fixture
def time() -> Iterator[clock.FixedClock]:
    with clock.fixed(NOON) as fixed:
        yield fixed


def enter(page: Page, payer: Payer, site: str) -> None:
    """The browser holds what finding the bill gave it."""
    page.context.add_cookies(
        [{"name": name, "value": morsel.value, "url": site} for name, morsel in payer.client.cookies.items()]
    )


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
        for shot, options in SHOTS.items():
            page.set_viewport_size({"width": options.get("width", 1280), "height": 844})
            page.emulate_media(color_scheme="light")
            page.screenshot(path=f"{PICTURES}/{name}-{language}-{shot}.png", full_page=True)
