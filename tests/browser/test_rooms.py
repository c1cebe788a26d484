"""The way between a member's pages: one row at any width, in any language, either way round; and by keyboard.

With `CARETILL_TEST_PICTURES=folder` each width is also photographed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from house.keyboard import Keyboard
from house.member import a_member

Visit = Callable[..., Page]
PICTURES = os.environ.get("CARETILL_TEST_PICTURES", "")
# Where each thing to press stands, and the room that is seen of the list.
PLACES = """() => {
const box = each => { const b = each.getBoundingClientRect(); return [b.left, b.right, b.top, b.bottom]; };
const list = document.querySelector(".rooms ul");
return {
  links: [...list.querySelectorAll("a")].map(box), out: box(document.querySelector(".rooms button")), list: box(list),
  hidden: list.scrollWidth - list.clientWidth,
  edges: getComputedStyle(list).backgroundImage.split("gradient").length - 1,
};
}"""
FOCUSED = """() => {
const each = document.activeElement.getBoundingClientRect(), list = document.querySelector(".rooms ul");
const room = (list.contains(document.activeElement) ? list : document.documentElement).getBoundingClientRect();
return [document.activeElement.innerText, each.left >= room.left - 1 && each.right <= room.right + 1];
}"""


def signed_in(visit_as: Visit, site: str, **options: Any) -> Page:
    page = visit_as(**options)
    page.context.add_cookies([{"name": "session", "value": a_member(None).token, "url": site}])
    page.goto("/account/")
    return page


@pytest.mark.parametrize("language", ["en-US", "es-US"])
@pytest.mark.parametrize("way", ["ltr", "rtl"])
def test_it_is_one_row_and_nothing_is_out_of_reach(
    db: None, visit_as: Visit, site: str, sound: Callable[..., None], language: str, way: str
) -> None:
    page = signed_in(visit_as, site, locale=language)
    page.evaluate(f"document.documentElement.dir = '{way}'")
    hidden = {}
    for width in (1280, 390, 320):
        page.set_viewport_size({"width": width, "height": 844})
        found = page.evaluate(PLACES)
        every = [*found["links"], found["out"]]
        assert len(every) == 6 and {round(top) for _, _, top, _ in every} == {round(every[0][2])}, f"rows at {width}"
        assert all(bottom - top >= 43.5 for _, _, top, bottom in every)
        out = found["out"]
        assert out[0] >= 0 and out[1] <= width, "signing out is always in view"
        assert out[0] >= found["list"][1] or out[1] <= found["list"][0], "and covers nothing"
        assert found["hidden"] <= 0 or found["edges"] == 4, "what is hidden shows at the edge"
        hidden[width] = found["hidden"]
        sound(page, axe=width == 320)
        if PICTURES:
            page.screenshot(path=f"{PICTURES}/rooms-{language[:2]}-{way}-{width}.png", clip=_top(width))
    assert hidden[1280] <= 0 and (hidden[390] <= 0 or language != "en-US"), "all of it is seen on most phones"
    assert hidden[320] > 0, "else there was nothing to look at"


def test_the_keyboard_brings_each_into_view(db: None, visit_as: Visit, site: str) -> None:
    page = signed_in(visit_as, site, locale="es-US", width=256, reduced_motion="reduce")
    hands = Keyboard(page)
    seen = []
    hands.reach(words="Inicio")
    for _ in range(6):
        seen.append(page.evaluate(FOCUSED))
        hands.press("Tab")
    assert seen == [[name, True] for name in ("Inicio", "Facturas", "Historial", "Familia", "Usted", "Salir")]


def test_it_scrolls_without_a_script(db: None, visit_as: Visit, site: str) -> None:
    page = signed_in(visit_as, site, locale="es-US", width=320, java_script_enabled=False)
    box = page.locator(".rooms ul").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.wheel(600, 0)
    last = page.locator(".rooms li:last-child a")
    last.click()
    page.wait_for_url("**/account/profile/")


def _top(width: int) -> Any:
    return {"x": 0, "y": 0, "width": width, "height": 180}
