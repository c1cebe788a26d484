"""Bills of a real export are paid start to finish: by each lookup, in both languages, with a script and without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Page, expect

from caretill.core.money import show
from caretill.core.words import say
from house import matrix
from house.keyboard import Keyboard
from house.matrix import LOOKUPS, ToPay, Town, Walk, booked
from house.till import CARD

Visit = Callable[..., Page]
Sound = Callable[..., None]
LOCALES = {"en": "en-US", "es": "es-US"}
WIDTHS = {"en": 1280, "es": 320}
# Each page is looked at once in a width: the whole way of one lookup, and of the others what differs.
WHOLE_WAY = ("pay_code",)
DIFFERS = ("fields", "amount")


@pytest.fixture(scope="module")
def town(site: str, tmp_path_factory: Any, _owner: psycopg.Connection[Any]) -> Iterator[Town]:
    folder: Path = tmp_path_factory.mktemp("town")
    with matrix.town(site, folder, _owner, each=5) as made:
        yield made


def test_the_whole_export_is_there(town: Town) -> None:
    if matrix.SYNTHEA.is_dir():
        assert town.open_bills == matrix.OPEN_OF_SYNTHEA
    regions = {bill.region for lookup in LOOKUPS for bill in town.bills[lookup]}
    assert len(regions) >= 7, regions


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("lookup", LOOKUPS)
def test_a_bill_is_paid(town: Town, visit_as: Visit, sound: Sound, lookup: str, language: str, script: bool) -> None:
    bill = town.bills[lookup][list(LOCALES).index(language) + (2 if script else 0)]
    page = visit_as(width=WIDTHS[language], locale=LOCALES[language], java_script_enabled=script)

    def look(name: str) -> None:
        if script and (lookup in WHOLE_WAY or name in DIFFERS):
            sound(page)

    walk = Walk(page, bill, language, look)
    walk.to_region()
    walk.by_one_box()
    page.go_back()
    walk.by_fields()
    walk.choose()
    walk.to_check()
    walk.to_card()
    walk.pay()
    booked(bill, town.till, walk.to_receipt())


def keyboard_to_card(hands: Keyboard, bill: ToPay) -> None:
    """From the first page to the card, and once into an error and out of it."""
    page = hands.page
    page.goto("/")
    hands.reach(words=say("en", "shell.skip"))
    hands.press("Enter")
    hands.type(bill.region.replace("-", " "), "place")
    hands.press("Enter", goes=True)
    hands.reach(words=say("en", "find.button"))
    hands.press("Enter", goes=True)
    expect(page.get_by_role("group", name="There are 2 things to fix")).to_be_focused()
    hands.focus()
    hands.press("Tab")
    hands.press("Enter")
    hands.type(bill.typed("bill_number"), "number")
    hands.type(bill.typed("last_name"), "last_name")
    hands.press("Enter", goes=True)
    hands.reach(name="amount", value="all")
    hands.press("ArrowDown")
    hands.type("1.00", "other_amount")
    hands.reach(back=True, name="amount", value="other")
    hands.press("ArrowUp")
    hands.focus()
    hands.reach(words=say("en", "shell.continue"), tag="button")
    hands.press("Enter", goes=True)
    hands.type("Pat Payer", "payer_name")
    hands.press("Enter", goes=True)
    hands.reach(words=say("en", "check.pay", amount=show(bill.open_cents)))
    hands.press("Enter", goes=True)


def test_keyboard_alone_start_to_finish(town: Town, visit_as: Visit) -> None:
    """Nothing but Tab, arrows, Enter and typing; where the focus stops it is seen, marked and not covered."""
    bill = town.bills["bill"][4]
    page = visit_as(reduced_motion="reduce")  # the window follows the focus at once
    hands = Keyboard(page)
    keyboard_to_card(hands, bill)
    for field, text in CARD.items():
        hands.type(text, field)
    hands.press("Enter", goes=True)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"You paid {show(bill.open_cents)}")
    reference = page.locator(".stub bdi").first.inner_text()
    hands.reach(words=say("en", "done.receipt.see"))
    hands.press("Enter", goes=True)
    expect(page.locator("main")).to_contain_text(reference)
    hands.reach(words=say("en", "done.receipt.save"))
    assert hands.stops > 40
    booked(bill, town.till, reference)
