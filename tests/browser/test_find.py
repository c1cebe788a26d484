"""Finding a bill and reading it, in a real browser: every look and state, silent work, no script, keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from caretill.billing import guard
from caretill.core import sql, tokens, work
from caretill.core.words import say
from caretill.letters import links
from house.cast import Bill, a_bill

Visit = Callable[..., Page]
Sound = Callable[..., None]

AMOUNT = re.compile(r".*/pay/v/[0-9a-f]{16}/amount(#main)?$")
LOOKS: dict[str, dict[str, Any]] = {
    "wide, light": {},
    "wide, dark, Spanish": {"color_scheme": "dark", "locale": "es-US"},
    "narrow, light, Spanish": {"width": 320, "locale": "es-US"},
    "forced colours": {"forced_colors": "active"},
}


def misses(count: int, number: str = "") -> None:
    for turn in range(count):
        guard.missed("oregon", [number or f"X{turn:09d}"], "127.0.0.1")


def link_of(bill: Bill, version: int = 1) -> str:
    return urlsplit(links.bill_link(bill.account_id, bill.bill_id, version, "en", "America/Los_Angeles").url).path


def send(page: Page, **typed: str) -> None:
    """Fill these fields and press Enter in the last of them."""
    for name, value in typed.items():
        page.locator(f"#{name}").fill(value)
    with page.expect_navigation():
        page.locator(f"#{name}").press("Enter")


def a_rich_bill() -> Bill:
    """With a discount, a plan, a desk payment, parts, and two versions."""
    figures: dict[str, Any] = {"discount_cents": 6_000, "plan_paid_cents": 5_000, "desk_cents": 500}
    a_bill(20_000, **figures)
    bill = a_bill(21_000, version=2, **figures)
    parts = "UPDATE billing_line SET copay_cents = 4000, deductible_cents = 5000 WHERE bill_id = %s"
    sql.execute(parts, (bill.bill_id,))
    return bill


def states(page: Page, bill: Bill) -> list[Callable[[], Any]]:
    """Every state of every page of this half, as what a person does to see it."""
    link = link_of(bill, 2)
    return [
        lambda: page.goto("/pay/oregon/") and send(page, number="P0000000001", last_name="Nobody"),
        lambda: page.goto("/pay/oregon/fields/pay_code/") and send(page, pay_code="x", zip="1"),
        lambda: page.goto(f"/p/{bill.pay_code}"),
        lambda: send(page, zip="97202"),
        lambda: page.goto("/p/unknown"),
        lambda: page.goto("/p/ABCDEFGHJKMNP"),
        lambda: page.goto("/p/0000000000000"),
        lambda: page.goto("/pay/oregon/code/"),
        lambda: send(page, email="nobody", zip=""),
        lambda: send(page, email="nobody@example.org", zip="97201"),
        lambda: send(page, code="1"),
        lambda: page.goto("/pay/oregon/nothing/"),
        lambda: page.goto("/check/"),
        lambda: send(page, code=""),
        lambda: send(page, code="nonsense"),
        lambda: page.goto("/bill/gone"),
        lambda: page.goto(link_of(bill, 1)),
        lambda: page.goto(link),
        lambda: send(page, zip="97"),
        lambda: send(page, last_name="Solano", zip="97201"),
    ]


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_and_state_is_sound(visit_as: Visit, sound: Sound, db: None, look: str) -> None:
    bill = a_rich_bill()
    page = visit_as(**LOOKS[look])
    for step in states(page, bill):
        step()
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        sound(page)
    assert page.locator(".bar").count() >= 5, "the last page is the bill"


def test_pages_bear_wide_spacing_and_longer_words(visit_as: Visit, sound: Sound, db: None) -> None:
    """WCAG 1.4.12 at the width of 400 % zoom; and words of another length from right to left."""
    bill = a_rich_bill()
    page = visit_as(width=320)
    stress = """
        const sheet = new CSSStyleSheet();
        sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: .12em !important }");
        document.adoptedStyleSheets = [sheet];
        document.documentElement.dir = "rtl";
    """
    for step in states(page, bill):
        step()
        page.evaluate(stress)
        sound(page, axe=False)


@pytest.mark.parametrize("worker", [True, False])
@pytest.mark.parametrize("before", [20, 60])
def test_the_work_is_done_in_silence(
    visit_as: Visit, db: None, monkeypatch: pytest.MonkeyPatch, before: int, worker: bool
) -> None:
    """Hard work is lightened here: a million digests take long where other tests run beside."""
    monkeypatch.setattr(work, "HARD_BITS", 17)
    bill = a_bill(14_000)
    misses(before)
    page = visit_as()
    if not worker:
        page.add_init_script("delete window.Worker")
    page.goto("/pay/oregon/")
    send(page, number=bill.number, last_name=bill.last_name, zip=bill.zip)
    page.wait_for_url(AMOUNT, timeout=60_000)


def test_a_miss_after_work_keeps_what_was_typed(visit_as: Visit, db: None) -> None:
    misses(20)
    page = visit_as()
    page.goto("/pay/oregon/")
    send(page, number="P0000000001", last_name="Nobody", zip="97201")
    expect(page).to_have_title("Error: Find your bill · Larkspur Health", timeout=30_000)
    expect(page.locator("#number")).to_have_value("P0000000001")
    expect(page.get_by_role("group", name="There is 1 thing to fix")).to_be_focused()


def test_the_page_of_work_is_sound_and_says_how_to_go_on_without(visit_as: Visit, sound: Sound, db: None) -> None:
    misses(20)
    page = visit_as(width=320)
    page.route("**/work.*.js", lambda route: route.fulfill(content_type="text/javascript", body=""))
    page.goto("/pay/oregon/")
    send(page, number="P0000000001", last_name="Nobody", zip="97201")
    expect(page.get_by_role("heading", level=1)).to_have_text(say("en", "find.work.title"))
    sound(page)
    misses(8, "P0000000001")
    page.goto("/pay/oregon/")
    send(page, number="P0000000001", last_name="Nobody", zip="97201")
    expect(page.get_by_role("heading", level=1)).to_have_text(say("en", "find.closed.title"))
    sound(page)


def test_without_script_a_mailed_code_goes_on(visit_as: Visit, db: None) -> None:
    bill = a_bill(14_000)
    misses(20)
    page = visit_as(java_script_enabled=False)
    page.goto("/pay/oregon/")
    send(page, number=bill.number, last_name=bill.last_name, zip=bill.zip)
    page.get_by_role("link", name="Get a code by email").click()
    send(page, email="juana@example.org", zip=bill.zip)
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your email")
    row = sql.one("SELECT body FROM core_outbox WHERE topic = 'lookup_code'")
    assert row is not None
    send(page, code=tokens.unseal("lookup_code", sql.answer(row["body"])["sealed"])["code"])
    expect(page).to_have_url(AMOUNT)


@pytest.mark.parametrize("script", [True, False])
def test_after_a_typing_error_both_facts_are_asked_and_find(
    visit_as: Visit, sound: Sound, db: None, script: bool
) -> None:
    bill = a_bill(14_000)
    page = visit_as(width=320, java_script_enabled=script)
    page.goto("/pay/oregon/")
    send(page, number=bill.number, last_name="Solanno")
    expect(page.get_by_role("group", name=say("en", "find.second.both"))).to_be_visible()
    send(page, last_name=bill.last_name)
    expect(page.get_by_role("link", name=say("en", "find.error.zip_missing"))).to_be_visible()
    if script:
        sound(page)
    send(page, zip=bill.zip)
    expect(page).to_have_url(AMOUNT)


def test_keyboard_alone_finds_a_bill(visit_as: Visit, db: None) -> None:
    bill = a_bill(14_000)
    page = visit_as()
    page.goto("/")
    page.get_by_label("Where did you get care?").focus()
    page.keyboard.type("97201")
    page.keyboard.press("Enter")
    expect(page).to_have_url("/pay/oregon/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    for _ in range(2):
        page.keyboard.press("Tab")
    expect(page.get_by_label("Any number from your bill")).to_be_focused()
    page.keyboard.type(bill.number.lower())
    for _ in range(2):
        page.keyboard.press("Tab")
    expect(page.get_by_role("textbox", name="Last name")).to_be_focused()
    page.keyboard.type("Solano")
    page.keyboard.press("Enter")
    expect(page).to_have_url(AMOUNT)


def test_a_scanned_code_needs_one_field(visit_as: Visit, db: None) -> None:
    bill = a_bill(14_000)
    page = visit_as(width=390, locale="es-US", java_script_enabled=False)
    page.goto(f"/p/{bill.pay_code}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Pague su factura")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Pay your bill")
    send(page, zip=bill.zip)
    expect(page).to_have_url(AMOUNT)


def test_a_bill_prints_with_its_details_and_without_doors(visit_as: Visit, db: None) -> None:
    bill = a_rich_bill()
    page = visit_as()
    page.goto(link_of(bill, 2))
    send(page, last_name="Solano", zip="97201")
    page.emulate_media(media="print")
    expect(page.locator(".three")).to_be_hidden()
    expect(page.get_by_text(say("en", "statement.lines.code", code="100"))).to_be_visible()
    expect(page.locator(".bar").first).to_be_visible()


def test_the_doors_of_a_bill_are_of_one_size(visit_as: Visit, db: None) -> None:
    bill = a_rich_bill()
    for width in (1280, 390):
        page = visit_as(width=width)
        page.goto(link_of(bill, 2))
        send(page, last_name="Solano", zip="97201")
        boxes = [box.bounding_box() for box in page.locator(".three a").all()]
        assert len(boxes) == 3 and len({round(box["width"]) for box in boxes if box}) == 1
        if width == 1280:
            assert len({round(box["height"]) for box in boxes if box}) == 1
