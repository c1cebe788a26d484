"""What went wrong is said in words, in both languages, with whether money moved and what to do next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from django.db import OperationalError
from django.http import HttpRequest
from django.test import Client, RequestFactory

from caretill.core.words import say
from caretill.web.pages import errors

PROBLEMS = (
    *((status, "") for status in (400, 403, 404, 405, 409, 413, 422, 429, 500, 503)),
    (403, "form_old"),
    (500, "s500_after"),
    (503, "away_before"),
    (503, "away_after"),
)


def _request(language: str) -> HttpRequest:
    return RequestFactory().get("/pay/", HTTP_ACCEPT_LANGUAGE=language)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(("status", "name"), PROBLEMS)
def test_every_problem_has_a_page(parse: Callable[[bytes], Any], status: int, name: str, language: str) -> None:
    answer = errors.problem(_request(language), status, name)
    assert answer.status_code == status
    parse(answer.content)
    body = answer.content.decode()
    for part in ("title", "money", "next"):
        assert say(language, f"errors.{name or f's{status}'}.{part}") in body


def test_no_page(payer: Client) -> None:
    answer = payer.get("/nothing/here")
    assert answer.status_code == 404 and say("en", "errors.s404.title") in answer.content.decode()


def test_wrong_method(payer: Client) -> None:
    answer = payer.delete("/pay/")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, POST")
    assert payer.post("/help/").status_code == 405
    assert payer.head("/pay/").status_code == 200


def test_a_post_that_is_too_large_is_not_read(payer: Client) -> None:
    answer = payer.post("/pay/", {"place": "x" * 70_000})
    assert answer.status_code == 413 and say("en", "errors.s413.title") in answer.content.decode()


def test_a_length_that_is_no_number(payer: Client) -> None:
    assert payer.post("/pay/", {"place": "x"}, CONTENT_LENGTH="12x").status_code == 400


def test_too_many_fields(payer: Client) -> None:
    answer = payer.post("/pay/", {f"f{number}": "1" for number in range(600)})
    assert answer.status_code == 400 and say("en", "errors.s400.title") in answer.content.decode()


def test_a_foreign_host_is_refused_in_words(payer: Client) -> None:
    answer = payer.get("/pay/", SERVER_NAME="evil.example", HTTP_HOST="evil.example")
    assert answer.status_code == 400


def test_a_forged_form_is_refused() -> None:
    strict = Client(enforce_csrf_checks=True, SERVER_NAME="127.0.0.1")
    answer = strict.post("/pay/", {"place": "Oregon"})
    assert answer.status_code == 403 and say("en", "errors.form_old.next") in answer.content.decode()


def test_a_form_of_ours_is_taken() -> None:
    strict = Client(enforce_csrf_checks=True, SERVER_NAME="127.0.0.1")
    body = strict.get("/pay/").content.decode()
    token = body.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    assert strict.post("/pay/", {"place": "Oregon", "csrfmiddlewaretoken": token}).status_code == 303


def test_a_fault_of_ours_is_said_without_its_details(payer: Client) -> None:
    payer.raise_request_exception = False
    with mock.patch("caretill.web.pages.start.organisation", side_effect=RuntimeError("secret detail")):
        answer = payer.post("/pay/", {"place": "Oregon"})
    assert answer.status_code == 500
    assert say("en", "errors.s500.money") in answer.content.decode()
    assert "secret detail" not in answer.content.decode()


def test_a_database_that_is_away_gets_words(payer: Client) -> None:
    with mock.patch("caretill.web.pages.start.organisation", side_effect=OperationalError("no route to host")):
        answer = payer.post("/pay/", {"place": "Oregon"})
    assert answer.status_code == 503
    assert answer["Retry-After"] == "30"
    assert say("en", "errors.away_before.money") in answer.content.decode()


@pytest.mark.parametrize(("name", "words"), [("wait", "away_after"), ("return", "away_after"), ("find", "away_before")])
def test_after_the_processor_nothing_sounds_as_if_nothing_was_paid(name: str, words: str) -> None:
    request = _request("en")
    request.resolver_match = mock.Mock(url_name=name)
    assert say("en", f"errors.{words}.money") in errors.away(request).content.decode()


def test_alive_needs_no_database_and_ready_does(payer: Client) -> None:
    assert payer.get("/healthz").content == b"alive\n"
    assert payer.get("/readyz").status_code == 200
    with mock.patch("caretill.web.pages.health.one", side_effect=OperationalError("gone")):
        assert payer.get("/healthz").status_code == 200
        answer = payer.get("/readyz")
    assert answer.status_code == 503 and b"database" in answer.content
