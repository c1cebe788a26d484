"""Deliveries of one bill in any order: what stands at the end is the highest version, to the cent."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caretill.core import sql
from caretill.core.money import plain
from rooms.intake.deliveries import Rows, bring, sample, stands, write

pytestmark = pytest.mark.usefixtures("db")
CENTS = st.integers(0, 50_000)
LINE = st.tuples(CENTS, CENTS, CENTS, CENTS).map(lambda each: (each[0] + each[1] + each[2], *each[1:]))
VERSION = st.tuples(st.lists(LINE, min_size=1, max_size=3), CENTS)
counter = itertools.count(1)


def delivery(number: str, version: int, lines: list[tuple[int, ...]], paid: int) -> Rows:
    """A bill of the sample's last account, and one payment elsewhere."""
    rows = sample()
    line, payment = rows["lines"][6], rows["payments"][2]
    names = ("charge", "discount", "written_off", "plan_paid")
    return {
        "accounts": rows["accounts"][2:],
        "people": rows["people"][3:],
        "bills": [rows["bills"][3] | {"bill_number": number, "version": str(version)}],
        "lines": [
            line | {"bill_number": number, "line_number": str(place)} | dict(zip(names, map(plain, cents), strict=True))
            for place, cents in enumerate(lines, 1)
        ],
        "payments": [payment | {"bill_number": number, "version": str(version), "amount": plain(paid)}],
    }


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(VERSION, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_the_highest_version_stands(
    tmp_path: Path, versions: list[tuple[list[tuple[int, ...]], int]], chance: object
) -> None:
    number = f"P5{next(counter):09d}"
    order = list(enumerate(versions, 1))
    chance.shuffle(order)  # type: ignore[attr-defined]
    highest = 0
    for version, (lines, paid) in order:
        folder = write(tmp_path / f"{number}-{version}", delivery(number, version, lines, paid))
        summary = bring(folder)
        assert summary.rejected == 0
        assert summary.tables["bills"]["older"] == (version < highest)
        highest = max(highest, version)
    lines, paid = versions[-1]
    left = sum(charge - discount - written - plan for charge, discount, written, plan in lines) - paid
    assert stands(number) == {"open": max(left, 0), "credit": max(-left, 0)}
    changes = sql.query(
        "SELECT c.to_version FROM billing_change c JOIN billing_bill b ON b.account_id = c.account_id"
        " AND b.id = c.bill_id WHERE b.number = %s ORDER BY c.to_version",
        (number,),
    )
    raised = sorted(set(itertools.accumulate((version for version, _ in order), max)))
    assert [row["to_version"] for row in changes] == raised[1:]
