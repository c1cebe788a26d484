"""A lost bill: a code by mail. Known and unknown contacts get the same answers."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from caretill.billing import codes
from caretill.core import clock, sql, tokens
from caretill.core.words import say
from house.cast import a_bill
from house.seen import card_in

ASK, ENTER = "/pay/oregon/code/", "/pay/oregon/code/enter/"
KNOWN = {"email": "Juana@Example.org", "zip": "97201"}
AT = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


@pytest.fixture
def guest(db: None) -> Client:
    return Client(SERVER_NAME="127.0.0.1", HTTP_ACCEPT_LANGUAGE="en")


def mailed() -> str:
    """The digits of the newest mail."""
    row = sql.one("SELECT body FROM core_outbox WHERE topic = 'lookup_code' ORDER BY id DESC LIMIT 1")
    assert row is not None
    return str(tokens.unseal("lookup_code", sql.answer(row["body"])["sealed"])["code"])


@pytest.mark.parametrize("typed", [lambda code: code, lambda code: f" {code[:3]} {code[3:]} ", lambda c: "-".join(c)])
def test_the_mailed_code_opens_the_bills_of_the_account(guest: Client, typed: Callable[[str], str]) -> None:
    a_bill(14_000)
    a_bill(9_000, number="P7777777777")
    asked = guest.post(ASK, KNOWN)
    assert (asked.status_code, asked["Location"]) == (303, ENTER)
    assert guest.get(ENTER).status_code == 200
    answer = guest.post(ENTER, {"code": typed(mailed())})
    assert answer.status_code == 303 and re.fullmatch(r"/pay/v/[0-9a-f]{16}/amount", answer["Location"])
    assert guest.get(ENTER)["Location"] == ASK, "the code is gone with its use"


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_mail_speaks_the_language_of_the_page_that_asked(guest: Client, language: str) -> None:
    a_bill(14_000)
    sql.execute("UPDATE people_account SET language = %s", ("es" if language == "en" else "en",))
    guest.post(ASK, KNOWN, HTTP_ACCEPT_LANGUAGE=language)
    row = sql.one("SELECT body FROM core_outbox WHERE topic = 'lookup_code'")
    assert row is not None and sql.answer(row["body"])["language"] == language


def test_known_and_unknown_contacts_get_the_same(guest: Client) -> None:
    a_bill(14_000)
    seen = set()
    for typed in (KNOWN, KNOWN | {"zip": "97202"}, {"email": "nobod@example.org", "zip": "97201"}):
        with CaptureQueriesContext(connection) as kept:
            asked = guest.post(ASK, typed)
        statements = len(kept)  # now: the next request empties the log
        cookie = asked.cookies["code"]
        page = guest.get(ENTER)
        wrong = guest.post(ENTER, {"code": "not the code"})
        bare = [re.sub(r'(csrfmiddlewaretoken" value=")[^"]+', r"\1", each.content.decode()) for each in (page, wrong)]
        heads = tuple(sorted((name, value) for name, value in asked.items()))
        seen.add((asked.status_code, heads, len(cookie.value), cookie["max-age"], statements, page.status_code, *bare))
        assert wrong.status_code == 422 and say("en", "code.error.code_wrong") in wrong.content.decode()
    assert len(seen) == 1


def test_a_code_of_nobody_opens_nothing(guest: Client) -> None:
    guest.post(ASK, KNOWN)
    for code in ("000000", "", "1" * 64):
        assert guest.post(ENTER, {"code": code}).status_code == 422


def test_five_wrong_codes_or_a_quarter_of_an_hour_end_it(guest: Client) -> None:
    with clock.fixed(AT) as time:
        a_bill(14_000)
        guest.post(ASK, KNOWN)
        right = mailed()
        for turn in range(5):
            guest.post(ENTER, {"code": f"{(int(right) + turn + 1) % 10**6:06d}"})
        assert guest.post(ENTER, {"code": right}).status_code == 422
        guest.post(ASK, KNOWN)
        right = mailed()
        time.advance(minutes=16)
        assert guest.post(ENTER, {"code": right}).status_code == 422


def test_asking_too_often_is_stopped_alike(guest: Client) -> None:
    with clock.fixed(AT):
        a_bill(14_000)
        for typed in (KNOWN, {"email": "nobody@example.org", "zip": "97201"}):
            for _ in range(5):
                assert guest.post(ASK, typed).status_code == 303
            stopped = guest.post(ASK, typed)
            assert stopped.status_code == 429 and int(stopped["Retry-After"]) <= 3600
        for turn in range(30):
            guest.post(ASK, {"email": f"n{turn}@example.org", "zip": "97201"})
        assert guest.post(ASK, {"email": "last@example.org", "zip": "97201"}).status_code == 429
        other = {"email": "last@example.org", "zip": "97201"}
        assert guest.post(ASK, other, REMOTE_ADDR="192.0.2.8").status_code == 303


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ({}, ("code.error.email_missing", "code.error.zip_missing")),
        ({"email": "juana", "zip": "97"}, ("code.error.email_shape", "find.error.zip_shape")),
        ({"email": "4242424242424242@example.org", "zip": "97201"}, ("errors.form.card_number",)),
    ],
)
def test_what_is_wrong_is_said(
    guest: Client, parse: Callable[[bytes], Any], typed: dict[str, str], keys: tuple[str, ...]
) -> None:
    answer = guest.post(ASK, typed)
    parse(answer.content)
    body = answer.content.decode()
    assert answer.status_code == 422 and all(say("en", key) in body for key in keys) and not card_in(body)
    assert sql.one("SELECT 1 AS found FROM core_outbox") is None


def test_a_code_needs_to_be_asked_for_first(guest: Client) -> None:
    assert guest.get(ENTER)["Location"] == ASK
    assert guest.post(ENTER, {"code": "123456"})["Location"] == ASK


def test_who_owes_nothing_is_told_so(guest: Client) -> None:
    a_bill(14_000, desk_cents=14_000)
    guest.post(ASK, KNOWN)
    assert guest.post(ENTER, {"code": mailed()})["Location"] == "/pay/oregon/nothing/"


def test_tries_sent_all_at_once_are_counted_one_by_one(guest: Client) -> None:
    """Four wrong ones leave one try, however many browsers press at the same moment."""
    a_bill(14_000)
    guest.post(ASK, KNOWN)
    right, token = mailed(), guest.cookies["code"].value
    for turn in range(4):
        guest.post(ENTER, {"code": f"{(int(right) + turn + 1) % 10**6:06d}"})
    start = threading.Barrier(12)

    def press(_: int) -> bool:
        connection.ensure_connection()
        start.wait()
        try:
            return codes.redeem(token, right) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(press, range(12))) == 1
