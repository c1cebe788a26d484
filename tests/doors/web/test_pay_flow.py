"""A guest pays without JavaScript, from the amount to the receipt, reloading and going back: one payment, never two."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest import mock

import pytest
from django.test import Client

from caretill.core import clock
from caretill.payments import take
from caretill.payments.take import Ask
from house.cast import a_bill
from house.desk import Desk, at_once, processor_desk
from house.payer import HIDDEN, Payer, made, payments, text, words
from house.scenes import NOON, Scene, several

__all__ = ["processor_desk"]


def test_start_to_finish(processor: Desk) -> None:
    bill = a_bill(14_000)
    payer = Payer(bill)
    check = payer.to_check()
    body = text(check)
    for shown in ("$140.00", "Larkspur Medical Group", "J*** S***", "Pat Payer", "pat@example.org"):
        assert shown in body
    assert words("check.pay", amount="$140.00") in body
    assert "You may get help to pay this bill" in body, "the assistance notice (BIL-1)"
    answer = payer.press_pay(check)
    assert answer.status_code == 303
    back = payer.get(processor.card(answer["Location"]))
    assert back.status_code == 303 and back["Location"].startswith("/pay/done/")
    for _ in range(3):
        done = payer.get(back["Location"])
        assert done.status_code == 200
        assert "You paid $140.00" in text(done) and words("done.none_left") in text(done)
    figures = bill.figures()
    assert (figures["status"], figures["paid_here_cents"]) == ("paid", 14_000)
    assert len(processor.charges()) == 1


def test_the_processor_is_told_an_amount_a_reference_and_a_billing_name_and_no_more(processor: Desk) -> None:
    bill = a_bill(14_000)
    with mock.patch("caretill.payments.gateways.sandbox.SandboxGateway.create_session", autospec=True) as create:
        create.side_effect = RuntimeError("seen enough")
        payer = Payer(bill)
        payer.client.raise_request_exception = False
        payer.press_pay(payer.to_check())
    request = create.call_args.args[1]
    assert request.statement_name == "Larkspur Medical Group"
    assert request.processor_account == "acct_larkspur_care" and request.amount_cents == 14_000
    told = repr(request)
    hidden = ["Pat", "pat@", "Solano", "Juana", bill.number, str(bill.bill_id), str(bill.account_id), bill.pay_code]
    assert not [each for each in hidden if each in told]


def test_back_and_reload_at_every_step_pay_once(processor: Desk) -> None:
    bill = a_bill(14_000)
    payer = Payer(bill)
    check = payer.to_check()
    first = payer.press_pay(check)
    assert payer.press_pay(check)["Location"] == first["Location"], "the same form again is the same page"
    assert payer.press_pay()["Location"] == first["Location"], "the check page, reloaded, resumes"
    payer.get("details"), payer.get("amount")
    assert payer.press_pay()["Location"] == first["Location"], "looking back changes nothing"
    answer = payer.post("details", {"payer_name": "Pat Payer", "email": "pat@example.org"})
    assert answer["Location"] == payer.at("check"), "the same answers again are the same request"
    assert payer.press_pay()["Location"] == first["Location"]
    return_url = processor.card(first["Location"])
    for _ in range(3):
        done = payer.get(return_url)["Location"]
    again = payer.press_pay(check)
    assert again["Location"].startswith("/pay/done/"), "pressed again after all: it is shown that it is paid"
    assert payer.get("check")["Location"].startswith("/pay/done/")
    assert words("amount.state.paid.title") in text(payer.get("amount"))
    assert words("done.title", amount="$140.00") in text(payer.get(done))
    assert payments() == 1 and len(processor.charges()) == 1


def test_the_same_form_64_times_at_once_is_one_payment(processor: Desk) -> None:
    bill = a_bill(14_000)
    payer = Payer(bill)
    key = dict(HIDDEN.findall(payer.to_check(amount="other", other="50.00").content.decode()))["key"]

    def press() -> Any:
        browser = Client(SERVER_NAME="127.0.0.1")
        browser.cookies.update(payer.client.cookies)
        return browser.post(payer.at("check"), {"key": key})

    answers = at_once([press] * 64)
    assert {answer.status_code for answer in answers} <= {303, 503}
    goes = {answer["Location"] for answer in answers if answer.status_code == 303}
    assert len([url for url in goes if "/c/" in url]) == 1
    assert payments() == 1
    assert bill.figures()["pending_cents"] == 5_000
    assert len([row for row in processor.shell.log() if row["what"] == "session.created"]) == 1


def test_the_same_key_with_another_amount_is_refused(processor: Desk) -> None:
    bill = a_bill(14_000)
    payer = Payer(bill)
    page = payer.to_check(amount="other", other="50.00")
    payer.press_pay(page)
    flow = payer.held()
    payer.keep(replace(flow, amounts={str(bill.bill_id): 6_000}, payment_id=""))
    answer = payer.press_pay()
    assert answer.status_code == 409 and words("errors.s409.money") in text(answer)
    assert bill.figures()["pending_cents"] == 5_000 and payments() == 1


def test_a_form_from_before_a_change_pays_nothing_and_shows_what_is_now(processor: Desk) -> None:
    bill = a_bill(14_000)
    payer = Payer(bill)
    old = payer.to_check(amount="other", other="50.00")
    payer.post("amount", {"amount": "other", "other_amount": "60.00"})
    answer = payer.press_pay(old)
    assert answer.status_code == 409 and words("check.changed.title") in text(answer)
    assert words("check.pay", amount="$60.00") in text(answer) and payments() == 0
    assert payer.press_pay(answer).status_code == 303
    assert bill.figures()["pending_cents"] == 6_000


@pytest.mark.parametrize("sent", [{}, {"key": ""}, {"key": "x"}, {"key": "0190a000-0000-7000-8000-000000000001"}])
def test_a_made_up_key_pays_nothing(processor: Desk, sent: dict[str, str]) -> None:
    payer = Payer(a_bill(14_000))
    payer.to_check()
    assert payer.post("check", sent).status_code == 409 and payments() == 0


def test_the_language_switch_on_the_check_page_pays_nothing(processor: Desk) -> None:
    payer = Payer(a_bill(14_000))
    key = dict(HIDDEN.findall(payer.to_check().content.decode()))["key"]
    answer = payer.post("check", {"key": key, "language": "es"})
    assert answer.status_code == 200 and 'lang="es"' in text(answer) and payments() == 0


def test_two_tabs_of_a_browser_pay_one_bill_once(processor: Desk) -> None:
    bill = a_bill(14_000)
    one = Payer(bill)
    two = Payer(bill, client=one.client)
    url = one.to_card()
    page = two.get("amount")
    assert words("amount.state.mine.title") in text(page) and "$140.00" in text(page)
    token = text(page).split("/pay/cancel/")[1].split('"')[0]
    go = two.post(f"/pay/cancel/{token}", {"do": "go"})
    assert (go.status_code, go["Location"]) == (303, url), "the same browser goes on with it in any tab"
    change = two.post(f"/pay/cancel/{token}", {"do": "change", "flow": two.flow.id})
    assert (change.status_code, change["Location"]) == (303, two.at("amount"))
    assert processor.card(url) == "" and processor.charges() == [], "what was given up can never be paid"
    done = two.get(processor.card(two.to_card(amount="other", other="50.00")))["Location"]
    assert "You paid $50.00" in text(two.get(done))
    assert len(processor.charges()) == 1


def test_another_browser_waits_and_is_told_until_when(processor: Desk) -> None:
    with clock.fixed(NOON):
        bill = a_bill(14_000)
        other = Payer(bill)
        page = other.to_check()
        Payer(bill).to_card()
        answer = other.press_pay(page)
    assert answer.status_code == 409
    assert words("amount.state.waits.text", time="12:34\u00a0p.m.", zone="Pacific Time") in text(answer)
    assert "/pay/cancel/" not in text(answer), "another browser's payment cannot be stopped"


def test_more_than_is_owed_by_now_goes_back_with_true_figures(processor: Desk) -> None:
    bill = a_bill(14_000, number="P1")
    payer = Payer(bill)
    page = payer.to_check()
    a_bill(9_000, number="P1", version=2)
    answer = payer.press_pay(page)
    assert answer.status_code == 422
    assert words("amount.error.fallen", most="$90.00") in text(answer) and "You owe $90.00" in text(answer)
    assert payments() == 0
    url = payer.to_card()
    payer.get(processor.card(url))
    assert bill.figures()["paid_here_cents"] == 9_000


def test_of_several_bills_the_one_that_fell_is_named(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer = several(Scene(processor, "en", time))
        page = payer.to_check()
        a_bill(10_000, number="P2", version=2)
        answer = payer.press_pay(page)
    assert answer.status_code == 422
    assert words("amount.error_on.fallen", most="$100.00", end="P2") in text(answer)
    assert ">$215.50</output>" in text(answer)


def test_a_bill_paid_meanwhile_is_said_to_be_paid(processor: Desk) -> None:
    bill = a_bill(14_000)
    late = Payer(bill)
    page = late.to_check()
    quick = Payer(bill)
    quick.get(processor.card(quick.to_card()))
    answer = late.press_pay(page)
    assert answer.status_code == 409 and words("amount.state.paid.title") in text(answer)
    assert len(processor.charges()) == 1


@pytest.mark.parametrize("fault", ["create_lost", "create_500_after", "create_500_before", "create_dropped"])
def test_a_processor_that_is_away_charges_nothing_and_the_next_press_goes_on(processor: Desk, fault: str) -> None:
    payer = Payer(a_bill(14_000))
    page = payer.to_check()
    processor.fault(fault)
    answer = payer.press_pay(page)
    assert answer.status_code == 503
    assert words("check.not_sent.title") in text(answer) and "Nothing was charged" in text(answer)
    again = payer.press_pay(answer)
    assert again.status_code == 303
    payer.get(processor.card(again["Location"]))
    assert len(processor.charges()) == 1 and payments() == 1


def test_a_payment_the_processor_refuses_is_said_and_can_be_tried_again(processor: Desk) -> None:
    payer = Payer(a_bill(14_000))
    page = payer.to_check()
    real = take.pay

    def without_account(ask: Ask) -> take.Answer:
        return real(replace(ask, processor_account=""))

    with mock.patch("caretill.web.pages.check.take.pay", without_account):
        answer = payer.press_pay(page)
    body = text(payer.get(answer["Location"]))
    assert words("states.refused.title") in body and words("states.refused.sentence") in body
    assert payer.get(processor.card(payer.to_card()))["Location"].startswith("/pay/done/")


def test_too_many_tries_are_slowed_down_in_words(processor: Desk) -> None:
    payer = Payer(a_bill(14_000))
    for turn in range(10):
        payer.to_check(amount="other", other=f"{turn + 1}.00")
        assert payer.press_pay().status_code == 303
        take.stop(made(payer).account_id, made(payer).payment_id)
    payer.to_check(amount="other", other="77.00")
    answer = payer.press_pay()
    assert answer.status_code == 429 and int(answer["Retry-After"]) > 0
    assert words("errors.pay_often.money") in text(answer)
