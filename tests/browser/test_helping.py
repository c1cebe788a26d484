"""Somebody else pays by a link, in real browsers: one makes it and takes it back, another pays a part of it.

What the helper's browser was ever given is kept and searched: not one word of whose bill it is, or of what for.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pypdf
import pytest
from playwright.sync_api import Page, Response, expect

from caretill.core import sql
from caretill.core.words import say
from caretill.payments import helping
from house.cast import Bill, a_bill
from house.keyboard import Keyboard
from house.member import a_member
from house.payer import Payer
from house.till import CARD, Till, till_fixture

__all__ = ["till_fixture"]

Visit = Callable[..., Page]
Sound = Callable[..., None]
CARE = "Knee picture"
ENGLISH: dict[str, Any] = {"locale": "en-US"}
SPANISH: dict[str, Any] = {"locale": "es-US", "width": 320}


@dataclass
class Ear:
    """All that a browser was told by us and by the processor: addresses, headers and bodies."""

    page: Page
    told: list[str] = field(default_factory=list)
    pages: int = 0

    def __post_init__(self) -> None:
        self.page.on("response", self._hear)

    def _hear(self, answer: Response) -> None:
        self.told.append(f"{answer.url} {answer.all_headers()}")
        if 300 <= answer.status < 400:
            return
        self.told.append(answer.text())
        self.pages += "text/html" in answer.headers.get("content-type", "")

    def heard(self, secrets: list[str]) -> list[str]:
        """Which of these were told."""
        return said_on("\n".join(self.told), secrets)


def said_on(told: str, secrets: list[str]) -> list[str]:
    """Which of these stand in it as words."""
    return [each for each in secrets if re.search(rf"(?<!\w){re.escape(each)}(?!\w)", told)]


def paper(page: Page) -> str:
    """The text of the receipt that the page in front offers to save."""
    body = page.request.get(page.url + ".pdf").body()
    return " ".join(" ".join(each.extract_text() for each in pypdf.PdfReader(io.BytesIO(body)).pages).split())


def a_private_bill() -> Bill:
    bill = a_bill(14_000, number="P0077001234")
    sql.execute("UPDATE billing_line SET text = %s WHERE bill_id = %s", (CARE, bill.bill_id))
    return bill


def secrets_of(bill: Bill) -> list[str]:
    """What only who holds the bill may know: numbers, whom it pays, whose it is, what for, by whom and when due."""
    numbers = [bill.number, bill.number[-4:], bill.pay_code, bill.account_number, bill.health_record_number]
    names = ["Medical Group", "Hospitals", "Iker", "Juana", "Solano", "J***", "S***", bill.last_name]
    care = [
        CARE,
        "Knee",
        "Prueba",
        "Dr",
        "December 15",
        "15 de diciembre",
        "October 1",
        "1 de octubre",
        str(bill.bill_id),
    ]
    return [*numbers, *names, *care]


def guest(page: Page, bill: Bill, site: str) -> None:
    """In front of the amount, as who found the bill."""
    payer = Payer(bill)
    page.context.add_cookies(
        [{"name": name, "value": morsel.value, "url": site} for name, morsel in payer.client.cookies.items()]
    )
    page.goto(payer.at("amount"))


def member(page: Page, bill: Bill, site: str) -> None:
    """In front of the amount, signed in."""
    page.context.add_cookies([{"name": "session", "value": a_member(bill.account_id).token, "url": site}])
    page.goto(f"/account/pay/?of={bill.bill_id}")


def make(page: Page, language: str = "en") -> str:
    """Ask somebody else for all of it; the address that is to be sent."""
    page.get_by_role("button", name=say(language, "helping.ask")).click()
    page.get_by_role("button", name=say(language, "helping.make"), exact=True).click()
    return page.get_by_label(say(language, "helping.address")).input_value()


def card(page: Page) -> None:
    for name, value in CARD.items():
        page.fill(f"#{name}", value)
    page.locator("form button").first.click()


def pays(page: Page, address: str, language: str, look: Callable[[Page], None], cents: int = 2_500) -> None:
    """From the link to the receipt: part of it, with a wrong amount first."""
    part = f"{cents // 100}.{cents % 100:02d}"
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text(say(language, "helping.title", name="J."))
    look(page)
    page.check("#amount-other")
    page.fill("#other_amount", "999.00")
    page.fill("#payer_name", "Ruth Helper")
    page.get_by_role("button", name=say(language, "shell.continue"), exact=True).last.click()
    expect(page.locator("[aria-labelledby=faults-title]")).to_be_focused()
    expect(page.locator("#payer_name")).to_have_value("Ruth Helper")
    look(page)
    page.fill("#other_amount", part)
    page.get_by_role("button", name=say(language, "shell.continue"), exact=True).last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(say(language, "check.title"))
    look(page)
    page.get_by_role("button", name=say(language, "check.pay", amount=f"${part}")).click()
    card(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(say(language, "done.title", amount=f"${part}"))
    expect(page.get_by_text(say(language, "helping.thanks", name="J."))).to_be_visible()
    look(page)
    page.get_by_role("link", name=say(language, "done.receipt.see")).click()
    expect(page.locator("main")).to_contain_text("Ruth Helper")
    look(page)


@pytest.mark.parametrize(
    ("maker", "script"),
    [
        (guest, False),
        pytest.param(guest, True, marks=pytest.mark.slow),
        pytest.param(member, False, marks=pytest.mark.slow),
        pytest.param(member, True, marks=pytest.mark.slow),
    ],
)
def test_one_makes_a_link_another_pays_a_part_and_the_first_takes_it_back(
    till: Till, visit_as: Visit, sound: Sound, site: str, maker: Callable[[Page, Bill, str], None], script: bool
) -> None:
    bill = a_private_bill()
    asks = visit_as(width=1280 if script else 320, java_script_enabled=script, **ENGLISH)
    helps = visit_as(java_script_enabled=script, **SPANISH)
    ear, own = Ear(helps), Ear(asks)

    def look(page: Page) -> None:
        if script:
            sound(page)

    maker(asks, bill, site)
    look(asks)
    address = make(asks)
    look(asks)
    pays(helps, address, "es", look)
    assert ear.pages >= 6 and not ear.heard(secrets_of(bill))
    assert ear.heard(["J.", "Ruth Helper"]) and "Medical Group" in own.heard(secrets_of(bill)), "they hear what is told"
    assert not said_on(paper(helps), secrets_of(bill)) and said_on(paper(helps), ["Ruth Helper"])

    asks.reload()
    expect(asks.get_by_text(say("en", "helping.paid", amount="$25.00"))).to_be_visible()
    expect(asks.locator("main")).not_to_contain_text("Ruth")
    assert bill.figures()["open_cents"] == 11_500 and len(till.charges()) == 1
    asks.get_by_role("button", name=re.compile(say("en", "helping.back"))).click()
    expect(asks.get_by_role("heading", name=say("en", "helping.links"))).to_have_count(0)
    look(asks)
    helps.goto(address)
    expect(helps.get_by_role("heading", level=1)).to_have_text(say("es", "helping.ended_title"))
    look(helps)
    assert not ear.heard(secrets_of(bill))
    assert helping.of_bills(bill.account_id, [bill.bill_id]) == []


@pytest.mark.slow
def test_the_link_is_copied(till: Till, visit_as: Visit, site: str) -> None:
    page = visit_as(permissions=["clipboard-read", "clipboard-write"], **ENGLISH)
    guest(page, a_private_bill(), site)
    address = make(page)
    page.get_by_role("button", name=say("en", "helping.copy")).click()
    expect(page.get_by_role("button", name=say("en", "helping.copied"))).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == address
    for kind, start in (("by_mail", "mailto:?"), ("by_text", "sms:?")):
        sent = page.get_by_role("link", name=say("en", f"helping.{kind}")).get_attribute("href")
        assert sent is not None and sent.startswith(start) and address.rpartition("/")[2] in sent and "+" not in sent


@pytest.mark.slow
def test_without_a_script_there_is_no_button_that_does_nothing(till: Till, visit_as: Visit, site: str) -> None:
    page = visit_as(java_script_enabled=False, **ENGLISH)
    guest(page, a_private_bill(), site)
    make(page)
    expect(page.get_by_role("button", name=say("en", "helping.copy"))).to_be_hidden()
    expect(page.get_by_role("link", name=say("en", "helping.by_mail"))).to_be_visible()


@pytest.mark.slow
def test_by_keyboard_alone(till: Till, visit_as: Visit, site: str) -> None:
    """From the amount to a link, and from the link to the receipt; where the focus stops it is seen."""
    bill = a_private_bill()
    asks = visit_as(reduced_motion="reduce", **ENGLISH)
    guest(asks, bill, site)
    hands = Keyboard(asks)
    hands.reach(words=say("en", "helping.ask"))
    hands.press("Enter", goes=True)
    hands.type("juana@example.org", "email")
    hands.press("Enter", goes=True)
    hands.reach(words=say("en", "helping.copy"))
    address = asks.get_by_label(say("en", "helping.address")).input_value()

    page = visit_as(reduced_motion="reduce", **ENGLISH)
    helps = Keyboard(page)
    page.goto(address)
    helps.reach(name="amount", value="all")
    helps.press("ArrowDown")
    helps.type("25.00", "other_amount")
    helps.type("Ruth Helper", "payer_name")
    helps.press("Enter", goes=True)
    helps.reach(words=say("en", "check.pay", amount="$25.00"))
    helps.press("Enter", goes=True)
    for name, text in CARD.items():
        helps.type(text, name)
    helps.press("Enter", goes=True)
    expect(page.get_by_role("heading", level=1)).to_have_text(say("en", "done.title", amount="$25.00"))
    helps.reach(words=say("en", "done.receipt.see"))
    helps.press("Enter", goes=True)
    assert bill.figures()["open_cents"] == 11_500 and hands.stops + helps.stops > 20
