"""A try to find a bill: what hits, that every miss reads alike, and what a payment begins with."""

from __future__ import annotations

import re
from collections.abc import Callable
from hmac import digest
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from caretill.core.words import say
from caretill.regions.catalog import region
from caretill.web import seek, visit
from caretill.web.forms.find import FindForm
from house.cast import Bill, a_bill
from house.seen import card_in

OREGON = "/pay/oregon/"
MISSED = say("en", "find.error.not_found")


@pytest.fixture
def guest(db: None) -> Client:
    """A visitor whose cookies are kept."""
    return Client(SERVER_NAME="127.0.0.1", HTTP_ACCEPT_LANGUAGE="en")


def flow_of(client: Client, answer: HttpResponse) -> visit.Flow:
    """The visit that the answer leads to, as this browser holds it."""
    found = re.fullmatch(r"/pay/v/([0-9a-f]{16})/amount", answer["Location"])
    assert found, answer["Location"]
    request = mock.Mock(COOKIES={name: morsel.value for name, morsel in client.cookies.items()})
    flow = visit.load(request, found[1])
    assert flow is not None
    return flow


def masked(body: bytes) -> str:
    """A page without what differs between any two of it: the forgery token."""
    return re.sub(r'(name="csrfmiddlewaretoken" value=")[^"]+', r"\1", body.decode())


@pytest.mark.parametrize(
    ("number", "second"),
    [
        ("number", {"last_name": "solano"}),
        ("number", {"zip": "97201"}),
        ("number", {"zip": "97201-1234", "last_name": "Solano, Jr."}),
        ("pay_code", {"zip": "97201"}),
        ("account_number", {"last_name": "SOLANO"}),
    ],
)
def test_any_number_with_one_fact_begins_a_payment(guest: Client, number: str, second: dict[str, str]) -> None:
    bill = a_bill(14_000)
    answer = guest.post(OREGON, {"number": getattr(bill, number).lower(), **second})
    assert answer.status_code == 303
    flow = flow_of(guest, answer)
    assert (flow.region, flow.account_id, flow.bills) == ("oregon", str(bill.account_id), [str(bill.bill_id)])
    assert flow.scope == ("account" if number == "account_number" else "bill")
    assert not flow.lines_open


@pytest.mark.parametrize(
    ("place", "lookup"),
    [("california", "member"), ("oregon", "pay_code"), ("georgia", "family"), ("maryland", "bill")],
)
def test_each_of_the_four_lookups_begins_a_payment(guest: Client, place: str, lookup: str) -> None:
    bill = a_bill(14_000, region=place)
    known = {
        "group_number": "123456", "subgroup": "1", "bill_group": "aa", "zip": bill.zip, "pay_code": bill.pay_code,
        "health_record_number": bill.health_record_number.lstrip("0"), "account_number": bill.account_number,
        "last_name": "solano", "bill_number": bill.number,
    }  # fmt: skip
    path = f"/pay/{place}/fields/{lookup}/"
    answer = guest.post(path, known)
    assert flow_of(guest, answer).bills == [str(bill.bill_id)]
    asked = region(place).lookup(lookup)
    assert asked is not None
    for name, value in known.items():
        if name in asked.fields:
            wrong = value[:-1] + ("2" if value[-1] != "2" else "3")
            missed = guest.post(path, known | {name: wrong})
            assert missed.status_code == 422, name


def misses(bill: Bill) -> list[dict[str, str]]:
    """Every kind of miss, each typed in as many signs."""
    return [
        {"number": bill.number, "last_name": "Solana"},
        {"number": "P9999999999", "last_name": "Solano"},
        {"number": "XXXXXXXXXXX", "last_name": "Solano"},
        {"number": "ABCDEFGHJKM", "last_name": "Qwerty"},
        {"number": "00000000000", "last_name": "Solano"},
    ]


def test_every_miss_has_the_same_answer_and_does_the_same_work(guest: Client) -> None:
    bill = a_bill(14_000)
    guest.get(OREGON)
    seen, digests = set(), set()
    for typed in misses(bill):
        with (
            CaptureQueriesContext(connection) as kept,
            mock.patch("caretill.core.blind.hmac.digest", wraps=digest) as hashed,
        ):
            answer = guest.post(OREGON, typed)
        headers = {name: value for name, value in answer.items() if name != "Set-Cookie"}
        bare = masked(answer.content).replace(typed["number"], "N").replace(typed["last_name"], "L")
        shape = tuple(re.sub(r"'[^']*'|\d+", "?", query["sql"])[:60] for query in kept)
        seen.add((answer.status_code, len(answer.content), bare, tuple(sorted(headers.items())), shape))
        digests.add(hashed.call_count)
    assert len(seen) == 1, [each[:2] for each in seen]
    assert len(digests) == 1 and 4 <= digests.pop() <= 24
    assert next(iter(seen))[0] == 422


def test_a_miss_keeps_what_was_typed_and_moves_the_focus(guest: Client, parse: Callable[[bytes], Any]) -> None:
    answer = guest.post(OREGON, {"number": "p0000000001", "last_name": "Núñez"})
    body = answer.content.decode()
    parse(answer.content)
    assert answer.status_code == 422 and body.count(MISSED) == 2
    assert 'value="p0000000001"' in body and 'value="Núñez"' in body
    assert "<title>Error: " in body and "autofocus" in body and '<a href="#number">' in body


def test_a_hit_asks_the_database_little(guest: Client) -> None:
    bill = a_bill(14_000)
    for number, most in ((bill.number, 5), (bill.account_number, 6)):
        with CaptureQueriesContext(connection) as kept:
            assert guest.post(OREGON, {"number": number, "zip": bill.zip}).status_code == 303
        assert len(kept) == most
    with CaptureQueriesContext(connection) as kept:
        guest.post(OREGON, {"number": bill.number, "zip": "97202"})
    assert len(kept) == 6


def test_a_card_number_is_not_looked_up(guest: Client) -> None:
    with CaptureQueriesContext(connection) as kept:
        answer = guest.post(OREGON, {"number": "4242 4242 4242 4242", "zip": "97201"})
    assert answer.status_code == 422 and not len(kept) and not card_in(answer.content.decode())


@pytest.mark.parametrize(
    "spellings",
    [
        ("001234567", "1234567", " 1 234-567"),
        ("ETVPYSB5QDQWV", "etvp-ysb5-qdqw-v", "ETVP.YSB5.QDQW.V"),
        ("0123456789ABJ", "O123456789ABJ", "ol23456789abj"),
        ("h0012345678", "H 0012-345-678"),
    ],
)
def test_spellings_of_one_number_are_counted_as_one(spellings: tuple[str, ...]) -> None:
    home = region("california")
    forms = [FindForm(number=text, last_name="Solano") for text in spellings]
    assert len({seek.by_number(home, form).counted for form in forms}) == 1


def test_nothing_open_leads_to_a_page_that_says_so(guest: Client, parse: Callable[[bytes], Any]) -> None:
    bill = a_bill(14_000, desk_cents=14_000)
    answer = guest.post(OREGON, {"number": bill.account_number, "zip": bill.zip})
    assert (answer.status_code, answer["Location"]) == (303, "/pay/oregon/nothing/")
    page = guest.get(answer["Location"])
    parse(page.content)
    assert say("en", "find.nothing.title") in page.content.decode()
    by_bill = guest.post(OREGON, {"number": bill.number, "zip": bill.zip})
    assert flow_of(guest, by_bill).bills == [str(bill.bill_id)], "a paid bill is shown as paid"


def test_a_payment_holds_as_many_bills_as_a_lookup_opens(db: None) -> None:
    flow = visit.Flow.new("district-of-columbia", str(uuid4()), "account", [str(uuid4()) for _ in range(50)])
    flow.ask(dict.fromkeys(flow.bills, 99_999_999), "other")
    flow.payees = dict.fromkeys(flow.bills, "medical_group")
    flow.payer_name, flow.email, flow.payment_id = "N" * 64, "e" * 64, str(uuid4())
    answer = HttpResponse()
    visit.save(mock.Mock(COOKIES={}), answer, flow)
    assert max(len(morsel.value) for morsel in answer.cookies.values()) < 3_900
    assert len(flow.bills) == seek.MOST_BILLS
