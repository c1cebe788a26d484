"""Signing in, the second step, staying and leaving, by a browser without JavaScript."""

from __future__ import annotations

from django.test import Client

from caretill.web.account import member
from house.member import PASSWORD, a_login

SHORT = "otters swim"


def sign_in(client: Client, email: str = "juana@example.org", password: str = PASSWORD, **more: str):
    return client.post("/sign-in/", {"email": email, "password": password, **more})


def test_a_right_password_leads_to_the_page_that_was_asked(client: Client) -> None:
    a_login()
    answer = client.get("/account/devices/")
    assert answer.status_code == 303 and answer["Location"] == "/sign-in/?next=%2Faccount%2Fdevices%2F"
    page = client.get(answer["Location"]).content.decode()
    assert 'name="next" value="/account/devices/"' in page
    answer = sign_in(client, next="/account/devices/")
    assert (answer.status_code, answer["Location"]) == (303, "/account/devices/")
    cookie = answer.cookies[member.cookie()]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/"
    assert client.get("/account/devices/").status_code == 200
