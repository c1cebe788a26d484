"""An account with more open bills than a visit holds is told so; a check code of a payment under way says nothing."""

from __future__ import annotations

from django.test import Client

from caretill.core import sql
from caretill.payments import access, take
from caretill.web.seek import MOST_BILLS
from house.cast import a_bill
from house.desk import Desk, processor_desk

__all__ = ["processor_desk"]


def test_more_bills_than_a_page_holds(db: None) -> None:
    for number in range(MOST_BILLS + 1):
        bill = a_bill(1_000, number=f"P{number:010d}")
    guest = Client(SERVER_NAME="127.0.0.1", HTTP_ACCEPT_LANGUAGE="en")
    found = guest.post("/pay/oregon/", {"number": bill.account_number, "last_name": bill.last_name})
    page = guest.get(found["Location"]).content.decode()
    assert "50 oldest bills" in page and "You may have more" in page


def test_a_payment_under_way_is_not_called_void(processor: Desk) -> None:
    bill = a_bill(14_000)
    answer = take.pay(bill.ask(5_000))
    row = sql.one("SELECT check_code FROM payments_payment WHERE id = %s", (answer.payment_id,))
    assert row is not None and access.check(row["check_code"]) is None
    take.stop(bill.account_id, answer.payment_id)
    assert access.check(row["check_code"]) == {"answer": "void"}
