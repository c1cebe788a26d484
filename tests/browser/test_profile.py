"""Profile and messages in a real browser: every page in every look, the ways through them with and without script."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from caretill.core import clock, sql, tokens
from caretill.letters import links
from caretill.people import profile, topics
from caretill.web.account import member as door
from house import cast
from house.member import MemberOf, a_member

Visit = Callable[..., Page]
Sound = Callable[..., None]

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("db")]

PAGES = (
    "/account/profile/?saved=name",
    "/account/profile/name/",
    "/account/profile/address/",
    "/account/profile/phone/",
    "/account/profile/language/",
    "/account/profile/quiet/",
    "/account/profile/paper/",
    "/account/profile/email/",
    "/account/messages/",
)
LOOKS: dict[str, dict[str, Any]] = {
    "wide, light": {},
    "narrow, dark, Spanish": {"width": 320, "color_scheme": "dark", "locale": "es-US"},
}


@pytest.fixture
def member(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemberOf]:
    monkeypatch.setattr(settings, "CARETILL_TEXTS", "mailbox")
    monkeypatch.setattr(settings, "CARETILL_PUSH", "mailbox")
    made = a_member(cast.a_bill().account_id)
    profile.change(made.login_id, "phone", {"phone": "503-555-0100"})
    yield made


def signed_in(page: Page, member: MemberOf, site: str) -> Page:
    page.context.add_cookies([{"name": door.cookie(), "value": member.token, "url": site}])
    return page


def mailed(member: MemberOf) -> tuple[str, str]:
    """The pages of an undo and of a stop link."""
    made = profile.change(member.login_id, "address", {"street": "2", "city": "C", "state": "OR", "zip": "97201"})
    assert made is not None
    undo = links.undo_link(member.login_id, made, clock.now() + profile.UNDO_FOR, "en")
    stop = links.stop_link(member.login_id, "bill_ready", "email", "en")
    return f"/{undo.split('/', 3)[3]}", f"/{stop.split('/', 3)[3]}"


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_sound(visit_as: Visit, sound: Sound, site: str, member: MemberOf, look: str) -> None:
    page = signed_in(visit_as(**LOOKS[look]), member, site)
    for path in (*PAGES, *mailed(member), "/undo/x", "/stop/x"):
        page.goto(path)
        sound(page)


def test_every_page_runs_right_to_left_with_wide_spacing(
    visit_as: Visit, sound: Sound, site: str, member: MemberOf
) -> None:
    page = signed_in(visit_as(width=320), member, site)
    spacing = "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }"
    for path in (*PAGES, *mailed(member)):
        page.goto(path)
        page.evaluate(
            """css => {
                const sheet = new CSSStyleSheet();
                sheet.replaceSync(css);
                document.adoptedStyleSheets = [sheet];
                document.documentElement.dir = "rtl";
            }""",
            spacing,
        )
        sound(page, axe=False)


@pytest.mark.parametrize("script", [True, False])
def test_a_new_email_from_row_to_row(visit_as: Visit, sound: Sound, site: str, member: MemberOf, script: bool) -> None:
    page = signed_in(visit_as(java_script_enabled=script), member, site)
    page.goto("/account/profile/")
    page.get_by_role("link", name="Change Email, juana@example.org").click()
    page.get_by_label("New email").fill("new@example")
    page.get_by_role("button", name="Send a code").click()
    expect(page.locator(".ds-c-alert--error")).to_be_focused()
    expect(page.get_by_label("New email")).to_have_value("new@example")
    page.get_by_label("New email").fill("new@example.org")
    page.get_by_role("button", name="Send a code").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Type the code")
    if script:
        sound(page)
    page.get_by_label("Code").fill(code_of(member))
    page.get_by_role("button", name="Change my email").click()
    expect(page.get_by_text("We saved your change.")).to_be_visible()
    expect(page.locator(".answers")).to_contain_text("new@example.org")


def code_of(member: MemberOf) -> str:
    row = sql.one("SELECT body FROM core_outbox WHERE account_id = %s AND topic = 'email_code'", (member.login_id,))
    assert row is not None
    return str(tokens.unseal("new_email", sql.answer(row["body"])["sealed"])["code"])


def test_paper_is_left_only_after_the_sample_and_by_keyboard(visit_as: Visit, site: str, member: MemberOf) -> None:
    page = signed_in(visit_as(width=390), member, site)
    page.goto("/account/profile/paper/")
    page.get_by_label("On screen only, no paper").check()
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.locator("#opened-error")).to_be_visible()
    sample = page.get_by_role("link", name=re.compile("sample bill")).get_attribute("href")
    assert sample is not None and page.request.get(sample).body().startswith(b"%PDF-")
    page.locator("#opened").press("Space")
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.locator(".answers")).to_contain_text("On screen, no paper")


def test_boxes_and_the_page_in_another_language_keep_what_was_chosen(
    visit_as: Visit, sound: Sound, site: str, member: MemberOf
) -> None:
    page = signed_in(visit_as(width=390), member, site)
    page.goto("/account/messages/")
    page.locator("#bill_ready-text").check()
    page.locator("#receipt-email").uncheck()
    page.get_by_role("button", name="Español").click()
    expect(page.locator("#bill_ready-text")).to_be_checked()
    page.get_by_role("button", name="Guardar").click()
    expect(page.get_by_text("Guardamos lo que eligió.")).to_be_visible()
    sound(page)
    wishes = topics.wishes(member.login_id)
    assert wishes["bill_ready", "text"] and not wishes["receipt", "email"] and wishes["security", "email"]


@pytest.mark.parametrize("script", [True, False])
def test_links_of_mails_need_one_press(visit_as: Visit, member: MemberOf, script: bool) -> None:
    undo, stop = mailed(member)
    page = visit_as(java_script_enabled=script)
    page.goto(stop)
    page.get_by_role("button", name="Stop them").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We stopped them")
    page.goto(undo)
    page.get_by_role("button", name="Undo this change").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The change is undone")
    page.get_by_role("link", name="Set a new password").click()
    expect(page).to_have_url(re.compile("/forgot/password/"))
    assert profile.read(member.login_id, "test").street == "1 Example Street"
