"""A member's profile: a row for each thing, a page to change it, a code for a new address, a link that undoes."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from caretill.core import clock, sql, tokens
from caretill.letters import links
from caretill.people import profile, sessions
from caretill.web.forms.profile import phone_number
from house.member import MemberOf, a_login, a_member

pytestmark = pytest.mark.usefixtures("db")

PAGES = ("name", "address", "phone", "language", "quiet", "paper", "email")


def said(response: Any) -> str:
    """What a page shows, without its marks."""
    body = response.content.decode()
    return html.unescape(
        re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body[body.index("<main") : body.index("</main>")]))
    )


def kept(member: MemberOf) -> profile.Profile:
    return profile.read(member.login_id, "test")


def reads(login_id: UUID, viewer: str) -> int:
    row = sql.one("SELECT count(*) AS n FROM core_read WHERE account_id = %s AND viewer = %s", (login_id, viewer))
    assert row is not None
    return int(row["n"])


def test_who_is_not_signed_in_signs_in_first(client: Client) -> None:
    for path in ("", *(f"{name}/" for name in PAGES)):
        response = client.get(f"/account/profile/{path}")
        assert response.status_code == 303 and "/sign-in/" in response["Location"]


def test_everything_stands_on_one_page_with_change_beside_it_and_the_read_is_logged() -> None:
    member = a_member(None)
    response = member.client().get("/account/profile/")
    body, words = response.content.decode(), said(response)
    assert response.status_code == 200 and response["Cache-Control"] == "no-store"
    for text in ("Juana Solano", "1 Example Street, Sampleton, OR 97201", "juana@example.org", "On paper", "None yet"):
        assert text in words
    for name in PAGES:
        assert f'href="/account/profile/{name}/"' in body
    assert reads(member.login_id, f"member:{member.login_id}") == 1


@pytest.mark.parametrize(
    ("field", "posted", "values"),
    [
        (
            "name",
            {"first_name": " Ñ ", "last_name": "O'Brien-Núñez"},
            {"first_name": "Ñ", "last_name": "O'Brien-Núñez"},
        ),
        ("name", {"first_name": "王", "last_name": "小明"}, {"first_name": "王", "last_name": "小明"}),
        (
            "address",
            {"street": "9 C St", "city": "Añasco", "state": "pr", "zip": "00610"},
            {"street": "9 C St", "city": "Añasco", "state": "PR", "zip": "00610"},
        ),
        (
            "address",
            {"street": "9 C St", "city": "Salem", "state": "oregon", "zip": "97201-1234"},
            {"street": "9 C St", "city": "Salem", "state": "OR", "zip": "97201-1234"},
        ),
        ("phone", {"phone": "+1 (503) 555-0100"}, {"phone": "503-555-0100"}),
        ("phone", {"phone": ""}, {"phone": ""}),
        ("language", {"speak": "es"}, {"language": "es"}),
        ("quiet", {"quiet": "some", "quiet_from": "21", "quiet_to": "8"}, {"quiet_from": 21, "quiet_to": 8}),
        ("quiet", {"quiet": "none", "quiet_from": "21", "quiet_to": "8"}, {"quiet_from": None, "quiet_to": None}),
        ("paper", {"paper": "screen", "opened": "yes"}, {"paperless": True}),
    ],
)
def test_a_change_is_written_and_said(field: str, posted: dict[str, str], values: dict[str, Any]) -> None:
    member = a_member(None)
    client = member.client()
    response = client.post(f"/account/profile/{field}/", posted)
    assert (response.status_code, response["Location"]) == (303, f"/account/profile/?saved={field}")
    assert kept(member).of(field) == values
    assert client.get(response["Location"]).status_code == 200


@pytest.mark.parametrize(
    ("field", "posted", "wrong"),
    [
        ("name", {"first_name": "", "last_name": "123"}, ["first_name", "last_name"]),
        ("address", {"street": "", "city": "", "state": "Ore", "zip": "972"}, ["street", "city", "state", "zip"]),
        ("phone", {"phone": "555-0100"}, ["phone"]),
        ("phone", {"phone": "4111 1111 1111 1111"}, ["phone"]),
        ("language", {"speak": "xx"}, ["speak"]),
        ("quiet", {"quiet": "some", "quiet_from": "8", "quiet_to": "8"}, ["quiet_to"]),
        ("quiet", {"quiet": "some", "quiet_from": "99", "quiet_to": "8"}, ["quiet_from"]),
        ("quiet", {}, ["quiet"]),
        ("paper", {"paper": "screen"}, ["opened"]),
        ("paper", {}, ["paper"]),
        ("email", {"email": "no address"}, ["email"]),
        ("email", {"email": "JUANA@example.org"}, ["email"]),
    ],
)
def test_what_is_wrong_is_said_and_nothing_changes(field: str, posted: dict[str, str], wrong: list[str]) -> None:
    member = a_member(None)
    before = kept(member)
    response = member.client().post(f"/account/profile/{field}/", posted)
    body = response.content.decode()
    assert response.status_code == 422 and kept(member) == before
    assert re.findall(r'<li><a href="#(\w+)">', body) == wrong
    for name in wrong:
        assert f'id="{name}"' in body and f'id="{name}-error"' in body


def test_entries_are_kept_beside_a_fault_and_through_another_language() -> None:
    member = a_member(None)
    client = member.client()
    wrong = {"street": "9 C St", "city": "", "state": "OR", "zip": "97201"}
    assert 'value="9 C St"' in client.post("/account/profile/address/", wrong).content.decode()
    switched = client.post("/account/profile/address/", {**wrong, "language": "es"})
    assert switched.status_code == 200 and 'value="9 C St"' in switched.content.decode()
    assert 'lang="es"' in switched.content.decode()


def test_the_language_is_that_of_the_pages_from_there_on() -> None:
    client = a_member(None).client()
    response = client.post("/account/profile/language/", {"speak": "es"})
    assert response.cookies["language"].value.partition(".")[0] == "es"
    assert '<html lang="es"' in client.get("/account/profile/").content.decode()


def test_going_without_paper_and_back_is_kept_as_evidence() -> None:
    member = a_member(None)
    client = member.client()
    for posted in ({"paper": "screen", "opened": "yes"}, {"paper": "screen", "opened": "yes"}, {"paper": "paper"}):
        assert client.post("/account/profile/paper/", posted).status_code == 303
    rows = sql.query(
        "SELECT agreed, length(digest) AS n FROM people_consent WHERE login_id = %s ORDER BY id", (member.login_id,)
    )
    assert rows == [{"agreed": True, "n": 32}, {"agreed": False, "n": 32}]


def test_the_sample_is_a_pdf_of_nobody(client: Client) -> None:
    response = client.get("/paper-sample/oregon/es.pdf")
    assert response.content.startswith(b"%PDF-") and response["Content-Type"] == "application/pdf"
    assert client.get("/paper-sample/oregon/xx.pdf").status_code == 404
    assert client.get("/paper-sample/nowhere/en.pdf").status_code == 404


def code_of(member: MemberOf) -> str:
    row = sql.one(
        "SELECT body FROM core_outbox WHERE account_id = %s AND topic = 'email_code' ORDER BY id DESC LIMIT 1",
        (member.login_id,),
    )
    assert row is not None
    return str(tokens.unseal("new_email", sql.answer(row["body"])["sealed"])["code"])


def test_a_new_address_is_ours_only_after_its_code() -> None:
    member = a_member(None)
    client = member.client()
    assert client.get("/account/profile/email/code/")["Location"] == "/account/profile/email/"
    response = client.post("/account/profile/email/", {"email": "new@example.org"})
    assert (response.status_code, response["Location"]) == (303, "/account/profile/email/code/")
    assert "new@example.org" in said(client.get(response["Location"]))
    wrong = client.post("/account/profile/email/code/", {"code": "1"})
    assert wrong.status_code == 422 and kept(member).email == "juana@example.org"
    code = code_of(member)
    right = client.post("/account/profile/email/code/", {"code": f"{code[:3]} {code[3:]}"})
    assert right["Location"] == "/account/profile/?saved=email" and kept(member).email == "new@example.org"


def test_an_address_in_use_gets_the_same_answer() -> None:
    a_login("other@example.org")
    member = a_member(None)
    client = member.client()
    pages = []
    for email in ("other@example.org", "nobody@example.org"):
        client.post("/account/profile/email/", {"email": email})
        response = client.get("/account/profile/email/code/")
        pages.append(re.sub(r'value="[^"]*"', "", response.content.decode()).replace(email, ""))
    assert pages[0] == pages[1]


def test_too_many_codes_get_a_page_that_says_so() -> None:
    client = a_member(None).client()
    for n in range(5):
        client.post("/account/profile/email/", {"email": f"new{n}@example.org"})
    response = client.post("/account/profile/email/", {"email": "new9@example.org"})
    assert response.status_code == 429 and int(response["Retry-After"]) > 0


def test_a_new_address_needs_a_fresh_proof() -> None:
    with clock.fixed(datetime(2026, 11, 22, 20, tzinfo=UTC)) as time:
        member = a_member(None)
        client = member.client()
        for _minutes in range(2):
            time.advance(minutes=8)
            assert client.get("/account/profile/").status_code == 200
        assert "/prove" in client.get("/account/profile/email/")["Location"]


def undo_path(member: MemberOf, change_id: UUID) -> str:
    until = clock.now() + profile.UNDO_FOR
    return "/" + links.undo_link(member.login_id, change_id, until, "en").split("/", 3)[3]


def test_the_link_in_the_mail_undoes_with_one_press_and_signs_everybody_out(client: Client) -> None:
    member = a_member(None)
    made = profile.change(member.login_id, "email", {"email": "thief@example.org"})
    assert made is not None
    path = undo_path(member, made)
    assert "email of your account" in said(client.get(path)) and kept(member).email == "thief@example.org"
    response = client.post(path)
    assert response.status_code == 200 and "Change your password now" in said(response)
    assert kept(member).email == "juana@example.org" and sessions.who(member.token) is None
    assert client.get(path).status_code == 410 and client.post(path).status_code == 410


def test_a_link_that_ended_or_is_none_of_ours_says_what_to_do(client: Client) -> None:
    with clock.fixed(datetime(2026, 11, 22, 20, tzinfo=UTC)) as time:
        member = a_member(None)
        made = profile.change(member.login_id, "address", {"street": "2", "city": "C", "state": "OR", "zip": "97201"})
        assert made is not None
        path = undo_path(member, made)
        time.advance(hours=48, seconds=1)
        for each in (path, "/undo/x"):
            assert client.get(each).status_code == 410 and "Call us" in said(client.post(each))
        assert kept(member).street == "2"


def test_an_old_address_that_is_somebody_elses_now_is_left_to_them(client: Client) -> None:
    member = a_member(None)
    made = profile.change(member.login_id, "email", {"email": "thief@example.org"})
    a_login("juana@example.org")
    assert made is not None
    response = client.post(undo_path(member, made))
    assert response.status_code == 409 and "call us" in said(response)


@pytest.mark.parametrize("path", ["/account/profile/", "/account/profile/name/", "/account/messages/"])
def test_a_page_asks_the_database_a_few_times(path: str) -> None:
    client = a_member(None).client()
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code == 200
    assert len(asked) <= 6, [each["sql"][:80] for each in asked]


def test_nothing_personal_stands_in_an_address() -> None:
    member = a_member(None)
    made = profile.change(member.login_id, "email", {"email": "new@example.org"})
    assert made is not None
    path = undo_path(member, made)
    assert not any(part in path for part in ("example.org", str(member.login_id), str(made)))


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("5035550100", "503-555-0100"),
        ("1.503.555.0100", "503-555-0100"),
        ("(503) 555 0100", "503-555-0100"),
        ("103-555-0100", None),
        ("503-155-0100", None),
        ("503-555-01000", None),
        ("call me", None),
    ],
)
def test_telephone_numbers(typed: str, number: str | None) -> None:
    assert phone_number(typed) == number
