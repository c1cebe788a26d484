"""Signing in, the second step, staying and leaving, by a browser without JavaScript."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pyotp
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from caretill.core import clock, sql, tokens, work
from caretill.core.words import say
from caretill.people import factors, passwords, sessions, tries
from caretill.web.account import kept, member
from house.member import PASSWORD, a_login, a_member

SHORT = "otters swim"
NOON = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


def sign_in(client: Client, email: str = "juana@example.org", password: str = PASSWORD, **more: str) -> Any:
    return client.post("/sign-in/", {"email": email, "password": password, **more})


def hidden(body: bytes, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', body.decode())
    assert found, name
    return html.unescape(found.group(1))


def app_key(body: bytes) -> str:
    found = re.search(r'check-code"><bdi dir="ltr">([^<]+)</bdi>', body.decode())
    assert found
    return found.group(1).replace(" ", "")


def with_app(login_id: UUID) -> pyotp.TOTP:
    """An app of this login, set up a minute ago."""
    seed = factors.new_seed()
    app = pyotp.TOTP(seed)
    assert factors.add_totp(login_id, seed, app.generate_otp(int(clock.now().timestamp()) // 30 - 1))
    return app


def code_of(app: pyotp.TOTP) -> str:
    return app.generate_otp(int(clock.now().timestamp()) // 30)


def topics() -> list[str]:
    return [row["topic"] for row in sql.query("SELECT topic FROM core_outbox ORDER BY id")]


def test_a_right_password_leads_to_the_page_that_was_asked(client: Client) -> None:
    a_login()
    answer = client.get("/account/devices/")
    assert answer.status_code == 303 and answer["Location"] == "/sign-in/?next=%2Faccount%2Fdevices%2F"
    page = client.get(answer["Location"]).content
    assert hidden(page, "next") == "/account/devices/"
    answer = sign_in(client, email="  Juana@Example.org ", next="/account/devices/")
    assert (answer.status_code, answer["Location"]) == (303, "/account/devices/")
    cookie = answer.cookies[member.cookie()]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/" and not cookie["max-age"]
    assert client.get("/account/devices/").status_code == 200


@pytest.mark.parametrize("way", ["https://evil.test/", "//evil.test/account/", "/pay/", "/account/\\evil.test", ""])
def test_nobody_is_sent_elsewhere(client: Client, way: str) -> None:
    a_login()
    assert sign_in(client, next=way)["Location"] == "/account/"


def test_a_password_is_taken_as_it_was_typed(client: Client) -> None:
    """Pasted blanks count, the same letters composed otherwise do not matter, 64 signs of any script are fine."""
    long = "ñandú бегемот 河馬 🦦 " * 4
    a_login(password=f" {long} ")
    assert sign_in(client, password=long).status_code == 422
    assert sign_in(client, password=f" {long} ".replace("ñ", "n\u0303")).status_code == 303


def test_a_miss_tells_nothing(client: Client) -> None:
    """A wrong password and a wrong address: status, headers, length, statements and hash work are the same."""
    a_login("juana@example.org")
    seen: list[Any] = []
    hashed: list[str] = []
    hasher = passwords._hasher
    passwords._nobodys()

    def verify(kept: str, typed: str) -> bool:
        hashed.append(kept)
        return hasher.verify(kept, typed)

    for email in ("juana@example.org", "nobod@example.org"):
        stranger = Client(SERVER_NAME="127.0.0.1")
        stranger.get("/sign-in/")
        hashed.clear()
        with pytest.MonkeyPatch.context() as patch, CaptureQueriesContext(connection) as asked:
            patch.setattr(passwords, "_hasher", SimpleNamespace(verify=verify))
            answer = sign_in(stranger, email=email, password="not this one at all")
        body = re.sub(rb'(value|content)="[\w-]{60,}"', b"", answer.content).replace(email.encode(), b"")
        body = re.sub(rb"&#34;challenge&#34;: &#34;[\w-]+", b"", body)
        statements = [re.sub(r"'[^']*'|\\x[0-9a-f]+", "?", each["sql"]) for each in asked]
        headers = {name: value for name, value in answer.headers.items() if name != "Content-Length"}
        cookies = sorted(answer.cookies)
        seen.append((answer.status_code, headers, len(answer.content), body, statements, len(hashed), cookies))
    assert seen[0][0] == 422 and seen[0][5] == 1
    assert seen[0] == seen[1]
    assert say("en", "signin.error.no") in seen[0][3].decode()


def test_what_was_typed_stays_but_for_the_password(client: Client) -> None:
    a_login()
    answer = sign_in(client, password="not this one at all", next="/account/devices/")
    page = answer.content.decode()
    assert 'value="juana@example.org"' in page and 'value="/account/devices/"' in page
    assert "not this one" not in page and "autofocus" in page
    assert sign_in(client, email="", password="").content.decode().count("ds-c-inline-error") == 2


def test_the_language_changes_without_a_try(client: Client) -> None:
    a_login()
    answer = sign_in(client, language="es")
    assert answer.status_code == 200 and say("es", "signin.title") in answer.content.decode()
    assert member.cookie() not in answer.cookies


def test_a_short_password_leads_to_a_second_step_before_anything_opens(client: Client) -> None:
    login_id = a_login(password=SHORT)
    answer = sign_in(client, password=SHORT, next="/account/devices/")
    assert answer["Location"].startswith("/sign-in/second/") and member.cookie() not in answer.cookies
    assert client.get("/account/devices/").status_code == 303, "nothing is open yet"
    page = client.get(answer["Location"]).content
    app = pyotp.TOTP(app_key(page))
    fields = {"seed": hidden(page, "seed"), "next": "/account/devices/"}
    assert client.post("/sign-in/second/", fields | {"code": "000000"}).status_code == 422
    assert sql.query("SELECT 1 FROM people_factor") == []
    answer = client.post("/sign-in/second/", fields | {"code": code_of(app)})
    assert answer.status_code == 200 and len(re.findall(r"<li><bdi", answer.content.decode())) == factors.CODES
    assert client.post("/account/on/", {"next": "/account/devices/"})["Location"] == "/account/devices/"
    assert client.get("/account/devices/").status_code == 200
    held = factors.ways(login_id)
    assert held.totp and held.codes == factors.CODES and "factor_changed" in topics()


def test_the_second_step_by_app_and_by_recovery_code(client: Client) -> None:
    login_id = a_login()
    with clock.fixed(NOON) as now:
        app = with_app(login_id)
        codes = factors.new_codes(login_id)
        answer = sign_in(client, next="/account/devices/")
        assert answer["Location"] == "/sign-in/second/?next=%2Faccount%2Fdevices%2F"
        assert member.cookie() not in answer.cookies
        good = code_of(app)
        answer = client.post("/sign-in/second/", {"code": good, "next": "/account/devices/"})
        assert answer["Location"] == "/account/devices/"
        other = Client(SERVER_NAME="127.0.0.1")
        sign_in(other)
        assert other.post("/sign-in/second/", {"code": good}).status_code == 422, "a code seen over a shoulder"
        assert other.post("/sign-in/second/", {"code": f" {codes[0].lower()} "}).status_code == 303
        third = Client(SERVER_NAME="127.0.0.1")
        sign_in(third)
        assert third.post("/sign-in/second/", {"code": codes[0]}).status_code == 422
        now.advance(minutes=11)
        assert third.post("/sign-in/second/", {"code": codes[1]})["Location"].startswith("/sign-in/?")


def test_half_in_ends_with_the_old_password(client: Client) -> None:
    login_id = a_login()
    with_app(login_id)
    sign_in(client)
    assert client.get("/sign-in/second/").status_code == 200
    sql.execute("UPDATE people_login SET password = 'other' WHERE id = %s", (login_id,))
    assert client.get("/sign-in/second/").status_code == 303


def test_codes_cannot_be_guessed(client: Client) -> None:
    login_id = a_login()
    app = with_app(login_id)
    sign_in(client)
    for turn in range(5):
        assert client.post("/sign-in/second/", {"code": f"{turn:06d}"}).status_code == 422
    page = client.post("/sign-in/second/", {"code": code_of(app)})
    assert page.status_code == 422 and say("en", "signin.error.code_closed") in page.content.decode()


def test_a_new_browser_is_told_and_a_known_one_is_not(client: Client) -> None:
    a_login()
    sign_in(client)
    assert topics() == [], "the first browser of a login is nothing new"
    sign_in(client)
    assert topics() == []
    sign_in(Client(SERVER_NAME="127.0.0.1", HTTP_USER_AGENT="Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"))
    assert topics() == ["new_device"]
    assert {row["browser"] for row in sql.query("SELECT browser FROM people_signed_in")} == {"", "Firefox, Windows"}


def test_another_person_in_the_same_browser_ends_the_first(client: Client) -> None:
    a_login("ann@example.org")
    a_login("bob@example.org")
    sign_in(client, email="ann@example.org")
    ann = client.cookies[member.cookie()].value
    form = client.get("/account/security/password/").content
    assert say("en", "signin.here.title") in client.get("/sign-in/").content.decode()
    sign_in(client, email="bob@example.org")
    assert sessions.who(ann) is None
    answer = client.post("/account/devices/", {"all": "1", "who": hidden(form, "who")})
    assert answer.status_code == 409 and "bob@example.org" in answer.content.decode()
    who = hidden(client.get("/account/security/password/").content, "who")
    assert client.post("/account/devices/", {"all": "1", "who": who}).status_code == 303


def test_a_form_of_an_ended_session_is_given_back(client: Client) -> None:
    """What was typed survives ten minutes away; it is sent by a press of its owner alone, and never by another one."""
    with clock.fixed(NOON) as now:
        ann, _ = a_member(None, email="ann@example.org"), a_login("bob@example.org")
        client.cookies[member.cookie()] = ann.token
        who = ann.session().tag
        now.advance(minutes=11)
        typed = {"amount": "25.50", "note": 'a "quoted" note', "password": "otters at sea", "who": who}
        answer = client.post("/account/devices/", typed)
        assert answer.status_code == 401
        page = answer.content.decode()
        assert say("en", "signin.again.lead") in page and "25.50" not in page and "otters at sea" not in page
        sealed = hidden(answer.content, "kept")
        back = sign_in(client, email="ann@example.org", kept=sealed)
        assert back.status_code == 200 and 'action="/account/devices/"' in back.content.decode()
        assert hidden(back.content, "amount") == "25.50" and hidden(back.content, "note") == 'a "quoted" note'
        assert hidden(back.content, "who") == who and "otters at sea" not in back.content.decode()
        assert client.post("/account/devices/", {"amount": "25.50", "who": who}).status_code == 200
        back = sign_in(client, email="bob@example.org", kept=sealed)
        assert client.post("/account/devices/", {"who": hidden(back.content, "who")}).status_code == 409


def test_a_kept_form_goes_through_the_second_step(client: Client) -> None:
    login_id = a_login()
    app = with_app(login_id)
    sealed = tokens.seal("kept", {"p": "/account/devices/", "f": "amount=25.50"}, kept.SECONDS)
    answer = sign_in(client, kept=sealed)
    assert answer.status_code == 200 and hidden(answer.content, "kept") == sealed
    back = client.post("/sign-in/second/", {"code": code_of(app), "kept": sealed})
    assert hidden(back.content, "amount") == "25.50"


def test_signing_out_clears_what_the_browser_kept(client: Client) -> None:
    ann = a_member(None)
    client.cookies[member.cookie()] = ann.token
    assert client.get("/sign-out/").status_code == 200 and sessions.who(ann.token), "looking signs nobody out"
    answer = client.post("/sign-out/")
    assert answer["Clear-Site-Data"] == '"cache", "storage"' and answer["Location"] == "/sign-out/"
    assert sessions.who(ann.token) is None
    page = client.get("/sign-out/")
    assert say("en", "signin.out.done") in page.content.decode() and client.cookies[member.cookie()].value == ""


def test_staying_keeps_the_session_and_idling_ends_it(client: Client) -> None:
    with clock.fixed(NOON) as now:
        ann = a_member(None)
        client.cookies[member.cookie()] = ann.token
        assert 'data-left="600" data-warn="120"' in client.get("/account/devices/").content.decode()
        now.advance(minutes=9)
        assert client.post("/account/stay/", HTTP_ACCEPT="application/json").json() == {"left": 600}
        now.advance(minutes=9)
        assert sessions.who(ann.token)
        answer = client.post("/account/stay/", {"idle": "/account/devices/", "amount": "1.25"})
        assert answer.status_code == 401 and sessions.who(ann.token) is None
        back = sign_in(client, kept=hidden(answer.content, "kept"))
        assert hidden(back.content, "amount") == "1.25" and 'action="/account/devices/"' in back.content.decode()
        now.advance(minutes=10)
        assert client.post("/account/stay/", HTTP_ACCEPT="application/json").json() == {"left": 0}


def test_a_page_that_idled_ends_the_session_and_one_that_slept_ends_nobodys_work(client: Client) -> None:
    """A moment early, as a page's clock may be: asking for a page then would begin ten minutes anew."""
    said = {"idle": "/account/devices/", "nothing": "1"}
    with clock.fixed(NOON) as now:
        ann = a_member(None)
        client.cookies[member.cookie()] = ann.token
        client.get("/account/devices/")
        now.advance(minutes=5)
        assert client.post("/account/stay/", said)["Location"] == "/account/devices/" and sessions.who(ann.token)
        now.advance(minutes=9, seconds=58)
        answer = client.post("/account/stay/", said)
        assert answer["Location"] == "/sign-in/?next=%2Faccount%2Fdevices%2F" and sessions.who(ann.token) is None
        assert say("en", "signin.here.title") not in client.get(answer["Location"]).content.decode()


def test_work_is_asked_after_some_misses_and_the_password_is_not_in_the_page(client: Client) -> None:
    a_login()
    for _ in range(3):
        assert sign_in(client, password="not this one at all").status_code == 422
    page = sign_in(client, next="/account/devices/")
    assert page.status_code == 200 and PASSWORD not in page.content.decode()
    fields = {name: hidden(page.content, name) for name in ("typed", "next", "kept", "work")}
    assert client.post("/sign-in/", fields).status_code == 200, "without the work nothing is tried"
    fields["answer"] = work.solve(fields["work"], work.EASY_BITS)
    assert client.post("/sign-in/", fields)["Location"] == "/account/devices/"
    assert Client(SERVER_NAME="127.0.0.1").post("/sign-in/", fields).status_code == 200, "it is good once"


def test_a_closed_account_offers_other_ways(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tries, "STRANGE", (tries.Step("few", 3600, 2, 2, 2),))
    a_login()
    for email in ("juana@example.org", "nobody@example.org"):
        for _ in range(2):
            sign_in(client, email=email, password="not this one at all")
        answer = sign_in(client, email=email)
        assert answer.status_code == 429 and answer["Retry-After"] == "3600"
        assert say("en", "signin.closed.now") in answer.content.decode()


def test_a_group_is_told_how_to_reach_us(client: Client) -> None:
    page = client.get("/sign-in/employer/").content.decode()
    assert say("en", "signin.employer.text") in page and 'href="/sign-in/"' in page
