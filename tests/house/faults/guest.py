"""A guest's payment through the pages, as somebody without JavaScript makes it: every form as the page has it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from caretill.core.money import plain
from caretill.core.words import say
from house.browser import Broken, Browser, Page
from house.faults.person import Told
from house.stack import Stack

# The words that head a page, and what they tell.
STANDS = {
    "pending": "waiting", "checking": "waiting", "unknown": "unknown", "overdue": "unknown", "declined": "failed",
    "refused": "failed", "failed": "failed", "ran_out": "voided", "voided": "voided", "requires_action": "unfinished",
    "submitting": "unfinished",
}  # fmt: skip
BILL_STANDS = {
    "waits": "being_paid", "soon": "being_paid", "on_way": "being_paid", "mine": "mine", "mine_on_way": "waiting",
    "paid": "paid", "credit": "paid", "nothing": "paid", "none": "being_paid",
}  # fmt: skip


@cache
def titles() -> dict[str, str]:
    """What each heading means."""
    found = {say("en", f"amount.state.{name}.title"): kind for name, kind in BILL_STANDS.items()}
    return found | {say("en", f"states.{name}.title"): kind for name, kind in STANDS.items()}


@dataclass
class GuestVisit:
    """Find, amount, details, check; `page` is what the browser shows, `check` the page with the last button."""

    stack: Stack
    browser: Browser
    bill: dict[str, Any]
    amount_cents: int
    email: str
    page: Page | None = None
    check: Page | None = None

    def begin(self) -> None:
        """From the region's page on. What stops the payer before the check page stays in `page`."""
        try:
            self.page = self._begin()
        except Broken as broken:
            raise Broken(str(broken), None) from broken

    def _begin(self) -> Page:
        facts = {"last_name": self.bill["last_name"]} if self.amount_cents % 2 else {"zip": self.bill["zip"]}
        page = self._go(self._start(), "number", {"number": self.number, **facts})
        if not page.path.endswith("/amount") or not page.has("form", "amount-form"):
            return page
        page = self._choose(page)
        if page.path.endswith("/details"):
            page = self._go(page, "payer_name", {"payer_name": "Pat Payer", "email": self.email})
        assert page.path.endswith("/check"), f"{page.status} {page.url} {page.words()[:300]}"
        self.check = page
        return page

    @property
    def number(self) -> str:
        """What is typed into the one box."""
        return str(self.bill["number"])

    def _start(self) -> Page:
        return self._good(self.browser.get(f"{self.stack.url('web')}/pay/{self.bill['region']}/"))

    def _choose(self, page: Page) -> Page:
        return self._go(page, "other_amount", {"amount": "other", "other_amount": plain(self.amount_cents)})

    def press(self) -> Page:
        """The button of the page in view, whichever leads on: pay, or go on with what was begun."""
        for page in (self.page, self.check):
            if page is None or (page.status >= 500 and 'name="key"' not in page.text):
                continue
            if 'name="key"' in page.text:
                return self.browser.send(page.form("key").filled({}))
            if 'value="go"' in page.text:
                return self.browser.send(page.form("do").filled({}, ("do", "go")))
        self.begin()
        assert self.page is not None
        if 'name="key"' in self.page.text:
            return self.browser.send(self.page.form("key").filled({}))
        return self.page

    def press_again(self) -> Page:
        """Back to the page with the button, and pressed once more: that of the check, or of what was unfinished."""
        if self.check is None:
            return self.press()
        return self.browser.send(self.check.form("key").filled({}))

    def stop(self, page: Page) -> Page:
        return self.browser.send(page.form("do").filled({}, ("do", "stop")))

    def tell(self, page: Page) -> Told:
        """By the address, then by the words that head the page."""
        told = Told(self._kind(page), page)
        if told.kind != "sorry":
            self.page = page
        return told

    def _kind(self, page: Page) -> str:
        if page.path.startswith("/pay/done/") and page.status == 200:
            return "succeeded"
        if page.path.endswith("/check") and 'name="key"' in page.text:
            return "not_sent"
        kind = titles().get(page.title(), "")
        if kind:
            return kind
        if page.status >= 500:
            return "sorry"
        if page.status == 429:
            return "too_many"
        return "above_owed" if page.path.endswith("/amount") else f"gone: {page.status} {page.path} {page.title()}"

    def _go(self, page: Page, field: str, values: dict[str, str]) -> Page:
        """Fill the form in and send it."""
        return self._good(self.browser.send(page.form(field).filled(values)))

    def _good(self, page: Page) -> Page:
        """A page that says sorry is as good as none: this far nothing has happened, and a person starts over."""
        if page.status >= 500:
            raise Broken(f"{page.status} {page.path}", None)
        return page


@dataclass
class SeveralVisit(GuestVisit):
    """Two bills of one account in one payment, each with an amount of its own; the account is found by its number."""

    SECOND_CENTS = 400

    @property
    def number(self) -> str:
        return str(self.bill["account_number"])

    def _choose(self, page: Page) -> Page:
        form = page.form("amount_0")
        places = [value for name, value in form.choices if name == "bill"][:2]
        amounts = dict(zip(places, (self.amount_cents - self.SECOND_CENTS, self.SECOND_CENTS), strict=True))
        sent = [(name, value) for name, value in form.fields if name != "bill" and not name.startswith("amount_")]
        sent += [
            pair for place, cents in amounts.items() for pair in (("bill", place), (f"amount_{place}", plain(cents)))
        ]
        return self._good(self.browser.post(form.action, sent))
