"""What a member sees of bills: sums against the ledger, whose care is open, and what it costs where there are many."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import connection

from caretill.billing import member
from caretill.billing.member import Filters
from caretill.core import clock, sql
from caretill.payments import motion
from caretill.people.viewer import NOBODY, Hidden, Reach, Viewer
from house.cast import Bill, a_bill
from house.member import person_of
from house.scenes import NOON

ACCOUNTS = int(os.environ.get("CARETILL_TEST_ACCOUNTS", "100000"))
BILLS_EACH = 10
BIG = ("people_account", "people_person", "billing_bill", "ledger_balance")


@pytest.fixture(autouse=True)
def time(db: None) -> Iterator[clock.FixedClock]:
    with clock.fixed(NOON) as fixed:
        yield fixed


def holder(*accounts: UUID) -> Viewer:
    reaches = tuple(Reach(account, everybody="manage", holder=True) for account in accounts)
    return Viewer("member", NOBODY, login_id=uuid4(), reaches=reaches)


def only(bill: Bill, level: Any = "see", *, own: bool = False) -> Viewer:
    person = person_of(bill.account_id)
    reach = Reach(bill.account_id, people={person: level}, selves=frozenset({person} if own else ()))
    return Viewer("member", NOBODY, login_id=uuid4(), reaches=(reach,))


def test_what_is_owed_is_what_the_ledger_holds() -> None:
    bills = [
        a_bill(14_000, number="P1"),
        a_bill(5_000, number="P2", due=date(2026, 11, 2)),
        a_bill(9_000, number="P3", desk_cents=10_000),
        a_bill(7_000, family="2", plan_paid_cents=1_000),
    ]
    owed = member.owed(holder(bills[0].account_id, bills[3].account_id))
    assert owed.payable_cents == sum(bill.figures()["payable_cents"] for bill in bills) == 25_000
    assert member.cents(owed.past_due) == 5_000 and owed.credit_cents == 1_000
    assert [row["due_date"] for row in owed.next_due] == [date(2026, 12, 15)] * 2


def test_credit_of_a_late_payment_belongs_to_the_account() -> None:
    bill = a_bill(14_000)
    sql.execute(
        "INSERT INTO ledger_balance (account_id, kind, ref, currency, debits_posted, credits_posted, debits_pending,"
        " credits_pending, version) VALUES (%s, 'credit', %s, 'USD', 0, 2500, 0, 0, 1)",
        (bill.account_id, uuid4()),
    )
    whole, part = member.owed(holder(bill.account_id)), member.owed(only(bill))
    sql.execute("DELETE FROM ledger_balance WHERE kind = 'credit'")
    assert (whole.credit_cents, part.credit_cents) == (2_500, 0)


@pytest.mark.parametrize(
    ("private", "birth", "relation", "opens"),
    [
        (False, "2014-05-06", "child", (True, True, True)),
        (True, "2014-05-06", "child", (False, False, True)),
        (False, "2008-11-23", "child", (False, True, True)),
        (False, "2008-11-24", "child", (True, True, True)),
        (False, "1980-01-01", "spouse", (True, True, True)),
    ],
)
def test_whose_care_is_open(private: bool, birth: str, relation: str, opens: tuple[bool, bool, bool]) -> None:
    """For the guarantor, for somebody who was given it by name, for the patient; the list says what the bill says."""
    bill = a_bill(14_000)
    sql.execute("UPDATE billing_bill SET private = %s", (private,))
    sql.execute("UPDATE people_person SET birth_date = %s, relation = %s", (birth, relation))
    for viewer, open_ in zip((holder(bill.account_id), only(bill), only(bill, own=True)), opens, strict=True):
        (row,) = member.bill_list(viewer, Filters()).rows
        one = member.read_bill(viewer, bill.bill_id)
        assert row["opens"] is one["opens"] is open_
        assert (row["provider_name"] is not None) is ("lines" in one) is open_
        assert bool(member.bill_list(viewer, Filters(kind="professional")).rows) is open_


def test_who_has_no_access_finds_nothing() -> None:
    bill, other = a_bill(14_000), a_bill(1_000, family="2")
    for viewer in (holder(), holder(other.account_id), only(other)):
        assert bill.bill_id not in {row["bill_id"] for row in member.bill_list(viewer, Filters(state="all")).rows}
        assert member.to_pay(viewer, [bill.bill_id]) == []
        assert not member.may_pay(viewer, bill.account_id, [bill.bill_id])
        with pytest.raises(Hidden):
            member.read_bill(viewer, bill.bill_id)
    sql.execute("UPDATE billing_bill SET person_id = %s WHERE id = %s", (uuid4(), bill.bill_id))
    assert member.owed(only(bill)).rows == () and member.owed(holder(bill.account_id)).payable_cents == 14_000
    sql.execute("UPDATE billing_bill SET person_id = %s WHERE id = %s", (person_of(bill.account_id), bill.bill_id))


def test_who_may_see_may_not_pay() -> None:
    bill = a_bill(14_000)
    for level, may in (("see", False), ("pay", True), ("manage", True)):
        viewer = only(bill, level)
        assert member.may_pay(viewer, bill.account_id, [bill.bill_id]) is may
        assert bool(member.to_pay(viewer, [bill.bill_id])) is may


def test_every_read_is_logged_a_row_an_account() -> None:
    one, two = a_bill(14_000), a_bill(1_000, family="2")
    viewer = holder(one.account_id, two.account_id)
    for read in (lambda: member.owed(viewer), lambda: member.bill_list(viewer, Filters())):
        sql.execute("SELECT 1")
        before = len(sql.query("SELECT 1 FROM core_read"))
        read()
        assert len(sql.query("SELECT 1 FROM core_read")) == before + 2
    member.read_bill(viewer, one.bill_id)
    last = sql.one("SELECT account_id, what, ref, viewer FROM core_read ORDER BY id DESC LIMIT 1")
    assert last == {"account_id": one.account_id, "what": "lines", "ref": one.bill_id, "viewer": viewer.name}


GROWN = f"""
INSERT INTO people_account (account_id, region, number, first_name, last_name, last_norm, street, city, state, zip,
    email, phone, language, group_number, subgroup, bill_group, recorded_at)
SELECT md5('a' || n)::uuid, 'oregon', 'G' || n, 'Juana', 'Solano', 'solano', '', '', 'OR', '97201', '', '', 'en', '',
    '', '', now() FROM generate_series(1, %(accounts)s) n;
INSERT INTO people_person (account_id, id, health_record_number, first_name, last_name, last_norm, birth_date, relation,
    recorded_at)
SELECT md5('a' || n)::uuid, md5('p' || n)::uuid, 'H' || n, 'Iker', 'Solano', 'solano', '2014-05-06', 'child', now()
FROM generate_series(1, %(accounts)s) n;
INSERT INTO billing_bill (account_id, id, region, number, pay_code, kind, payee, person_id, provider_name, service_from,
    service_to, issue_date, due_date, currency, version, digest, source, recorded_at, changed_at)
SELECT md5('a' || n)::uuid, md5('b' || n || '-' || m)::uuid, 'oregon', 'G' || n || '-' || m, '', 'professional',
    'medical_group', md5('p' || n)::uuid, 'Dr. Rosa Prueba', '2026-10-01', '2026-10-01', '2026-11-01',
    date '2026-01-01' + (n * 7 + m * 61) %% 400, 'USD', 1, '', 'test', now(), now()
FROM generate_series(1, %(accounts)s) n, generate_series(1, {BILLS_EACH}) m;
INSERT INTO ledger_balance (account_id, kind, ref, currency, debits_posted, credits_posted, debits_pending,
    credits_pending, version)
SELECT account_id, 'receivable', id, 'USD', 10000, CASE WHEN due_date %% 2 = 0 THEN 10000 ELSE 0 END, 0, 0, 1
FROM billing_bill
"""


@pytest.mark.slow
def test_a_family_among_a_million_bills_is_found_by_indexes_alone(owner_connection: psycopg.Connection[Any]) -> None:
    """With `CARETILL_TEST_ACCOUNTS` accounts (100,000) of ten bills: a family of four accounts and 40 bills."""
    text = GROWN.replace("due_date %% 2", "extract(day FROM due_date)::int %% 2")
    try:
        for statement in text.split(";"):
            owner_connection.execute(statement % {"accounts": ACCOUNTS})
        owner_connection.execute("ANALYZE people_account, people_person, billing_bill, ledger_balance, ledger_transfer")
        rows = sql.query("SELECT DISTINCT account_id FROM people_account WHERE number IN ('G7', 'G70', 'G71', 'G72')")
        viewer = holder(*(row["account_id"] for row in rows))
        asked: list[tuple[str, Any]] = []

        def noted(execute: Any, text: str, params: Any, many: bool, context: Any) -> Any:
            asked.append((text, params))
            return execute(text, params, many, context)

        began = clock.monotonic()
        with connection.execute_wrapper(noted):
            owed = member.owed(viewer)
            page = member.bill_list(viewer, Filters(state="all"))
            more = member.bill_list(viewer, Filters(state="all", after=page.after))
            motion.under_way(viewer, owed.people)
            motion.recent(viewer, owed.people)
        spent = clock.monotonic() - began
        print(f"{ACCOUNTS * BILLS_EACH} bills: home and two pages of the list in {spent * 1000:.0f} ms")
        assert len(page.rows) == len(more.rows) == 20 and more.after is None
        assert owed.payable_cents == 10_000 * len(owed.rows) and 0 < len(owed.rows) < 40
        for text, params in asked:
            if text.lstrip().startswith(("SELECT", "--")):
                plan = str(sql.query(f"EXPLAIN {text}" if not text.startswith("--") else f"EXPLAIN\n{text}", params))
                assert not [table for table in BIG if f"Seq Scan on {table}" in plan], plan
    finally:
        owner_connection.execute(f"TRUNCATE {', '.join(BIG)} CASCADE")
