"""Every state a payer may see outside of paying itself: misses, work, codes, bills explained, receipts asked, errors.

Each is a function that leaves a browser in front of it, the way a person gets there. Those of paying are in
`house.scenes`; `STATES` has them all.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest import mock
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from django.db import OperationalError
from playwright.sync_api import Page

from caretill.billing import guard
from caretill.core import sql
from caretill.core.clock import FixedClock
from caretill.letters import links
from caretill.payments import refund, take
from house import scenes
from house.cast import Bill, a_bill
from house.desk import Desk
from house.payer import Payer

NOBODY = "P0000000001"


@dataclass
class Stage:
    """A browser, the processor's desk, a clock that stands, and the site's address."""

    page: Page
    desk: Desk
    time: FixedClock
    language: str
    site: str

    def send(self, **typed: str) -> None:
        """Fill these fields and press Enter in the last of them."""
        for name, value in typed.items():
            self.page.locator(f"#{name}").fill(value)
        with self.page.expect_navigation():
            self.page.locator(f"#{name}").press("Enter")

    def enter(self, payer: Payer) -> None:
        """The browser holds what finding the bill gave it."""
        held = payer.client.cookies.items()
        self.page.context.add_cookies(
            [{"name": name, "value": morsel.value, "url": self.site} for name, morsel in held]
        )

    def scene(self) -> scenes.Scene:
        return scenes.Scene(self.desk, self.language, self.time)


Show = Callable[[Stage], None]
OWN: dict[str, Show] = {}
# What a page looks like when the server is in trouble: the browser complains of 5xx, and rightly so.
TROUBLE: dict[str, Show] = {}


def state(show: Show) -> Show:
    OWN[show.__name__] = show
    return show


def trouble(show: Show) -> Show:
    TROUBLE[show.__name__] = show
    return show


def open_bill(s: Stage, bill: Bill, version: int = 1) -> None:
    """From the link of a mail to the bill, with its details opened."""
    link = links.bill_link(bill.account_id, bill.bill_id, version, s.language, "America/Los_Angeles")
    s.page.goto(urlsplit(link.url).path)
    s.send(last_name=bill.last_name, zip=bill.zip)
    s.page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")


def check_receipt(s: Stage, code: str) -> None:
    s.page.goto("/check/")
    s.send(code=code)


def paid_code(s: Stage, give_back_cents: int = 0) -> str:
    """The check code of a payment of 140.00."""
    payer = Payer(a_bill(14_000), language=s.language)
    s.scene().paid(payer)
    flow = payer.held()
    account, payment = UUID(flow.account_id), UUID(flow.payment_id)
    if give_back_cents:
        refund.refund(account, payment, give_back_cents, uuid4(), "asked")
    return code_of(payment)


def code_of(payment: UUID) -> str:
    row = sql.one("SELECT check_code FROM payments_payment WHERE id = %s", (payment,))
    assert row is not None
    return str(row["check_code"])


def misses(count: int, number: str = "") -> None:
    for turn in range(count):
        guard.missed("oregon", [number or f"X{turn:09d}"], "127.0.0.1")


# Pages that only show, by their addresses.
PAGES = {
    "start": "/",
    "find_hospital_region": "/pay/hawaii/",
    "fields_member": "/pay/california/fields/member/",
    "code_ask": "/pay/oregon/code/",
    "paycode_unknown": "/p/0000000000000",
    "paycode_mistyped": "/p/ABCDEFGHJKMNP",
    "nothing_owed_at_all": "/pay/oregon/nothing/",
    "help_region": "/help/hawaii/",
    "paper": "/pay/maryland/paper/",
    "error_404": "/nothing",
    "error_405": "/callbacks/sandbox",
}


def at(address: str, s: Stage) -> None:
    s.page.goto(address)


OWN.update({name: functools.partial(at, address) for name, address in PAGES.items()})


# Finding


@state
def where_unknown(s: Stage) -> None:
    s.page.goto("/pay/")
    s.send(place="Atlantis")


@state
def find_wrong(s: Stage) -> None:
    s.page.goto("/pay/oregon/")
    s.send(number="4242 4242 4242 4242", last_name="")


@state
def find_miss(s: Stage) -> None:
    s.page.goto("/pay/oregon/")
    s.send(number=NOBODY, last_name="Nobody")


@state
def fields_wrong(s: Stage) -> None:
    s.page.goto("/pay/california/fields/member/")
    s.send(group_number="x", health_record_number="")


@state
def fields_miss(s: Stage) -> None:
    s.page.goto("/pay/georgia/fields/family/")
    s.send(account_number="F00000001", last_name="Nobody")


@state
def work(s: Stage) -> None:
    misses(20)
    s.page.route("**/work.*.js", lambda route: route.fulfill(content_type="text/javascript", body=""))
    s.page.goto("/pay/oregon/")
    s.send(number=NOBODY, last_name="Nobody", zip="97201")


@state
def closed(s: Stage) -> None:
    misses(28, NOBODY)
    s.page.goto("/pay/oregon/")
    s.send(number=NOBODY, last_name="Nobody", zip="97201")


@state
def code_wrong(s: Stage) -> None:
    s.page.goto("/pay/oregon/code/")
    s.send(email="nobody", zip="")


@state
def code_enter(s: Stage) -> None:
    s.page.goto("/pay/oregon/code/")
    s.send(email="nobody@example.org", zip="97201")


@state
def code_enter_wrong(s: Stage) -> None:
    code_enter(s)
    s.send(code="ABC")


@state
def paycode(s: Stage) -> None:
    s.page.goto(f"/p/{a_bill(14_000).pay_code}")


@state
def paycode_wrong(s: Stage) -> None:
    paycode(s)
    s.send(zip="97202")


@state
def apart(s: Stage) -> None:
    """A bill of another family cannot join."""
    first = Payer(a_bill(14_000), language=s.language)
    other = a_bill(9_000, family="2", last_name="Prueba")
    s.enter(first)
    s.page.goto(f"/pay/oregon/?add={first.flow.id}")
    s.send(number=other.number, zip=other.zip)


# Bills explained


@state
def bill_hospital(s: Stage) -> None:
    figures = {"discount_cents": 60_000, "plan_paid_cents": 50_000, "desk_cents": 5_00}
    open_bill(s, a_bill(200_000, kind="hospital", payee="hospital", number="H0000000077", **figures))  # type: ignore[arg-type]


@state
def bill_changed(s: Stage) -> None:
    """A professional one, with every part of what is left, and a second version."""
    figures: dict[str, Any] = {"discount_cents": 6_000, "plan_paid_cents": 5_000, "desk_cents": 500}
    a_bill(20_000, **figures)
    bill = a_bill(21_000, version=2, **figures)
    parts = "UPDATE billing_line SET copay_cents = 4000, deductible_cents = 5000 WHERE bill_id = %s"
    sql.execute(parts, (bill.bill_id,))
    open_bill(s, bill, 2)


@state
def bill_pharmacy_without_plan(s: Stage) -> None:
    open_bill(s, a_bill(1_234, kind="pharmacy", payee="hospital", number="R0000000077"))


@state
def bill_credit(s: Stage) -> None:
    open_bill(s, a_bill(200, kind="pharmacy", payee="hospital", number="R0000000078", desk_cents=7_500))


@state
def bill_link_wrong(s: Stage) -> None:
    bill = a_bill(14_000)
    link = links.bill_link(bill.account_id, bill.bill_id, 1, s.language, "America/Los_Angeles")
    s.page.goto(urlsplit(link.url).path)
    s.send(last_name="Nobody", zip="97201")


@state
def bill_link_ended(s: Stage) -> None:
    a_bill(20_000)
    bill = a_bill(21_000, version=2)
    link = links.bill_link(bill.account_id, bill.bill_id, 1, s.language, "America/Los_Angeles")
    s.page.goto(urlsplit(link.url).path)


# Receipts asked


@state
def check_empty(s: Stage) -> None:
    check_receipt(s, "")


@state
def check_not_ours(s: Stage) -> None:
    check_receipt(s, "AAAAAAAAAA")


@state
def check_paid(s: Stage) -> None:
    check_receipt(s, paid_code(s))


@state
def check_part_refunded(s: Stage) -> None:
    check_receipt(s, paid_code(s, 4_000))


@state
def check_refunded(s: Stage) -> None:
    check_receipt(s, paid_code(s, 14_000))


@state
def check_void(s: Stage) -> None:
    payer = Payer(a_bill(14_000), language=s.language)
    made = s.scene().begun(payer)
    take.stop(made.account_id, made.payment_id)
    check_receipt(s, code_of(made.payment_id))


@state
def receipt_refunded(s: Stage) -> None:
    payer, address = scenes.done_refunded(s.scene())
    s.enter(payer)
    s.page.goto(address.replace("/pay/done/", "/r/"))


# Errors


@state
def error_old_form(s: Stage) -> None:
    s.page.goto("/pay/oregon/")
    s.page.context.clear_cookies()
    s.send(number=NOBODY, zip="97201")


@state
def error_413(s: Stage) -> None:
    s.page.goto("/pay/oregon/")
    s.page.locator("#number").evaluate("each => each.removeAttribute('maxlength')")
    s.send(number="9" * 70_000)


@state
def error_often(s: Stage) -> None:
    """More tries to pay than anybody needs."""
    payer = Payer(a_bill(14_000), language=s.language)
    payer.to_check()
    s.enter(payer)
    s.page.goto(payer.at("check"))
    with mock.patch("caretill.payments.velocity.SESSIONS_A_BILL", 0), s.page.expect_navigation():
        s.page.locator("#pay-form button").click()


@trouble
def away_before(s: Stage) -> None:
    with mock.patch("caretill.billing.lookup.find", side_effect=OperationalError):
        find_miss(s)


@trouble
def away_after(s: Stage) -> None:
    payer, address = scenes.done(s.scene())
    s.enter(payer)
    with mock.patch("caretill.web.pages.done.payment_figures", side_effect=OperationalError):
        s.page.goto(address)


@trouble
def error_500(s: Stage) -> None:
    with mock.patch("caretill.billing.lookup.find", side_effect=ZeroDivisionError):
        find_miss(s)


@trouble
def error_500_after(s: Stage) -> None:
    payer, address = scenes.done(s.scene())
    s.enter(payer)
    with mock.patch("caretill.web.pages.done.payment_figures", side_effect=ZeroDivisionError):
        s.page.goto(address)


@trouble
def not_sent(s: Stage) -> None:
    """The processor is away when Pay is pressed."""
    payer = Payer(a_bill(14_000), language=s.language)
    payer.to_check()
    s.desk.fault("create_500_before", 100)
    s.enter(payer)
    s.page.goto(payer.at("check"))
    with s.page.expect_navigation():
        s.page.locator("#pay-form button").click()


def of_paying(name: str, s: Stage) -> None:
    """A scene of paying."""
    payer, address = scenes.play(name, s.desk, s.language, s.time)
    s.enter(payer)
    s.page.goto(address)


PAYING: dict[str, Show] = {f"pay_{name}": functools.partial(of_paying, name) for name in scenes.SCENES}
STATES: dict[str, Show] = {**OWN, **TROUBLE, **PAYING}
