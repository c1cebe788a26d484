"""Every page and state, in both languages, wide and at 400 % zoom: axe, no sideways scroll, targets as high as a thumb.

The run looks at each state wide in English and narrow, dark in Spanish; `--slow` at all of it, and with forced colours
and wide spacing. Those of finding and of paying are looked at likewise by test_find and test_pay_pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from caretill.core import clock
from caretill.core.words import say
from house.desk import Desk, processor_desk
from house.matrix_states import STATES, TROUBLE, Stage, bill_changed, receipt_refunded
from house.scenes import NOON

__all__ = ["processor_desk"]

Sound = Callable[..., None]
LOCALES = {"en": "en-US", "es": "es-US"}
HERE = (
    *("where_unknown", "find_wrong", "fields_miss", "apart", "bill_hospital", "bill_pharmacy_without_plan"),
    *("bill_credit", "check_paid", "check_part_refunded", "check_refunded", "check_void", "receipt_refunded"),
    *("error_405", "error_old_form", "error_413", "error_often"),
    *TROUBLE,
)
# WCAG 1.4.12, without what the policy of our pages forbids: a style in the page.
SPACING = """
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`
        * { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
        p { margin-block-end: 2em !important }`);
    document.adoptedStyleSheets = [sheet];
"""


@pytest.fixture
def time() -> Iterator[clock.FixedClock]:
    with clock.fixed(NOON) as fixed:
        yield fixed


@pytest.fixture
def stage(chromium: Browser, processor: Desk, time: clock.FixedClock, site: str) -> Iterator[Callable[..., Stage]]:
    """`stage("es", width=320, color_scheme="dark")`: a new browser. It may see answers of 5xx, unlike `visit_as`."""
    opened = []

    def begin(language: str, width: int = 1280, **options: Any) -> Stage:
        size = {"width": width, "height": 844}
        context = chromium.new_context(base_url=site, viewport=size, locale=LOCALES[language], **options)  # type: ignore[arg-type]
        opened.append(context)
        return Stage(context.new_page(), processor, time, language, site)

    yield begin
    for context in opened:
        context.close()


def stands(s: Stage) -> None:
    """One page of ours in that language, with one heading, and a title of its own."""
    expect(s.page.locator("html")).to_have_attribute("lang", s.language)
    expect(s.page.locator("h1")).to_have_count(1)
    assert s.page.title().endswith(" · Larkspur Health")


@pytest.mark.parametrize("name", HERE)
def test_every_state_is_sound(stage: Callable[..., Stage], sound: Sound, name: str) -> None:
    wide = stage("en")
    STATES[name](wide)
    stands(wide)
    sound(wide.page)


@pytest.mark.parametrize("name", HERE)
def test_every_state_is_sound_narrow_dark_and_in_spanish(stage: Callable[..., Stage], sound: Sound, name: str) -> None:
    narrow = stage("es", 320, color_scheme="dark")
    STATES[name](narrow)
    stands(narrow)
    sound(narrow.page)


@pytest.mark.slow
@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("name", STATES)
def test_every_look_of_every_state(stage: Callable[..., Stage], sound: Sound, name: str, language: str) -> None:
    s = stage(language)
    STATES[name](s)
    stands(s)
    for width in (1280, 320):
        s.page.set_viewport_size({"width": width, "height": 844})
        for scheme in ("light", "dark"):
            s.page.emulate_media(color_scheme=scheme)
            sound(s.page)
    s.page.emulate_media(color_scheme="light", forced_colors="active")
    sound(s.page)
    s.page.evaluate(SPACING)
    sound(s.page, axe=False)


@pytest.mark.parametrize("language", LOCALES)
def test_trouble_after_the_card_leads_back_to_the_payment(stage: Callable[..., Stage], language: str) -> None:
    """The address may be all that a payer has of it: looking again comes first, and then it is there."""
    s = stage(language)
    STATES["away_after"](s)
    address = s.page.url
    link = s.page.locator("main .go a").first
    expect(link).to_have_text(say(language, "errors.again"))
    link.click()
    expect(s.page).to_have_url(address)
    expect(s.page.get_by_role("heading", level=1)).to_have_text(say(language, "done.title", amount="$140.00"))


def printed(page: Page) -> None:
    """On paper there is nothing to press, and nothing is cut off."""
    page.emulate_media(media="print")
    for pressed in ("button", ".doors", ".tongue", ".look", ".skip"):
        for each in page.locator(pressed).all():
            expect(each).to_be_hidden()
    width, room = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert width <= room


@pytest.mark.parametrize("language", LOCALES)
def test_a_receipt_prints_whole(stage: Callable[..., Stage], language: str) -> None:
    s = stage(language, 720)  # letter paper, with its margins
    receipt_refunded(s)
    printed(s.page)
    for words in ("receipt.fact.reference", "receipt.check.heading"):
        expect(s.page.get_by_text(say(language, words)).first).to_be_visible()


@pytest.mark.parametrize("language", LOCALES)
def test_a_bill_prints_whole(stage: Callable[..., Stage], language: str) -> None:
    s = stage(language, 720)
    bill_changed(s)
    printed(s.page)
    expect(s.page.locator(".bar, .bars rect").first).to_be_visible()
