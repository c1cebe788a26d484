"""How much to pay: what is shown, what may be typed, and what is said where nothing can be paid."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from caretill.core import clock
from caretill.core.words import say
from house.cast import Bill, a_bill
from house.desk import Desk, processor_desk
from house.payer import Payer, text
from house.scenes import NOON, SCENES, play
from house.seen import card_in

__all__ = ["processor_desk"]

XHTML = "{http://www.w3.org/1999/xhtml}"
CARD = "4242 4242 4242 4242"


def words(key: str, language: str = "en", **figures: object) -> str:
    return say(language, key, **figures)


def test_a_guest_sees_payee_masked_name_amount_and_due_date_and_nothing_else(db: None) -> None:
    bill = a_bill(14_000, plan_paid_cents=4_000)
    body = text(Payer(bill).get("amount"))
    for shown in ("You owe $100.00", "Larkspur Medical Group", "J*** S***", "December 15, 2026"):
        assert shown in body
    figures = bill.figures()
    hidden = [bill.number, bill.account_number, bill.health_record_number, bill.last_name, bill.zip, bill.pay_code]
    hidden += [figures["provider_name"], figures["patient_first"], "Juana", "Example Street", "Office visit", "140.00"]
    hidden += [str(bill.bill_id), str(bill.account_id), "professional", "October", "juana@example.org"]
    assert not [each for each in hidden if each in body]


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("0", "zero"),
        ("0.00", "zero"),
        ("-5", "zero"),
        ("\u22125.00", "zero"),
        ("140.01", "above"),
        ("99999999999999", "above"),
        ("1e3", "shape"),
        ("12,50", "shape"),
        ("1,2345.00", "shape"),
        ("12.345", "decimals"),
        ("", "empty"),
        ("fifty", "shape"),
        ("\u0661\u0662", "shape"),
        ("NaN", "shape"),
    ],
)
@pytest.mark.parametrize("language", ["en", "es"])
def test_an_amount_that_cannot_be_paid_is_refused_and_kept(
    db: None, parse: Callable[[bytes], Any], typed: str, key: str, language: str
) -> None:
    payer = Payer(a_bill(14_000), language=language)
    answer = payer.post("amount", {"amount": "other", "other_amount": typed})
    body = text(answer)
    assert answer.status_code == 422
    tree = parse(answer.content)
    message = words(f"amount.error.{key}", language, most="$140.00")
    assert body.count(message) == 2 and "$140.00" in message
    assert words("shell.error_title", language) in body.split("</title>")[0]
    box = next(each for each in tree.iter(f"{XHTML}input") if each.get("id") == "other_amount")
    assert box.get("value") == typed and box.get("aria-invalid") == "true"
    assert "other_amount-error" in box.get("aria-describedby").split()
    assert '<a href="#other_amount">' in body
    summary = next(each for each in tree.iter() if each.get("autofocus") is not None)
    assert summary.get("tabindex") == "-1"
    assert payer.held().amounts == {}


@pytest.mark.parametrize(
    ("typed", "cents"), [("50", 5_000), ("$50.00", 5_000), (" 0.01 ", 1), ("140.00", 14_000), ("140.", 14_000)]
)
def test_an_amount_that_can_be_paid(db: None, typed: str, cents: int) -> None:
    bill = a_bill(14_000)
    payer = Payer(bill)
    answer = payer.post("amount", {"amount": "other", "other_amount": typed})
    assert (answer.status_code, answer["Location"]) == (303, payer.at("details"))
    assert payer.held().amounts == {str(bill.bill_id): cents}


def test_all_of_it_is_the_figure_of_now_and_not_of_the_page(db: None) -> None:
    bill = a_bill(14_000, number="P1")
    payer = Payer(bill)
    payer.get("amount")
    a_bill(9_000, number="P1", version=2)
    payer.post("amount", {"amount": "all", "other_amount": "999"})
    assert payer.held().amounts == {str(bill.bill_id): 9_000}


@pytest.mark.parametrize("sent", [{}, {"amount": "soul"}, {"amount": "due"}])
def test_nothing_chosen_is_asked_again(db: None, sent: dict[str, str]) -> None:
    answer = Payer(a_bill(14_000)).post("amount", sent)
    assert answer.status_code == 422 and text(answer).count(words("amount.error.choose")) == 2


def test_a_card_number_in_the_amount_is_refused_and_forgotten(db: None) -> None:
    payer = Payer(a_bill(14_000))
    answer = payer.post("amount", {"amount": "other", "other_amount": CARD})
    assert answer.status_code == 422
    assert text(answer).count(words("errors.form.card_number")) == 2
    assert not card_in(text(answer))


def test_the_language_switch_keeps_what_was_typed_and_judges_nothing(db: None) -> None:
    payer = Payer(a_bill(14_000))
    answer = payer.post("amount", {"amount": "other", "other_amount": "1e3", "language": "es"})
    assert answer.status_code == 200 and 'lang="es"' in text(answer) and 'value="1e3"' in text(answer)


def test_what_was_chosen_stands_there_when_one_comes_back(db: None) -> None:
    payer = Payer(a_bill(14_000))
    payer.to_check(amount="other", other="50.00")
    body = text(payer.get("amount"))
    assert 'value="other" checked' in body and 'value="50.00"' in body
    answer = payer.post("amount", {"amount": "other", "other_amount": "60.00"})
    assert answer["Location"] == payer.at("check"), "a change comes back to the check page"


# Several bills


def three(region: str = "oregon") -> tuple[Bill, Bill, Bill]:
    return (
        a_bill(9_000, region=region, number="H1", payee="hospital", kind="hospital", due=date(2026, 11, 2)),
        a_bill(14_000, region=region, number="P2"),
        a_bill(2_550, region=region, number="P3", due=date(2027, 1, 4)),
    )


def test_several_bills_are_chosen_each_with_an_amount_and_the_total_is_there(db: None) -> None:
    one, two, three_ = bills = three()
    payer = Payer(*bills)
    body = text(payer.get("amount"))
    assert "You owe $255.50 on 3 bills" in body and ">$255.50</output>" in body
    answer = payer.post("amount", payer.each(amount_0="", amount_1="100.00"))
    assert answer.status_code == 303
    assert payer.held().amounts == {str(two.bill_id): 10_000, str(three_.bill_id): 2_550}
    assert str(one.bill_id) not in payer.held().amounts
    body = text(payer.get("amount"))
    assert ">$125.50</output>" in body and 'value="100.00"' in body


def test_the_total_is_made_anew_without_a_script_and_without_going_on(db: None) -> None:
    payer = Payer(*three())
    answer = payer.post("amount", payer.each(amount_0="", amount_1="100.00") | {"pick": "total"})
    assert answer.status_code == 200 and ">$125.50</output>" in text(answer)
    assert payer.held().amounts == {}


def test_only_what_is_due_now(db: None) -> None:
    with clock.fixed(NOON):
        payer = Payer(*three())
        answer = payer.post("amount", payer.each() | {"pick": "due"})
        assert ">$90.00</output>" in text(answer) and text(answer).count(" checked") == 1
        answer = payer.post("amount", payer.each(amount_0="") | {"pick": "all"})
        assert ">$255.50</output>" in text(answer) and text(answer).count(" checked") == 3


def test_each_amount_is_judged_by_its_own_bill(db: None) -> None:
    payer = Payer(*three())
    answer = payer.post("amount", payer.each(amount_0="90.01", amount_2="12,50"))
    body = text(answer)
    assert answer.status_code == 422
    assert words("amount.error_on.above", most="$90.00", end=payer.bills[0].number[-4:]) in body
    assert words("amount.error_on.shape", most="$25.50", end=payer.bills[2].number[-4:]) in body
    assert '<a href="#amount_0">' in body and '<a href="#amount_2">' in body
    assert 'value="90.01"' in body and 'value="12,50"' in body


@pytest.mark.parametrize("sent", [{}, {"bill": ["7"]}, {"bill": ["x", "-1"]}])
def test_no_bill_chosen(db: None, sent: dict[str, Any]) -> None:
    answer = Payer(*three()).post("amount", sent)
    assert answer.status_code == 422
    assert text(answer).count(words("amount.error.no_bill")) == 2 and 'id="bill"' in text(answer)


def test_bills_of_different_accounts_are_said_to_take_more_than_one_payment(db: None) -> None:
    assert words("amount.several.title") not in text(Payer(*three()).get("amount"))
    assert words("amount.several.title") in text(Payer(*three("hawaii")).get("amount"))


def test_nobody_pays_or_sees_a_bill_outside_their_flow(db: None) -> None:
    mine, other = a_bill(14_000), a_bill(8_800, family="2")
    payer = Payer(mine)
    flow = payer.held()
    flow.bills = [str(other.bill_id)]
    payer.keep(flow)
    answer = payer.get("amount")
    assert answer.status_code == 404 and "$88.00" not in text(answer)


# What stands in the way

STANDS = {
    "paid": ("amount.state.paid.title", "November 23, 2026"),
    "nothing_owed": ("amount.state.nothing.title", ""),
    "credit": ("amount.state.credit.title", "$10.00"),
    "being_paid": ("amount.state.waits.title", "12:34\u00a0p.m. (Pacific Time)"),
    "begun_here": ("amount.state.mine.title", "$140.00"),
    "on_its_way": ("amount.state.on_way.title", "do not pay again"),
    "on_its_way_here": ("amount.state.mine_on_way.title", "do not pay again"),
}


@pytest.mark.parametrize("name", STANDS)
def test_what_stands_in_the_way_is_said(processor: Desk, name: str) -> None:
    key, also = STANDS[name]
    with clock.fixed(NOON) as time:
        payer, address = play(name, processor, "en", time)
        answer = payer.get(address)
    assert answer.status_code == 200
    assert f"<h1>{words(key)}</h1>" in text(answer) and also in text(answer)
    assert 'name="amount"' not in text(answer)


def test_a_hold_whose_time_is_over_is_asked_about_and_falls(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer, address = play("being_paid", processor, "en", time)
        time.advance(minutes=31)
        assert "You owe $140.00" in text(payer.get(address))


def test_a_hold_that_nobody_can_lift_yet_names_no_time(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer, address = play("being_paid", processor, "en", time)
        processor.fault("create_500_after", 5)
        processor.fault("retrieve_500", 50)
        time.advance(minutes=31)
        body = text(payer.get(address))
    assert words("amount.state.on_way.title") in body, "its time is over and the processor keeps silent"


def test_where_some_of_several_are_shut_the_others_can_be_paid(processor: Desk) -> None:
    with clock.fixed(NOON) as time:
        payer, address = play("amount_one_of_them_paid", processor, "en", time)
        body = text(payer.get(address))
    assert "You owe $25.50 on 1 bill" in body
    assert words("amount.state.paid.title") in body and words("amount.state.waits.title") in body


def test_a_flow_that_is_gone_says_start_again_and_that_a_payment_is_safe(db: None) -> None:
    payer = Payer(a_bill(14_000))
    for page in ("amount", "details", "check"):
        for method in (payer.client.get, payer.client.post):
            answer = method(f"/pay/v/{payer.flow.id[:-1]}x/{page}")
            assert answer.status_code == 404 and words("errors.flow_gone.money") in text(answer)
    with clock.fixed(NOON) as time:
        payer = Payer(a_bill(14_000))
        time.advance(hours=5)
        assert payer.get("amount").status_code == 404


def test_the_page_asks_one_question_of_the_database(db: None) -> None:
    payer = Payer(*three())
    with CaptureQueriesContext(connection) as asked:
        payer.get("amount")
    assert len(asked) == 2, "the bills, and the note that they were seen"
    with CaptureQueriesContext(connection) as asked:
        payer.post("amount", {"bill": ["0"], "amount_0": "1.00"})
    assert len(asked) == 2


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", SCENES)
def test_every_state_is_sound_html_with_one_heading(
    processor: Desk, parse: Callable[[bytes], Any], name: str, language: str
) -> None:
    with clock.fixed(NOON) as time:
        payer, address = play(name, processor, language, time)
        answer = payer.get(address)
    tree = parse(answer.content)
    assert tree.get("lang") == language
    assert len(list(tree.iter(f"{XHTML}h1"))) == 1
    ids = [each.get("id") for each in tree.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    labelled = {each.get("for") for each in tree.iter(f"{XHTML}label")}
    typed = [each for each in tree.iter(f"{XHTML}input") if each.get("type") != "hidden"]
    assert {each.get("id") for each in typed} <= labelled
    for each in tree.iter():
        for attribute in ("aria-describedby", "aria-labelledby"):
            assert set((each.get(attribute) or "").split()) <= set(ids)
    assert answer["Cache-Control"] == "no-store" and "unsafe" not in answer["Content-Security-Policy"]
    assert " style=" not in answer.content.decode()
