"""A member pays with what they saved: a card at one press, a bank account in the words shown; a typed card is kept."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from caretill.core import outbox, sql
from caretill.letters.send import deliver
from caretill.web.account import member as door
from house import wallet
from house.cast import Bill, a_bill
from house.desk import CARD, Desk, at_once, processor_desk
from house.member import MemberOf, a_member
from house.payer import HIDDEN, payments, text, words
from house.saved import a_card

__all__ = ["processor_desk"]


def _hidden(page: Any) -> dict[str, str]:
    return dict(HIDDEN.findall(page.content.decode()))


class Paying:
    """A member's browser on the way from the amounts to the press."""

    def __init__(self, bill: Bill, member: MemberOf) -> None:
        self.client = Client(SERVER_NAME="127.0.0.1")
        self.client.cookies[door.cookie()] = member.token
        asked = self.client.get(f"/account/pay/?of={bill.bill_id}")
        answer = self.client.post("/account/pay/", {**_hidden(asked), "amount": "all"})
        assert answer.status_code == 303, text(answer)
        self.check: str = answer["Location"]

    def choose(self, how: str) -> Any:
        answer = self.client.post(self.check.replace("/check", "/how"), {"how": how})
        assert answer.status_code == 303, text(answer)
        return self.client.get(answer["Location"])

    def press(self, page: Any, **more: str) -> Any:
        return self.client.post(self.check, {**_hidden(page), **more})


def _with_card(processor: Desk) -> tuple[Bill, MemberOf, UUID]:
    bill = a_bill(14_000)
    member = a_member(bill.account_id)
    return bill, member, a_card(processor, bill, login_id=member.login_id)


def test_a_saved_card_pays_at_one_press(processor: Desk) -> None:
    bill, member, card = _with_card(processor)
    paying = Paying(bill, member)
    page = paying.choose(str(card))
    assert "Visa card ending in 4242" in text(page) and words("how.next.card_press") in text(page)
    answer = paying.press(page)
    done = paying.client.get(paying.client.get(answer["Location"])["Location"])
    assert words("done.title", amount="$140.00") in text(done) and bill.figures()["open_cents"] == 0
    assert len(processor.charges()) == 1
    row = sql.one("SELECT login_id, channel, method_id FROM payments_payment")
    assert row == {"login_id": member.login_id, "channel": "member", "method_id": card}


@pytest.mark.slow
def test_64_presses_with_a_saved_card_are_one_charge(processor: Desk) -> None:
    bill, member, card = _with_card(processor)
    paying = Paying(bill, member)
    told = _hidden(paying.choose(str(card)))

    def press() -> Any:
        browser = Client(SERVER_NAME="127.0.0.1")
        browser.cookies.update(paying.client.cookies)
        return browser.post(paying.check, told)

    answers = at_once([press] * 64)
    assert {answer.status_code for answer in answers} == {303}
    assert payments() == 1 and len(processor.charges()) == 1 and bill.figures()["open_cents"] == 0


def test_an_answer_that_is_lost_is_told_as_unknown_and_not_to_be_paid_again(processor: Desk) -> None:
    bill, member, card = _with_card(processor)
    paying = Paying(bill, member)
    processor.fault("charge_lost")
    answer = paying.press(paying.choose(str(card)))
    told = text(paying.client.get(answer["Location"]))
    assert words("states.unknown.sentence") in told
    assert paying.press(paying.client.get(answer["Location"])).status_code == 303
    assert payments() == 1 and len(processor.charges()) == 1


def test_a_no_is_said_and_another_way_is_chosen(processor: Desk) -> None:
    bill, member, card = _with_card(processor)
    paying = Paying(bill, member)
    processor.fault("insufficient_funds")
    answer = paying.press(paying.choose(str(card)))
    told = paying.client.get(answer["Location"])
    assert words("states.declined.title") in text(told) and bill.figures()["payable_cents"] == 14_000
    page = paying.choose("card")
    assert "/c/" in paying.press(page)["Location"]


def test_a_saved_bank_account_pays_in_the_words_that_were_shown(db: None) -> None:
    bill = a_bill(14_000)
    member = a_member(bill.account_id)
    bank = wallet.a_bank(bill.account_id, member.login_id)
    paying = Paying(bill, member)
    page = paying.choose(str(bank))
    assert "Authorization for bank payments (ACH)" in text(page)
    assert paying.press(page, mark="0" * 16).status_code == 409 and payments() == 0
    wait = paying.client.get(paying.press(page)["Location"])
    assert words("states.bank_planned.title") in text(wait)
    kept = sql.one("SELECT method_id, login_id, channel, kind, sec_code FROM methods_mandate")
    assert kept == {
        "method_id": bank, "login_id": member.login_id, "channel": "member", "kind": "once", "sec_code": "WEB",
    }  # fmt: skip


def test_what_somebody_else_saved_is_no_choice(db: None) -> None:
    bill = a_bill(14_000)
    member, other = a_member(bill.account_id), a_member(bill.account_id, "pay", email="other@example.org")
    theirs = wallet.a_card(bill.account_id, other.login_id)
    proved, unproved = (
        wallet.a_bank(bill.account_id, member.login_id),
        wallet.a_bank(bill.account_id, member.login_id, number="998877665544", proved=False),
    )
    paying = Paying(bill, member)
    page = paying.client.get(paying.check.replace("/check", "/how")).content.decode()
    assert str(proved) in page and str(unproved) not in page and str(theirs) not in page
    for wrong in (theirs, unproved):
        answer = paying.client.post(paying.check.replace("/check", "/how"), {"how": str(wrong)})
        assert answer.status_code == 422


def test_what_was_deleted_meanwhile_charges_nobody(processor: Desk) -> None:
    bill, member, card = _with_card(processor)
    paying = Paying(bill, member)
    page = paying.choose(str(card))
    sql.execute("UPDATE methods_method SET state = 'disabled', is_default = false WHERE id = %s", (card,))
    answer = paying.press(page)
    assert answer.status_code == 409 and words("check.gone.title") in text(answer)
    assert payments() == 0 and processor.charges() == []


def test_a_card_that_is_ticked_is_kept_with_what_was_agreed(processor: Desk) -> None:
    bill = a_bill(14_000)
    member = a_member(bill.account_id)
    paying = Paying(bill, member)
    page = paying.client.get(paying.check)
    assert words("how.keep") in text(page) and "Authorization to keep a card" in text(page)
    url = paying.press(page, keep="yes")["Location"]
    form = CARD | {"security_code": CARD["cvc"], "save": "yes"}
    back = processor.shell.browse("POST", f"{url}/pay", form)
    paying.client.get(back.location.removeprefix("http://127.0.0.1:8000"))
    while outbox.relay(deliver):
        pass
    kept = sql.one("SELECT login_id, kind, last4, state FROM methods_method")
    assert kept == {"login_id": member.login_id, "kind": "card", "last4": "4242", "state": "ready"}
    agreed = sql.one("SELECT kind, channel, network FROM methods_mandate")
    assert agreed == {"kind": "save", "channel": "member", "network": "127.0.0.1"}
    assert len(processor.charges()) == 1 and bill.figures()["open_cents"] == 0


def test_a_card_that_is_not_ticked_is_not_kept(processor: Desk) -> None:
    bill = a_bill(14_000)
    paying = Paying(bill, a_member(bill.account_id))
    url = paying.press(paying.client.get(paying.check))["Location"]
    assert 'name="save"' not in processor.shell.browse("GET", url).text
