"""What a page may weigh, how many pages it takes, and what may never leave (measures.md section 4, HIP-2, HIP-3)."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.test import override_settings
from playwright.sync_api import Page

from caretill.core import outbox, sql
from caretill.core.ids import show_pay_code
from caretill.letters import send
from caretill.web.assets import STATIC
from house import matrix_canary
from house.cast import a_bill
from house.matrix import ToPay, Walk
from house.matrix_canary import Ear, cards_in, server_log
from house.postbox import Postbox
from house.till import CARD, Till, till_fixture

__all__ = ["till_fixture"]

Visit = Callable[..., Page]
KILO = 1024
FIRST_PAGES = ("/", "/pay/california/", "/pay/california/fields/member/", "/p/{code}", "/check/")
REPEATED = ("/pay/", "/pay/oregon/", "/pay/california/", "/pay/hawaii/fields/member/", "/help/hawaii/", "/check/")
# No page has more than these: those of guests, and those of members.
SCRIPTS = (
    {"back.js", "pay.js", "pocket.js", "wait.js", "work.js"},
    {"back.js", "idle.js", "passkey.js", "pay.js", "pocket.js"},
)
LAST_NAME = "Zanahoriaquist"
CENTS = 73_137
PAYER = "Petunia Marsgras"
EMAIL = "petunia.marsgras@example.org"


def canary_bill() -> ToPay:
    """A bill with a name and an amount that stand nowhere else."""
    bill = a_bill(CENTS, last_name=LAST_NAME)
    paper = {"bill_number": bill.number, "pay_code": bill.pay_code, "last_name": LAST_NAME, "zip": bill.zip}
    numbers = {"account_number": bill.account_number, "health_record_number": bill.health_record_number}
    return ToPay("bill", bill.region, bill.account_id, bill.bill_id, CENTS, 1, paper | numbers)


def canaries(bill: ToPay) -> list[str]:
    """Every number, name and amount of the person; none of it may stand where it is not needed."""
    numbers = [bill.paper[name] for name in ("bill_number", "pay_code", "account_number", "health_record_number")]
    people = [LAST_NAME, "Juana", "Iker", "Marsgras", "petunia"]
    return [*numbers, show_pay_code(bill.paper["pay_code"]), *people, "731.37", str(CENTS), "Office visit", "Prueba"]


def leaked(bill: ToPay, text: str, *but: str) -> list[str]:
    return [each for each in canaries(bill) if each.lower() in text.lower() and each not in but]


@pytest.fixture
def ear(visit_as: Visit) -> Ear:
    return Ear(visit_as())


def test_the_first_page_is_small(db: None, visit_as: Visit, site: str) -> None:
    code = a_bill(14_000).pay_code
    for path in FIRST_PAGES:
        ear = Ear(visit_as())
        ear.page.goto(path.format(code=code))
        ear.settle()
        assert ear.weight() <= 60 * KILO, f"{path}: {ear.bytes_of}"
        assert len(ear.requests) <= 10
        assert not [each.url for each in ear.requests if each.resource_type == "font" or not each.url.startswith(site)]


def test_the_next_page_is_smaller(db: None, ear: Ear) -> None:
    ear.page.goto("/")
    for path in REPEATED:
        ear.settle()
        ear.clear()
        ear.page.goto(path)
        ear.settle()
        assert ear.weight() <= 14 * KILO, f"{path}: {ear.bytes_of}"


def test_styles_and_scripts_are_small(ear: Ear) -> None:
    ear.page.goto("/")
    ear.settle()
    assert 0 < ear.weight("/assets/site.") <= 24 * KILO
    own = {each.name: len(gzip.compress(each.read_bytes(), 9, mtime=0)) for each in STATIC.glob("*.js")}
    assert own.keys() == set().union(*SCRIPTS)
    for names in SCRIPTS:
        assert 0 < sum(own[name] for name in names) <= 4 * KILO


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    box = Postbox()
    with override_settings(CARETILL_SMTP_URL=box.url):
        yield box
    box.close()


def walk_whole(page: Page, bill: ToPay) -> Walk:
    """From the page that finds a bill to the receipt and its file."""
    walk = Walk(page, bill, "en")
    page.goto("/pay/oregon/")
    walk.by_one_box()
    walk.choose()
    page.fill("#payer_name", PAYER)
    page.fill("#email", EMAIL)
    walk.press("Continue")
    walk.to_card()
    walk.pay()
    return walk


def mails_of(box: Postbox) -> str:
    """Everything mailed, headers too; the letter to whom is no leak."""
    outbox.relay(send.deliver)
    parts: list[str] = []
    for mail in box.mails:
        # What parts a mail is drawn by lot: some of its digits would do for a card's.
        heads = [(name, re.sub(r'boundary="[^"]*"', "", value)) for name, value in mail.items()]
        parts += [f"{name}: {value}" for name, value in heads if name.lower() != "to"]
        parts += [
            bytes(part.get_payload(decode=True) or b"").decode("utf-8", "replace")
            for part in mail.walk()
            if not part.is_multipart()
        ]
    return "\n".join(parts)


def test_a_walk_is_short_and_tells_nobody(till: Till, ear: Ear, postbox: Postbox, tmp_path: Path, site: str) -> None:
    """Find to done in six pages, none kept by a browser; nothing of the person in an address, a log or a mail, and the
    processor is told the amount, a reference and the payee's name."""
    bill = canary_bill()
    with server_log() as heard:
        walk = walk_whole(ear.page, bill)
        screens = ear.screens()
        walk.to_receipt()
        file = ear.page.request.get(f"{ear.page.url}.pdf")
        ear.page.goto("/pay/oregon/nothing-here/")
    assert len(screens) <= 6, screens
    ours = [each for each in ear.responses if each.url.startswith(site) and "/assets/" not in each.url]
    assert file.headers["cache-control"] == "no-store"
    assert len(ours) > 10 and not [each.url for each in ours if each.headers.get("cache-control") != "no-store"]
    assert not leaked(bill, ear.addresses())
    assert heard.getvalue().count('"request"') > 10 and not leaked(bill, heard.getvalue())
    mails = mails_of(postbox)
    assert len(postbox.mails) == 1 and not leaked(bill, mails)
    told = (tmp_path / "processor.db").read_bytes() + (tmp_path / "processor.db-wal").read_bytes()
    assert b"Larkspur Medical Group" in told and not leaked(bill, told.decode("latin-1"), "731.37", str(CENTS))
    log = till.admin("GET", "log")
    assert str(CENTS) in log and not leaked(bill, log, str(CENTS))


def test_the_processor_gets_nothing_but_what_it_needs(till: Till, ear: Ear) -> None:
    """Every field of what is sent to it, named here; a new one has to be thought about."""
    bill = canary_bill()
    walk_whole(ear.page, bill)
    row = sql.one("SELECT request FROM payments_attempt")
    assert row is not None
    sent = sql.answer(row["request"])
    ours = {"reference", "amount_cents", "currency", "processor_account", "statement_name"}
    way = {"key", "return_url", "cancel_url", "expires_at", "language", "save", "purpose"}
    assert set(sent) <= ours | way, sent
    assert not leaked(bill, str(sent), str(CENTS))


FIELDS: tuple[tuple[str, str], ...] = (
    ("/pay/", "place"),
    ("/pay/oregon/", "number"),
    ("/pay/oregon/", "last_name"),
    ("/pay/oregon/", "zip"),
    ("/pay/california/fields/member/", "group_number"),
    ("/pay/oregon/code/", "email"),
    ("/check/", "code"),
)


def type_cards(page: Page, flow: str) -> None:
    """A card number in every field of ours, in the ways people write it."""
    more = ((f"{flow}/amount", "other_amount"), (f"{flow}/details", "payer_name"), (f"{flow}/details", "email"))
    for turn, (path, name) in enumerate((*FIELDS, *more)):
        page.goto(path)
        number = (CARD["number"], CARD["number"].replace(" ", ""), CARD["number"].replace(" ", "-"))[turn % 3]
        if name == "other_amount":
            page.locator("input[name=amount][value=other]").check()
        field = page.locator(f"#{name}")
        field.evaluate("each => each.removeAttribute('maxlength')")
        field.fill(number)
        with page.expect_navigation():
            field.press("Enter")
        assert page.locator(".ds-c-inline-error").count(), f"{path} {name}"
        assert CARD["number"].replace(" ", "") not in page.content().replace(" ", "").replace("-", ""), f"{path} {name}"


def test_no_card_number_is_kept(
    till: Till, ear: Ear, postbox: Postbox, owner_connection: psycopg.Connection[Any]
) -> None:
    """After a payment, and a card number typed into every field of ours: none in a table, a log, an address, a mail."""
    bill = canary_bill()
    with server_log() as heard:
        page = ear.page
        page.goto("/pay/oregon/")
        Walk(page, bill, "en").by_one_box()
        flow = urlsplit(page.url).path.removesuffix("/amount")
        Walk(page, bill, "en").choose()
        type_cards(page, flow)
        walk_whole(page, bill)
        mails = mails_of(postbox)
    everything = matrix_canary.kept(owner_connection)
    assert len(everything) > 40 and any(LAST_NAME in text for text in everything["people_account.last_name"])
    told = {name for name, texts in everything.items() if any(cards_in(text) for text in texts)}
    assert not told, told
    assert not cards_in(heard.getvalue()) and not cards_in(mails) and not cards_in(ear.addresses())
    # The search finds one where there is one.
    owner_connection.execute("UPDATE people_account SET street = %s", (f"call {CARD['number']}",))
    again = matrix_canary.kept(owner_connection)
    assert {name for name, texts in again.items() if any(cards_in(text) for text in texts)} == {"people_account.street"}
