"""The way back of who was invited: no numbers of their own, so their second step stands in for them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from caretill.core import clock, sql
from caretill.core.words import say
from caretill.people import factors
from house.cast import Bill, a_bill
from house.member import PASSWORD, MemberOf, a_login, a_member, grant, person_of
from house.registrant import bare, mails

INVITED = "/forgot/invited/oregon/"
NEW = "eleven loud herons dance"
EMAIL = "aunt@example.org"


@pytest.fixture
def bill(db: None) -> Bill:
    return a_bill(14_000)


def visitor(language: str = "en") -> Client:
    return Client(SERVER_NAME="127.0.0.1", HTTP_ACCEPT_LANGUAGE=language)


def invited(bill: Bill, level: str = "see", email: str = EMAIL) -> tuple[MemberOf, list[str]]:
    """A login that may see one person, and its recovery codes."""
    made = a_member(bill.account_id, level, person_of(bill.account_id), email=email)
    return made, factors.new_codes(made.login_id)


def ask(email: str = EMAIL) -> Any:
    return visitor().post(INVITED, {"email": email})


def told() -> list[tuple[str, str, bool]]:
    return [(topic, says["to"], bool(says["link"])) for topic, says in mails("recover_")]


def link() -> str:
    return f"/reset/{mails('recover_password')[-1][1]['link']}/"


def test_a_link_and_a_recovery_code_give_a_new_password(bill: Bill) -> None:
    made, codes = invited(bill)
    assert f'href="{INVITED}"' in visitor().get("/forgot/password/oregon/").content.decode()
    assert ask(" Aunt@Example.org ").status_code == 200 and told() == [("recover_password", EMAIL, True)]
    browser, way = visitor(), link()
    for wrong in ("", "AAAAA-AAAAA"):
        assert browser.post(way, {"new_password": NEW, "code": wrong}).status_code == 422
    assert browser.post(way, {"new_password": NEW, "code": codes[0]}).status_code == 200
    assert made.client().get("/account/").status_code == 303, "signed out everywhere"
    signed = browser.post("/sign-in/", {"email": EMAIL, "password": NEW})
    assert signed.status_code == 303 and browser.get("/account/").status_code == 200
    assert visitor().get(way).status_code == 404, "once"


def test_the_answer_is_one_whoever_it_is(bill: Bill) -> None:
    invited(bill)
    invited(bill, "own", "child@example.org")
    a_member(bill.account_id, "pay", person_of(bill.account_id), email="bare@example.org")
    holder = a_member(bill.account_id, email="owns@example.org")
    factors.new_codes(holder.login_id)
    nothing = a_login("none@example.org")
    factors.new_codes(nothing)
    addresses = (
        EMAIL,
        "child@example.org",
        "bare@example.org",
        "owns@example.org",
        "none@example.org",
        "no@example.org",
    )
    with clock.fixed(clock.now()):
        answers = [ask(address) for address in addresses]
    assert len({(each.status_code, bare(each), tuple(sorted(each.items()))) for each in answers}) == 1
    assert told() == [("recover_password", EMAIL, True)] + [("recover_nothing", each, False) for each in addresses[1:]]


def test_a_right_that_has_ended_opens_no_way(bill: Bill) -> None:
    made, _ = invited(bill)
    sql.execute("UPDATE people_access SET ended_at = %s WHERE login_id = %s", (clock.now(), made.login_id))
    ask()
    assert told() == [("recover_nothing", EMAIL, False)]
    grant(made.login_id, bill.account_id, "own", person_of(a_bill(9_000, family="2").account_id))
    ask()
    assert told()[-1] == ("recover_nothing", EMAIL, False), "who is a patient has numbers"


def test_without_a_second_step_the_link_opens_nothing(bill: Bill) -> None:
    invited(bill)
    ask()
    way = link()
    sql.execute("UPDATE people_factor SET ended_at = %s", (clock.now(),))
    assert visitor().get(way).status_code == 404
    assert visitor().post(way, {"new_password": NEW}).status_code == 404
    assert visitor().post("/sign-in/", {"email": EMAIL, "password": PASSWORD}).status_code == 303


def test_three_mails_an_hour_and_forty_asks_of_a_network(bill: Bill) -> None:
    invited(bill)
    with clock.fixed(clock.now()):
        for _ in range(4):
            assert ask().status_code == 200
        assert [to for _, to, _ in told()] == [EMAIL] * 3 + [""]
        for turn in range(36):
            ask(f"n{turn}@example.org")
        assert ask("last@example.org").status_code == 429


@pytest.mark.parametrize("language", ["en", "es"])
def test_what_is_missing_is_said_and_whom_to_call(db: None, language: str) -> None:
    page = visitor(language).post(INVITED, {"email": "nobody"})
    body = page.content.decode()
    assert page.status_code == 422 and say(language, "register.error.email_shape") in body
    assert say(language, "recover.invited.none") in body and 'value="nobody"' in body and "tel:" in body
