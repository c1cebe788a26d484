"""The hosted page in a browser: no axe violation in any state, wide and narrow, light and dark; keyboard; no script."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from rooms.sim.processor_rig import OverHttp

ROOT = Path(__file__).resolve().parents[3]
AXE = ROOT / "tests" / "browser" / "vendor" / "axe-core" / "axe.min.js"
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PICTURES = os.environ.get("CARETILL_TEST_PICTURES")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
GOOD = {"number": "4242 4242 4242 4242", "expiry": "09/49", "security_code": "123", "name": "Ana Perez", "zip": "80014"}

pytestmark = pytest.mark.skipif(not (CHROMIUM.exists() and AXE.exists()), reason="needs chromium and the vendored axe")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OverHttp]:
    made = OverHttp(tmp_path_factory.mktemp("processor"))
    yield made
    made.close()


def look(page: Page, name: str) -> None:
    """Axe finds nothing, and nothing hangs over the side."""
    found = page.evaluate(AXE.read_text(encoding="utf-8") + f"; axe.run({{runOnly: {TAGS}}})")
    faults = [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found["violations"]]
    assert faults == [], name
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def fill(page: Page, **changes: str) -> None:
    for field, value in {**GOOD, **changes}.items():
        page.fill(f"#{field}", value)


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [(1280, "light", "en"), (390, "light", "es"), (320, "dark", "es")],
)
def test_every_state_is_accessible(rig: OverHttp, browser: Browser, width: int, scheme: Any, language: str) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True, service_workers="block"
    )
    page, tag = context.new_page(), f"{width}-{scheme}-{language}"
    session = rig.open(language=language)
    page.goto(session.url)
    look(page, f"form-{tag}")
    page.click("summary")
    look(page, f"cards-{tag}")
    page.click("form button")
    page.wait_for_function("document.activeElement.className === 'errors'")
    look(page, f"errors-{tag}")
    fill(page, number="4000000000000002")
    page.click("form button")
    look(page, f"declined-{tag}")
    fill(page, number="4000002760003184")
    page.click("form button")
    look(page, f"step-{tag}")
    rig.browse("POST", f"/c/{session.id}/step", {"answer": "approve"})
    page.goto(session.url)
    look(page, f"paid-{tag}")
    closed = rig.open(language=language)
    rig.gateway.expire_session(closed.id)
    page.goto(closed.url)
    look(page, f"expired-{tag}")
    page.goto(rig.open(language=language, save=True).url)
    look(page, f"offered-{tag}")
    assert not page.is_checked("#save")
    saving = rig.open(language=language, purpose="save", amount_cents=0)
    page.goto(saving.url)
    look(page, f"saving-{tag}")
    rig.pay(saving)
    page.goto(saving.url)
    look(page, f"saved-{tag}")
    page.goto(f"{rig.url}/c/nobody?language={language}")
    look(page, f"missing-{tag}")
    page.goto(f"{rig.url}/?language={language}")
    look(page, f"home-{tag}")
    context.close()


def test_paying_by_keyboard_only_without_script(rig: OverHttp, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, service_workers="block")
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    session = rig.open(return_url=f"{rig.url}/health", cancel_url=f"{rig.url}/")
    page.goto(session.url)
    for _ in range(3):
        page.keyboard.press("Tab")
    for field, value in (*{**GOOD, "zip": "8001"}.items(),):
        assert page.locator(":focus").get_attribute("id") == field
        page.keyboard.type(value)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".errors")
    assert page.title().startswith("Error: ")
    assert page.locator(":focus").get_attribute("class") == "errors"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator(":focus").get_attribute("id") == "zip"
    for field in ("number", "expiry", "security_code"):
        page.focus(f"#{field}")
        page.keyboard.type(GOOD[field])
    page.fill("#zip", "80014")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{rig.url}/health")
    assert rig.gateway.retrieve_session(session.id).outcome == "paid"
    assert {address.split("/")[2] for address in asked} == {f"127.0.0.1:{rig.port}"}
    context.close()


def test_the_policy_lets_the_payer_return_and_blocks_nothing_of_ours(rig: OverHttp, browser: Browser) -> None:
    context = browser.new_context(service_workers="block")
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    session = rig.open(return_url=f"http://localhost:{rig.port}/?language=es")
    page.goto(session.url)
    fill(page)
    page.click("form button")
    page.wait_for_url("http://localhost:*/**")
    assert said == []
    context.close()


def test_a_card_is_saved_by_keyboard_without_script(rig: OverHttp, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, service_workers="block")
    page = context.new_page()
    session = rig.open(save=True, return_url=f"{rig.url}/health", cancel_url=f"{rig.url}/")
    page.goto(session.url)
    fill(page)
    page.focus("#zip")
    page.keyboard.press("Tab")
    assert page.locator(":focus").get_attribute("id") == "save"
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{rig.url}/health")
    kept = rig.gateway.retrieve_session(session.id)
    assert (kept.outcome, kept.expiry_month, kept.expiry_year) == ("paid", 9, 2049) and kept.method_ref
    context.close()
