"""The code behind the square on the paper: place and number filled in, one fact asked, strangers' codes counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from caretill.billing import guard, link
from caretill.core import clock
from caretill.core.ids import mistyped_pay_code, new_pay_code, show_pay_code
from caretill.core.words import say
from caretill.regions.catalog import regions
from caretill.web.pages import paycode
from house.cast import a_bill

UNKNOWN = say("en", "find.paycode.unknown.title")
MISTYPED = say("en", "find.paycode.mistyped.title")


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
    assert len(kept) == 7


def test_a_wrong_fact_is_a_miss_of_this_code(guest: Client) -> None:
    bill = a_bill(14_000)
    for _ in range(5):
        answer = guest.post(f"/p/{bill.pay_code}", {"last_name": "Other"})
        assert answer.status_code == 422 and say("en", "find.error.facts_wrong") in answer.content.decode()
    assert say("en", "find.work.title") in guest.post(f"/p/{bill.pay_code}", {"last_name": "solano"}).content.decode()


@pytest.mark.parametrize("code", ["x", "4242424242424242", "a" * 300, "ABCDEFGHJKMN!", "4242424242424"])
def test_what_cannot_be_a_code_says_so_and_asks_for_no_bill(
    guest: Client, parse: Callable[[bytes], Any], code: str
) -> None:
    with CaptureQueriesContext(connection) as kept:
        page = guest.get(f"/p/{code}")
    parse(page.content)
    body = page.content.decode()
    assert page.status_code == 404 and MISTYPED in body and UNKNOWN not in body
    assert len(kept) and not any("billing" in each["sql"] for each in kept), "counted, and nothing is looked up"
    assert say("en", "find.paycode.mistyped.length") in body
    assert all(f'href="/pay/{region.slug}/"' in body for region in regions())


def wrong_in_one(code: str, place: int = 4) -> str:
    return code[:place] + ("A" if code[place] != "A" else "B") + code[place + 1 :]


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_code_with_a_typing_mistake_is_shown_as_it_was_read(guest: Client, language: str) -> None:
    bill = a_bill(14_000)
    wrong = wrong_in_one(bill.pay_code)
    answer = guest.get(f"/p/{show_pay_code(wrong).lower()}", HTTP_ACCEPT_LANGUAGE=language)
    body = answer.content.decode()
    assert answer.status_code == 404 and say(language, "find.paycode.mistyped.check") in body
    assert show_pay_code(wrong) in body, "to be held beside the paper"
    assert bill.last_name not in body


def test_a_typing_mistake_in_the_one_box_is_named_and_counted_as_any_miss(guest: Client) -> None:
    bill = a_bill(14_000)
    facts = {"zip": bill.zip, "last_name": "Solano"}
    told = {
        wrong_in_one(bill.pay_code): "mistyped",
        show_pay_code(wrong_in_one(new_pay_code())).lower(): "mistyped",
        new_pay_code(): "not_found",
    }
    with mock.patch("caretill.billing.guard.missed", wraps=guard.missed) as counted:
        for typed, key in told.items():
            page = guest.post("/pay/oregon/", facts | {"number": typed})
            words = page.content.decode()
            assert page.status_code == 422, typed
            assert [each for each in ("mistyped", "not_found") if say("en", f"find.error.{each}") in words] == [key]
    assert counted.call_count == len(told)


def test_another_number_of_that_length_still_finds_its_bill(guest: Client) -> None:
    """A feed keeps the numbers of the system it comes from. With a wrong name, one that exists reads like any other."""
    bill = a_bill(14_000, number="ABCDEFGHJKMNP")
    assert mistyped_pay_code(bill.number)
    facts = {"last_name": "Nobody", "zip": bill.zip}
    for number in (bill.number, "BBCDEFGHJKMNP"):
        missed = guest.post("/pay/oregon/", facts | {"number": number})
        assert missed.status_code == 422 and say("en", "find.error.mistyped") in missed.content.decode(), number
    found = guest.post("/pay/oregon/", {"number": bill.number, "last_name": "solano", "zip": bill.zip})
    assert found.status_code == 303


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
