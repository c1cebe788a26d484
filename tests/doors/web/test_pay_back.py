"""To the card page and back in every way, and several payments for one choice of bills."""

from __future__ import annotations

from unittest import mock

from caretill.core import clock, sql
from caretill.payments import callbacks, take
from house.cast import a_bill
from house.desk import Desk, processor_desk
from house.payer import Payer, made, payments, text, words
from house.scenes import NOON, Scene, several

__all__ = ["processor_desk"]


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
