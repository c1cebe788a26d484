"""Passkeys: made, used once per question, by who holds them, on this site alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from caretill.core import clock, sql
from caretill.people import factors, passkeys
from caretill.people.passkeys import Refused
from house.authenticator import Device
from house.member import a_login

HERE = "http://localhost"
NOON = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


def added(login_id: UUID, device: Device) -> UUID:
    token, options = passkeys.to_add(login_id, "juana@example.org", HERE, "Larkspur")
    return passkeys.add(login_id, HERE, token, device.make(options), "my phone")


def used(device: Device, origin: str = HERE) -> UUID:
    token, options = passkeys.to_use(origin)
    return passkeys.use(origin, token, device.use(options))


def refused(act: Any) -> str:
    with pytest.raises(Refused) as told:
        act()
    return told.value.code


def test_a_passkey_signs_in_alone(db: None) -> None:
    login_id, other = a_login(), a_login("bob@example.org")
    device, bobs = Device(), Device()
    added(login_id, device)
    added(other, bobs)
    assert used(device) == login_id and used(bobs) == other and used(device) == login_id
    [held] = factors.ways(login_id).passkeys
    assert held.label == "my phone" and held.used_at


def test_an_answer_is_good_once_and_for_an_hour(db: None) -> None:
    login_id, device = a_login(), Device()
    with clock.fixed(NOON) as now:
        added(login_id, device)
        token, options = passkeys.to_use(HERE)
        answer = device.use(options)
        assert passkeys.use(HERE, token, answer) == login_id
        assert refused(lambda: passkeys.use(HERE, token, answer)) == "late"
        token, options = passkeys.to_use(HERE)
        now.advance(seconds=passkeys.SECONDS + 1)
        assert refused(lambda: passkeys.use(HERE, token, device.use(options))) == "late"


def test_an_answer_to_another_question_or_site_is_refused(db: None) -> None:
    login_id, device = a_login(), Device()
    added(login_id, device)
    token, _ = passkeys.to_use(HERE)
    _, other = passkeys.to_use(HERE)
    assert refused(lambda: passkeys.use(HERE, token, device.use(other))) == "bad"
    device.origin = "https://evil.test"
    assert refused(lambda: used(device)) == "bad"


@pytest.mark.parametrize("spoil", ["verified", "key", "user", "id", "counter"])
def test_who_is_not_the_holder_is_refused(db: None, spoil: str) -> None:
    """Not checked by the device, another key, another person's, unknown, and a copy whose counter stands."""
    login_id, device = a_login(), Device(counter=4)
    added(login_id, device)
    device.counter = 5
    assert used(device) == login_id
    device.counter = 6
    match spoil:
        case "verified":
            device.verified = False
        case "counter":
            device.counter = 5
        case "user":
            device.user = UUID(int=7).bytes
        case _:
            setattr(device, spoil, getattr(Device(), spoil))
    assert refused(lambda: used(device)) == "bad"


def test_a_passkey_is_added_for_who_asked_and_once(db: None) -> None:
    login_id, other, device = a_login(), a_login("bob@example.org"), Device()
    token, options = passkeys.to_add(login_id, "juana@example.org", HERE, "Larkspur")
    assert refused(lambda: passkeys.add(other, HERE, token, device.make(options), "")) == "bad"
    added(login_id, device)
    assert refused(lambda: added(other, device)) == "taken"
    asked = passkeys.to_add(login_id, "juana@example.org", HERE, "Larkspur")[1]
    assert len(asked["publicKey"]["excludeCredentials"]) == 1
    unchecked = Device(verified=False)
    assert refused(lambda: added(login_id, unchecked)) == "bad"


def test_one_that_was_taken_away_is_refused(db: None) -> None:
    login_id, device = a_login(), Device()
    assert factors.remove(login_id, "passkey", added(login_id, device))
    assert refused(lambda: used(device)) == "bad"


@pytest.mark.parametrize(
    "answer", ["", "{}", "[]", "7", '{"rawId": "AA", "response": {}}', '{"rawId": 5}', "\x00", "x" * 9]
)
def test_nonsense_is_refused(db: None, answer: str) -> None:
    login_id = a_login()
    assert refused(lambda: passkeys.use(HERE, passkeys.to_use(HERE)[0], answer)) == "bad"
    token = passkeys.to_add(login_id, "juana@example.org", HERE, "Larkspur")[0]
    assert refused(lambda: passkeys.add(login_id, HERE, token, answer, "")) == "bad"
    assert refused(lambda: passkeys.use(HERE, "nonsense", answer)) == "bad"


def test_no_more_than_ten(db: None) -> None:
    login_id = a_login()
    for _ in range(passkeys.MOST):
        factors.add(login_id, "passkey", "", b"x", Device().id)
    assert refused(lambda: added(login_id, Device())) == "many"
    assert len(sql.query("SELECT 1 FROM people_factor")) == passkeys.MOST


def test_where_browsers_have_passkeys() -> None:
    good = ("https://pay.example.org", "http://localhost:8000", "http://localhost")
    bad = ("http://pay.example.org", "http://127.0.0.1:8000", "https://127.0.0.1", "https://[::1]")
    assert [each for each in (*good, *bad) if passkeys.possible(each)] == list(good)


def test_what_is_asked_can_be_said_in_json(db: None) -> None:
    options = passkeys.to_add(a_login(), "juana@example.org", HERE, "Larkspur")[1]
    assert json.loads(json.dumps(options))["publicKey"]["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
