"""Registering and the ways back in below the pages: mails, races, consents."""

from __future__ import annotations

from email.message import EmailMessage
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client
from django.urls import resolve

from caretill.core import clock, outbox, sql
from caretill.core.ids import uuid7
from caretill.core.words import LANGUAGES
from caretill.letters import post, register_mails, send
from caretill.people import recovery, register
from caretill.people.register import Agreed, Standing, Wish
from caretill.people.viewer import NOBODY
from house.cast import Bill, a_bill
from house.desk import at_once
from house.member import a_member

CANARIES = ("Solano", "Juana", "Iker", "Prueba", "Office visit", "$", "140")


@pytest.fixture
def bill(db: None) -> Bill:
    return a_bill(14_000)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[EmailMessage]:
    taken: list[EmailMessage] = []
    monkeypatch.setattr(post, "transmit", taken.append)
    return taken


def wish(bill: Bill, email: str = "new@example.org", language: str = "en", **changes: object) -> Wish:
    given: dict[str, object] = {
        "login_id": uuid7(), "region": bill.region, "standing": Standing(bill.account_id, NOBODY, "holder"),
        "email": email, "password": "a hash", "whole": True, "first_name": "Juana", "last_name": "Solano",
        "street": "1 Example Street", "city": "Sampleton", "state": "OR", "zip": "97201", "language": language,
        "paperless": False, "agreed": (Agreed("terms", True, "1", "en", b"digest"),),
    }  # fmt: skip
    return Wish(**given | changes)  # type: ignore[arg-type]


def words(mail: EmailMessage) -> str:
    return "\n".join(part.get_content() for part in mail.walk() if part.get_content_type().startswith("text/"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_mail_goes_out_in_both_languages_and_names_nothing(
    bill: Bill, sent: list[EmailMessage], language: str
) -> None:
    sql.execute("UPDATE people_account SET language = %s", (language,))
    held = Standing(bill.account_id, NOBODY, "holder")
    recovery.tell_email(held, "oregon", language)
    register.send_code("new@example.org", "oregon", language)
    assert register.make(wish(bill, language=language)) == "made"
    register.send_code("new@example.org", "oregon", language)
    assert register.make(wish(bill, "second@example.org", language)) == "made"
    recovery.tell_email(held, "oregon", language)
    recovery.send_link("new@example.org", held, "oregon", language)
    recovery.send_link("nobody@example.org", None, "oregon", language)
    while outbox.relay(send.deliver):
        pass
    topics = {row["topic"] for row in sql.query("SELECT topic FROM core_outbox WHERE sent_at IS NOT NULL")}
    assert topics >= set(register_mails.TOPICS)
    assert len(sent) == len({mail["Message-ID"] for mail in sent}) == 11
    for mail in sent:
        said = f"{mail['Subject']} {words(mail)}".replace("juana@example.org", "")
        assert not [each for each in CANARIES if each in said], said
        assert mail["Content-Language"] == language and "{" not in said


def test_a_repeated_delivery_sends_no_second_mail(bill: Bill, sent: list[EmailMessage]) -> None:
    register.send_code("new@example.org", "oregon", "en")
    row = sql.query("SELECT account_id, id, topic, body FROM core_outbox")[0]
    for _ in range(2):
        send.deliver(row["topic"], row["account_id"], row["id"], sql.answer(row["body"]))
    assert len(sent) == 1


def test_a_code_that_is_too_old_is_not_sent(bill: Bill, sent: list[EmailMessage]) -> None:
    with clock.fixed(clock.now()) as time:
        register.send_code("new@example.org", "oregon", "en")
        time.advance(minutes=16)
        outbox.relay(send.deliver)
    assert sent == []


def test_nothing_in_the_outbox_shows_an_address_or_a_code(bill: Bill) -> None:
    register.send_code("new@example.org", "oregon", "en")
    recovery.send_link("new@example.org", None, "oregon", "en")
    assert not [row for row in sql.query("SELECT body::text AS body FROM core_outbox") if "example.org" in row["body"]]


@pytest.mark.parametrize("way", [register_mails.SIGN_IN, register_mails.REGISTER, register_mails.FORGOT_PASSWORD])
def test_pages_that_mails_lead_to_are_there(db: None, way: str) -> None:
    assert Client(SERVER_NAME="127.0.0.1").get(way).status_code == 200
    assert settings.CARETILL_PUBLIC_URL
    assert resolve(register_mails.RESET.format(link="abc")).url_name == "reset_password"


def test_two_at_once_with_one_address_make_one_login(bill: Bill) -> None:
    other = a_bill(9_000, family="2")
    first, second = wish(bill), wish(other)
    assert sorted(at_once([lambda: register.make(first), lambda: register.make(second)])) == ["made", "taken"]
    assert len(sql.query("SELECT 1 FROM people_login")) == len(sql.query("SELECT 1 FROM people_access")) == 1


def test_two_at_once_with_one_number_link_one(bill: Bill) -> None:
    wishes = [wish(bill, f"n{n}@example.org") for n in range(4)]
    assert at_once([lambda each=each: register.make(each) for each in wishes]) == ["made"] * 4  # type: ignore[misc]
    assert len(sql.query("SELECT 1 FROM people_access")) == 1


def test_a_guarantor_and_a_patient_of_one_account_both_register(bill: Bill) -> None:
    person = sql.query("SELECT id FROM people_person")[0]["id"]
    register.make(wish(bill))
    register.make(wish(bill, "own@example.org", standing=Standing(bill.account_id, person, "own")))
    assert [row["level"] for row in sql.query("SELECT level FROM people_access ORDER BY level")] == ["holder", "own"]


def test_consents_cannot_be_changed(bill: Bill) -> None:
    register.make(wish(bill))
    row = sql.one("SELECT kind, agreed, version, digest FROM people_consent")
    assert row and (row["kind"], row["agreed"], bytes(row["digest"])) == ("terms", True, b"digest")
    with pytest.raises(Exception, match="permission denied"):
        sql.execute("UPDATE people_consent SET agreed = false")


def test_the_contact_on_file_is_not_told_of_themselves(bill: Bill) -> None:
    register.make(wish(bill, "Juana@Example.org"))
    topics = [row["topic"] for row in sql.query("SELECT topic FROM core_outbox ORDER BY id")]
    assert topics == ["register_welcome", "recover_nothing"]


def test_an_old_link_dies_with_a_change_of_password(bill: Bill) -> None:
    owner = a_member(bill.account_id)
    recovery.send_link(owner.email, Standing(bill.account_id, NOBODY, "holder"), "oregon", "en")
    body = sql.answer(sql.query("SELECT body FROM core_outbox")[0]["body"])
    link = register_mails._opened(UUID(int=1), body)
    assert link is not None
    reset = recovery.opened(link["link"])
    assert reset is not None and recovery.opened(link["link"][:-2]) is None
    assert recovery.set_password(reset, "eleven loud herons dance")
    assert recovery.opened(link["link"]) is None and not recovery.set_password(reset, "three calm badgers walk")
