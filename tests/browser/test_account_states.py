"""Every page and state of the account, of the way in and of help, at 400 % zoom, dark and in Spanish: axe, no sideways
scroll, targets as high as a thumb. The states are those of `python -m house.pictures`; guests' are in test_states.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from caretill.core import clock
from house.bank_states import BANK
from house.desk import Desk, processor_desk
from house.door_states import DOOR
from house.help_states import HELP
from house.later_states import LATER
from house.matrix_states import Stage
from house.member_states import MEMBER
from house.method_states import METHODS
from house.money_states import MONEY
from house.planned_states import PLANNED
from house.scenes import NOON
from house.self_states import SELF

__all__ = ["processor_desk"]

pytestmark = pytest.mark.slow
ACCOUNT = {**DOOR, **MEMBER, **SELF, **METHODS, **MONEY, **BANK, **PLANNED, **LATER, **HELP}
# After signing in a page speaks the language of who signed in: that of the tests' member.
IN_ENGLISH = ("sign_in_codes", "sign_in_back")


@pytest.fixture
def narrow(chromium: Browser, processor: Desk, site: str) -> Iterator[Stage]:
    with clock.fixed(NOON) as time:
        size = {"width": 320, "height": 844}
        context = chromium.new_context(base_url=site, viewport=size, locale="es-US", color_scheme="dark")  # type: ignore[arg-type]
        yield Stage(context.new_page(), processor, time, "es", site)
        context.close()


@pytest.mark.parametrize("name", ACCOUNT)
def test_every_state_is_sound_narrow_dark_and_in_spanish(
    narrow: Stage, sound: Callable[[Page], None], name: str
) -> None:
    ACCOUNT[name](narrow)
    expect(narrow.page.locator("html")).to_have_attribute("lang", "en" if name in IN_ENGLISH else "es")
    expect(narrow.page.locator("h1")).to_have_count(1)
    assert narrow.page.title().endswith(" · Larkspur Health")
    sound(narrow.page)
