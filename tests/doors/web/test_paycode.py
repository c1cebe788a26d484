"""The code behind the square on the paper: place and number filled in, one fact asked, strangers' codes counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from caretill.billing import link
from caretill.core import clock
from caretill.core.ids import new_pay_code, show_pay_code
from caretill.core.words import say
from caretill.regions.catalog import regions
from caretill.web.pages import paycode
from house.cast import a_bill

UNKNOWN = say("en", "find.paycode.unknown.title")


@pytest.fixture
def guest(db: None) -> Client:
    return Client(SERVER_NAME="127.0.0.1", HTTP_ACCEPT_LANGUAGE="en")


@pytest.mark.parametrize("place", ["oregon", "district-of-columbia"])
def test_the_code_fills_in_place_and_number(guest: Client, parse: Callable[[bytes], Any], place: str) -> None:
    bill = a_bill(14_000, region=place)
    for code in (bill.pay_code, show_pay_code(bill.pay_code).lower()):
        page = guest.get(f"/p/{code}")
        parse(page.content)
        body = page.content.decode()
        assert page.status_code == 200
        assert show_pay_code(bill.pay_code) in body and f'href="/pay/{place}/"' in body
        for hidden in (bill.last_name, bill.zip, bill.number, "J***", "140.00"):
            assert hidden not in body


@pytest.mark.parametrize("second", [{"last_name": "solano"}, {"zip": "97201"}])
def test_one_fact_begins_the_payment(guest: Client, second: dict[str, str]) -> None:
    bill = a_bill(14_000)
    with CaptureQueriesContext(connection) as kept:
        answer = guest.post(f"/p/{bill.pay_code}", second)
    assert answer.status_code == 303 and answer["Location"].endswith("/amount")
    assert len(kept) == 4


def test_a_wrong_fact_is_a_miss_of_this_code(guest: Client) -> None:
    bill = a_bill(14_000)
    for _ in range(5):
        answer = guest.post(f"/p/{bill.pay_code}", {"last_name": "Other"})
        assert answer.status_code == 422 and say("en", "find.error.facts_wrong") in answer.content.decode()
    assert say("en", "find.work.title") in guest.post(f"/p/{bill.pay_code}", {"last_name": "solano"}).content.decode()


@pytest.mark.parametrize("code", ["x", "ABCDEFGHJKMNP", "4242424242424242", "a" * 300, "ETVPYSB5QDQWW"])
def test_what_is_no_code_is_not_known(guest: Client, parse: Callable[[bytes], Any], code: str) -> None:
    with CaptureQueriesContext(connection) as kept:
        page = guest.get(f"/p/{code}")
    parse(page.content)
    body = page.content.decode()
    assert page.status_code == 404 and UNKNOWN in body and not len(kept)
    assert all(f'href="/pay/{region.slug}/"' in body for region in regions())


def test_a_code_that_nobody_has_reads_like_one_that_is_none(guest: Client) -> None:
    answers = {code: guest.get(f"/p/{code}") for code in (new_pay_code(), "XXXXXXXXXXXXX")}
    bodies = {page.content.replace(code.encode(), b"CODE") for code, page in answers.items()}
    assert len(bodies) == 1 and {page.status_code for page in answers.values()} == {404}


def test_after_many_unknown_codes_a_network_learns_nothing_more(guest: Client) -> None:
    with clock.fixed(datetime(2026, 11, 22, 18, 0, tzinfo=UTC)) as time:
        bill = a_bill(14_000)
        for _ in range(paycode.UNKNOWN_CODES):
            assert guest.get(f"/p/{new_pay_code()}").status_code == 404
        assert guest.get(f"/p/{bill.pay_code}").status_code == 404
        assert guest.get(f"/p/{bill.pay_code}", REMOTE_ADDR="192.0.2.77").status_code == 200
        by_hand = guest.post("/pay/oregon/", {"number": bill.pay_code, "zip": bill.zip})
        assert by_hand.status_code == 303, "the way by hand stays open"
        time.advance(hours=1)
        assert guest.get(f"/p/{bill.pay_code}").status_code == 200


def test_every_region_is_asked_in_one_statement(db: None) -> None:
    bill = a_bill(14_000, region="washington")
    with CaptureQueriesContext(connection) as kept:
        assert link.region_of_code(bill.pay_code, [region.slug for region in regions()]) == "washington"
    assert len(kept) == 1
    assert link.region_of_code(bill.pay_code, ["oregon"]) is None


def test_the_paper_brings_its_language(guest: Client) -> None:
    bill = a_bill(14_000)
    assert '<html lang="es"' in guest.get(f"/p/{bill.pay_code}?lang=es").content.decode()
