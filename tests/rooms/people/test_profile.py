"""A profile and its changes: kept, told at the old contact, undone for 48 hours, exported."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from caretill.core import clock, sql, tokens
from caretill.people import new_email, profile, sessions
from house.member import a_login, a_member

pytestmark = pytest.mark.usefixtures("db")

NOON = datetime(2026, 11, 22, 20, tzinfo=UTC)


def outbox(login_id: UUID) -> list[str]:
    rows = sql.query("SELECT topic FROM core_outbox WHERE account_id = %s ORDER BY id", (login_id,))
    return [row["topic"] for row in rows]


def changes(login_id: UUID) -> list[dict[str, Any]]:
    return sql.query("SELECT id, field, undone_at FROM people_change WHERE login_id = %s ORDER BY id", (login_id,))


def email_of(login_id: UUID) -> str:
    return profile.read(login_id, "test").email


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", {"first_name": "Ñ", "last_name": "O'Brien-Núñez 王"}),
        ("address", {"street": "9 Ürün St", "city": "Añasco", "state": "PR", "zip": "00610"}),
        ("phone", {"phone": "503-555-0100"}),
        ("language", {"language": "es"}),
        ("quiet", {"quiet_from": 21, "quiet_to": 7}),
        ("email", {"email": "New@example.org"}),
    ],
)
def test_a_change_is_kept_once_and_told_where_it_matters(field: str, values: dict[str, Any]) -> None:
    login_id = a_login()
    before = profile.read(login_id, "test").of(field)
    made = profile.change(login_id, field, values)
    assert made is not None and profile.read(login_id, "test").of(field) == values
    assert profile.change(login_id, field, values) is None  # the same again is no change
    rows = sql.query("SELECT field, old, new FROM people_change WHERE login_id = %s", (login_id,))
    assert [(row["field"], sql.answer(row["old"]), sql.answer(row["new"])) for row in rows] == [(field, before, values)]
    told = {"email": ["contact_changed"], "language": [], "quiet": []}.get(field, ["profile_changed"])
    assert outbox(login_id) == ["account_changed", *told]


def test_two_logins_never_share_an_address() -> None:
    mine, _ = a_login(), a_login("other@example.org")
    with pytest.raises(profile.EmailTaken):
        profile.change(mine, "email", {"email": "OTHER@example.org"})
    assert email_of(mine) == "juana@example.org" and changes(mine) == [] and outbox(mine) == []


def test_a_change_is_undone_for_48_hours_and_signs_everybody_out() -> None:
    with clock.fixed(NOON) as time:
        member = a_member(None)
        made = profile.change(member.login_id, "email", {"email": "thief@example.org"})
        assert made is not None
        time.advance(minutes=9)
        assert sessions.who(member.token) is not None
        found = profile.undoable(member.login_id, made)
        assert found is not None and found.open
        assert profile.undo(member.login_id, made)
        assert email_of(member.login_id) == "juana@example.org"
        assert sessions.who(member.token) is None
        assert not profile.undo(member.login_id, made)
        assert outbox(member.login_id)[-2:] == ["account_changed", "change_undone"]


def test_after_48_hours_it_stays() -> None:
    with clock.fixed(NOON) as time:
        login_id = a_login()
        made = profile.change(login_id, "address", {"street": "2 B St", "city": "C", "state": "OR", "zip": "97201"})
        assert made is not None
        time.advance(hours=48)
        assert not profile.undo(login_id, made)
        assert profile.read(login_id, "test").street == "2 B St"


def test_whoever_took_an_address_over_cannot_undo_the_undoing() -> None:
    """The owner's link goes back before both changes, and the link that the thief holds has ended with it."""
    with clock.fixed(NOON) as time:
        login_id = a_login()
        first = profile.change(login_id, "email", {"email": "thief@example.org"})
        time.advance(hours=1)
        second = profile.change(login_id, "email", {"email": "thief2@example.org"})
        assert first and second
        time.advance(hours=1)
        assert profile.undo(login_id, first)
        assert email_of(login_id) == "juana@example.org"
        assert not profile.undo(login_id, second)
        last = changes(login_id)[-1]
        assert not profile.undo(login_id, last["id"])
        assert email_of(login_id) == "juana@example.org"


def test_a_change_of_somebody_else_is_not_there() -> None:
    mine, other = a_login(), a_login("other@example.org")
    made = profile.change(mine, "email", {"email": "new@example.org"})
    assert made is not None
    assert profile.undoable(other, made) is None and not profile.undo(other, made)
    assert email_of(mine) == "new@example.org"


def test_an_address_that_somebody_took_meanwhile_is_not_taken_from_them() -> None:
    login_id = a_login()
    made = profile.change(login_id, "email", {"email": "new@example.org"})
    a_login("juana@example.org")
    assert made is not None
    with pytest.raises(profile.EmailTaken):
        profile.undo(login_id, made)
    found = profile.undoable(login_id, made)
    assert email_of(login_id) == "new@example.org" and found is not None and not found.undone


def test_the_old_contact_hears_of_what_is_changed_after_it() -> None:
    with clock.fixed(NOON) as time:
        login_id = a_login()
        profile.change(login_id, "email", {"email": "thief@example.org"})
        time.advance(hours=1)
        made = profile.change(login_id, "phone", {"phone": "503-555-0100"})
        assert made is not None
        told = profile.told(login_id, made)
        assert told is not None and told["email"] == "thief@example.org" and told["contacts"] == ["juana@example.org"]


def test_a_read_is_logged() -> None:
    login_id = a_login()
    profile.read(login_id, "member:x")
    rows = sql.query("SELECT viewer, what FROM core_read WHERE account_id = %s", (login_id,))
    assert rows == [{"viewer": "member:x", "what": "profile"}]


def test_paper_and_back_leave_evidence() -> None:
    login_id = a_login()
    profile.change_paper(login_id, True, "es", "v1", b"words")
    assert profile.read(login_id, "test").paperless
    profile.change_paper(login_id, False, "en", "v1", b"words")
    assert not profile.read(login_id, "test").paperless
    rows = sql.query("SELECT kind, agreed, language FROM people_consent WHERE login_id = %s ORDER BY id", (login_id,))
    assert [(row["kind"], row["agreed"], row["language"]) for row in rows] == [
        ("paperless", True, "es"),
        ("paperless", False, "en"),
    ]


def code_sent(login_id: UUID) -> str:
    row = sql.one(
        "SELECT body FROM core_outbox WHERE account_id = %s AND topic = 'email_code' ORDER BY id DESC", (login_id,)
    )
    assert row is not None
    return str(tokens.unseal("new_email", sql.answer(row["body"])["sealed"])["code"])


def test_an_address_is_taken_only_with_its_code() -> None:
    login_id = a_login()
    token, _ = new_email.ask(login_id, "new@example.org", "en")
    assert new_email.asked_for(login_id, token) == "new@example.org"
    assert new_email.redeem(login_id, token, "not it") is None and email_of(login_id) == "juana@example.org"
    assert new_email.redeem(login_id, token, code_sent(login_id)) is not None
    assert email_of(login_id) == "new@example.org"


def test_five_wrong_codes_wear_it_out() -> None:
    login_id = a_login()
    token, _ = new_email.ask(login_id, "new@example.org", "en")
    for _try in range(5):
        assert new_email.redeem(login_id, token, "000000x") is None
    assert new_email.redeem(login_id, token, code_sent(login_id)) is None


def test_a_code_is_good_for_one_login_and_fifteen_minutes() -> None:
    with clock.fixed(NOON) as time:
        mine, other = a_login(), a_login("other@example.org")
        token, _ = new_email.ask(mine, "new@example.org", "en")
        code = code_sent(mine)
        assert new_email.redeem(other, token, code) is None
        time.advance(minutes=16)
        assert new_email.redeem(mine, token, code) is None


def test_an_address_in_use_reads_the_same_and_its_owner_is_told() -> None:
    login_id = a_login()
    a_login("other@example.org")
    token, wait = new_email.ask(login_id, "Other@Example.org", "en")
    free, _ = new_email.ask(login_id, "Othex@Example.org", "en")
    assert wait == 0 and len(token) == len(free)
    assert outbox(login_id) == ["email_known", "email_code"]
    assert new_email.redeem(login_id, token, "") is None and new_email.redeem(login_id, token, "000000") is None


def test_codes_are_asked_for_five_times_an_hour() -> None:
    login_id = a_login()
    for n in range(5):
        assert new_email.ask(login_id, f"new{n}@example.org", "en")[0]
    token, wait = new_email.ask(login_id, "new9@example.org", "en")
    assert token == "" and 0 < wait <= 3600
