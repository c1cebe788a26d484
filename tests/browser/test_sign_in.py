"""Signing in, in a real browser: password, passkey (a virtual authenticator), app, the clock, every look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Page, expect

from caretill.core import clock, sql
from caretill.core.words import say
from caretill.people import factors, sessions, tries
from caretill.web.account import member
from house.member import PASSWORD, a_login, a_member

Visit = Callable[..., Page]
Sound = Callable[..., None]

SHORT = "otters swim"
LOOKS: dict[str, dict[str, Any]] = {
    "wide, light": {},
    "wide, dark, Spanish": {"color_scheme": "dark", "locale": "es-US"},
    "narrow, dark, Spanish": {"width": 320, "color_scheme": "dark", "locale": "es-US"},
    "forced colours": {"forced_colors": "active"},
}
KEYS = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
# The browser's own offer in the field for the address, switched off at `#press`: a virtual device takes it at once.
PRESS = """
    if (location.hash === "#press") PublicKeyCredential.isConditionalMediationAvailable = async () => false;
"""


@pytest.fixture
def visit_local(visit_as: Visit, site: str) -> Visit:
    """On localhost: an address of numbers has no passkeys."""
    return lambda **options: visit_as(base_url=site.replace("127.0.0.1", "localhost"), **options)


def type_in(page: Page, **typed: str) -> None:
    """Fill these fields and press Enter in the last of them."""
    for name, value in typed.items():
        page.locator(f"#{name}").fill(value)
    with page.expect_navigation():
        page.locator(f"#{name}").press("Enter")


def press(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def code_of(app: pyotp.TOTP, step: int = 0) -> str:
    return app.generate_otp(int(clock.now().timestamp()) // 30 + step)


def with_app(email: str) -> pyotp.TOTP:
    login_id = a_login(email)
    app = pyotp.TOTP(factors.new_seed())
    assert factors.add_totp(login_id, app.secret, code_of(app, -1))
    factors.new_codes(login_id)
    return app


def states(page: Page) -> list[Callable[[], Any]]:
    """Every page and state, as what a person does to see it."""
    a_login("juana@example.org", password=SHORT)
    app = with_app("app@example.org")
    for _ in range(3):
        tries.of_password("tried@example.org", tries.Place(b"", "x"), own=False).begin()
    for _ in range(10):
        tries.of_password("closed@example.org", tries.Place(b"", "x"), own=False).begin()
    return [
        lambda: page.goto("/sign-in/"),
        lambda: type_in(page, email="juana", password=""),
        lambda: type_in(page, email="juana@example.org", password="wrong"),
        lambda: page.goto("/sign-in/employer/"),
        lambda: type_in_at(page, "/sign-in/", email="closed@example.org", password="wrong"),
        lambda: type_in_at(page, "/sign-in/?next=/account/security/", email="juana@example.org", password=SHORT),
        lambda: type_in(page, code="1"),
        lambda: type_in_at(page, "/sign-in/?next=/account/security/", email="app@example.org", password=PASSWORD),
        lambda: type_in(page, code="1"),
        lambda: type_in(page, code=code_of(app)),
        lambda: page.goto("/sign-in/"),
        lambda: page.goto("/account/security/password/"),
        lambda: type_in(page, new_password="otters"),
        lambda: page.goto("/account/security/passkeys/"),
        lambda: page.goto("/account/security/app/"),
        lambda: page.goto("/account/security/codes/"),
        lambda: page.locator('main button[name="make"]').click(),
        lambda: page.goto("/account/devices/"),
        lambda: page.goto("/account/prove/"),
        lambda: type_in(page, password="wrong"),
        lambda: page.evaluate("document.getElementById('idle').showModal()"),
        lambda: page.goto("/sign-out/"),
        lambda: page.locator("main #sign-out-form button").click(),
    ]


def type_in_at(page: Page, address: str, **typed: str) -> None:
    page.goto(address)
    type_in(page, **typed)


@pytest.mark.slow
@pytest.mark.parametrize("look", LOOKS)
def test_every_page_and_state_is_sound(visit_as: Visit, sound: Sound, db: None, look: str) -> None:
    page = visit_as(**LOOKS[look])
    for step in states(page):
        step()
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        sound(page)
    assert "/sign-out/" in page.url


@pytest.mark.slow
def test_pages_bear_wide_spacing_and_run_right_to_left(visit_as: Visit, sound: Sound, db: None) -> None:
    page = visit_as(width=320)
    stress = """
        const sheet = new CSSStyleSheet();
        sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: .12em !important }");
        document.adoptedStyleSheets = [sheet];
        document.documentElement.dir = "rtl";
    """
    for step in states(page):
        step()
        page.evaluate(stress)
        sound(page, axe=False)


@pytest.mark.parametrize("script", [True, False])
def test_a_password_signs_in_and_can_be_seen(visit_as: Visit, db: None, script: bool) -> None:
    a_login()
    page = visit_as(java_script_enabled=script)
    page.goto("/account/devices/")
    expect(page.locator("h1")).to_have_text(say("en", "signin.title"))
    page.locator("#email").fill("juana@example.org")
    page.locator("#password").fill(PASSWORD)
    if script:
        page.locator(".show").click()
        expect(page.locator("#password")).to_have_attribute("type", "text")
        expect(page.locator("#password")).to_be_focused()
    else:
        expect(page.locator(".show")).to_be_hidden()
    page.locator("#password").press("Enter")
    expect(page.locator("h1")).to_have_text(say("en", "security.devices.title"))
    press(page, say("en", "account.nav.sign_out"))
    expect(page.locator("h1")).to_have_text(say("en", "signin.out.done"))
    page.goto("/account/devices/")
    expect(page.locator("h1")).to_have_text(say("en", "signin.title"))


def test_work_is_done_in_silence(visit_as: Visit, db: None) -> None:
    a_login()
    for _ in range(3):
        tries.of_password("juana@example.org", tries.Place(b"", "x"), own=False).begin()
    page = visit_as()
    page.goto("/sign-in/?next=/account/devices/")
    page.locator("#email").fill("juana@example.org")
    page.locator("#password").fill(PASSWORD)
    page.locator("#password").press("Enter")
    expect(page.locator("h1")).to_have_text(say("en", "security.devices.title"), timeout=20_000)


def test_a_passkey_is_added_and_signs_in(visit_local: Visit, db: None) -> None:
    a_login()
    page = visit_local()
    page.add_init_script(PRESS)
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    key = device.send("WebAuthn.addVirtualAuthenticator", {"options": KEYS})["authenticatorId"]
    page.goto("/sign-in/?next=/account/security/passkeys/")
    type_in(page, email="juana@example.org", password=PASSWORD)
    page.locator("#label").fill("my phone")
    page.locator("#passkey-form button").click()
    expect(page.locator("[role=status]")).to_have_text(say("en", "security.done.passkey_added"))
    assert sql.query("SELECT 1 FROM people_factor WHERE label = 'my phone'")
    press(page, say("en", "account.nav.sign_out"))

    page.goto("/sign-in/?next=/account/devices/")  # offered in the field, taken without a press
    expect(page.locator("h1")).to_have_text(say("en", "security.devices.title"))
    press(page, say("en", "account.nav.sign_out"))
    page.goto("/sign-in/?next=/account/devices/#press")
    page.locator("#passkey-form button").click()
    expect(page.locator("h1")).to_have_text(say("en", "security.devices.title"))

    press(page, say("en", "account.nav.sign_out"))
    device.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    page.goto("/sign-in/?next=/account/security/#press")
    page.locator("#passkey-form button").click()
    expect(page.locator("#passkey-form .failed")).to_be_visible()
    expect(page.locator("h1")).to_have_text(say("en", "signin.title"))


@pytest.mark.parametrize("locale", ["en-US", "es-US"])
def test_a_short_password_gets_an_app_and_then_signs_in_with_it(visit_as: Visit, db: None, locale: str) -> None:
    language = locale[:2]
    a_login(password=SHORT)
    sql.execute("UPDATE people_login SET language = %s", (language,))
    page = visit_as(locale=locale, java_script_enabled=False)
    page.goto("/sign-in/?next=/account/devices/")
    type_in(page, email="juana@example.org", password=SHORT)
    expect(page.locator("h1")).to_have_text(say(language, "signin.add.title"))
    app = pyotp.TOTP(page.locator(".check-code").inner_text().replace(" ", ""))
    type_in(page, code=code_of(app, -1))
    codes = page.locator(".codes li").all_inner_texts()
    assert len(codes) == 10
    press(page, say(language, "security.codes.saved"))
    expect(page.locator("h1")).to_have_text(say(language, "security.devices.title"))
    for code in (code_of(app), codes[3]):
        press(page, say(language, "account.nav.sign_out"))
        page.goto("/sign-in/?next=/account/devices/")
        type_in(page, email="juana@example.org", password=SHORT)
        type_in(page, code=code)
        expect(page.locator("h1")).to_have_text(say(language, "security.devices.title"))


def test_a_short_password_gets_a_passkey_and_then_signs_in_with_it(visit_local: Visit, sound: Sound, db: None) -> None:
    a_login(password=SHORT)
    page = visit_local(width=320, color_scheme="dark")
    page.add_init_script(PRESS)
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": KEYS})
    page.goto("/sign-in/?next=/account/devices/")
    type_in(page, email="juana@example.org", password=SHORT)
    sound(page)
    press(page, say("en", "security.passkeys.button"))
    press(page, say("en", "security.codes.saved"))
    expect(page.locator("h1")).to_have_text(say("en", "security.devices.title"))
    press(page, say("en", "account.nav.sign_out"))
    page.goto("/sign-in/?next=/account/devices/#press")
    type_in(page, email="juana@example.org", password=SHORT)
    expect(page.locator("h1")).to_have_text(say("en", "signin.second.title"))
    sound(page)
    press(page, say("en", "signin.passkey.button"))
    expect(page.locator("h1")).to_have_text(say("en", "security.devices.title"))


def test_the_clock_warns_and_staying_goes_on(visit_as: Visit, sound: Sound, db: None) -> None:
    page = at_home(visit_as())
    page.clock.install()
    page.goto("/account/security/passkeys/")
    page.clock.run_for(7 * 60_000)
    expect(page.locator("#idle")).to_be_hidden()
    page.clock.run_for(62_000)
    expect(page.locator("#idle")).to_be_visible()
    expect(page.locator("#idle-form button")).to_be_focused()
    expect(page.get_by_role("dialog", name=say("en", "signin.idle.title"))).to_be_visible()
    page.locator("#idle-form button").click()
    expect(page.locator("#idle")).to_be_hidden()
    page.clock.run_for(5 * 60_000)
    expect(page.locator("h1")).to_have_text(say("en", "security.passkeys.title"))


def test_at_the_end_what_was_typed_is_kept(visit_as: Visit, db: None) -> None:
    page = at_home(visit_as())
    page.clock.install()
    page.goto("/account/security/app/")
    page.locator("#code").fill("123456")
    page.clock.run_for(10 * 60_000 - 30_000)
    page.clock.resume()
    page.clock.fast_forward(31_000)
    expect(page.locator("h1")).to_have_text(say("en", "signin.again.title"))
    assert sql.query("SELECT 1 FROM people_signed_in WHERE ended_at IS NULL") == []
    type_in(page, email="juana@example.org", password=PASSWORD)
    expect(page.locator("h1")).to_have_text(say("en", "signin.back.title"))
    press(page, say("en", "signin.back.send"))
    expect(page.locator("h1")).to_have_text(say("en", "security.app.title"))


def test_at_the_end_a_page_without_a_form_is_gone(visit_as: Visit, db: None) -> None:
    page = at_home(visit_as())
    page.clock.install()
    page.goto("/account/devices/")
    # The page's clock is a moment early: a page asked for now would begin ten minutes anew.
    sql.execute("UPDATE people_signed_in SET seen_at = now() - interval '598 seconds'")
    page.clock.run_for(10 * 60_000 - 30_000)
    page.clock.resume()
    page.clock.fast_forward(31_000)
    expect(page.locator("h1")).to_have_text(say("en", "signin.title"))
    assert page.url.endswith("?next=%2Faccount%2Fdevices%2F")
    expect(page.get_by_text(say("en", "signin.first"))).to_be_visible()
    assert sql.query("SELECT 1 FROM people_signed_in WHERE ended_at IS NULL") == []


def test_work_in_one_tab_holds_the_other_open(visit_as: Visit, db: None) -> None:
    page = at_home(visit_as())
    page.clock.install()
    page.goto("/account/devices/")
    page.clock.run_for(9 * 60_000)
    expect(page.locator("#idle")).to_be_visible()
    other = page.context.new_page()
    other.goto("/account/security/")
    other.evaluate(
        "ends => new BroadcastChannel('session').postMessage({who: document.getElementById('idle').dataset.who, ends})",
        int(page.evaluate("Date.now()")) + 600_000,
    )
    expect(page.locator("#idle")).to_be_hidden()


def at_home(page: Page) -> Page:
    """A member is signed in by this browser."""
    held = a_member(None)
    assert sessions.who(held.token)
    page.context.add_cookies([{"name": member.cookie(), "value": held.token, "url": "http://127.0.0.1"}])
    return page
