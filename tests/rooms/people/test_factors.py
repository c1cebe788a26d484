"""Codes of an app, recovery codes, and the last way in."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from uuid import UUID

import pyotp
import pytest
from django.db import connection

from caretill.core import clock, sql
from caretill.core.ids import uuid7
from caretill.people import factors
from caretill.people.factors import LastWay
from house.member import a_login

NOON = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
NOW = int(NOON.timestamp()) // 30


def with_app(login_id: UUID) -> pyotp.TOTP:
    app = pyotp.TOTP(factors.new_seed())
    assert factors.add_totp(login_id, app.secret, app.generate_otp(NOW - 1))
    return app


def a_passkey(login_id: UUID) -> UUID:
    return factors.add(login_id, "passkey", "", b"key", uuid7().bytes)


def test_the_codes_of_rfc_6238() -> None:
    """Appendix B, SHA-1, the last six digits: our reckoning of steps is the standard's."""
    app = pyotp.TOTP(pyotp.random_base32())
    app.secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for at, code in ((59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")):
        with clock.fixed(datetime.fromtimestamp(at, UTC)):
            assert factors._step_of(app.secret, code) == at // 30


@pytest.mark.parametrize(("late", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_one_step_early_or_late_is_fine(db: None, late: int, good: bool) -> None:
    login_id = a_login()
    with clock.fixed(NOON) as now:
        app = with_app(login_id)
        now.advance(minutes=5)
        assert factors.take_totp(login_id, app.generate_otp(NOW + 10 + late)) is good


def test_a_code_is_good_once_and_none_before_it_after(db: None) -> None:
    login_id = a_login()
    with clock.fixed(NOON):
        app = with_app(login_id)
        assert not factors.take_totp(login_id, app.generate_otp(NOW - 1)), "the one that set it up"
        assert factors.take_totp(login_id, f" {app.generate_otp(NOW + 1)[:3]} {app.generate_otp(NOW + 1)[3:]} ")
        assert not factors.take_totp(login_id, app.generate_otp(NOW + 1))
        assert not factors.take_totp(login_id, app.generate_otp(NOW))
        assert not factors.take_totp(a_login("bob@example.org"), app.generate_otp(NOW + 1))
        assert not factors.take_totp(login_id, "١٢٣٤٥٦")


def test_two_at_once_use_a_code_once(db: None) -> None:
    login_id = a_login()
    with clock.fixed(NOON):
        app = with_app(login_id)
        [code, *_] = factors.new_codes(login_id)
        taken: list[bool] = []

        def take() -> None:
            taken.append(factors.take_totp(login_id, app.generate_otp(NOW)))
            taken.append(factors.take_recovery(login_id, code))
            connection.close()

        threads = [threading.Thread(target=take) for _ in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert sorted(taken) == [False] * 6 + [True] * 2


def test_seeds_and_codes_are_not_plain_in_the_database(db: None) -> None:
    login_id = a_login()
    with clock.fixed(NOON):
        app = with_app(login_id)
        codes = factors.new_codes(login_id)
    stored = b" ".join(bytes(row["secret"]) for row in sql.query("SELECT secret FROM people_factor"))
    assert app.secret.encode() not in stored and app.byte_secret() not in stored
    assert not any(code.encode() in stored or code.replace("-", "").encode() in stored for code in codes)


def test_recovery_codes_work_once_and_until_new_ones(db: None) -> None:
    login_id = a_login()
    first = factors.new_codes(login_id)
    assert len(set(first)) == 10
    assert factors.take_recovery(login_id, first[0].lower().replace("-", " "))
    assert not factors.take_recovery(login_id, first[0])
    assert factors.ways(login_id).codes == 9
    assert not factors.take_recovery(a_login("bob@example.org"), first[1])
    second = factors.new_codes(login_id)
    assert not factors.take_recovery(login_id, first[1]) and factors.take_recovery(login_id, second[1])


def test_a_new_app_ends_the_old_one(db: None) -> None:
    login_id = a_login()
    with clock.fixed(NOON):
        old, new = with_app(login_id), with_app(login_id)
        assert not factors.take_totp(login_id, old.generate_otp(NOW))
        assert factors.take_totp(login_id, new.generate_otp(NOW))
        assert not factors.add_totp(login_id, factors.new_seed(), "000000")


@pytest.mark.parametrize("password", ["otters swim", ""])
def test_the_last_way_in_stays(db: None, password: str) -> None:
    """A short password needs its second step; without a password, a passkey is the only way."""
    login_id = a_login(password=password or "otters swim")
    if not password:
        sql.execute("UPDATE people_login SET password = '' WHERE id = %s", (login_id,))
    first, second = a_passkey(login_id), a_passkey(login_id)
    factors.new_codes(login_id)
    assert factors.remove(login_id, "passkey", first)
    with pytest.raises(LastWay):
        factors.remove(login_id, "passkey", second)
    held = factors.ways(login_id)
    assert [each.id for each in held.passkeys] == [second] and held.codes == 10, "nothing of it was done"


def test_a_long_password_is_a_way_in_and_codes_end_with_the_last_second_step(db: None) -> None:
    login_id = a_login()
    with clock.fixed(NOON):
        with_app(login_id)
    factors.new_codes(login_id)
    assert factors.remove(login_id, "totp") and factors.ways(login_id).codes == 0
    assert not factors.remove(login_id, "totp")


def test_nobody_takes_away_what_is_anothers(db: None) -> None:
    mine, theirs = a_login(), a_login("bob@example.org")
    passkey_id = a_passkey(theirs)
    assert not factors.remove(mine, "passkey", passkey_id)
    factors.rename(mine, passkey_id, "stolen")
    assert factors.ways(theirs).passkeys[0].label == ""
