"""What somebody trips over who never saw this: words, ways back, and what comes next."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from caretill.core import sql
from caretill.core.words import say
from caretill.regions.catalog import organisation
from house.cast import a_bill
from house.desk import Desk, processor_desk
from house.member import a_member
from house.payer import Payer, text
from house.registrant import Registrant, facts

__all__ = ["processor_desk"]
SHORT = "otters swim"


def agreed_words(answer: Any, kind: str) -> list[str]:
    """The languages in which a page shows the words somebody agrees to."""
    body = answer.content.decode()
    known = organisation()
    return [each for each in known.languages if known.texts[each][kind]["title"] in body]


def has(answer: Any, key: str, language: str = "en", **figures: object) -> bool:
    return say(language, key, **figures) in html.unescape(text(answer))


def test_what_somebody_agrees_to_is_in_the_language_of_the_page(db: None) -> None:
    one = Registrant()
    one.facts(facts(a_bill(14_000)))
    assert agreed_words(one.client.post("/register/terms/", {"language": "es"}), "terms") == ["es"]
    assert agreed_words(one.client.post("/register/terms/", {"language": "en"}), "terms") == ["en"]
    one.terms()
    one.email()
    one.code()
    one.name()
    one.secret()
    switched = one.client.post("/register/paper/", {"speak": "en", "paper": "paper", "language": "es"})
    assert agreed_words(switched, "paperless") == ["es"]
    assert re.search(r'name="speak" value="es" checked', switched.content.decode()), "the switch is a wish as well"


def test_a_short_password_ends_at_the_page_that_says_the_account_is_ready(db: None) -> None:
    one = Registrant()
    answer = one.whole(facts(a_bill(14_000)), password=SHORT)
    page = one.get(answer["Location"])
    assert 'name="next" value="/register/done/"' in page.content.decode()
    assert 'href="/forgot/password/"' in page.content.decode(), "who has no app chooses a longer password"
    link = re.search(r'href="(otpauth://[^"]+)"', page.content.decode())
    assert link and "new.member" not in link[1] and "example.org" not in link[1]


def test_registering_leads_back_a_page_from_each_of_its_last_steps(db: None) -> None:
    one = Registrant()
    one.to_code(facts(a_bill(14_000)))
    one.code()
    one.name()
    one.secret()
    for page, before in (("name", "email"), ("password", "name"), ("paper", "password")):
        assert f'href="/register/{before}/">{say("en", "register.back")}' in text(one.get(f"/register/{page}/"))


@pytest.mark.parametrize("language", ["en", "es"])
def test_who_is_sent_to_sign_in_reads_why(client: Client, db: None, language: str) -> None:
    asked = client.get("/account/bills/", HTTP_ACCEPT_LANGUAGE=language)
    page = client.get(asked["Location"], HTTP_ACCEPT_LANGUAGE=language)
    assert has(page, "signin.first", language)
    assert not has(client.get("/sign-in/", HTTP_ACCEPT_LANGUAGE=language), "signin.first", language)


def test_who_is_signed_in_goes_on_to_what_they_wanted(db: None) -> None:
    client = a_member(a_bill(14_000).account_id).client()
    assert f'href="/account/bills/">{say("en", "signin.here.go")}' in text(client.get("/sign-in/?next=/account/bills/"))
    assert f'href="/account/">{say("en", "signin.here.go")}' in text(client.get("/sign-in/"))


def test_a_bill_in_the_list_has_the_number_of_its_paper(db: None) -> None:
    bill = a_bill(14_000)
    page = a_member(bill.account_id).client().get("/account/bills/")
    assert has(page, "bills.number", number=bill.number)


def test_an_unfinished_payment_leads_back_to_the_account_and_a_finished_one_to_its_receipt_for_an_hsa(
    processor: Desk,
) -> None:
    bill = a_bill(14_000)
    member = a_member(bill.account_id)
    client = member.client()
    who = {"who": member.session().tag}
    chosen = client.post("/account/pay/", who | {"of": str(bill.bill_id), "amount": "all", "other_amount": ""})
    check = client.get(chosen["Location"])
    key = re.search(r'name="key" value="([^"]+)"', check.content.decode())
    assert key
    card = client.post(chosen["Location"], who | {"key": key[1]})
    way = re.search(r'href="(/pay/cancel/[^"]+)"', client.get("/account/").content.decode())
    assert way
    assert has(client.get(way[1]), "member_pay.back")
    assert not has(Client(SERVER_NAME="127.0.0.1").get(way[1]), "member_pay.back")
    client.get(processor.card(card["Location"]).removeprefix(settings.CARETILL_PUBLIC_URL))
    assert has(client.get("/account/history/"), "history.hsa")


def test_a_changed_address_says_that_it_can_be_undone_and_the_undoing_leads_in(db: None) -> None:
    member = a_member(a_bill(14_000).account_id)
    client = member.client()
    typed = {"street": "12 New Street", "city": "Salem", "state": "OR", "zip": "97301"}
    answer = client.post("/account/profile/address/", typed | {"who": member.session().tag})
    assert has(client.get(answer["Location"]), "profile.told") and "48" in say("en", "profile.told")
    assert has(client.get("/account/profile/address/"), "profile.back")


def test_how_to_close_an_account_is_said_where_it_is_promised(db: None) -> None:
    member = a_member(a_bill(14_000).account_id)
    number = organisation().region("oregon").contact("technical").phone
    assert number in text(member.client().get("/account/profile/"))
    one = Registrant()
    one.facts(facts(a_bill(14_000)))
    ending = text(one.get("/register/terms/")).rpartition("Ending it.")[2]
    assert "call" in ending.split(".")[0] and number in ending.split(".")[0]


def test_an_invitation_that_ended_is_no_dead_end(client: Client, db: None) -> None:
    page = client.get("/invite/nonsense")
    assert page.status_code == 410 and 'href="/account/"' in text(page) and has(page, "register.guest")


def test_whose_care_is_hidden_is_said_without_saying_that_it_is_seen(db: None) -> None:
    bill = a_bill(14_000)
    sql.execute("UPDATE people_person SET birth_date = '2008-11-20', relation = 'child'")
    client = a_member(bill.account_id).client()
    page = client.get("/account/household/")
    assert has(page, "household.may_hidden.manage") and not has(page, "household.may.manage")
    sql.execute("UPDATE people_person SET birth_date = '2018-11-20'")
    page = client.get("/account/household/")
    assert has(page, "household.may.manage") and not has(page, "household.may_hidden.manage")


def test_who_made_a_link_reads_how_to_come_back_to_it_and_can(db: None) -> None:
    bill = a_bill(14_000)
    asked = {"amount": "all", "other_amount": "", "do": "helper"}
    first = Payer(bill)
    first.post("amount", asked)
    first.post("someone-else", {"email": ""})
    said = say("en", "helping.later", button=say("en", "helping.ask"))
    assert said in html.unescape(text(first.get("someone-else")))
    tomorrow = Payer(bill)
    tomorrow.post("amount", asked)
    assert 'name="back"' in text(tomorrow.get("someone-else"))


def test_papers_are_chosen_again_after_another_language_and_a_members_name_is_there(client: Client, db: None) -> None:
    first = client.get("/help/oregon/send/")
    assert not has(first, "documents.again")
    assert has(client.post("/help/oregon/send/", {"language": "es"}), "documents.again", "es")
    member = a_member(a_bill(14_000).account_id)
    session = member.session()
    page = member.client().get("/help/oregon/send/")
    assert f'value="{session.first_name} {session.last_name}"' in text(page)
