"""What a member wants to hear of; and the link that stops it, with one press, from a page or a mail program."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.test import Client

from caretill.letters import links
from caretill.people import profile, topics
from house.member import MemberOf, a_member

pytestmark = pytest.mark.usefixtures("db")


def stop_path(member: MemberOf, topic: str = "bill_ready") -> str:
    return "/" + links.stop_link(member.login_id, topic, "email", "en").split("/", 3)[3]


def test_only_channels_that_there_are_have_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    member = a_member(None)
    client = member.client()
    body = client.get("/account/messages/").content.decode()
    assert 'name="bill_ready-email" value="yes" checked' in body and not re.search(r'name="\w+-(text|push)"', body)
    assert "security-email" not in body and "always come by email" in body
    monkeypatch.setattr(settings, "CARETILL_TEXTS", "mailbox")
    monkeypatch.setattr(settings, "CARETILL_PUSH", "mailbox")
    body = client.get("/account/messages/").content.decode()
    assert 'name="security-push"' in body and 'ready-text"' not in body and "/account/profile/phone/" in body
    profile.change(member.login_id, "phone", {"phone": "503-555-0100"})
    body = client.get("/account/messages/").content.decode()
    assert 'name="bill_ready-text" value="yes">' in body and "Answer STOP" in body


def test_boxes_are_kept_and_what_has_no_box_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    member = a_member(None)
    topics.choose(member.login_id, {("receipt", "text"): True})
    monkeypatch.setattr(settings, "CARETILL_PUSH", "mailbox")
    response = member.client().post("/account/messages/", {"receipt-email": "yes", "bill_ready-push": "yes"})
    assert (response.status_code, response["Location"]) == (303, "/account/messages/?saved=yes")
    wanted = {pair for pair, wish in topics.wishes(member.login_id).items() if wish}
    assert wanted == {("receipt", "email"), ("receipt", "text"), ("bill_ready", "push"), ("security", "email")}


def test_a_page_stops_a_topic_without_signing_in(client: Client) -> None:
    member = a_member(None)
    path = stop_path(member)
    assert "A bill is ready" in client.get(path).content.decode()
    assert topics.wishes(member.login_id)["bill_ready", "email"], "looking at a link stops nothing"
    for _twice in range(2):
        assert "We stopped them" in client.post(path).content.decode()
    wishes = topics.wishes(member.login_id)
    assert not wishes["bill_ready", "email"] and wishes["receipt", "email"]


def test_a_mail_program_stops_it_with_one_press() -> None:
    """RFC 8058: a POST with nothing but this, no cookie, no token of a form."""
    member = a_member(None)
    program = Client(SERVER_NAME="127.0.0.1", enforce_csrf_checks=True)
    response = program.post(stop_path(member), "List-Unsubscribe=One-Click", "application/x-www-form-urlencoded")
    assert response.status_code == 200 and not topics.wishes(member.login_id)["bill_ready", "email"]


def test_a_link_of_nobody_stops_nothing(client: Client) -> None:
    for method in (client.get, client.post):
        assert method("/stop/x").status_code == 404


def test_who_is_not_signed_in_signs_in_first(client: Client) -> None:
    assert "/sign-in/" in client.get("/account/messages/")["Location"]
