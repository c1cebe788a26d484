"""Paying: what must never be kept, what is away, what is not ours, and how little a page asks."""

from __future__ import annotations

from functools import partial
from typing import Any
from unittest import mock
from uuid import UUID

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from caretill.payments import take
from caretill.web.flow import Made
from house.cast import a_bill
from house.desk import CARD, Desk, processor_desk
from house.payer import HIDDEN, Payer, made, payments, text, words

__all__ = ["processor_desk"]


@pytest.mark.parametrize("field", ["payer_name", "email"])
def test_a_card_number_in_the_details_is_refused_and_forgotten(
    processor: Desk, field: str, caplog: pytest.LogCaptureFixture
) -> None:
    payer = Payer(a_bill(14_000))
    payer.post("amount", {"amount": "all"})
    sent = {"payer_name": "Pat", "email": "pat@example.org", field: CARD["number"]}
    answer = payer.post("details", sent)
    assert answer.status_code == 422 and text(answer).count(words("errors.form.card_number")) == 2
    assert CARD["number"] not in text(answer)
    assert payer.held().payer_name == "" and CARD["number"] not in caplog.text


@pytest.mark.parametrize(
    ("field", "typed", "key"),
    [
        ("payer_name", "", "name_missing"),
        ("payer_name", "123", "name_shape"),
        ("email", "pat", "email_shape"),
        ("email", "pat@example", "email_shape"),
        ("email", "a@example.org, b@example.org", "email_shape"),
        ("email", "pat@exa mple.org", "email_shape"),
        ("email", "pat@-example.org", "email_shape"),
    ],
)
def test_details_that_cannot_be(processor: Desk, field: str, typed: str, key: str) -> None:
    payer = Payer(a_bill(14_000))
    payer.post("amount", {"amount": "all"})
    answer = payer.post("details", {"payer_name": "Pat", "email": "", field: typed})
    assert answer.status_code == 422 and text(answer).count(words(f"details.error.{key}")) == 2
    assert f'value="{typed}"' in text(answer) and f'href="#{field}"' in text(answer)


def test_steps_that_are_skipped_lead_back_to_the_first_that_lacks(processor: Desk) -> None:
    payer = Payer(a_bill(14_000))
    assert payer.get("details")["Location"] == payer.at("amount")
    assert payer.get("check")["Location"] == payer.at("amount")
    payer.post("amount", {"amount": "all"})
    assert payer.get("check")["Location"] == payer.at("details")


def test_a_database_away_before_the_card_page_says_nothing_was_charged(processor: Desk) -> None:
    payer = Payer(a_bill(14_000))
    page = payer.to_check()
    with mock.patch("caretill.web.pages.check.take.pay", side_effect=OperationalError("gone")):
        answer = payer.press_pay(page)
    assert answer.status_code == 503 and words("errors.away_before.money") in text(answer)


@pytest.mark.parametrize("page", ["amount", "check"])
def test_a_database_away_after_a_payment_began_does_not_say_so(processor: Desk, page: str) -> None:
    payer = Payer(a_bill(14_000))
    payer.to_card()
    with mock.patch("caretill.web.flow.payment_figures", side_effect=OperationalError("gone")):
        answer = payer.get(page)
    assert answer.status_code == 503 and words("errors.away_after.money") in text(answer)


@pytest.mark.parametrize("page", ["return", "cancel", "wait", "done", "wait-state"])
def test_a_database_away_from_the_return_on_says_do_not_pay_again(processor: Desk, page: str) -> None:
    payer = Payer(a_bill(14_000))
    payer.to_card()
    address = f"/pay/{page.split('-')[0]}/{made(payer).token}" + ("/state" if "-" in page else "")
    gone = OperationalError("gone")
    with mock.patch("caretill.core.sql.cursor", side_effect=gone):
        answer = payer.get(address)
    assert answer.status_code == 503 and words("errors.away_after.money") in text(answer)
    assert answer["Retry-After"] == "30"


@pytest.mark.parametrize("token", ["", "x", "A" * 120, "é"])
def test_a_token_that_is_not_ours_opens_nothing(processor: Desk, token: str) -> None:
    for page in ("return", "cancel", "wait", "done"):
        answer = Payer(a_bill(14_000)).get(f"/pay/{page}/{token}")
        assert answer.status_code == 404
        if token:
            assert words("errors.link_bad.money") in text(answer)


def test_a_token_of_another_kind_opens_no_payment(processor: Desk) -> None:
    bill = a_bill(14_000)
    payer = Payer(bill)
    payer.to_card()
    wrong = Made.of(bill.account_id, bill.bill_id).token
    assert payer.get(f"/pay/wait/{wrong}").status_code == 404
    assert payer.get(f"/pay/wait/{made(payer).token[:-2]}AA").status_code == 404


def test_a_stranger_with_the_address_of_a_flow_has_no_flow(processor: Desk) -> None:
    payer = Payer(a_bill(14_000))
    payer.to_check()
    stranger = Client(SERVER_NAME="127.0.0.1")
    assert stranger.get(payer.at("check")).status_code == 404
    assert stranger.post(payer.at("check"), {"key": payer.held().key}).status_code == 404
    assert payments() == 0


def test_forms_carry_the_forgery_token_and_are_refused_without(processor: Desk) -> None:
    strict = Client(SERVER_NAME="127.0.0.1", enforce_csrf_checks=True)
    payer = Payer(a_bill(14_000), client=strict)
    assert payer.post("amount", {"amount": "all"}).status_code == 403
    hidden = dict(HIDDEN.findall(payer.get("amount").content.decode()))
    assert payer.post("amount", {"amount": "all", **hidden}).status_code == 303


def test_each_page_asks_the_database_little(processor: Desk) -> None:
    payer = Payer(a_bill(14_000))
    payer.post("amount", {"amount": "all"})

    def count(do: partial[Any]) -> int:
        with CaptureQueriesContext(connection) as asked:
            do()
        return len(asked)

    details = {"payer_name": "Pat", "email": ""}
    assert count(partial(payer.get, "details")) == 0
    assert count(partial(payer.post, "details", details)) == 0
    assert count(partial(payer.get, "check")) == 0
    key = {"key": payer.held().key}
    assert count(partial(payer.post, "check", key)) <= 5
    processor.card(take.open_page(UUID(payer.held().account_id), UUID(payer.held().payment_id)).url)
    assert count(partial(payer.get, f"/pay/return/{made(payer).token}")) <= 5
    assert count(partial(payer.get, f"/pay/done/{made(payer).token}")) == 2


def test_return_addresses_are_of_this_site(processor: Desk) -> None:
    payer = Payer(a_bill(14_000))
    back = processor.card(payer.to_card())
    assert back.startswith(f"{settings.CARETILL_PUBLIC_URL}/pay/return/")
