"""Sign-in sessions: ten minutes idle, twelve hours in all, ended here or from elsewhere (rules.md HIP-5)."""

from __future__ import annotations

from datetime import UTC, datetime

from caretill.core import clock, sql
from caretill.people import sessions, signin
from house.member import a_login

NOON = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


def test_ten_minutes_without_a_word_end_it(db: None) -> None:
    with clock.fixed(NOON) as now:
        token = sessions.begin(a_login(), b"d", "Firefox", second=False)
        for _ in range(3):
            now.advance(minutes=9, seconds=30)
            held = sessions.who(token)
            assert held and held.seconds_left == 600
        now.advance(minutes=10)
        assert sessions.who(token) is None
        now.advance(minutes=-5)
        assert sessions.who(token), "the clock alone ended it"


def test_twelve_hours_end_it_however_busy(db: None) -> None:
    with clock.fixed(NOON) as now:
        token = sessions.begin(a_login(), b"d", "Firefox", second=False)
        for _ in range(12 * 12 - 1):
            now.advance(minutes=5)
            held = sessions.who(token)
            assert held
        assert held.seconds_left == 300
        now.advance(minutes=5)
        assert sessions.who(token) is None


def test_the_cookie_is_not_in_the_database(db: None) -> None:
    token = sessions.begin(a_login(), b"d", "Firefox", second=False)
    [row] = sql.query("SELECT s::text AS text FROM people_signed_in s")
    assert token not in row["text"] and token.encode().hex() not in row["text"]
    assert sessions.who(token + "x") is None and sessions.who("") is None


def test_each_is_ended_from_another_and_nobody_elses(db: None) -> None:
    mine, theirs = a_login(), a_login("bob@example.org")
    first = sessions.begin(mine, b"1", "Firefox", second=False)
    second = sessions.begin(mine, b"2", "Chrome", second=False)
    bobs = sessions.begin(theirs, b"3", "Edge", second=False)
    held, bob = sessions.who(first), sessions.who(bobs)
    assert held and bob
    assert {(row["browser"], row["here"]) for row in sessions.listed(held)} == {("Firefox", True), ("Chrome", False)}
    other = next(row["id"] for row in sessions.listed(held) if not row["here"])
    sessions.end_one(bob, other)
    assert sessions.who(second)
    sessions.end_one(held, other)
    assert sessions.who(second) is None and sessions.who(first)
    third = sessions.begin(mine, b"2", "Chrome", second=False)
    signin.changed(held, "password_changed")
    assert sessions.who(third) is None and sessions.who(first) and sessions.who(bobs)
    assert [row["topic"] for row in sql.query("SELECT topic FROM core_outbox WHERE account_id = %s", (mine,))] == [
        "password_changed"
    ]


def test_proof_is_fresh_for_fifteen_minutes(db: None) -> None:
    with clock.fixed(NOON) as now:
        token = sessions.begin(a_login(), b"d", "Firefox", second=False)
        for fresh in (True, True, False):
            now.advance(minutes=7)
            held = sessions.who(token)
            assert held and held.fresh is fresh
        sessions.prove(held)
        again = sessions.who(token)
        assert again and again.fresh


def test_signing_in_again_ends_what_was_here_before(db: None) -> None:
    login_id = a_login()
    first = signin.enter(login_id, b"d", "Firefox", second=False)
    second = signin.enter(login_id, b"d", "Firefox", second=False, before=first)
    assert sessions.who(first) is None and sessions.who(second)


def test_the_list_of_browsers_has_an_end_and_all_of_them_can_be_ended(db: None) -> None:
    login_id = a_login()
    tokens = [sessions.begin(login_id, b"d", "Firefox", second=False) for _ in range(sessions.MOST_LISTED + 5)]
    here = sessions.who(tokens[-1])
    assert here and len(sessions.listed(here)) == sessions.MOST_LISTED
    sessions.end_all(login_id, but=here.id)
    assert [row["here"] for row in sessions.listed(here)] == [True]
