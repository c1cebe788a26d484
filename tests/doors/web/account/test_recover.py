"""The ways back in: one answer for everybody, and a mail that says the rest."""

from __future__ import annotations

import re
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pyotp
import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from caretill.core import blind, clock, outbox, sql
from caretill.core.words import say
from caretill.letters import post, send
from caretill.people import factors, passwords, recovery, sessions
from caretill.web.account import member
from house.cast import Bill, a_bill
from house.member import MemberOf, a_login, a_member, grant
from house.registrant import bare, facts, mails

FORGOT_EMAIL, FORGOT_PASSWORD = "/forgot/email/oregon/", "/forgot/password/oregon/"
NEW = "eleven loud herons dance"


@pytest.fixture
def bill(db: None) -> Bill:
    return a_bill(14_000)


@pytest.fixture
def owner(bill: Bill) -> MemberOf:
    return a_member(bill.account_id, email="owner@example.org")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[EmailMessage]:
    """Every mail that the outbox hands to the mail server."""
    taken: list[EmailMessage] = []
    monkeypatch.setattr(post, "transmit", taken.append)
    return taken


def visitor() -> Client:
    return Client(SERVER_NAME="127.0.0.1", HTTP_ACCEPT_LANGUAGE="en")


def link() -> str:
    """The newest link for a new password."""
    return f"/reset/{mails('recover_password')[-1][1]['link']}/"


def asked(client: Client, path: str, typed: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> tuple[Any, ...]:
    """An answer with all that could tell: status, headers, page, statements, digests."""
    digests: list[str] = []
    honest = blind.hmac.digest

    def counted(*given: Any) -> bytes:
        digests.append("one")
        return honest(*given)

    monkeypatch.setattr(blind.hmac, "digest", counted)
    with CaptureQueriesContext(connection) as kept:
        answer: Any = client.post(path, typed)
    monkeypatch.setattr(blind.hmac, "digest", honest)
    heads = tuple(sorted(answer.items()))
    statements = tuple(re.sub(r"'[^']*'|[0-9]+", "?", each["sql"]) for each in kept)
    return answer.status_code, heads, bare(answer), tuple(each[:80] for each in statements), len(digests)


def test_asking_for_the_address_tells_nothing_here(
    bill: Bill, owner: MemberOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = a_bill(9_000, family="2")
    with clock.fixed(clock.now()):
        seen = [
            asked(visitor(), FORGOT_EMAIL, typed, monkeypatch)
            for typed in (
                facts(bill),
                facts(other),
                facts(bill, zip="97202"),
                facts(bill, last_name="Wrong"),
                facts(bill, account_number="F00000001"),
            )
        ]
    assert all(each == seen[0] for each in seen)
    assert seen[0][0] == 200 and seen[0][4] > 0


def test_asking_for_a_password_tells_nothing_here(bill: Bill, owner: MemberOf, monkeypatch: pytest.MonkeyPatch) -> None:
    a_login("empty@example.org")
    with clock.fixed(clock.now()):
        seen = [
            asked(visitor(), FORGOT_PASSWORD, typed, monkeypatch)
            for typed in (
                facts(bill) | {"email": "owner@example.org"},
                facts(bill) | {"email": "empty@example.org"},
                facts(bill) | {"email": "nobod@example.org"},
                facts(bill, zip="97202") | {"email": "owner@example.org"},
                facts(bill, account_number="F00000001") | {"email": "nobod@example.org"},
            )
        ]
    assert all(each == seen[0] for each in seen)
    told = [(topic, says["to"], bool(says["link"])) for topic, says in mails("recover_")]
    assert told == [
        ("recover_password", "owner@example.org", True),
        ("recover_nothing", "empty@example.org", False),
        ("recover_nothing", "nobod@example.org", False),
        ("recover_nothing", "owner@example.org", False),
        ("recover_nothing", "nobod@example.org", False),
    ]


def test_the_address_goes_to_the_contact_on_file_and_to_itself(bill: Bill, owner: MemberOf) -> None:
    visitor().post(FORGOT_EMAIL, facts(bill))
    assert [(topic, says["to"], says["is"], says["shown"]) for topic, says in mails("recover_")] == [
        ("recover_email_answer", "juana@example.org", "other", "o***@e***.org"),
        ("recover_email_answer", "owner@example.org", "this", ""),
    ]


def test_without_a_login_the_contact_on_file_is_told_so(bill: Bill) -> None:
    visitor().post(FORGOT_EMAIL, facts(bill))
    assert [(topic, says["to"], says["is"]) for topic, says in mails("recover_")] == [
        ("recover_email_answer", "juana@example.org", "none"),
        ("recover_nothing", "", "this"),
    ]


def test_a_patients_address_is_not_told_to_the_guarantor(db: None) -> None:
    bill = a_bill(14_000, region="virginia")
    sql.execute("UPDATE people_person SET birth_date = '1990-05-06'")
    person = sql.query("SELECT id FROM people_person")[0]["id"]
    a_member(bill.account_id, "own", person, email="iker@example.org", region="virginia")
    typed = {"health_record_number": bill.health_record_number, "last_name": "Solano", "zip": "97201"}
    visitor().post("/forgot/email/virginia/", typed)
    assert [says["to"] for _, says in mails("recover_")] == ["", "iker@example.org"]


def test_a_link_sets_a_password_once_and_signs_nobody_in(bill: Bill, owner: MemberOf, sent: list[EmailMessage]) -> None:
    one = visitor()
    one.post(FORGOT_PASSWORD, facts(bill) | {"email": " Owner@Example.org "})
    outbox.relay(send.deliver)
    told = sent[-1]
    body = told.get_body(("plain",))
    assert told["To"] == "owner@example.org" and body is not None and link() in body.get_content().replace("=\n", "")
    before = link()
    assert one.get(before).status_code == 200
    answer = one.post(before, {"new_password": NEW})
    assert answer.status_code == 200 and say("en", "recover.done.title") in answer.content.decode()
    assert member.cookie() not in one.cookies and sessions.who(owner.token) is None
    row = sql.one("SELECT password, whole_password FROM people_login")
    assert row and passwords.matches(row["password"], NEW)
    over = one.get(before)
    assert over.status_code == 404 and "/forgot/password/" in over.content.decode()
    assert one.post(before, {"new_password": "three calm badgers walk"}).status_code == 404
    assert sql.one("SELECT account_id FROM core_outbox WHERE topic = 'password_changed'") == {
        "account_id": owner.login_id
    }


def test_a_link_ends_after_twenty_minutes_and_bad_ones_get_the_same_page(bill: Bill, owner: MemberOf) -> None:
    with clock.fixed(clock.now()) as time:
        visitor().post(FORGOT_PASSWORD, facts(bill) | {"email": owner.email})
        way = link()
        assert visitor().get(way).status_code == 200
        time.advance(minutes=21)
        late = visitor().get(way)
        bad = visitor().get("/reset/none-of-ours/")
        assert (late.status_code, bad.status_code) == (404, 404)
        assert bare(late).replace(way, "") == bare(bad).replace("/reset/none-of-ours/", "")


def test_the_newest_link_and_an_older_one_end_together(bill: Bill, owner: MemberOf) -> None:
    for _ in range(2):
        visitor().post(FORGOT_PASSWORD, facts(bill) | {"email": owner.email})
    first, second = (f"/reset/{says['link']}/" for _, says in mails("recover_password"))
    assert visitor().post(second, {"new_password": NEW}).status_code == 200
    assert visitor().get(first).status_code == 404


@pytest.mark.parametrize(("typed", "key"), [("", "empty"), ("short", "short"), ("password1234", "known")])
def test_a_bad_password_is_said(bill: Bill, owner: MemberOf, typed: str, key: str) -> None:
    visitor().post(FORGOT_PASSWORD, facts(bill) | {"email": owner.email})
    answer = visitor().post(link(), {"new_password": typed})
    assert answer.status_code == 422 and say("en", f"security.error.password_{key}") in answer.content.decode()


def test_a_second_step_is_asked_where_one_is_set_up(bill: Bill, owner: MemberOf) -> None:
    with clock.fixed(clock.now()) as time:
        seed = factors.new_seed()
        assert factors.add_totp(owner.login_id, seed, pyotp.TOTP(seed).at(clock.now()))
        visitor().post(FORGOT_PASSWORD, facts(bill) | {"email": owner.email})
        one = visitor()
        assert one.post(link(), {"new_password": NEW}).status_code == 422
        wrong = one.post(link(), {"new_password": NEW, "code": "000000"})
        assert wrong.status_code == 422 and say("en", "recover.error.code_wrong") in wrong.content.decode()
        time.advance(seconds=60)
        assert one.post(link(), {"new_password": NEW, "code": pyotp.TOTP(seed).at(clock.now())}).status_code == 200


def test_a_code_cannot_be_guessed_with_a_link(bill: Bill, owner: MemberOf) -> None:
    with clock.fixed(clock.now()):
        seed = factors.new_seed()
        factors.add_totp(owner.login_id, seed, pyotp.TOTP(seed).at(clock.now()))
        visitor().post(FORGOT_PASSWORD, facts(bill) | {"email": owner.email})
        statuses = [visitor().post(link(), {"new_password": NEW, "code": f"{n:06d}"}).status_code for n in range(8)]
        assert statuses == [422] * 5 + [429] * 3


def test_with_a_passkey_alone_the_way_is_the_passkey(bill: Bill, owner: MemberOf) -> None:
    factors.add(owner.login_id, "passkey", "Phone", b"key", b"credential")
    visitor().post(FORGOT_PASSWORD, facts(bill) | {"email": owner.email})
    page = visitor().post(link(), {"new_password": NEW})
    assert say("en", "recover.passkey.title") in page.content.decode()
    row = sql.one("SELECT password FROM people_login")
    assert row and not passwords.matches(row["password"], NEW)


def test_somebody_who_was_let_in_recovers_with_the_accounts_facts(bill: Bill) -> None:
    guest = a_login("guest@example.org")
    grant(guest, bill.account_id, "see")
    visitor().post(FORGOT_PASSWORD, facts(bill) | {"email": "guest@example.org"})
    assert mails("recover_")[0][0] == "recover_password"
    sql.execute("UPDATE people_access SET ended_at = %s", (clock.now(),))
    visitor().post(FORGOT_PASSWORD, facts(bill) | {"email": "guest@example.org"})
    assert mails("recover_")[1][0] == "recover_nothing"


def test_every_try_counts_and_then_costs_work_alike(bill: Bill, owner: MemberOf) -> None:
    with clock.fixed(clock.now()):
        for typed in (facts(bill), facts(bill, account_number="F00000001")):
            answers: list[HttpResponse] = [visitor().post(FORGOT_EMAIL, typed) for _ in range(6)]  # type: ignore[misc]
            assert ['name="work"' in each.content.decode() for each in answers] == [False] * 5 + [True]


def test_mails_to_one_address_end_after_three_an_hour(bill: Bill, owner: MemberOf) -> None:
    with clock.fixed(clock.now()):
        for _ in range(5):
            visitor().post(FORGOT_PASSWORD, facts(bill) | {"email": owner.email})
        assert [says["to"] for _, says in mails("recover_")] == [owner.email] * 3 + [""] * 2


@pytest.mark.parametrize(
    ("path", "typed", "key"),
    [
        (FORGOT_PASSWORD, {}, "register.error.email_missing"),
        (FORGOT_PASSWORD, {"email": "nobody"}, "register.error.email_shape"),
        ("/forgot/email/", {}, "find.where.error.missing"),
        ("/forgot/password/", {"place": "Atlantis"}, "find.where.error.unknown"),
    ],
)
def test_what_is_wrong_is_said(db: None, path: str, typed: dict[str, str], key: str) -> None:
    answer = visitor().post(path, typed)
    assert answer.status_code == 422 and say("en", key) in answer.content.decode()
    assert sql.query("SELECT 1 FROM core_outbox") == []


def test_a_place_leads_to_its_facts(db: None) -> None:
    assert visitor().post("/forgot/email/", {"place": "97201"})["Location"] == FORGOT_EMAIL
    assert visitor().post("/forgot/password/", {"place": "Oregon"})["Location"] == FORGOT_PASSWORD
    assert visitor().get("/forgot/password/atlantis/").status_code == 404


@pytest.mark.parametrize(
    ("email", "shown"), [("juana@example.org", "j***@e***.org"), ("x@y", "x***@y***"), ("", "***@***")]
)
def test_masking(email: str, shown: str) -> None:
    assert recovery.masked(email) == shown


def test_nobody_is_told_by_a_mail_without_an_address(bill: Bill, sent: list[EmailMessage]) -> None:
    visitor().post(FORGOT_EMAIL, facts(bill, zip="97202"))
    outbox.relay(send.deliver)
    assert sent == [] and sql.query("SELECT 1 FROM core_outbox WHERE sent_at IS NULL") == []
    assert {row["account_id"] for row in sql.query("SELECT account_id FROM core_outbox")} == {UUID(int=0)}
