"""A receipt's check code: one answer, nothing else, and not too many guesses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from django.test import Client

from caretill.core.ids import new_check_code, show_pay_code
from caretill.core.words import say
from caretill.web.pages import receipt_check
from house.seen import card_in

PATH = "/check/"
ANSWERS = ("paid", "part_refunded", "refunded", "void", "not_ours")


@pytest.fixture
def guest(db: None) -> Client:
    return Client(SERVER_NAME="127.0.0.1", HTTP_ACCEPT_LANGUAGE="en")


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("answer", ANSWERS)
def test_each_answer_has_words(guest: Client, parse: Callable[[bytes], Any], answer: str, language: str) -> None:
    code = new_check_code()
    told = {"answer": answer} if answer != "not_ours" else None
    with mock.patch("caretill.web.pages.receipt_check.access.check", return_value=told):
        page = guest.post(PATH, {"code": f"{code[:5].lower()} {code[5:]}"}, HTTP_ACCEPT_LANGUAGE=language)
    parse(page.content)
    body = page.content.decode()
    assert page.status_code == 200 and f">{show_pay_code(code)}<" in body
    for other in ANSWERS:
        assert (say(language, f"receipt_check.answer.{other}.title") in body) == (other == answer)


def test_a_code_that_is_not_ours(guest: Client) -> None:
    bodies = [guest.post(PATH, {"code": code}).content.decode() for code in (new_check_code(), "nonsense", "1")]
    assert all(say("en", "receipt_check.answer.not_ours.title") in body for body in bodies)


def test_nothing_typed_is_said(guest: Client) -> None:
    page = guest.post(PATH, {})
    assert page.status_code == 422 and say("en", "receipt_check.error.missing") in page.content.decode()


def test_a_card_number_is_refused(guest: Client) -> None:
    page = guest.post(PATH, {"code": "4242 4242 4242 4242"})
    assert page.status_code == 422 and not card_in(page.content.decode())


def test_only_misses_are_counted_and_many_of_them_stop(guest: Client) -> None:
    with mock.patch("caretill.web.pages.receipt_check.access.check", return_value={"answer": "paid"}):
        for _ in range(receipt_check.MISSES + 5):
            assert guest.post(PATH, {"code": "x"}).status_code == 200
    for _ in range(receipt_check.MISSES):
        guest.post(PATH, {"code": new_check_code()})
    stopped = guest.post(PATH, {"code": new_check_code()})
    assert stopped.status_code == 429 and stopped["Retry-After"]
    assert guest.post(PATH, {"code": "x"}, REMOTE_ADDR="192.0.2.9").status_code == 200


def test_the_first_page_leads_there(guest: Client) -> None:
    assert f'href="{PATH}"' in guest.get("/").content.decode()
