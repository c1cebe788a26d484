"""Booked once, whoever runs how often, and wherever somebody was killed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from caretill.core import clock, sql
from caretill.payments.gateways import installed
from caretill.reconcile import book, fetch, match, run
from caretill.regions import catalog
from house.desk import Desk, at_once
from house.remitter import Remitter, a_charge


class Killed(BaseException):
    """Nobody catches it."""


def sums() -> dict[str, int]:
    row = sql.one(
        "SELECT count(*) AS legs, coalesce(sum(amount_cents) FILTER (WHERE debit_kind = 'bank'), 0)::bigint AS bank,"
        " coalesce(sum(amount_cents) FILTER (WHERE debit_kind = 'fee'), 0)::bigint AS fee"
        " FROM ledger_transfer WHERE code IN ('payout', 'fee')"
    )
    assert row is not None
    return dict(row)


@pytest.fixture(name="two_payouts")
def two_payouts_fixture(time: clock.FixedClock, processor: Desk) -> Remitter:
    remitter = Remitter()
    for place in range(2):
        ref = a_charge(processor, 10_000 + place, str(place))[1]
        remitter.pay_out([("charge", ref, ref, 10_000 + place, 100)], arrives=time.at.date())
    return remitter


ALL = {"legs": 4, "bank": 19_801, "fee": 200}


def test_several_at_once(two_payouts: Remitter) -> None:
    with installed("sandbox", two_payouts):  # type: ignore[arg-type]
        answers = at_once([run.turn] * 4)
        assert sum(answer["booked"] for answer in answers) == 2
        assert sum(answer["listed"] for answer in answers) == 2
        assert sums() == ALL
        assert not any(run.turn().values())


def test_killed_at_each_step(two_payouts: Remitter, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each step that is done or undone whole, somebody is killed; the next run goes on."""

    def dies(name: str, holder: object, after: int) -> None:
        usual, left = getattr(holder, name), [after]

        def step(*given: object, **named: object) -> object:
            if left[0] == 0:
                raise Killed(name)
            left[0] -= 1
            return usual(*given, **named)

        with monkeypatch.context() as patch:
            patch.setattr(holder, name, step)
            with pytest.raises(Killed):
                run.turn()

    monkeypatch.setattr(book, "SET_ROWS", 1)
    with installed("sandbox", two_payouts):  # type: ignore[arg-type]
        dies("_wanted", fetch, 0)
        assert sql.one("SELECT count(*) AS n FROM reconcile_payout") == {"n": 2}
        dies("_same", fetch, 1)  # inside the second file's transaction
        assert sql.one("SELECT count(*) AS n FROM reconcile_operation") == {"n": 1}
        dies("match", match, 0)
        dies("_one_set", book, 1)
        assert sums()["legs"] == 2
        assert run.turn()["booked"] == 1
        assert sums() == ALL


def test_a_set_is_all_or_nothing(two_payouts: Remitter, monkeypatch: pytest.MonkeyPatch) -> None:
    with installed("sandbox", two_payouts):  # type: ignore[arg-type]
        fetch.fetch()
        match.match()
        usual = sql.one

        def dies(*given: object, **named: object) -> object:
            answer = usual(*given, **named)  # type: ignore[arg-type]
            if "reconcile_book_payout" in str(given[0]):
                raise Killed("before the commit")
            return answer

        with monkeypatch.context() as patch:
            patch.setattr(sql, "one", dies)
            with pytest.raises(Killed):
                book.book()
        assert sums()["legs"] == 0
        assert book.book() == 2 and book.book() == 0
        assert sums() == ALL


def test_what_another_worker_has_in_hand_is_passed_over(
    two_payouts: Remitter, second_connection: Callable[[], psycopg.Connection[Any]]
) -> None:
    with installed("sandbox", two_payouts):  # type: ignore[arg-type]
        fetch.fetch()
    match.match()
    asked = {"provider": "sandbox", "payout_ref": "po_000001", "now": clock.now(), "rows": 9, "after": book.FIRST}
    asked["days"] = {region.slug: "2026-11-02" for region in catalog.regions()}
    other = second_connection()
    row = other.execute("SELECT reconcile_book_payout(%s::jsonb)", (sql.dumps(asked),)).fetchone()
    assert row is not None and row[0]["booked"] == 1
    # Not yet committed there: the other payout is booked here, without waiting.
    sql.execute("SET lock_timeout = '2s'")
    assert book.book() == 1
    sql.execute("RESET lock_timeout")
    other.commit()
    assert book.book() == 0
    assert sums() == ALL
