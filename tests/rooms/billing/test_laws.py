"""The law of a bill's numbers is broken by one that is missing and by one that is too much."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from caretill.billing.laws import LAWS
from house.cast import a_bill

NUMBERS = next(query for name, query in LAWS.items() if name.startswith("8f "))


@pytest.mark.parametrize(
    ("statement", "claimed"),
    [
        ("DELETE FROM billing_lookup_key WHERE kind = 'pay_code' AND ref = %s", 1),
        ("DELETE FROM billing_lookup_key WHERE ref = %s", None),
        (
            "INSERT INTO billing_lookup_key (region, kind, blind, account_id, ref)"
            " SELECT region, kind, sha256(blind), account_id, ref FROM billing_lookup_key"
            " WHERE kind = 'bill_number' AND ref = %s",
            3,
        ),
    ],
)
def test_a_bill_without_its_two_numbers_is_named(
    owner_connection: psycopg.Connection[Any], statement: str, claimed: int | None
) -> None:
    bill, _ = a_bill(20_000), a_bill(30_000, family="2")
    assert owner_connection.execute(NUMBERS).fetchall() == []
    with owner_connection.transaction(force_rollback=True):
        owner_connection.execute(statement, (bill.bill_id,))
        assert owner_connection.execute(NUMBERS).fetchall() == [(bill.account_id, bill.bill_id, claimed)]
