"""The main job, whole: bills of a real export come in, and somebody pays one of them in a browser, page by page.

`fill` brings the bills in, `to_pay` names one for each walk, `Walk` is the person: it reads the words of its language,
fills the fields and presses the buttons. With no shared data beside the checkout the world of the demo stands in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from django.test import override_settings
from playwright.sync_api import Locator, Page, expect

from caretill.billing import access
from caretill.cli import check
from caretill.core import clock, sql
from caretill.core.ids import show_pay_code
from caretill.core.money import plain, show
from caretill.core.words import say
from caretill.intake import run
from caretill.payments.access import receipt_figures
from caretill.regions import catalog
from caretill.sim.processor import words as processor_words
from caretill.sim.world import feed, live
from house import run as test_run
from house.till import CARD, Till

SYNTHEA = Path(__file__).resolve().parents[3] / "shared" / "data" / "synthea"
OPEN_OF_SYNTHEA = 1019
LOOKUPS = ("member", "pay_code", "family", "bill")
ONE_BOX = {
    "member": ("health_record_number", "zip"),
    "pay_code": ("pay_code", "zip"),
    "family": ("account_number", "last_name"),
    "bill": ("bill_number", "last_name"),
}
# A page with each of a person's bills on it: several, and not the longest that the export holds.
MOST_TOGETHER = 24
_OPEN = """
    SELECT o.*, p.health_record_number, a.number AS account_number, a.last_name, left(a.zip, 5) AS zip, a.group_number,
        a.subgroup, a.bill_group
    FROM (
        SELECT b.account_id, b.person_id, b.id AS bill_id, b.region, b.kind, b.number AS bill_number, b.pay_code,
            r.debits_posted - r.credits_posted AS open_cents, count(*) OVER (PARTITION BY b.account_id) AS together,
            count(*) OVER (PARTITION BY b.account_id, r.debits_posted - r.credits_posted) AS alike
        FROM billing_bill b JOIN ledger_balance r ON r.account_id = b.account_id AND r.kind = 'receivable'
            AND r.ref = b.id AND r.currency = b.currency
        WHERE r.debits_posted > r.credits_posted
    ) AS o JOIN people_account a ON a.account_id = o.account_id
    JOIN people_person p ON p.account_id = o.account_id AND p.id = o.person_id ORDER BY o.bill_number
"""


@dataclass(frozen=True)
class ToPay:
    """One open bill with all that is printed on its paper. `together` is how many open ones its account has."""

    lookup: str
    region: str
    account_id: UUID
    bill_id: UUID
    open_cents: int
    together: int
    paper: dict[str, str]

    @property
    def several(self) -> bool:
        """Whether its lookup finds others with it."""
        return self.lookup in ("member", "family") and self.together > 1

    def typed(self, name: str) -> str:
        """As a person types it: no zeros in front, small letters, dashes as printed."""
        text = self.paper[name]
        if name == "pay_code":
            return show_pay_code(text).lower()
        return text.lstrip("0") if name == "health_record_number" else text


def fill(folder: Path) -> int:
    """Bring the bills in; how many are open."""
    if SYNTHEA.is_dir():
        day = clock.today("America/New_York").isoformat()
        summary = run.bring_in(run.Ask("synthea", SYNTHEA, {"shift_to": day}))
    else:
        books = live.tell(live.SEED, clock.now())
        told = feed.write(folder / "world", [(book.region.slug, book.first) for book in books])
        summary = run.bring_in(run.Ask("csv", told))
    assert not summary.rejected, summary
    return len(sql.query(_OPEN))


def to_pay(each: int) -> dict[str, list[ToPay]]:
    """Bills for so many walks by each lookup: from all regions that offer it in turn, no bill twice."""
    rows = sql.query(_OPEN)
    offered = {region.slug: {lookup.name for lookup in region.lookups} for region in catalog.regions()}
    spent: set[UUID] = set()
    found: dict[str, list[ToPay]] = {}
    for lookup in LOOKUPS:
        of_region: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            fits = lookup not in ("member", "family") or (row["alike"] == 1 and row["together"] <= MOST_TOGETHER)
            # Every region takes a pay code: those where it is the first choice.
            home = lookup in offered[row["region"]] and (lookup != "pay_code" or len(offered[row["region"]]) == 1)
            if fits and home and row["bill_id"] not in spent:
                of_region.setdefault(row["region"], []).append(row)
        picked = [rows_of[turn] for turn in range(each) for rows_of in of_region.values() if turn < len(rows_of)]
        found[lookup] = [_of(lookup, row) for row in picked[:each]]
        spent |= {bill.bill_id for bill in found[lookup]}
        assert len(found[lookup]) == each, f"{lookup}: {len(found[lookup])} bills"
    return found


def _of(lookup: str, row: dict[str, Any]) -> ToPay:
    names = ("region", "account_id", "bill_id", "together")
    paper = {name: text for name, text in row.items() if isinstance(text, str)}
    return ToPay(lookup, open_cents=int(row["open_cents"]), paper=paper, **{name: row[name] for name in names})


@dataclass(frozen=True)
class Town:
    """A world of bills, the site, and the processor behind it, for all tests of a file."""

    till: Till
    open_bills: int
    bills: dict[str, list[ToPay]]


@contextmanager
def town(site: str, folder: Path, owner: psycopg.Connection[Any], each: int) -> Iterator[Town]:
    """Afterwards every law is asked, and nothing is left."""
    till = Till(site, folder)
    try:
        with override_settings(**till.settings()):
            yield Town(till, fill(folder), to_pay(each))
            till.worker.stop()
            broken = check.broken()
    finally:
        till.close()
        test_run.empty(owner)
    assert not broken, broken


Look = Callable[[str], None]


class Walk:
    """A person who pays. `look` is called with the name of every page, when it stands."""

    def __init__(self, page: Page, bill: ToPay, language: str, look: Look = lambda name: None) -> None:
        self.page, self.bill, self.language, self.look = page, bill, language, look
        self.region = catalog.region(bill.region)

    def say(self, key: str, **figures: object) -> str:
        return say(self.language, key, **figures)

    def press(self, words: str) -> None:
        self.page.locator("main").get_by_role("button", name=words, exact=True).click()

    def stands(self, title: str, name: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(title)
        expect(self.page.locator("html")).to_have_attribute("lang", self.language)
        self.look(name)

    def to_region(self) -> None:
        """From the first page to the one that finds a bill."""
        self.page.goto("/")
        self.stands(self.say("start.title"), "start")
        self.page.fill("#place", self.region.name[self.language])
        self.press(self.say("shell.continue"))
        self.stands(self.say("find.title"), "find")

    def by_one_box(self) -> None:
        """One number and one more fact."""
        number, fact = ONE_BOX[self.bill.lookup]
        self.page.fill("#number", self.bill.typed(number))
        self.page.fill(f"#{fact}", self.bill.typed(fact))
        self.press(self.say("find.button"))
        expect(self._bill()).to_be_visible()

    def by_fields(self) -> None:
        """All fields of the region's own lookup, from the page with the one box."""
        lookup = self.region.lookup(self.bill.lookup)
        assert lookup is not None
        title = lookup.title[self.language]
        self.page.get_by_role("link", name=self.say("find.other.fields", title=title), exact=True).click()
        self.stands(self.say("find.title"), "fields")
        for name in lookup.fields:
            self.page.get_by_label(self.region.fields[name].label[self.language], exact=True).fill(
                self.bill.typed(name)
            )
        self.press(self.say("find.button"))

    def _bill(self) -> Locator:
        """Where the amount of this bill stands on the amount page."""
        if self.bill.several:
            return self.page.locator(f"input[name^=amount_][value='{plain(self.bill.open_cents)}']")
        title = self.say("amount.title", amount=show(self.bill.open_cents, self.language))
        return self.page.get_by_role("heading", level=1, name=title, exact=True)

    def choose(self) -> None:
        """All of this bill, nothing of the others."""
        expect(self._bill()).to_be_visible()
        self.look("amount")
        if self.bill.several:
            place = (self._bill().get_attribute("name") or "").removeprefix("amount_")
            for box in self.page.locator(f"input[name=bill]:not([value='{place}'])").all():
                box.uncheck()
        self.press(self.say("shell.continue"))

    def to_check(self) -> None:
        """Who pays; then the page that asks to check."""
        self.stands(self.say("details.title"), "details")
        self.page.get_by_label(self.say("details.name.label")).fill("Pat Payer")
        self.page.get_by_label(self.say("details.email.label")).fill("pat@example.org")
        self.press(self.say("shell.continue"))
        self.stands(self.say("check.title"), "check")

    def to_card(self) -> None:
        """Press Pay; the processor's page."""
        amount = show(self.bill.open_cents, self.language)
        self.press(self.say("check.pay", amount=amount))
        expect(self.page.get_by_text(processor_words.say(self.language, "test_only"))).to_be_visible()
        expect(self.page.locator("dl.sum")).to_contain_text(amount)
        self.look("card")

    def pay(self) -> None:
        """Type the card; the page that says it is paid."""
        for field, value in CARD.items():
            self.page.fill(f"#{field}", value)
        amount = show(self.bill.open_cents, self.language)
        self.press(processor_words.say(self.language, "pay", amount=amount))
        self.stands(self.say("done.title", amount=amount), "done")
        expect(self.page.get_by_text(self.say("done.none_left"))).to_be_visible()

    def to_receipt(self) -> str:
        """The receipt; its reference."""
        reference = self.page.locator(".stub bdi").first.inner_text()
        self.page.get_by_role("link", name=self.say("done.receipt.see"), exact=True).click()
        self.stands(self.say("receipt.title.paid", amount=show(self.bill.open_cents, self.language)), "receipt")
        expect(self.page.locator("main")).to_contain_text(reference)
        expect(self.page.locator("main")).to_contain_text(show(self.bill.open_cents, self.language))
        return reference


def booked(bill: ToPay, till: Till, reference: str) -> None:
    """Paid once: in the ledger, on the bill, on the receipt, and in the processor's own log."""
    figures = access.bill_figures(bill.account_id, bill.bill_id)
    assert (figures["status"], figures["open_cents"], figures["pending_cents"]) == ("paid", 0, 0)
    assert figures["paid_here_cents"] == bill.open_cents
    asked = "SELECT payment_id FROM payments_part WHERE account_id = %s AND bill_id = %s"
    (part,) = sql.query(asked, (bill.account_id, bill.bill_id))
    receipt = receipt_figures(bill.account_id, part["payment_id"])
    assert (receipt["reference"], receipt["amount_cents"]) == (reference, bill.open_cents)
    asked = "SELECT id FROM payments_attempt WHERE account_id = %s AND payment_id = %s"
    attempts = {str(row["id"]) for row in sql.query(asked, (bill.account_id, part["payment_id"]))}
    charged = [line for line in till.charges() if line["reference"] in attempts]
    assert [line["amount_cents"] for line in charged] == [bill.open_cents], charged
