"""The language of pages after signing in: the login's own, unless another was chosen on this visit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyotp
import pytest
from django.test import Client

from caretill.core import clock, sql
from caretill.people import factors
from house.member import PASSWORD, a_login

NOON = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


def spoken(answer: Any) -> str:
    return str(answer.content.decode().partition('<html lang="')[2][:2])


def speaking(language: str) -> None:
    sql.execute("UPDATE people_login SET language = %s", (language,))


def sign_in(client: Client, **more: str) -> Any:
    return client.post("/sign-in/", {"email": "juana@example.org", "password": PASSWORD, **more})


@pytest.mark.parametrize(("own", "browser"), [("es", "en"), ("en", "es")])
def test_pages_speak_the_language_of_the_login(client: Client, own: str, browser: str) -> None:
    a_login()
    speaking(own)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = browser
    assert spoken(client.get("/sign-in/")) == browser
    assert sign_in(client).status_code == 303
    assert spoken(client.get("/account/")) == own
    client.post("/sign-out/")
    assert spoken(client.get("/")) == own, "and stay with it"


@pytest.mark.parametrize("way", ["link", "button", "choice"])
def test_a_language_that_was_chosen_on_this_visit_stays(client: Client, way: str) -> None:
    with clock.fixed(NOON) as time:
        a_login()
        if way == "link":
            client.get("/sign-in/?lang=es")
        elif way == "button":
            sign_in(client, language="es")
        else:
            client.get("/language", {"to": "es", "back": "/sign-in/"})
        time.advance(hours=3)
        sign_in(client)
        assert spoken(client.get("/account/")) == "es"
        client.post("/sign-out/")
        time.advance(hours=2)
        sign_in(client)
        assert spoken(client.get("/account/")) == "en", "that was another visit"


def test_a_second_step_and_a_form_that_was_broken_off_speak_it_too(client: Client) -> None:
    login_id = a_login()
    speaking("es")
    first = client.post("/account/profile/name/", {"first_name": "Juana"})
    assert first.status_code == 401 and spoken(first) == "en"
    kept = first.content.decode().partition('name="kept" value="')[2].partition('"')[0]
    assert spoken(sign_in(client, kept=kept)) == "es", "the page that gives back what was typed"
    client.cookies.clear()
    seed = factors.new_seed()
    app, now = pyotp.TOTP(seed), int(clock.now().timestamp()) // 30
    assert factors.add_totp(login_id, seed, app.generate_otp(now - 1))
    sign_in(client)
    assert spoken(client.get("/sign-in/second/")) == "en", "nobody is in yet"
    assert client.post("/sign-in/second/", {"code": app.generate_otp(now)}).status_code == 303
    assert spoken(client.get("/account/")) == "es"


def test_a_cookie_of_any_making_is_read(client: Client, db: None) -> None:
    for cookie in ("es.", "es.x", "es.-1", "es.99999999999999999999", "xx.1", "."):
        client.cookies["language"] = cookie
        assert spoken(client.get("/")) == ("es" if cookie.startswith("es") else "en"), cookie
