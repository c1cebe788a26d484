"""A guest pays from a bank account without JavaScript: typed, agreed to in words that were shown, taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.test import Client

from caretill.ach import handling
from caretill.core import clock, sql
from caretill.payments.record import record
from caretill.regions import catalog
from house.cast import Bill, a_bill
from house.desk import at_once
from house.payer import HIDDEN, TYPED_BANK, Payer, payments, text, words

AT = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)  # a Monday


def _hidden(page: HttpResponse) -> dict[str, str]:
    return dict(HIDDEN.findall(page.content.decode()))


def _to_agree(payer: Payer) -> HttpResponse:
    payer.to_check()
    assert payer.post("how", {"how": "bank"})["Location"] == payer.at("bank")
    assert payer.post("bank", TYPED_BANK)["Location"] == payer.at("check")
    return payer.get("check")


def _press(payer: Payer, page: HttpResponse) -> HttpResponse:
    return payer.post("check", _hidden(page))


def _paid(bill: Bill) -> tuple[Payer, HttpResponse]:
    payer = Payer(bill)
    answer = _press(payer, _to_agree(payer))
    assert answer.status_code == 303 and answer["Location"].startswith("/pay/wait/")
    return payer, answer


def test_from_the_amount_to_the_day_it_leaves_the_account(db: None) -> None:
    with clock.fixed(AT):
        bill = a_bill(14_000)
        payer = Payer(bill)
        agree = _to_agree(payer)
        body = text(agree)
        for shown in ("Authorization for bank payments (ACH)", "ends in 6789", "$140.00", "December 1, 2026", "ACH"):
            assert shown in body
        assert words("how.agree_pay", amount="$140.00") in body and TYPED_BANK["number"] not in agree.content.decode()
        assert payments() == 0 and sql.one("SELECT count(*) AS n FROM methods_method") == {"n": 0}
        answer = _press(payer, agree)
        wait = payer.get(answer["Location"])
        assert words("states.bank_planned.title") in text(wait) and "December 1, 2026" in text(wait)
        assert words("wait.take_back.button") in text(wait)
        assert "Authorization for bank payments (ACH)" in text(wait), "what was agreed to can be read again"
        assert bill.figures()["payable_cents"] == 0
        agreed = sql.one("SELECT sec_code, kind, email, channel FROM methods_mandate")
        assert agreed == {"sec_code": "WEB", "kind": "once", "email": "pat@example.org", "channel": "guest"}
        assert payer.held().bank == {}, "its number is not carried about any longer"
        assert payer.get("check")["Location"].startswith("/pay/wait/")


def test_it_is_taken_back_and_paid_in_another_way(db: None) -> None:
    bill = a_bill(14_000)
    payer, answer = _paid(bill)
    token = answer["Location"].rpartition("/")[2]
    back = payer.client.post(f"/pay/back/{token}")
    assert back.status_code == 303
    told = text(payer.get(back["Location"]))
    assert words("states.withdrawn.title") in told and words("wait.start") in told
    assert bill.figures()["payable_cents"] == 14_000
    again = payer.get("check")
    assert words("how.card_page") in text(again), "another press agrees to nothing that was not typed"


@pytest.mark.slow
def test_the_same_form_64_times_at_once_is_one_debit(db: None) -> None:
    bill = a_bill(14_000)
    payer = Payer(bill)
    told = _hidden(_to_agree(payer))

    def press() -> Any:
        browser = Client(SERVER_NAME="127.0.0.1")
        browser.cookies.update(payer.client.cookies)
        return browser.post(payer.at("check"), told)

    answers = at_once([press] * 64)
    assert {answer.status_code for answer in answers} == {303}
    assert payments() == 1 and bill.figures()["pending_cents"] == 14_000
    for table in ("methods_method", "methods_mandate"):
        assert sql.one(f"SELECT count(*) AS n FROM {table}") == {"n": 1}, table


WRONG: list[tuple[dict[str, str], str]] = [
    ({"routing": "123456789"}, "routing_wrong"),
    ({"routing": "12345678"}, "routing_wrong"),
    ({"number": "123456789012345678", "number_again": "123456789012345678"}, "number_too_long"),
    ({"number": "12A4567", "number_again": "12A4567"}, "number_not_digits"),
    ({"number": "123", "number_again": "123"}, "number_too_short"),
    ({"number": "", "number_again": ""}, "number_empty"),
    ({"number_again": "000123456788"}, "number_again"),
    ({"number": "4242424242424242", "number_again": "4242424242424242"}, "number_card"),
    ({"holder_name": ""}, "name_empty"),
    ({"account_type": "mattress"}, "account_type"),
]


def test_what_is_wrong_is_said_at_its_field(db: None) -> None:
    payer = Payer(a_bill(14_000))
    payer.to_check()
    for changed, fault in WRONG:
        page = payer.post("bank", TYPED_BANK | changed)
        assert page.status_code == 422 and text(page).count(words(f"bank.error.{fault}")) == 2, fault
        shown = page.content.decode()
        assert TYPED_BANK["number"] not in shown and "4242424242424242" not in shown and payer.held().bank == {}


def test_words_that_were_not_shown_are_agreed_to_by_nobody(db: None) -> None:
    bill = a_bill(14_000)
    with clock.fixed(AT.replace(hour=21, minute=30)) as time:
        payer = Payer(bill)
        told = _hidden(_to_agree(payer))
        time.advance(hours=1)  # the cut-off is over: it leaves the account a day later
        page = payer.post("check", told)
        assert page.status_code == 409 and words("check.words.title") in text(page)
        assert payments() == 0 and sql.one("SELECT count(*) AS n FROM methods_mandate") == {"n": 0}
        assert _press(payer, page).status_code == 303 and payments() == 1


def test_a_bill_that_was_paid_meanwhile_is_agreed_to_by_nobody(db: None) -> None:
    bill = a_bill(14_000)
    late, first = Payer(bill), Payer(bill)
    agree = _to_agree(late)
    _press(first, _to_agree(first))
    page = _press(late, agree)
    assert page.status_code == 409
    assert sql.one("SELECT count(*) AS n FROM methods_mandate") == {"n": 1} and payments() == 1


def test_a_copy_of_what_is_agreed_to_goes_by_mail(db: None) -> None:
    bill = a_bill(14_000)
    payer = Payer(bill)
    payer.to_check(email="")
    page = payer.post("bank", TYPED_BANK)
    assert page.status_code == 422 and text(page).count(words("bank.error.email_missing")) == 2
    assert payer.post("bank", TYPED_BANK | {"email": "pat@example.org"})["Location"] == payer.at("check")
    payer.post("details", {"payer_name": "Pat Payer", "email": ""})
    assert payer.get("check")["Location"] == payer.at("bank"), "without an address there is no copy"
    payer.post("bank", TYPED_BANK | {"email": "pat@example.org"})
    assert _press(payer, payer.get("check")).status_code == 303
    assert sql.one("SELECT count(*) AS n FROM core_outbox WHERE topic = 'mandate_copy'") == {"n": 1}


def test_too_late_to_take_it_back_is_said(db: None) -> None:
    bill = a_bill(14_000)
    payer, answer = _paid(bill)
    made = UUID(payer.held().payment_id)
    record(bill.account_id, made, bill.region, "filed", provider="ach", object_ref="trace", evidence="filed")
    token = answer["Location"].rpartition("/")[2]
    told = text(payer.get(payer.client.post(f"/pay/back/{token}")["Location"]))
    assert words("wait.take_back.late") in told and words("states.bank_sent.title") in told
    assert bill.figures()["pending_cents"] == 14_000


def test_an_organisation_without_a_bank_for_debits_offers_none(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    without = replace(catalog.organisation(), debit_bank=None)
    monkeypatch.setattr(catalog, "organisation", lambda: without)
    payer = Payer(a_bill(14_000))
    payer.to_check()
    assert words("how.hint.bank") not in text(payer.get("how"))
    assert payer.post("how", {"how": "bank"}).status_code == 422
    assert payer.get("bank")["Location"] == payer.at("how")


def test_a_debit_that_the_bank_stopped_is_told_as_that(db: None) -> None:
    bill = a_bill(14_000)
    payer, answer = _paid(bill)
    [row] = sql.query("SELECT id, method_id FROM payments_payment")
    assert handling.withdraw(bill.account_id, method_id=row["method_id"], why="R03") == 1
    told = text(payer.get(answer["Location"]))
    assert words("states.bank_stopped.title") in told and words("states.withdrawn.title") not in told
    assert sql.one("SELECT count(*) AS n FROM core_outbox WHERE topic = 'payment_returned'") == {"n": 1}
    assert bill.figures()["payable_cents"] == 14_000
