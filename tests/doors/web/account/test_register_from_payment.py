"""From a guest's payment to an account: what was proved is not asked twice, and nothing of it is shown."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from caretill.core import clock, sql
from caretill.core.words import say
from caretill.web.account import registering
from house.cast import Bill, a_bill
from house.desk import Desk, processor_desk
from house.payer import HIDDEN, text
from house.registrant import ADDRESS, PASSWORD, WHERE, mailed_code

__all__ = ["processor_desk"]


@pytest.fixture
def guest(db: None) -> Client:
    return Client(SERVER_NAME="127.0.0.1", HTTP_ACCEPT_LANGUAGE="en")


def paid(guest: Client, processor: Desk, found: Any) -> Any:
    """The done page of what a lookup found."""
    amount = found["Location"]
    guest.get(amount)
    details = guest.post(amount, {"amount": "all", "other_amount": ""})["Location"]
    check = guest.post(details, {"payer_name": "Juana Solano", "email": "juana.pays@example.org"})["Location"]
    key = dict(HIDDEN.findall(guest.get(check).content.decode()))["key"]
    card = guest.post(check, {"key": key})["Location"]
    back = processor.card(card)
    done = guest.get(back[back.index("/pay/") :])["Location"]
    return guest.get(done)


def way(done: Any) -> str:
    """The link to an account on a done page."""
    body = text(done)
    assert say("en", "done.account.button") in body
    return body.split('href="/register/')[1].split('"')[0]


def number_and(guest: Client, bill: Bill, **facts: str) -> Any:
    return guest.post(f"/pay/{bill.region}/", {"number": bill.account_number} | facts)


def test_proved_facts_are_not_asked_again_nor_shown(guest: Client, processor: Desk) -> None:
    bill = a_bill(14_000)
    done = paid(guest, processor, number_and(guest, bill, last_name="Solano", zip="97201"))
    answer = guest.get(f"/register/{way(done)}")
    assert answer["Location"] == "/register/terms/"
    known = guest.get("/register/facts/").content.decode()
    assert say("en", "register.fields.known") in known
    assert not any(f'value="{each}"' in known for each in (bill.account_number, "Solano", "97201"))
    guest.post("/register/terms/", {"agreed": "yes"})
    assert 'value="juana.pays@example.org"' in guest.get("/register/email/").content.decode()
    guest.post("/register/email/", {"email": "juana.pays@example.org"})
    assert "1 Example Street" not in guest.get("/register/code/").content.decode()
    guest.post("/register/code/", {"code": mailed_code()})
    guest.post("/register/name/", ADDRESS | WHERE)
    guest.post("/register/password/", {"new_password": PASSWORD})
    assert guest.post("/register/paper/", {"speak": "en", "paper": "paper"})["Location"] == "/register/done/"
    row = sql.one("SELECT account_id, level FROM people_access")
    assert row == {"account_id": bill.account_id, "level": "holder"}


def test_less_than_registering_asks_is_asked_again(guest: Client, processor: Desk) -> None:
    bill = a_bill(14_000)
    done = paid(guest, processor, number_and(guest, bill, zip="97201"))
    assert guest.get(f"/register/{way(done)}")["Location"] == "/register/facts/"
    page = guest.get("/register/facts/").content.decode()
    assert "Oregon" in page and bill.account_number not in page


def test_a_bills_number_proves_no_account(guest: Client, processor: Desk) -> None:
    bill = a_bill(14_000)
    found = guest.post("/pay/oregon/", {"number": bill.number, "last_name": "Solano", "zip": "97201"})
    assert guest.get(f"/register/{way(paid(guest, processor, found))}")["Location"] == "/register/facts/"


def test_a_childs_name_paid_but_does_not_register(guest: Client, processor: Desk) -> None:
    bill = a_bill(14_000)
    sql.execute("UPDATE people_person SET last_norm = 'kindler', last_name = 'Kindler'")
    done = paid(guest, processor, number_and(guest, bill, last_name="Kindler", zip="97201"))
    assert guest.get(f"/register/{way(done)}")["Location"] == "/register/facts/"


def test_what_was_proved_ends_with_the_hour_and_with_the_browser(guest: Client, processor: Desk) -> None:
    bill = a_bill(14_000)
    with clock.fixed(clock.now()) as time:
        done = paid(guest, processor, number_and(guest, bill, last_name="Solano", zip="97201"))
        address = f"/register/{way(done)}"
        other = Client(SERVER_NAME="127.0.0.1")
        assert other.get(address)["Location"] == "/register/" and registering.cookie() not in other.cookies
        time.advance(minutes=41)
        assert guest.get(address)["Location"] == "/register/facts/"
