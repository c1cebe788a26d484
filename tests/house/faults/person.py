"""A person who pays: presses, waits, reloads, presses again, gives up. Every loop ends by count and by time."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from caretill.core import clock
from house.browser import Broken, Browser, Page, Request
from house.stack import HOST

GOOD, DECLINED, STEP = "4242424242424242", "4000000000000002", "4000002500003155"
ENDED = ("succeeded", "failed", "voided")
GOES_ON = ("not_sent", "mine", "unfinished")  # a page with a button that leads on
PATIENCE_SECONDS = 240.0
PAGE_SECONDS = 3.0
SERVER_SECONDS = 40.0


class GaveUp(Exception):
    """The person tried for as long as anybody would."""


@dataclass(frozen=True)
class Told:
    """What the page in front of the person says. `kind`: open, not_sent, unfinished, mine, being_paid, paid,
    above_owed, too_many, refused, sorry, key_conflict, waiting, unknown, succeeded, failed, voided, gone.
    """

    kind: str
    page: Page
    url: str = ""


class Visit(Protocol):
    """One payment in one browser, from the bill to the answer."""

    browser: Browser

    def begin(self) -> None:
        """Get as far as the button that sends the payer to the processor. Raises Broken."""

    def press(self) -> Page:
        """Press it, as often as one likes. Raises Broken."""

    def press_again(self) -> Page:
        """Back to the page with the button, and pressed once more. Raises Broken."""

    def stop(self, page: Page) -> Page:
        """Give up on the page that the processor's cancel link led to. Raises Broken."""

    def tell(self, page: Page) -> Told:
        """What a page of Caretill's says."""


@dataclass
class Person:
    """Who sits at a browser. `chance` decides what people do in different ways."""

    visit: Visit
    chance: random.Random
    shown: list[str] = field(default_factory=list)
    broken: int = 0
    sorry: int = 0
    until: float = 0.0
    step: str = "approve"

    def __post_init__(self) -> None:
        self.until = clock.monotonic() + PATIENCE_SECONDS
        self.visit.browser.timeout = SERVER_SECONDS

    def do(self, action: Callable[[], Page]) -> Told:
        """Do it, and again while the connection breaks or the page says sorry. Raises GaveUp."""
        while True:
            self._still_there()
            try:
                page = action()
            except Broken as broken:
                self.broken += 1
                time.sleep(0.15)
                if broken.again is not None:
                    action = self._reload(broken.again)
                continue
            if self._elsewhere(page.url):
                return Told("open", page, page.url)
            told = self.visit.tell(page)
            if told.kind != "sorry":
                self.shown.append(told.kind)
                return told
            self.sorry += 1
            time.sleep(0.3)
            action = self._reload(page.request)

    def begin(self) -> None:
        """Reach the button."""
        while True:
            self._still_there()
            try:
                self.visit.begin()
            except Broken:
                self.broken += 1
                time.sleep(0.15)
                continue
            return

    def press(self, patient: bool = True) -> Told:
        """Press Pay until the processor's page opens, or the answer is another one."""
        told = self.do(self.visit.press)
        while patient and told.kind in GOES_ON:
            time.sleep(0.1)
            told = self.do(self.visit.press)
        return told

    def press_again(self) -> Told:
        """Back, and pressed once more; then on from there."""
        told = self.do(self.visit.press_again)
        return self.press() if told.kind in GOES_ON else told

    def at_processor(self, url: str, cards: list[str], closes: bool = False) -> Told | None:
        """Type cards until one is taken, and follow the way back. None: the browser was closed before that.

        With `closes` nobody sees whether it worked: the person leaves as soon as the last card was sent.
        """
        browser, left = self.visit.browser, list(cards)
        browser.stays = closes
        try:
            page = self._page(Request("GET", url))
            for _ in range(40):
                if page.status == 303:
                    return None
                if not self._elsewhere(page.url):
                    return self._back(page)
                page = self._next(page, url, left)
                if closes and not left and page.status >= 500:
                    return None
            raise GaveUp(f"the processor's page goes in circles: {page.status} {page.words()[:200]}")
        finally:
            browser.stays = False

    def _next(self, page: Page, url: str, left: list[str]) -> Page:
        """What a person does with that page of the processor's."""
        if page.status < 500 and 'name="answer"' in page.text:
            return self._page(page.form("answer").filled({}, ("answer", self.step)))
        if page.status < 500 and 'name="number"' in page.text:
            if not left:
                raise GaveUp("no card is left")
            number = left.pop(0)
            code = "1234" if number.startswith("3") else "123"
            typed = {"number": number, "expiry": "12/40", "security_code": code, "name": "Pat", "zip": "97201"}
            return self._page(page.form("number").filled(typed))
        if page.status < 500 and page.link("/pay/return/"):
            return self._page(Request("GET", page.link("/pay/return/")))
        # Blank, or broken: some press F5 on what they sent, some open the page again.
        time.sleep(0.1)
        return self._page(page.request if self.chance.random() < 0.5 else Request("GET", url))

    def cancel(self, url: str) -> Told:
        """Follow the processor's link back without paying, and give up there."""
        page = self._page(Request("GET", url))
        for _ in range(10):
            link = page.link("/pay/cancel/") if page.status < 500 else ""
            if link:
                break
            page = self._page(Request("GET", url))
        told = self.do(lambda: self.visit.browser.get(link))
        for _ in range(3):
            if told.kind in ENDED:
                break
            page = told.page
            told = self.do(lambda page=page: self.visit.stop(page))  # type: ignore[misc]
        return told

    def wait(self, told: Told, seconds: float) -> Told:
        """Reload while the page says to wait."""
        end = clock.monotonic() + seconds
        while told.kind == "waiting" and clock.monotonic() < end:
            time.sleep(0.5)
            told = self.do(self._reload(told.page.request))
        return told

    def _back(self, page: Page) -> Told:
        return self.do(lambda: page)

    def _page(self, request: Request) -> Page:
        """A page of the processor's, or where it leads to; reloads, as some do, what did not come."""
        browser = self.visit.browser
        try:
            for _ in range(200):
                self._still_there()
                browser.timeout = PAGE_SECONDS if self._elsewhere(request.url) else SERVER_SECONDS
                try:
                    return browser.send(request)
                except Broken as broken:
                    self.broken += 1
                    request = broken.again or request
                    time.sleep(0.15)
            raise GaveUp("no page comes")
        finally:
            browser.timeout = SERVER_SECONDS

    def _reload(self, request: Request) -> Callable[[], Page]:
        return lambda: self.visit.browser.send(request)

    def _still_there(self) -> None:
        if clock.monotonic() > self.until:
            raise GaveUp(f"after {PATIENCE_SECONDS:g} s, having seen {self.shown[-5:]}")

    def _elsewhere(self, url: str) -> bool:
        return "/c/" in urlsplit(url).path and urlsplit(url).hostname == HOST
