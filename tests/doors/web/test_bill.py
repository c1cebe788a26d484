"""The bill explained: opened by a link and two facts, the same figures as the ledger, and logged."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.test import Client

from caretill.core import clock, sql
from caretill.core.words import say
from caretill.letters import links
from house.cast import Bill, a_bill

FACTS = {"last_name": "Solano", "zip": "97201"}
AT = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


@pytest.fixture
def guest(db: None) -> Client:
    return Client(SERVER_NAME="127.0.0.1", HTTP_ACCEPT_LANGUAGE="en")


def path_of(bill: Bill, version: int = 1) -> str:
    found = links.bill_link(bill.account_id, bill.bill_id, version, "en", "America/Los_Angeles")
    return urlsplit(found.url).path


def opened(guest: Client, bill: Bill) -> str:
    answer = guest.post(path_of(bill), FACTS)
    assert answer.status_code == 303 and re.fullmatch(r"/pay/v/[0-9a-f]{16}/bill", answer["Location"])
    return str(answer["Location"])


def reads() -> list[str]:
    return [row["what"] for row in sql.query("SELECT what FROM core_read ORDER BY id")]


def test_the_link_asks_two_facts_and_shows_nothing_before(guest: Client, parse: Callable[[bytes], Any]) -> None:
    bill = a_bill(14_000)
    page = guest.get(path_of(bill))
    parse(page.content)
    for hidden in (bill.number, "Solano", "J***", "140.00", "Prueba"):
        assert hidden not in page.content.decode()
    for typed in ({"last_name": "Solano"}, {"zip": "97201"}, {}, FACTS | {"zip": "97202"}, FACTS | {"last_name": "No"}):
        answer = guest.post(path_of(bill), typed)
        assert answer.status_code == 422 and "/pay/v/" not in answer.content.decode()
    assert not reads()


def test_the_bill_shows_what_was_done_and_the_read_is_logged(guest: Client, parse: Callable[[bytes], Any]) -> None:
    bill = a_bill(20_000, discount_cents=5_000, plan_paid_cents=4_000, desk_cents=1_000)
    page = guest.get(opened(guest, bill))
    parse(page.content)
    body = page.content.decode()
    assert page.status_code == 200 and page["Cache-Control"] == "no-store"
    for shown in ("Office visit", "Dr. Rosa Prueba", bill.number, "$200.00", "$50.00", "$40.00", "$10.00", "$100.00"):
        assert shown in body, shown
    for key in ("kind.professional", "kind_text.professional", "money.heading", "lines.heading"):
        assert say("en", f"statement.{key}") in body
    assert reads() == ["lines"]


def test_three_doors_of_one_size(guest: Client) -> None:
    where = opened(guest, a_bill(14_000))
    body = guest.get(where).content.decode()
    doors = re.search(r'<ul class="three".*?</ul>', body, re.S)
    assert doors
    assert re.findall(r'<li><a href="([^"]+)">', doors[0]) == [
        where.replace("/bill", "/amount"),
        where.replace("/bill", "/help#paying"),
        where.replace("/bill", "/help#wrong"),
    ]


@pytest.mark.parametrize("language", ["en", "es"])
def test_whom_to_call_is_told_with_the_number_to_read_out(
    guest: Client, parse: Callable[[bytes], Any], language: str
) -> None:
    bill = a_bill(14_000)
    where = opened(guest, bill)
    assert (
        f'href="{where.replace("/bill", "/help")}#wrong"'
        in guest.get(where.replace("/bill", "/amount")).content.decode()
    )
    page = guest.get(where.replace("/bill", "/help"), HTTP_ACCEPT_LANGUAGE=language)
    parse(page.content)
    body = page.content.decode()
    ready = say(language, "help.bill.ready", number=f'<bdi dir="ltr">{bill.number}</bdi>')
    assert page.status_code == 200 and body.count(ready) == 2, "where each of the two doors leads"
    assert f'href="{where}"' in body and "Prueba" not in body
    assert bill.number not in re.sub(r">[^<]*<", "><", body), "it is to be read, and stands in no address"


def test_the_number_is_for_who_opened_the_bill_alone(guest: Client) -> None:
    bill = a_bill(14_000)
    where = opened(guest, bill).replace("/bill", "/help")
    assert Client(SERVER_NAME="127.0.0.1").get(where).status_code == 404
    assert bill.number not in guest.get("/help/oregon/").content.decode()
    other = Client(SERVER_NAME="127.0.0.1")
    found = other.post("/pay/oregon/", {"number": bill.pay_code, "zip": "97201"})["Location"]
    assert other.get(found.replace("/amount", "/help")).status_code == 404, "who pays by a pay code opened no lines"
    sql.execute("UPDATE billing_bill SET version = version + 1 WHERE id = %s", (bill.bill_id,))
    assert guest.get(where).status_code == 410


def test_a_bill_that_is_paid_offers_no_paying(guest: Client) -> None:
    where = opened(guest, a_bill(14_000, desk_cents=14_000))
    body = guest.get(where).content.decode()
    assert "/amount" not in body and say("en", "statement.owe.paid_note") in body


@pytest.mark.parametrize("kind", ["hospital", "professional", "pharmacy"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_each_kind_is_told_apart(guest: Client, parse: Callable[[bytes], Any], kind: str, language: str) -> None:
    where = opened(guest, a_bill(14_000, kind=kind))
    page = guest.get(where, HTTP_ACCEPT_LANGUAGE=language)
    parse(page.content)
    assert say(language, f"statement.kind.{kind}") in page.content.decode()
    assert say(language, f"statement.kind_text.{kind}") in page.content.decode()


def test_the_next_statement_ends_the_link(guest: Client, parse: Callable[[bytes], Any]) -> None:
    bill = a_bill(14_000)
    path = path_of(bill)
    assert guest.get(path).status_code == 200
    a_bill(15_000, version=2)
    for answer in (guest.get(path), guest.post(path, FACTS)):
        parse(answer.content)
        assert answer.status_code == 410 and say("en", "bill.ended.newer") in answer.content.decode()
        assert 'href="/pay/oregon/"' in answer.content.decode()
    changed = guest.get(opened_again(guest, bill)).content.decode()
    assert say("en", "statement.changes.charge.up", amount="$10.00") in changed


def opened_again(guest: Client, bill: Bill) -> str:
    return str(guest.post(path_of(bill, version=2), FACTS)["Location"])


def test_a_link_that_is_not_ours_or_too_old_has_ended(guest: Client) -> None:
    with clock.fixed(AT) as time:
        bill = a_bill(14_000)
        path = path_of(bill)
        nowhere = links.bill_link(bill.account_id, uuid4(), 1, "en", "America/Los_Angeles").url
        for spoiled in ("/bill/x", path[:-1] + ("B" if path[-1] == "A" else "A"), urlsplit(nowhere).path):
            answer = guest.get(spoiled)
            assert answer.status_code == 410 and say("en", "bill.ended.old") in answer.content.decode()
        time.advance(days=links.BILL_DAYS + 1)
        assert guest.get(path).status_code == 410


def test_guesses_at_a_link_are_counted_by_its_bill(guest: Client) -> None:
    bill = a_bill(14_000)
    path = path_of(bill)
    for _ in range(5):
        assert guest.post(path, FACTS | {"last_name": "Other"}).status_code == 422
    assert say("en", "find.work.title") in guest.post(path, FACTS).content.decode()


def test_nobody_else_opens_it_and_a_found_bill_shows_no_lines(guest: Client) -> None:
    bill = a_bill(14_000)
    where = opened(guest, bill)
    for path in (where, f"{where}.pdf", "/pay/v/0123456789abcdef/bill"):
        assert Client(SERVER_NAME="127.0.0.1").get(path).status_code == 404
    found = guest.post("/pay/oregon/", {"number": bill.number, **FACTS})["Location"]
    assert guest.get(found.replace("/amount", "/bill")).status_code == 404
    assert not reads()


def test_what_joins_the_payment_later_is_not_opened(guest: Client) -> None:
    one, two = a_bill(14_000), a_bill(9_000, number="P7777777777")
    where = opened(guest, one)
    flow = where.split("/")[3]
    guest.post("/pay/oregon/", {"number": two.number, "zip": "97201", "add": flow})
    body = guest.get(where).content.decode()
    assert one.number in body and two.number not in body


def test_the_same_as_a_letter(guest: Client) -> None:
    where = opened(guest, a_bill(14_000))
    answer = guest.get(f"{where}.pdf")
    assert answer["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF-")
    assert answer["Cache-Control"] == "no-store" and reads() == ["lines"]


def test_how_the_part_came_about(guest: Client) -> None:
    bill = a_bill(14_000)
    assert say("en", "bill.split.title") not in guest.get(opened(guest, bill)).content.decode()
    sql.execute(
        "UPDATE billing_line SET copay_cents = 4000, deductible_cents = 9000 WHERE bill_id = %s", (bill.bill_id,)
    )
    body = guest.get(opened(guest, bill)).content.decode()
    for shown in (say("en", "bill.split.title"), say("en", "bill.split.rest"), "$40.00", "$90.00", "$10.00"):
        assert shown in body
    for name in ("copay", "deductible"):
        assert say("en", f"statement.meaning.{name}") in body
    assert say("en", "statement.meaning.coinsurance") not in body


def test_a_visit_that_was_open_shows_no_later_version(guest: Client) -> None:
    bill = a_bill(14_000, number="P1")
    address = opened(guest, bill)
    assert guest.get(address).status_code == guest.get(f"{address}.pdf").status_code == 200
    a_bill(15_000, number="P1", version=2)
    for path in (address, f"{address}.pdf"):
        answer = guest.get(path)
        assert answer.status_code == 410 and "Office visit" not in answer.content.decode()
