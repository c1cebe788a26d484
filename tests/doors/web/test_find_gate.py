"""What many misses cost: work that the page's script does, a closed door with other ways, and never an honest payer."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.http import HttpResponse
from django.test import Client

from caretill.billing import guard
from caretill.core import clock, limits, work
from caretill.core.words import say
from house.cast import Bill, a_bill

OREGON = "/pay/oregon/"
AT = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
HERE = "192.0.2.1"


@pytest.fixture
def guest(db: None) -> Client:
    return Client(SERVER_NAME="127.0.0.1", HTTP_ACCEPT_LANGUAGE="en", REMOTE_ADDR=HERE)


def misses(count: int, number: str = "", network: str = HERE) -> None:
    """As many misses of one network, each of another number unless one is named."""
    for turn in range(count):
        guard.missed("oregon", [number or f"X{turn:09d}"], network)


def facts(bill: Bill) -> dict[str, str]:
    return {"last_name": bill.last_name, "zip": bill.zip}


def challenge(answer: HttpResponse) -> tuple[str, int]:
    body = answer.content.decode()
    found = re.search(r'name="work" value="([^"]+)"', body)
    bits = re.search(r'data-bits="(\d+)"', body)
    assert answer.status_code == 200 and found and bits, body[:600]
    return found[1], int(bits[1])


@pytest.mark.parametrize("fact", ["zip", "last_name"])
def test_after_a_miss_of_a_number_both_facts_are_asked_and_no_stranger_learns_which_exists(
    guest: Client, fact: str
) -> None:
    with clock.fixed(AT):
        bill = a_bill(14_000)
        answers = []
        for number in (bill.number, "P0000000000"):
            misses(1, number, network="198.51.100.7")
            answers.append(guest.post(OREGON, {"number": number, fact: facts(bill)[fact]}))
        found, nobody = (answer.content.decode().replace(bill.number, "P0000000000") for answer in answers)
        assert [answer.status_code for answer in answers] == [422, 422] and _still(found) == _still(nobody)
        other = {"zip": "last_name", "last_name": "zip"}[fact]
        assert say("en", "find.second.both") in found and say("en", f"find.error.{other}_missing") in found
        assert f'value="{facts(bill)[fact]}"' in found, "what was typed stays"
        assert guest.post(OREGON, {"number": bill.number, **facts(bill)}).status_code == 303


def _still(body: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", body)


def test_fields_with_one_fact_lead_to_the_box_with_both(guest: Client) -> None:
    with clock.fixed(AT):
        bill = a_bill(14_000, region="georgia")
        guard.missed("georgia", [bill.account_number], "198.51.100.7")
        asked = guest.post(
            "/pay/georgia/fields/family/", {"account_number": bill.account_number, "last_name": bill.last_name}
        )
        body = asked.content.decode()
        assert asked.status_code == 422 and 'action="/pay/georgia/"' in body
        assert f'value="{bill.account_number}"' in body and say("en", "find.error.zip_missing") in body
        assert guest.post("/pay/georgia/", {"number": bill.account_number, **facts(bill)}).status_code == 303


def test_after_many_misses_a_try_costs_work_and_then_finds(guest: Client) -> None:
    with clock.fixed(AT):
        bill = a_bill(14_000)
        misses(20)
        typed = {"number": bill.number, **facts(bill), "add": "0123456789abcdef"}
        asked = guest.post(OREGON, typed)
        given, bits = challenge(asked)
        body = asked.content.decode()
        for name, value in typed.items():
            assert f'<input type="hidden" name="{name}" value="{value}">' in body
        assert re.search(r'<script src="/assets/work\.[0-9a-f]{12}\.js" defer></script>', body)
        assert 'href="/pay/oregon/code/"' in body and say("en", "find.work.without") in body
        done = typed | {"work": given, "answer": work.solve(given, bits)}
        assert guest.post(OREGON, done)["Location"].endswith("/amount")
        challenge(guest.post(OREGON, done))


def test_wrong_work_is_no_work(guest: Client) -> None:
    with clock.fixed(AT) as time:
        bill = a_bill(14_000)
        misses(20)
        typed = {"number": bill.number, **facts(bill)}
        given, bits = challenge(guest.post(OREGON, typed))
        right = work.solve(given, bits)
        for wrong in ({}, {"work": given}, {"work": given, "answer": "1"}, {"work": "x" * 300, "answer": right}):
            challenge(guest.post(OREGON, typed | wrong))
        time.advance(seconds=work.SECONDS + 1)
        challenge(guest.post(OREGON, typed | {"work": given, "answer": right}))


def test_hard_work_is_not_paid_with_easy_work(guest: Client) -> None:
    with clock.fixed(AT):
        bill = a_bill(14_000)
        misses(20)
        typed = {"number": bill.number, **facts(bill)}
        given, bits = challenge(guest.post(OREGON, typed))
        misses(40)
        _, harder = challenge(guest.post(OREGON, typed | {"work": given, "answer": work.solve(given, bits)}))
        assert (bits, harder) == (work.EASY_BITS, work.HARD_BITS)


def test_a_number_that_was_guessed_at_closes_and_names_other_ways(guest: Client) -> None:
    with clock.fixed(AT) as time:
        bill = a_bill(14_000)
        misses(8, bill.number, network="198.51.100.7")
        typed = {"number": bill.number.lower(), **facts(bill)}
        closed = guest.post(OREGON, typed)
        assert closed.status_code == 429 and int(closed["Retry-After"]) == 3600
        body = closed.content.decode()
        assert say("en", "find.closed.title") in body and 'href="/pay/oregon/code/"' in body
        unknown = guest.post(OREGON, {"number": "P0000000000", **facts(bill)})
        misses(8, "P0000000000", network="198.51.100.7")
        also = guest.post(OREGON, {"number": "P0000000000", **facts(bill)})
        assert unknown.status_code == 422 and also.content == closed.content
        time.advance(hours=1)
        assert guest.post(OREGON, typed).status_code == 303


def test_a_pay_code_gets_through_where_others_closed_the_network(guest: Client) -> None:
    with clock.fixed(AT):
        bill = a_bill(14_000)
        misses(90)
        typed = {"number": bill.number, **facts(bill)}
        assert guest.post(OREGON, typed).status_code == 429
        _, bits = challenge(guest.post(OREGON, typed | {"number": bill.pay_code}))
        assert bits == work.HARD_BITS
        misses(8, bill.pay_code, network="198.51.100.7")
        assert guest.post(OREGON, typed | {"number": bill.pay_code}).status_code == 429


def test_forty_honest_payers_behind_one_address_all_get_through(guest: Client) -> None:
    bills = [a_bill(14_000, family=str(turn)) for turn in range(40)]
    for bill in bills:
        assert guest.post(OREGON, {"number": bill.number, "zip": bill.zip}).status_code == 303


def test_the_page_of_work_switches_the_language_and_loses_nothing(guest: Client) -> None:
    misses(20)
    typed = {"number": "P0000000001", "zip": "97201", "work": "w", "answer": ""}
    body = guest.post(OREGON, {**typed, "language": "es"}).content.decode()
    assert '<html lang="es"' in body and 'value="P0000000001"' in body and 'value="97201"' in body


def test_a_full_region_asks_for_work_and_closes_nobody_out(guest: Client) -> None:
    with clock.fixed(AT):
        bill = a_bill(14_000)
        limit = limits.Limit("region_hour", "oregon", 0, 3600)
        for _ in range(600):
            limits.count([limit])
        challenge(guest.post(OREGON, {"number": bill.number, **facts(bill)}))
