"""While too many debits come back, every door offers a card, and says why there is no bank account."""

from __future__ import annotations

from caretill.core import clock, sql
from house import later
from house.cast import a_bill
from house.debits import MONDAY, came_back
from house.payer import HIDDEN, TYPED_BANK, Payer, text, words


def _to_agree(payer: Payer) -> dict[str, str]:
    payer.to_check()
    payer.post("how", {"how": "bank"})
    payer.post("bank", TYPED_BANK)
    return dict(HIDDEN.findall(payer.get("check").content.decode()))


def test_a_guest_is_led_to_a_card_and_nothing_is_begun(db: None) -> None:
    with clock.fixed(MONDAY):
        payer = Payer(a_bill(14_000, family="9"))
        press = _to_agree(payer)
        came_back(3)
        before = sql.one("SELECT count(*) AS n FROM payments_payment")
        answer = payer.post("check", press)
        assert answer.status_code == 303 and answer["Location"] == payer.at("how")
        page = text(payer.get("how"))
        assert words("how.paused") in page and words("how.bank") not in page
        assert payer.post("how", {"how": "bank"}).status_code == 422
        assert payer.get("bank")["Location"] == payer.at("how")
        assert sql.one("SELECT count(*) AS n FROM payments_payment") == before
        assert payer.post("how", {"how": "card"})["Location"] == payer.at("check")


def test_a_press_that_was_answered_is_answered_again(db: None) -> None:
    with clock.fixed(MONDAY):
        payer = Payer(a_bill(14_000, family="9"))
        press = _to_agree(payer)
        payer.post("check", press)
        came_back(3)
        assert payer.post("check", press)["Location"].startswith("/pay/wait/")


def test_a_member_is_told_where_ways_to_pay_are_kept(db: None) -> None:
    with clock.fixed(MONDAY):
        payer = later.a_payer(a_bill(20_000, family="9"))
        browser = payer.member.client()
        assert words("methods.add_bank") in text(browser.get("/account/ways/"))
        came_back(3)
        assert browser.get("/account/ways/bank/")["Location"] == "/account/ways/"
        page = text(browser.get("/account/ways/"))
        assert words("how.paused") in page and words("methods.add_bank") not in page
