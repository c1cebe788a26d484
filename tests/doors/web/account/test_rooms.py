"""No page of a member's is a dead end: the way to the others stands on each, and something to go on with in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from caretill.core import sql
from caretill.web import urls
from caretill.web.account import member
from house.cast import Bill, a_bill
from house.desk import Desk, processor_desk
from house.member import MemberOf, a_member
from house.payer import Payer, text, words

__all__ = ["processor_desk"]
PAGES = (
    *member.ROOMS, "statements", "messages", "security", "security_password", "security_passkeys", "security_totp",
    "security_codes", "devices", "profile_name", "profile_address", "profile_email", "profile_phone",
    "profile_language", "profile_paper", "profile_quiet", "prove", "register_done", "sign_out",
)  # fmt: skip
HELP = ("/help/", "/help-paying", "/help/oregon/", "/help/oregon/languages/", "/help/oregon/send/")


def path(name: str, *parts: object) -> str:
    return reverse(name, args=parts, urlconf=urls.__name__)


def ways(tree: Any) -> tuple[list[str], int]:
    """The addresses of the row above, and how many links and buttons stand in the page itself."""
    inside = "{http://www.w3.org/1999/xhtml}"
    nav = [each for each in tree.iter(f"{inside}nav") if each.get("class") == "rooms"]
    rooms = [link.get("href") for each in nav for link in each.iter(f"{inside}a")]
    main = tree.find(f".//{inside}main")
    return rooms, sum(1 for each in main.iter() if each.tag in (f"{inside}a", f"{inside}button"))


def check(browser: Client, where: str, parse: Callable[[bytes], Any], status: int = 200) -> None:
    page = browser.get(where)
    assert page.status_code == status, where
    rooms, inside = ways(parse(page.content))
    assert rooms == [path(name) for name in member.ROOMS], where
    assert inside, f"{where} leads nowhere by itself"


@pytest.fixture
def held(processor: Desk) -> tuple[Bill, MemberOf, str]:
    """A bill that was paid in part, its member, and the payment."""
    bill = a_bill(14_000)
    payer = Payer(bill)
    payer.get(processor.card(payer.to_card(amount="other", other="50.00")))
    row = sql.one("SELECT id FROM payments_payment")
    assert row is not None
    return bill, a_member(bill.account_id), str(row["id"])


def test_every_page_leads_on(held: tuple[Bill, MemberOf, str], parse: Callable[[bytes], Any]) -> None:
    bill, who, payment = held
    browser = who.client()
    of_bill = [path(name, bill.bill_id) for name in ("member_bill", "member_bill_help")]
    for where in (*map(path, PAGES), *of_bill, path("member_receipt", payment), *HELP):
        check(browser, where, parse)


def test_who_has_no_bill_yet_finds_a_way_on_as_well(db: None, parse: Callable[[bytes], Any]) -> None:
    browser = a_member(None).client()
    for where in map(path, PAGES):
        check(browser, where, parse)


def test_what_is_not_theirs_leads_back_to_what_is(db: None, parse: Callable[[bytes], Any]) -> None:
    other = a_bill(14_000)
    browser = a_member(None, email="else@example.org").client()
    for bill in (other.bill_id, uuid4()):
        check(browser, path("member_bill", bill), parse, status=404)


@pytest.mark.parametrize("private", [False, True])
def test_a_bill_leads_to_its_receipts_and_to_all_that_was_sent(held: tuple[Bill, MemberOf, str], private: bool) -> None:
    bill, who, payment = held
    if private:
        sql.execute("UPDATE billing_bill SET private = true")
        sql.execute("UPDATE people_person SET relation = 'child'")
    page = who.client().get(path("member_bill", bill.bill_id))
    body = page.content.decode()
    assert f'href="{path("statements")}"' in body and words("history.statements_link") in body
    assert body.count(f'href="{path("history")}"') == 2 and words("bills.history") in body
    assert words("bills.papers") in text(page)
    assert (f'href="{path("member_receipt", payment)}"' in body) == (not private)


def test_a_visitor_who_is_not_signed_in_sees_no_rooms_on_help(db: None, parse: Callable[[bytes], Any]) -> None:
    for where in HELP:
        rooms, _ = ways(parse(Client(SERVER_NAME="127.0.0.1").get(where).content))
        assert rooms == [], where
