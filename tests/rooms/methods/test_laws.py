"""Each law of saved ways to pay is seen to be broken by a row that breaks it."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg

from caretill.cli import check
from caretill.core import clock
from caretill.methods import change
from house import cast, wallet
from house.member import a_member

BREAKS = {
    "21b": "UPDATE methods_method SET is_default = true WHERE id = %(theirs)s",
    "21c": "UPDATE methods_method SET validation = 'none' WHERE id = %(bank)s",
    "21d": "UPDATE methods_method SET state = 'deleted', is_default = false WHERE id = %(bank)s",
    "21e": "UPDATE methods_method SET account_sealed = NULL WHERE id = %(bank)s",
    "21f": "ALTER TABLE methods_mandate DISABLE TRIGGER USER; UPDATE methods_mandate SET text = 'I owe more'",
    "21g": "ALTER TABLE methods_mandate DISABLE TRIGGER USER; UPDATE methods_mandate SET channel = 'phone'",
    "21h": "ALTER TABLE methods_mandate DISABLE TRIGGER USER; UPDATE methods_mandate SET sec_code = 'PPD'",
    "21i": "UPDATE methods_method SET guesses = 4 WHERE id = %(bank)s",
    "21k": "UPDATE methods_method SET account_sealed = overlay(account_sealed PLACING '\\x00'::bytea FROM 3)"
    " WHERE id = %(bank)s",
}


def test_a_broken_law_is_seen(db: None, owner_connection: psycopg.Connection[object]) -> None:
    own, second = cast.a_bill(10_000).account_id, cast.a_bill(10_000, family="2").account_id
    member = a_member(own)
    bank = wallet.a_bank(own, member.login_id)
    theirs = wallet.a_card(second, member.login_id)  # of the same login, in another account
    wallet.a_mandate(own, bank, member.login_id)
    assert not check.broken()
    for law, breaks in BREAKS.items():
        with owner_connection.transaction(force_rollback=True):
            for part in breaks.split("; "):
                owner_connection.execute(part, {"theirs": theirs, "bank": bank} if "%(" in part else None)
            query = next(query for name, query in check.laws().items() if name.startswith(f"methods.{law} "))
            assert owner_connection.execute(query).fetchall(), law
    assert {name.split()[0] for name in check.laws() if name.startswith("methods.")} == {
        f"methods.{law}" for law in BREAKS
    }


def test_a_life_of_a_way_to_pay_breaks_none(db: None) -> None:
    own = cast.a_bill(10_000).account_id
    member = a_member(own)
    card, bank = wallet.a_card(own, member.login_id), wallet.a_bank(own, member.login_id)
    wallet.a_mandate(own, card, member.login_id)
    change.replace(own, card, bank)
    with clock.fixed(datetime(2031, 1, 1, tzinfo=UTC)):
        change.disable(own, bank, "R03")
        change.delete(own, bank)
    assert not check.broken()
