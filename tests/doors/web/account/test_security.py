"""How somebody signs in: changed by who proved it is them, told by mail, ended elsewhere."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pyotp
import pytest
from django.test import Client

from caretill.core import clock, sql
from caretill.core.words import LANGUAGES, say
from caretill.letters import login_mails
from caretill.people import factors, sessions
from caretill.web.account import member
from house.authenticator import Device
from house.member import PASSWORD, MemberOf, a_login, a_member

NOON = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
LONG = "nine slow herons wade"
ROOMS = ("", "password/", "passkeys/", "app/", "codes/")


def hidden(body: bytes, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', body.decode())
    assert found, name
    return html.unescape(found.group(1))


def at_home(client: Client, email: str = "juana@example.org") -> MemberOf:
    """A member signed in by this browser; on localhost, where passkeys are."""
    client.defaults["SERVER_NAME"] = "localhost"
    held = a_member(None, email=email)
    client.cookies[member.cookie()] = held.token
    return held


def topics() -> list[str]:
    return [row["topic"] for row in sql.query("SELECT topic FROM core_outbox ORDER BY id")]


def asked(page: Any) -> dict[str, Any]:
    found = re.search(r'data-options="([^"]*)"', page.content.decode())
    assert found
    return {"publicKey": json.loads(html.unescape(found.group(1)))}


def with_passkey(client: Client, label: str = "my phone") -> Device:
    device = Device()
    page = client.get("/account/security/passkeys/")
    fields = {"passkey": device.make(asked(page)), "state": hidden(page.content, "state"), "label": label}
    assert client.post("/account/security/passkeys/", fields)["Location"].endswith("?done=passkey_added")
    return device


def with_app(login_id: UUID) -> None:
    app = pyotp.TOTP(factors.new_seed())
    assert factors.add_totp(login_id, app.secret, app.generate_otp(int(clock.now().timestamp()) // 30))


def test_who_was_away_for_a_while_proves_it_is_them(client: Client) -> None:
    with clock.fixed(NOON) as now:
        at_home(client)
        for minutes in (9, 9):
            now.advance(minutes=minutes)
            client.post("/account/stay/")
        for room in (*(f"/account/security/{each}" for each in ROOMS), "/account/devices/"):
            answer = client.get(room)
            assert answer["Location"].startswith("/account/prove/?next="), room
        assert client.post("/account/security/password/", {"new_password": LONG}).status_code == 303
        page = client.get(answer["Location"])
        fields = {"next": hidden(page.content, "next"), "password": "not this one at all"}
        assert client.post("/account/prove/", fields).status_code == 422
        assert client.get("/account/devices/").status_code == 303
        answer = client.post("/account/prove/", fields | {"password": PASSWORD})
        assert answer["Location"] == "/account/devices/" and client.get("/account/devices/").status_code == 200


def test_proving_is_no_place_to_guess(client: Client) -> None:
    at_home(client)
    for _ in range(10):
        assert client.post("/account/prove/", {"password": "not this one at all"}).status_code == 422
    page = client.post("/account/prove/", {"password": PASSWORD})
    assert page.status_code == 422 and say("en", "signin.error.prove_closed") in page.content.decode()


def awaited(client: Client, now: clock.FixedClock) -> None:
    """The time after which somebody is asked who they are."""
    for _ in range(2):
        now.advance(minutes=9)
        client.post("/account/stay/")


def test_who_has_an_app_proves_with_the_password_and_a_code(client: Client) -> None:
    """Changing how somebody signs in asks all that signing in asks: a password alone no longer opens it."""
    with clock.fixed(NOON) as now:
        mine = at_home(client)
        seed = factors.new_seed()
        app = pyotp.TOTP(seed)
        assert factors.add_totp(mine.login_id, seed, app.generate_otp(int(NOON.timestamp()) // 30))
        [recovery, *_] = factors.new_codes(mine.login_id)
        awaited(client, now)
        code = app.generate_otp(int(clock.now().timestamp()) // 30)
        fields = {"next": "/account/devices/", "password": PASSWORD}
        for wrong, said in (
            ({}, "code_missing"),
            ({"code": "000000"}, "code_wrong"),
            ({"code": code, "password": "not this one at all"}, "prove_wrong"),
        ):
            page = client.post("/account/prove/", fields | wrong)
            assert page.status_code == 422 and say("en", f"signin.error.{said}") in page.content.decode(), said
            assert client.get("/account/devices/").status_code == 303
        assert client.post("/account/prove/", fields | {"code": code})["Location"] == "/account/devices/"
        assert client.get("/account/devices/").status_code == 200
        awaited(client, now)
        assert client.post("/account/prove/", fields | {"code": code}).status_code == 422, "a code is good once"
        assert client.post("/account/prove/", fields | {"code": recovery.lower()}).status_code == 303
        assert client.get("/account/devices/").status_code == 200


def test_codes_at_this_page_are_counted_like_those_at_the_door(client: Client) -> None:
    mine = at_home(client)
    with_app(mine.login_id)
    [recovery, *_] = factors.new_codes(mine.login_id)
    for _ in range(5):
        client.post("/account/prove/", {"password": PASSWORD, "code": "000000"})
    page = client.post("/account/prove/", {"password": PASSWORD, "code": recovery})
    assert page.status_code == 422 and say("en", "signin.error.code_closed") in page.content.decode()


def test_a_short_password_beside_a_passkey_is_not_enough(client: Client) -> None:
    mine = at_home(client)
    with_passkey(client)
    page = client.get("/account/prove/").content.decode()
    assert 'id="code"' not in page and 'id="password"' in page, "the password is long enough alone"
    sql.execute("UPDATE people_login SET whole_password = false")
    page = client.get("/account/prove/").content.decode()
    assert say("en", "signin.prove.passkey_only") in page and 'name="password"' not in page
    assert client.post("/account/prove/", {"password": PASSWORD}).status_code == 422
    [recovery, *_] = factors.new_codes(mine.login_id)
    assert say("en", "signin.second.recovery") in client.get("/account/prove/").content.decode()
    assert client.post("/account/prove/", {"password": PASSWORD, "code": recovery}).status_code == 303


def test_a_new_password_ends_other_sessions_and_is_told(client: Client) -> None:
    mine = at_home(client)
    other = sessions.begin(mine.login_id, b"other", "Chrome", second=False)
    answer = client.post("/account/security/password/", {"new_password": LONG})
    assert answer["Location"] == "/account/security/?done=password"
    assert say("en", "security.done.password") in client.get(answer["Location"]).content.decode()
    assert sessions.who(other) is None and sessions.who(mine.token) and topics() == ["password_changed"]
    new = Client(SERVER_NAME="127.0.0.1")
    assert new.post("/sign-in/", {"email": mine.email, "password": PASSWORD}).status_code == 422
    assert new.post("/sign-in/", {"email": mine.email, "password": LONG}).status_code == 303


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ("", "empty"),
        ("otters", "short_alone"),
        ("otters swim", "short_alone"),
        ("juanasolano juana", "about_you"),
        ("aaaaaaaaaaaaaaaaaa", "known"),
        ("x" * 300, "long"),
    ],
)
def test_a_weak_password_is_refused_and_explained(client: Client, password: str, told: str) -> None:
    mine = at_home(client)
    page = client.post("/account/security/password/", {"new_password": password})
    assert page.status_code == 422 and say("en", f"security.error.password_{told}") in page.content.decode()
    assert sessions.who(mine.token) and topics() == []


def test_a_short_password_is_fine_with_a_second_step(client: Client) -> None:
    mine = at_home(client)
    with_app(mine.login_id)
    assert client.post("/account/security/password/", {"new_password": "otters swim"}).status_code == 303
    assert factors.ways(mine.login_id).whole is False
    page = client.post("/account/security/app/", {"remove": "1"})
    assert page.status_code == 422 and say("en", "security.error.last_way") in page.content.decode()


def test_a_passkey_is_added_used_named_and_removed(client: Client) -> None:
    mine = at_home(client)
    elsewhere = sessions.begin(mine.login_id, b"other", "Chrome", second=False)
    device = with_passkey(client)
    assert sessions.who(elsewhere) is None and topics() == ["factor_changed"]
    new = Client(SERVER_NAME="localhost")
    page = new.get("/sign-in/")
    assert 'autocomplete="username webauthn"' in page.content.decode()
    fields = {"passkey": device.use(asked(page)), "state": hidden(page.content, "state"), "next": "/account/devices/"}
    assert new.post("/sign-in/", fields)["Location"] == "/account/devices/"
    assert new.get("/account/devices/").status_code == 200
    again = new.post("/sign-in/", fields)
    assert again.status_code == 422 and say("en", "signin.error.passkey_late") in again.content.decode()
    [held] = factors.ways(mine.login_id).passkeys
    client.post("/account/security/passkeys/", {"rename": str(held.id), "label": "<b>tablet"})
    assert "&lt;b&gt;tablet" in client.get("/account/security/passkeys/").content.decode()
    client.post("/account/security/passkeys/", {"remove": "nonsense"})
    client.post("/account/security/passkeys/", {"remove": str(held.id)})
    assert factors.ways(mine.login_id).passkeys == ()
    page = new.get("/sign-in/")
    fields = {"passkey": device.use(asked(page)), "state": hidden(page.content, "state")}
    assert new.post("/sign-in/", fields).status_code == 422


def test_a_short_password_may_get_a_passkey_before_anything_opens(client: Client) -> None:
    client.defaults["SERVER_NAME"] = "localhost"
    login_id = a_login(password="otters swim")
    client.post("/sign-in/", {"email": "juana@example.org", "password": "otters swim"})
    page, device = client.get("/sign-in/second/?next=/account/devices/"), Device()
    fields = {"state": hidden(page.content, "state"), "next": "/account/devices/"}
    assert client.post("/sign-in/second/", fields | {"passkey": "nonsense"}).status_code == 422
    assert member.cookie() not in client.cookies
    page = client.get("/sign-in/second/?next=/account/devices/")
    fields["state"] = hidden(page.content, "state")
    codes = client.post("/sign-in/second/", fields | {"passkey": device.make(asked(page))})
    assert codes.status_code == 200 and factors.ways(login_id).codes == 10
    assert client.get("/account/devices/").status_code == 200
    new = Client(SERVER_NAME="localhost")
    new.post("/sign-in/", {"email": "juana@example.org", "password": "otters swim"})
    page = new.get("/sign-in/second/")
    fields = {"passkey": device.use(asked(page)), "state": hidden(page.content, "state"), "next": "/account/devices/"}
    assert new.post("/sign-in/second/", fields)["Location"] == "/account/devices/"


def test_a_passkey_proves_and_only_the_members_own(client: Client) -> None:
    mine = at_home(client)
    device = with_passkey(client)
    other = Client()
    at_home(other, "bob@example.org")
    bobs = with_passkey(other)
    sql.execute("UPDATE people_signed_in SET fresh_at = fresh_at - interval '1 hour'")
    for key, status in ((bobs, 422), (device, 303)):
        page = client.get("/account/prove/")
        fields = {"passkey": key.use(asked(page)), "state": hidden(page.content, "state")}
        assert client.post("/account/prove/", fields).status_code == status
        assert mine.session().fresh is (status == 303)


def test_no_passkeys_where_browsers_have_none(client: Client) -> None:
    at_home(client)
    client.defaults["SERVER_NAME"] = "127.0.0.1"
    page = client.get("/account/security/passkeys/").content.decode()
    assert say("en", "security.passkeys.not_here") in page and "passkey-form" not in page


def test_an_app_is_set_up_with_recovery_codes_shown_once(client: Client) -> None:
    mine = at_home(client)
    with clock.fixed(NOON):
        sql.execute("UPDATE people_signed_in SET seen_at = %s, began_at = %s, fresh_at = %s", (NOON,) * 3)
        page = client.get("/account/security/app/").content
        key = re.search(r'check-code"><bdi dir="ltr">([^<]+)', page.decode())
        assert key and "<svg" in page.decode()
        code = pyotp.TOTP(key.group(1).replace(" ", "")).generate_otp(int(NOON.timestamp()) // 30)
        seed = hidden(page, "seed")
        wrong = client.post("/account/security/app/", {"seed": seed, "code": "12"})
        assert wrong.status_code == 422 and key.group(1) in wrong.content.decode(), "the same square again"
        assert client.post("/account/security/app/", {"seed": "x", "code": code}).status_code == 422
        codes = client.post("/account/security/app/", {"seed": seed, "code": code}).content.decode()
        shown = re.findall(r"<li><bdi dir=\"ltr\">([^<]+)", codes)
        assert len(shown) == 10 and factors.ways(mine.login_id).totp and topics() == ["factor_changed"]
        assert shown[0] not in client.get("/account/security/codes/").content.decode()
        new = client.post("/account/security/codes/", {"make": "1"}).content.decode()
        assert shown[0] not in new and not factors.take_recovery(mine.login_id, shown[0])
        assert client.post("/account/security/app/", {"remove": "1"})["Location"].endswith("done=app_gone")
    assert factors.ways(mine.login_id).codes == 0


def test_recovery_codes_need_something_to_recover(client: Client) -> None:
    mine = at_home(client)
    assert client.post("/account/security/codes/", {"make": "1"}).status_code == 200
    assert factors.ways(mine.login_id).codes == 0


def test_devices_are_listed_and_signed_out_one_by_one_or_all(client: Client) -> None:
    mine = at_home(client)
    one, two = (sessions.begin(mine.login_id, b"o", name, second=False) for name in ("Chrome, Mac", "Edge, Windows"))
    page = client.get("/account/devices/").content.decode()
    assert "Chrome, Mac" in page and "Edge, Windows" in page and page.count('name="end"') == 2
    theirs = a_member(None, email="bob@example.org")
    client.post("/account/devices/", {"end": theirs.session().id.hex()})
    client.post("/account/devices/", {"end": "nonsense"})
    assert theirs.session()
    ends = next(row["id"] for row in sessions.listed(mine.session()) if row["browser"] == "Chrome, Mac")
    client.post("/account/devices/", {"end": ends.hex()})
    assert sessions.who(one) is None and sessions.who(two)
    client.post("/account/devices/", {"all": "1"})
    assert sessions.who(two) is None and sessions.who(mine.token)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("topic", login_mails.TOPICS)
def test_the_owner_is_told_without_names_or_amounts(
    db: None, monkeypatch: pytest.MonkeyPatch, topic: str, language: str
) -> None:
    login_id = a_login()
    sql.execute(
        "UPDATE people_login SET language = %s, first_name = 'CANARY1', last_name = 'CANARY2', street = 'CANARY3'"
        " WHERE id = %s",
        (language, login_id),
    )
    sent: list[Any] = []
    monkeypatch.setattr(login_mails, "once", lambda t, o, r, address, made: sent.append(made(address)))
    login_mails.TOPICS[topic](topic, login_id, UUID(int=9), {"browser": "CANARY4"})
    [mail] = sent
    text = mail.get_body(("plain",)).get_content()
    assert mail["To"] == "juana@example.org" and say(language, f"security.mail.{topic}.text") in " ".join(text.split())
    assert "/account/" in text and "CANARY" not in mail.as_string() and "$" not in text
    login_mails.TOPICS[topic](topic, UUID(int=8), UUID(int=9), {})
    assert len(sent) == 1
