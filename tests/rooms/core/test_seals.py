"""A changed row breaks its seal, and the write-once rows refuse the app, the owner and TRUNCATE."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from caretill.core import audit, clock, laws, seals, sql
from house.cast import a_bill


def broken() -> list[str]:
    return [name for name, law in laws.LAWS.items() if sql.query(law)]


def test_a_changed_row_is_seen(db: None, owner_connection: psycopg.Connection[Any]) -> None:
    bill = a_bill(14_000, desk_cents=2_000)
    audit.record_read(bill.account_id, "guest", "lines", bill.bill_id)
    assert seals.seal_all() == 0, "too young to seal"
    with clock.fixed(clock.now() + timedelta(minutes=6)):
        assert seals.seal_all() == 3
        assert seals.seal_all() == 0
        a_bill(3_000, number="P2")
    with clock.fixed(clock.now() + timedelta(minutes=20)):
        assert seals.seal_all() == 1
    assert broken() == []
    owner_connection.execute("UPDATE core_read SET what = 'nothing'")
    assert broken() == ["17 the seals of the read stream match"]
    owner_connection.execute("UPDATE core_read SET what = 'lines'")
    owner_connection.execute("ALTER TABLE ledger_transfer DISABLE TRIGGER USER")
    owner_connection.execute("UPDATE ledger_transfer SET payee = 'x' WHERE code = 'desk_paid'")
    assert broken() == ["17 the seals of the ledger stream match"]
    owner_connection.execute("UPDATE ledger_transfer SET payee = 'medical_group' WHERE code = 'desk_paid'")
    owner_connection.execute("ALTER TABLE ledger_transfer ENABLE TRIGGER USER")
    assert broken() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_transfer SET amount_cents = 1",
        "DELETE FROM ledger_transfer",
        "TRUNCATE ledger_transfer",
        "UPDATE ledger_resolution SET action = 'x'",
        "UPDATE payments_event SET event = 'x'",
        "DELETE FROM payments_event",
        "UPDATE core_read SET what = 'x'",
        "DELETE FROM core_seal",
        "UPDATE billing_change SET deltas = '{}'",
        "UPDATE payments_transition SET to_state = 'succeeded'",
        "ALTER TABLE ledger_transfer DISABLE TRIGGER USER",
        "DROP TABLE ledger_balance",
        "CREATE TABLE public.mine (a int)",
    ],
)
def test_the_app_cannot_change_what_is_written_once(
    db: None, app_connection: psycopg.Connection[Any], statement: str
) -> None:
    a_bill(14_000)
    with pytest.raises(psycopg.Error):
        app_connection.execute(statement)


def test_even_the_owner_is_refused_a_transfer(db: None, owner_connection: psycopg.Connection[Any]) -> None:
    a_bill(14_000)
    for statement in ("UPDATE ledger_transfer SET amount_cents = 1", "TRUNCATE ledger_transfer CASCADE"):
        with pytest.raises(psycopg.errors.RaiseException):
            owner_connection.execute(statement)
