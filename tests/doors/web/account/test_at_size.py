"""A member's pages among many accounts: each reads the rows of its own by an index, whatever else is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from caretill.cli import bench
from caretill.core import clock
from caretill.letters.statements import issue
from house import ledgerbook as book
from house.cast import Bill, a_bill
from house.desk import Desk, processor_desk
from house.member import MemberOf, a_member, grant
from house.payer import text
from house.scenes import NOON

__all__ = ["processor_desk"]

world = bench.module("world")
TIMES = 1_000
TABLES = (*world.SHARDED, "intake_delivery")
# Ten years of nights.
_DELIVERIES = """
    INSERT INTO intake_delivery (id, kind, digest, files, options, state, summary, started_at, finished_at)
    SELECT gen_random_uuid(), 'csv', '', '[]', '{}', 'done', '{}', now() - n * interval '1 day',
        now() - n * interval '1 day' FROM generate_series(1, 3650) AS n"""
MOST_STATEMENTS = 12


@pytest.fixture(autouse=True)
def time(db: None) -> Iterator[clock.FixedClock]:
    with clock.fixed(NOON) as fixed:
        yield fixed


@pytest.fixture
def bill(processor: Desk) -> Bill:
    """A bill that was told, and paid in part; another that was paid at the desk."""
    made = a_bill(14_000, number="P1")
    a_bill(3_000, number="P2", due=date(2026, 11, 2), desk_cents=500)
    book.pay(processor, (made, 5_000))
    issue(made.account_id, made.bill_id)
    return made


@pytest.fixture
def member(bill: Bill) -> MemberOf:
    """Of two accounts."""
    other = a_bill(2_000, family="2")
    found = a_member(bill.account_id)
    grant(found.login_id, other.account_id)
    return found


def test_a_page_makes_one_token_for_all_its_forms(member: MemberOf) -> None:
    """And the next page another."""
    client = member.client()
    first, second = (
        re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', text(client.get("/account/bills/"))) for _ in range(2)
    )
    assert len(first) > 1 and len(set(first)) == len(set(second)) == 1 and first[0] != second[0]


def asked(member: MemberOf, path: str) -> list[str]:
    """What a page sends to the database."""
    client = member.client()
    client.get(path)
    with CaptureQueriesContext(connection) as sent:
        assert client.get(path).status_code == 200
    return [each["sql"] for each in sent]


def test_no_page_reads_whole_tables(bill: Bill, member: MemberOf, owner_connection: psycopg.Connection[Any]) -> None:
    """Asked of the planner among a thousand families, which are gone afterwards."""
    paths = ["/account/", *(f"/account/bills/?state={state}" for state in ("owed", "past_due", "paid", "all"))]
    paths += ["/account/history/", "/account/history/?kind=statement", "/account/history/statements/"]
    paths += [f"/account/bills/{bill.bill_id}/", f"/account/pay/?of={bill.bill_id}", "/account/household/"]
    sent = {path: asked(member, path) for path in paths}
    with owner_connection.transaction(force_rollback=True):
        world.copy(owner_connection, TIMES)
        owner_connection.execute(_DELIVERIES)
        owner_connection.execute(f"ANALYZE {', '.join(TABLES)}")
        for path, statements in sent.items():
            assert len(statements) <= MOST_STATEMENTS, path
            for statement in statements:
                if not statement.startswith(("INSERT", "UPDATE", "SAVEPOINT", "RELEASE")):
                    assert whole(owner_connection, statement) == [], (path, statement)


def whole(owner: psycopg.Connection[Any], statement: str) -> list[str]:
    """Tables with rows of every account, or of all years, that a statement would read from end to end."""
    plan = "\n".join(row[0] for row in owner.execute("EXPLAIN " + statement).fetchall())  # type: ignore[arg-type]
    return [table for table in re.findall(r"Seq Scan on (\w+)", plan) if table in TABLES]
