"""A guest pays without JavaScript: from the amount to the receipt, with every way back."""

from __future__ import annotations

from house.cast import a_bill
from house.desk import Desk, processor_desk
from house.payer import Payer

__all__ = ["processor_desk"]


def test_start_to_finish(processor: Desk) -> None:
    payer = Payer(a_bill(14_000))
    page = payer.get("amount")
    assert page.status_code == 200, page.content
    print(page.content.decode())
    url = payer.to_card()
    back = payer.get(processor.card(url))
    print(back.status_code, back["Location"])
    done = payer.get(back["Location"])
    print(done.content.decode())
    assert done.status_code == 200
