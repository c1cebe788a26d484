"""What a guest sees where a family's payment, begun at another account, holds one of their bills."""

from __future__ import annotations

from caretill.payments import take
from house.cast import a_bill
from house.desk import Desk, processor_desk
from house.families import a_family
from house.payer import Payer, text, words

__all__ = ["processor_desk"]


def test_a_bill_that_a_family_pays_elsewhere_waits(processor: Desk) -> None:
    made = a_family()
    held = take.pay(made.ask(visit=b"another"))
    guest = Payer(made.bills[-1])
    page = text(guest.get("amount"))
    assert words("amount.state.waits.title") in page
    assert "$660" not in page, "nothing of what the family pays in all"
    take.stop(made.bills[0].account_id, held.payment_id)
    assert "You owe $130.00" in text(guest.get("amount"))


def test_of_two_bills_one_is_taken_by_a_family_before_the_press(processor: Desk) -> None:
    made = a_family()
    mine = a_bill(7_000, family="own", number="OWN1"), a_bill(8_000, family="own", number="OWN2")
    assert mine[0].account_id == mine[1].account_id
    guest = Payer(*mine)
    check = guest.to_check()
    others = ((mine[1].account_id, mine[1].bill_id, 8_000),)
    assert take.pay(made.bills[0].ask(10_000, others=others, visit=b"another")).code == "open"
    answer = guest.press_pay(check)
    assert answer.status_code == 409
    page = text(answer)
    assert words("amount.state.waits.title") in page and page.count('class="shut"') == 1
    assert mine[0].figures()["payable_cents"] == 7_000
