"""A guest pays without JavaScript, from the amount to the receipt, with every way back: one payment, never two."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any
from unittest import mock
from uuid import UUID

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from caretill.core import clock, sql
from caretill.core.words import say
from caretill.payments import callbacks, take
from caretill.payments.take import Ask
from caretill.web.flow import Made
from house.cast import a_bill
from house.desk import CARD, Desk, at_once, processor_desk
from house.payer import HIDDEN, Payer
from house.scenes import NOON, Scene, several

__all__ = ["processor_desk"]


def words(key: str, **figures: object) -> str:
    return say("en", key, **figures)


def text(answer: Any) -> str:
    return answer.content.decode().replace('<bdi dir="ltr">', "").replace("</bdi>", "")


def payments() -> int:
    row = sql.one("SELECT count(*) AS n FROM payments_payment")
    assert row is not None
    return int(row["n"])


def made(payer: Payer) -> Made:
    flow = payer.held()
    return Made.of(flow.account_id, flow.payment_id)


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


# To the card page and back


def test_breaking_off_leaves_the_choice_to_go_on_or_to_stop(processor: Desk) -> None:
    bill = a_bill(14_000)
    payer = Payer(bill)
    url = payer.to_card()
    address = f"/pay/cancel/{made(payer).token}"
    page = payer.get(address)
    assert page.status_code == 200 and words("cancel.safe") in text(page)
    assert payer.post(address, {"do": "go"})["Location"] == url
    assert payer.post(address, {}).status_code == 200 and bill.figures()["pending_cents"] == 14_000
    assert payer.post(address, {"do": "stop", "language": "en"}).status_code == 200
    answer = payer.post(address, {"do": "stop"})
    body = text(payer.get(answer["Location"]))
    assert words("states.voided.title") in body and words("states.voided.sentence") in body
    assert bill.figures()["payable_cents"] == 14_000
    assert payer.get(address)["Location"].startswith("/pay/wait/")
    again = payer.press_pay()
    assert again.status_code == 303 and again["Location"] != url, "a new payment, a new page"


def test_stopping_what_was_paid_already_shows_that_it_is_paid(processor: Desk) -> None:
    payer = Payer(a_bill(14_000))
    processor.card(payer.to_card())
    answer = payer.post(f"/pay/cancel/{made(payer).token}", {"do": "stop"})
    assert answer["Location"].startswith("/pay/done/")
    assert len(processor.charges()) == 1


def test_stopping_while_the_processor_is_away_says_so_and_promises_nothing(processor: Desk) -> None:
    with clock.fixed(NOON):
        payer = Payer(a_bill(14_000))
        payer.to_card()
        with mock.patch("caretill.payments.gateways.sandbox.SandboxGateway.expire_session") as expire:
            expire.side_effect = take.GatewayUnknown("silence")
            answer = payer.post(f"/pay/cancel/{made(payer).token}", {"do": "stop"})
    assert answer.status_code == 503 and words("cancel.not_stopped.title") in text(answer)
    assert "12:34" in text(answer)


def test_a_declined_card_is_said_to_have_taken_no_money(processor: Desk) -> None:
    bill = a_bill(14_000)
    payer = Payer(bill)
    url = payer.to_card()
    for _ in range(5):
        processor.card(url, "4000000000000002")
    answer = payer.get(f"/pay/return/{made(payer).token}")
    body = text(payer.get(answer["Location"]))
    assert words("states.declined.title") in body and words("states.declined.sentence") in body
    assert words("wait.try") in body and payer.at("check") in body
    assert payer.get(processor.card(payer.press_pay()["Location"]))["Location"].startswith("/pay/done/")
    assert bill.figures()["status"] == "paid" and len(processor.charges()) == 1


def test_returning_before_the_callback_and_after_it_is_the_same(processor: Desk) -> None:
    payer = Payer(a_bill(14_000))
    back = processor.card(payer.to_card())
    callbacks.apply_due()
    assert payer.get(back)["Location"].startswith("/pay/done/")


# Several payments for one choice


def test_bills_of_two_accounts_are_paid_one_after_the_other(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer = several(Scene(processor, "en", time), "hawaii")
        check = payer.to_check()
        body = text(check)
        assert words("check.several.title", n=2) in body
        assert words("check.several.one", amount="$90.00", payee="Larkspur Hospitals") in body
        assert words("check.several.one", amount="$165.50", payee="Larkspur Medical Group") in body
        first = payer.press_pay(check)
        done = payer.get(processor.card(first["Location"]))["Location"]
        body = text(payer.get(done))
        assert words("done.next.title", amount="$165.50", payee="Larkspur Medical Group") in body
        old = payer.press_pay(check)
        assert old.status_code == 409, "the first form again does not pay the second part"
        assert payer.get(done).status_code == 200
        second = payer.press_pay()
        assert words("check.pay", amount="$165.50") in text(payer.get("check"))
        last = payer.get(processor.card(second["Location"]))["Location"]
        assert words("done.next.button") not in text(payer.get(last))
        assert words("done.next.button") not in text(payer.get(done)), "nothing is left of the choice"
        assert payer.get("check")["Location"].startswith("/pay/done/")
    assert sorted(row["amount_cents"] for row in processor.charges()) == [9_000, 16_550]
    accounts = sql.query("SELECT processor_account FROM payments_payment ORDER BY created_at")
    assert [row["processor_account"].rsplit("_", 1)[1] for row in accounts] == ["hospital", "medical"]


def test_bills_of_one_account_are_one_payment_in_our_name(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer = several(Scene(processor, "en", time))
        url = payer.to_card()
    assert payments() == 1
    request = sql.one("SELECT request FROM payments_attempt")
    assert request is not None and sql.answer(request["request"])["statement_name"] == "Larkspur Health"
    payer.get(processor.card(url))
    assert [bill.figures()["status"] for bill in payer.bills] == ["paid"] * 3


def test_the_rest_of_a_bill_can_be_paid_from_the_done_page(processor: Desk) -> None:
    bill = a_bill(14_000)
    payer = Payer(bill)
    done = payer.get(processor.card(payer.to_card(amount="other", other="70.00")))["Location"]
    body = text(payer.get(done))
    assert words("done.left", amount="$70.00") in body and payer.at("amount") in body
    again = payer.get(processor.card(payer.to_card(amount="other", other="70.00")))["Location"]
    assert words("done.none_left") in text(payer.get(again)), "asked for a second time, it is paid a second time"
    assert bill.figures()["paid_here_cents"] == 14_000 and len(processor.charges()) == 2


# What must never be kept, and what is away


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
    with mock.patch("caretill.core.sql.connection.cursor", side_effect=gone):
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
