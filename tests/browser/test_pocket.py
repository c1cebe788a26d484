"""The site on a telephone, in a real browser: no network, the offer to install, and signing out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from caretill.core import clock
from caretill.core.words import say
from house.cast import a_bill
from house.desk import Desk, processor_desk
from house.member import MemberOf, a_member
from house.payer import Payer
from house.scenes import NOON

__all__ = ["processor_desk"]

Visit = Callable[..., Page]
Sound = Callable[..., None]

KEPT = """async () => {
  const found = [];
  for (const name of await caches.keys()) {
    for (const each of await (await caches.open(name)).keys()) found.push(new URL(each.url).pathname);
  }
  return found;
}"""
OFFERED = """() => {
  const event = new Event("beforeinstallprompt", { cancelable: true });
  event.prompt = () => { document.title = "asked"; };
  window.dispatchEvent(event);
  return event.defaultPrevented;
}"""


@pytest.fixture(autouse=True)
def time(db: None) -> Iterator[clock.FixedClock]:
    with clock.fixed(NOON) as fixed:
        yield fixed


def at_home(page: Page, site: str) -> MemberOf:
    member = a_member(a_bill(14_000).account_id)
    page.context.add_cookies([{"name": "session", "value": member.token, "url": site}])
    page.goto("/account/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.goto("/account/bills/")
    return member


def test_without_a_network_there_is_a_page_and_nobodys_figures(visit_as: Visit, sound: Sound, site: str) -> None:
    page = visit_as(width=390, locale="en-US")
    at_home(page, site)
    page.wait_for_function("navigator.serviceWorker.controller")
    page.context.set_offline(True)
    page.goto("/account/bills/")
    expect(page.get_by_role("heading", level=1)).to_have_text(say("en", "pocket.offline.title"))
    assert "$" not in page.inner_text("body")
    sound(page)
    page.context.set_offline(False)
    page.get_by_role("link", name=say("en", "pocket.offline.again")).click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text(say("en", "pocket.offline.title"))
    kept = page.evaluate(KEPT)
    assert sorted(path.split(".")[0] for path in kept) == ["/assets/logo", "/assets/site", "/offline/en/"]


def test_signing_out_takes_worker_and_store_away(visit_as: Visit, site: str) -> None:
    page = visit_as(locale="en-US")
    at_home(page, site)
    assert page.evaluate(KEPT)
    page.get_by_role("button", name=say("en", "account.nav.sign_out")).click()
    expect(page).to_have_url(f"{site}/sign-out/")
    assert page.evaluate(KEPT) == []
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then(found => found.length)") == 0


def test_a_done_page_offers_once_and_only_where_the_browser_can(
    processor: Desk, visit_as: Visit, sound: Sound, site: str
) -> None:
    payer = Payer(a_bill(14_000))
    done = payer.get(processor.card(payer.to_card()))["Location"]
    page = visit_as(width=390, locale="en-US")
    page.goto(done)
    box = page.locator("#install")
    expect(box).to_be_hidden()
    assert page.evaluate(OFFERED), "the browser's own bar is held back"
    expect(box).to_be_visible()
    sound(page)
    box.get_by_role("button").click()
    expect(page).to_have_title("asked")
    expect(box).to_be_hidden()
    page.reload()
    page.evaluate(OFFERED)
    expect(box).to_be_hidden()
