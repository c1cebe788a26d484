"""The money on an account, page by page: put there by card, used for a bill, taken back; who may not see it."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

from django.test import Client

from caretill.core import sql
from caretill.payments import callbacks, credit, deposits, look, refund, returns, take
from caretill.regions import catalog
from house.cast import Bill, a_bill
from house.desk import Desk, processor_desk
from house.ledgerbook import pay
from house.member import a_member
from house.payer import HIDDEN, text, words

__all__ = ["processor_desk"]
MONEY = "/account/money/"


def member_of(bill: Bill, **more: Any) -> Client:
    return a_member(bill.account_id, **more).client()


def put(processor: Desk, client: Client, amount: str, **more: str) -> Any:
    hidden = dict(HIDDEN.findall(client.get(MONEY).content.decode()))
    account = catalog.region("oregon").processor_accounts["medical_group"]
    return client.post(MONEY, {"key": hidden["key"], "amount": amount, "account": account, **more})


def paid_in(processor: Desk, client: Client, bill: Bill, amount: str) -> None:
    answer = put(processor, client, amount)
    assert answer.status_code == 303, text(answer)
    processor.card(answer["Location"])
    row = sql.one("SELECT id FROM payments_payment ORDER BY id DESC LIMIT 1")
    assert row is not None
    assert look.came_back(bill.account_id, row["id"]) == "succeeded"
    callbacks.apply_due()


def press(client: Client, page: Any, path: str, **more: str) -> Any:
    """The first form of a page that goes there, as its button sends it."""
    form = re.search(rf'<form[^>]*action="{re.escape(path)}".*?</form>', page.content.decode(), re.DOTALL)
    assert form is not None, f"no form to {path}"
    return client.post(path, dict(HIDDEN.findall(form.group())) | more)


def test_put_there_used_and_taken_back(processor: Desk) -> None:
    bill = a_bill(5_000)
    client = member_of(bill)
    assert words("deposit.none") in text(client.get(MONEY))
    paid_in(processor, client, bill, "80.00")
    page = client.get(MONEY)
    assert words("deposit.title", amount="$80.00") in text(page)
    assert words("deposit.use.deposit", amount="$50.00") in text(page)
    answer = press(client, page, f"{MONEY}use/")
    assert (answer.status_code, answer["Location"]) == (303, f"{MONEY}?done=applied#done")
    assert bill.figures()["open_cents"] == 0
    again = press(client, page, f"{MONEY}use/")
    assert again["Location"].endswith("done=applied#done")
    assert deposits.balance(bill.account_id) == 3_000, "two presses are one"
    back = client.get(f"{MONEY}back/")
    assert words("deposit.return.title", amount="$30.00") in text(back)
    hidden = dict(HIDDEN.findall(back.content.decode()))
    for _ in range(2):
        client.post(f"{MONEY}back/", {"key": hidden["key"], "back": "yes"})
    rows = sql.query("SELECT amount_cents, state FROM payments_refund")
    assert rows == [{"amount_cents": 3_000, "state": "succeeded"}]


def test_what_is_typed_wrong_is_said_at_the_field(processor: Desk) -> None:
    bill = a_bill(5_000)
    client = member_of(bill)
    for amount in ("", "0", "abc", "20000.00"):
        answer = put(processor, client, amount)
        assert answer.status_code == 422 and 'id="amount-error"' in answer.content.decode(), amount
    answer = put(processor, client, "20.00", account="elsewhere")
    assert answer.status_code == 422 and words("deposit.error.account") in text(answer)
    assert sql.one("SELECT count(*)::int AS n FROM payments_payment") == {"n": 0}
    answer = client.post(f"{MONEY}wish/", {"floor": "much"})
    assert answer.status_code == 422 and words("deposit.error.floor") in text(answer)


def test_the_wish_is_kept(processor: Desk) -> None:
    bill = a_bill(5_000)
    client = member_of(bill)
    answer = client.post(f"{MONEY}wish/", {"by_itself": "yes", "floor": "20.00"})
    assert answer["Location"] == f"{MONEY}?done=saved#done"
    assert deposits.wish(bill.account_id) == deposits.Wish(True, 2_000)
    body = text(client.get(MONEY))
    assert words("deposit.wish.on") in body and words("deposit.wish.floor", amount="$20.00") in body
    client.post(f"{MONEY}wish/", {"floor": ""})
    assert deposits.wish(bill.account_id) == deposits.Wish(False, None)


def test_credit_is_seen_at_once_used_and_sent_back(processor: Desk) -> None:
    bill, other = a_bill(14_000), a_bill(2_000, number="P2")
    client = member_of(bill)
    pay(processor, (bill, 14_000))
    a_bill(9_000, version=2)
    assert words("home.card.credit.title", amount="$50.00") in text(client.get("/account/"))
    page = client.get(MONEY)
    assert words("deposit.use.credit", amount="$20.00") in text(page)
    press(client, page, f"{MONEY}use/")
    assert (other.figures()["open_cents"], credit.balance(bill.account_id)) == (0, 3_000)
    hidden = dict(HIDDEN.findall(client.get(f"{MONEY}credit/").content.decode()))
    client.post(f"{MONEY}credit/", {"key": hidden["key"], "back": "yes"})
    assert credit.balance(bill.account_id) == 0


def test_nobody_else_sees_it_or_moves_it(processor: Desk) -> None:
    bill = a_bill(5_000)
    paid_in(processor, member_of(bill), bill, "30.00")
    stranger = member_of(a_bill(1_000, family="strangers"), email="stranger@example.org")
    assert "$30.00" not in text(stranger.get(MONEY))
    answer = stranger.post(f"{MONEY}use/", {"bill": str(bill.bill_id), "key": str(uuid4()), "which": "deposit"})
    assert answer["Location"].endswith("done=nothing#done")
    assert (deposits.balance(bill.account_id), bill.figures()["open_cents"]) == (3_000, 5_000)
    looker = member_of(bill, level="see", email="looker@example.org")
    assert [looker.get(f"{MONEY}{path}").status_code for path in ("", "wish/", "back/", "credit/")] == [404] * 4


def test_the_payments_page_says_what_went_back(processor: Desk) -> None:
    bill = a_bill(14_000)
    client = member_of(bill)
    payment = pay(processor, (bill, 14_000))
    refund.refund(bill.account_id, payment, 4_000, uuid4(), "asked")
    body = text(client.get(f"/account/history/receipts/{payment}/"))
    assert words("deposit.track.of", amount="$40.00") in body and words("deposit.track.step.yours") in body
    returns.apply_return(bill.account_id, payment, 14_000, "R10", "line")
    body = text(client.get(f"/account/history/receipts/{payment}/"))
    assert words("deposit.gone.returned", amount="$140.00") in body
    assert words("deposit.gone.owed", amount="$40.00", phone="")[:20] in body
    assert words("receipt.title.paid", amount="$140.00") not in body, "what bounced is never shown as paid"
    assert "Office visit" not in body, "nor is it on a paper for the tax"


def test_a_bill_that_is_being_paid_is_left_alone(processor: Desk) -> None:
    bill = a_bill(5_000)
    client = member_of(bill)
    paid_in(processor, client, bill, "80.00")
    page = client.get(MONEY)
    take.pay(bill.ask(1_000))
    assert press(client, page, f"{MONEY}use/")["Location"].endswith("done=being_paid#done")
    assert deposits.balance(bill.account_id) == 8_000


def test_who_sees_one_person_hears_nothing_of_a_deposit(processor: Desk) -> None:
    bill = a_bill(5_000)
    client = member_of(bill)
    paid_in(processor, client, bill, "77.00")
    row = sql.one("SELECT p.id, b.person_id FROM payments_payment p JOIN billing_bill b ON b.account_id = p.account_id")
    assert row is not None
    assert "$77.00" in text(client.get("/account/")) and "$77.00" in text(client.get("/account/history/"))
    assert client.get(f"/account/history/receipts/{row['id']}/").status_code == 200
    assert client.get(f"/account/history/receipts/{row['id']}/receipt.pdf").content[:5] == b"%PDF-"
    some = member_of(bill, level="pay", person_id=row["person_id"], email="some@example.org")
    assert "$77.00" not in text(some.get("/account/")) + text(some.get("/account/history/"))
    assert some.get(f"/account/history/receipts/{row['id']}/").status_code == 404
