"""The limits on signing in, by clock and by crowd: strangers are stopped, owners are not (rules.md SEC-2, SEC-4)."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import connection

from caretill.core import clock, sql
from caretill.people import factors, passwords, sessions, signin, tries
from caretill.people.tries import Gate, Place
from house.member import PASSWORD, a_login

START = datetime(2026, 11, 26, 0, 0, tzinfo=UTC)  # a day and an hour of the counts begin here
EMAIL = "juana@example.org"
STRANGER = Place(b"", "203.0.113.7")
HOME = Place(b"home device 1234", "198.51.100.1")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a password is compared with is not the question here, and costs its time on purpose."""
    monkeypatch.setattr(passwords, "matches", lambda stored, typed: bool(stored) and stored == f"={typed}")


def login(email: str = EMAIL, password: str = PASSWORD) -> UUID:
    login_id = a_login(email)
    sql.execute("UPDATE people_login SET password = %s WHERE id = %s", (f"={password}", login_id))
    return login_id


def attempt(
    password: str = PASSWORD, place: Place = STRANGER, email: str = EMAIL, *, works: bool = True
) -> signin.Tried:
    return signin.by_password(email, password, place, lambda gate: works)


def gates(count: int, place: Place = STRANGER, email: str = EMAIL) -> list[Gate]:
    """The gate that each of so many guesses met, before its work was done."""
    met: list[Gate] = []

    def worked(gate: Gate) -> bool:
        met.append(gate)
        return True

    for turn in range(count):
        before = len(met)
        tried = signin.by_password(email, f"guess {turn}", place, worked)
        if len(met) == before:
            met.append(tried.gate)
    return met


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.org"])
def test_the_steps_of_an_address_whether_it_exists_or_not(db: None, email: str) -> None:
    login()
    with clock.fixed(START) as now:
        assert gates(12, email=email) == ["open"] * 3 + ["work"] * 3 + ["hard_work"] * 4 + ["closed"] * 2
        now.advance(hours=1)
        assert gates(1, email=email) != ["closed"], "an hour later it opens, and costs work"


def test_no_more_than_a_hundred_misses_a_month(db: None) -> None:
    """Whoever does all the work, from a hundred networks, by day and by night, and from the owner's own browser."""
    login_id = login()
    sessions.known_device(login_id, HOME.device)
    compared = 0
    with clock.fixed(datetime.fromtimestamp(tries.MONTH * 700, UTC)) as now:
        for hour in range(30 * 24):
            for place in (Place(b"", f"203.0.113.{hour % 100}"), HOME):
                while attempt("wrong", place).gate == "open":
                    compared += 1
            counts = tries.of_second(str(login_id), own=hour % 2 == 0)
            while (
                counts.gate() != "closed"
                and signin.by_code(login_id, "000000", HOME if hour % 2 == 0 else STRANGER) == "wrong"
            ):
                compared += 1
            now.advance(hours=1)
        assert 80 <= compared <= 100, compared


def test_a_stranger_shuts_nobody_out_of_their_own_browser(db: None) -> None:
    login_id = login()
    sessions.known_device(login_id, HOME.device)
    with clock.fixed(START):
        assert gates(11)[-1] == "closed"
        assert attempt().gate == "closed", "a stranger who has the password by now"
        assert attempt(place=HOME).login_id == login_id
        for number in range(20):
            gates(5, Place(b"", HOME.network), f"other{number}@example.org")
        assert attempt(place=HOME, works=False).login_id == login_id, "whatever comes from the same network"


def test_a_browser_of_somebody_else_is_a_stranger(db: None) -> None:
    login()
    other = login("bob@example.org")
    sessions.known_device(other, HOME.device)
    with clock.fixed(START):
        assert gates(11, HOME)[-1] == "closed"


def test_an_owner_who_misses_at_home_waits_and_gets_in(db: None) -> None:
    login_id = login()
    sessions.known_device(login_id, HOME.device)
    with clock.fixed(START) as now:
        assert gates(11, HOME) == ["open"] * 10 + ["closed"]
        assert attempt(place=HOME).gate == "closed"
        now.advance(hours=1)
        assert attempt(place=HOME).login_id == login_id


def test_an_owner_who_gets_in_begins_anew_and_a_stranger_does_not(db: None) -> None:
    """Somebody who mistypes now and then is not shut out at the month's end; a recovery helps who was."""
    login_id = login()
    sessions.known_device(login_id, HOME.device)
    with clock.fixed(START):
        for _ in range(8):
            assert gates(4, HOME) == ["open"] * 4
            assert attempt(place=HOME).login_id == login_id
        assert gates(11, HOME)[-1] == "closed"
        signin.trust(login_id, HOME.device)
        assert attempt(place=HOME).login_id == login_id
        gates(9)
        assert attempt().login_id == login_id
        assert gates(2) == ["hard_work", "closed"]
        wrong = [signin.by_code(login_id, "000000", HOME) for _ in range(6)]
        assert wrong == ["wrong"] * 5 + ["closed"]
        signin.trust(login_id, HOME.device)
        assert signin.by_code(login_id, factors.new_codes(login_id)[0], HOME) == "right"


def test_a_network_and_all_together_are_counted(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    login_id = login()
    with clock.fixed(START):
        for number in range(20):
            attempt("wrong", email=f"other{number}@example.org")
        assert attempt(works=False).gate == "work" and attempt().login_id == login_id
        assert attempt(place=Place(b"", "203.0.113.8"), works=False).login_id == login_id
        monkeypatch.setattr(tries, "ALL", (tries.Step("all", 3600, 1, 2, tries.NEVER),))
        attempt("wrong", email="other@example.org")
        assert attempt(place=Place(b"", "203.0.113.8"), works=False).gate == "work"


def test_what_is_right_counts_nothing(db: None) -> None:
    login_id = login()
    with clock.fixed(START):
        for _ in range(40):
            assert attempt(works=False).login_id == login_id


def test_a_crowd_at_once_gets_no_more_tries(db: None) -> None:
    login()
    gotten: list[Gate] = []

    def crowd() -> None:
        gotten.extend(attempt(f"guess {turn}").gate for turn in range(6))
        connection.close()

    threads = [threading.Thread(target=crowd) for _ in range(5)]
    with clock.fixed(START):
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert len(gotten) == 30 and gotten.count("open") <= 10


def test_stolen_pairs_take_nothing_over(db: None) -> None:
    """SEC-4 in small: 600 pairs from 30 networks, one in a hundred right, all of those with a second step."""
    owners = [login(f"owner{number}@example.org") for number in range(6)]
    for owner in owners:
        factors.add(owner, "totp", "", b"sealed")
        sessions.known_device(owner, HOME.device)
    with clock.fixed(START):
        for turn in range(600):
            number, place = turn // 100, Place(b"", f"203.0.113.{turn % 30}")
            right = turn % 100 == 50
            email = f"owner{number}@example.org" if right else f"person{turn}@example.org"
            tried = attempt(PASSWORD if right else "stolen", place, email, works=turn % 3 == 0)
            assert tried.login_id is None or tried.then == "second"
        assert sql.query("SELECT 1 FROM people_signed_in") == []
        for number, owner in enumerate(owners):
            assert attempt(place=HOME, email=f"owner{number}@example.org", works=False).login_id == owner


@pytest.mark.parametrize(
    ("password", "factor", "then"),
    [
        ("otters swim", "", "add"),
        ("otters swim", "totp", "second"),
        ("otters swim", "passkey", "second"),
        (PASSWORD, "", "in"),
        (PASSWORD, "totp", "second"),
        (PASSWORD, "passkey", "in"),
    ],
)
def test_what_follows_a_right_password(db: None, password: str, factor: str, then: str) -> None:
    login_id = login(password=password)
    sql.execute("UPDATE people_login SET whole_password = %s WHERE id = %s", (passwords.alone(password), login_id))
    if factor:
        factors.add(login_id, factor, "", b"sealed", b"id" if factor == "passkey" else None)
    tried = attempt(password)
    assert (tried.login_id, tried.then) == (login_id, then)
