"""Every law of the ledger can be broken, and then names the row. The owner breaks them here; the app cannot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from caretill.core import sql
from caretill.ledger.laws import LAWS
from house.cast import a_bill


@contextmanager
def torn(owner: psycopg.Connection[Any], *statements: str) -> Iterator[None]:
    """What the statements do to written rows, undone at the end."""
    with owner.transaction(force_rollback=True):
        owner.execute("ALTER TABLE ledger_transfer DISABLE TRIGGER USER")
        owner.execute("ALTER TABLE ledger_balance DROP CONSTRAINT ledger_balance_floor")
        for statement in statements:
            owner.execute(statement)
        yield


def broken(owner: psycopg.Connection[Any]) -> set[str]:
    return {name.split()[0] for name, law in LAWS.items() if owner.execute(law).fetchall()}


@pytest.mark.parametrize(
    ("law", "statement"),
    [
        ("1", "UPDATE ledger_balance SET credits_posted = credits_posted + 1 WHERE kind = 'receivable'"),
        ("1", "UPDATE ledger_transfer SET amount_cents = amount_cents - 1 WHERE code = 'charge'"),
        ("1", "DELETE FROM ledger_transfer WHERE code = 'discount'"),
        ("2", "UPDATE ledger_transfer SET credit_kind = '' WHERE code = 'charge'"),
        ("3", "UPDATE ledger_balance SET credits_pending = 10000000 WHERE kind = 'receivable'"),
        ("4", "UPDATE ledger_transfer SET phase = 'post', target_id = transfer_id WHERE code = 'discount'"),
        ("14", "UPDATE ledger_transfer SET currency = 'CAD' WHERE code = 'discount'"),
        ("15", "UPDATE ledger_transfer SET code = 'reversal' WHERE code = 'discount'"),
        ("18", "UPDATE ledger_balance SET credits_posted = credits_posted + 1 WHERE kind = 'credit'"),
    ],
)
def test_a_broken_row_is_named(owner_connection: psycopg.Connection[Any], law: str, statement: str) -> None:
    a_bill(20_000, discount_cents=4_000)
    a_bill(2, family="2", desk_cents=7_500)
    assert broken(owner_connection) == set()
    with torn(owner_connection, statement):
        assert law in broken(owner_connection)
    assert broken(owner_connection) == set()


def test_the_floor_counts_what_is_pending(db: None, app_connection: psycopg.Connection[Any]) -> None:
    bill = a_bill(20_000)
    reserve = "UPDATE ledger_balance SET credits_pending = %s WHERE account_id = %s AND kind = 'receivable'"
    app_connection.execute(reserve, (20_000, bill.account_id))
    with pytest.raises(psycopg.errors.CheckViolation):
        app_connection.execute(
            "UPDATE ledger_balance SET credits_posted = 1 WHERE account_id = %s AND kind = 'receivable'",
            (bill.account_id,),
        )
    app_connection.execute(reserve, (0, bill.account_id))
    assert sql.one("SELECT count(*) AS n FROM ledger_balance WHERE kind NOT IN ('receivable', 'credit')") == {"n": 0}
