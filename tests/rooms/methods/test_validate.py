"""Proving that a bank account is its owner's: two small amounts, three guesses, or a prenote that nobody refused."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from caretill.core import clock, sql
from caretill.core.ids import uuid7
from caretill.methods import access, change, validate
from house import cast, wallet
from house.member import MemberOf, a_member

FRIDAY = date(2026, 11, 20)
ARRIVED = datetime(2026, 11, 20, 17, tzinfo=UTC)


def owner() -> tuple[UUID, MemberOf]:
    account_id = cast.a_bill(10_000).account_id
    return account_id, a_member(account_id)


@given(st.uuids())
def test_the_two_amounts_are_cents_differ_and_are_the_same_each_time(method_id: UUID) -> None:
    first, second = validate._drawn(method_id)
    assert 1 <= first <= 99 and 1 <= second <= 99 and first != second
    assert validate._drawn(method_id) == (first, second)


def test_all_pairs_can_come() -> None:
    seen = {validate._drawn(uuid7()) for _ in range(3000)}
    assert len(seen) > 2000 and len({pair[0] for pair in seen}) == 99 and len({pair[1] for pair in seen}) == 99


@pytest.mark.parametrize("turned", [False, True])
def test_the_right_amounts_in_any_order_make_it_ready(db: None, turned: bool) -> None:
    own, member = owner()
    bank = wallet.a_bank(own, member.login_id, proved=False)
    assert validate.begin(own, bank) == "begun"
    assert validate.begin(own, bank) == "repeat"
    pair = wallet.the_amounts(own, bank)
    wallet.arrived(own, bank, FRIDAY)
    with clock.fixed(ARRIVED):
        assert validate.guess(own, bank, *(reversed(pair) if turned else pair)) == "right"
        assert validate.guess(own, bank, 1, 1) == "right"
    (found,) = access.listed(member.session().viewer)
    assert (found.state, found.validation, found.is_default) == ("ready", "valid", True)


def test_nothing_is_guessed_before_the_amounts_can_be_there(db: None) -> None:
    own, member = owner()
    bank = wallet.a_bank(own, member.login_id, proved=False)
    validate.begin(own, bank)
    pair = wallet.the_amounts(own, bank)
    assert validate.guess(own, bank, *pair) == "not_yet"
    wallet.arrived(own, bank, FRIDAY)
    with clock.fixed(datetime(2026, 11, 20, 4, 59, tzinfo=UTC)):  # still Thursday in New York
        assert validate.guess(own, bank, *pair) == "not_yet"
    row = sql.one("SELECT guesses FROM methods_method WHERE id = %s", (bank,))
    assert row == {"guesses": 0}
    with clock.fixed(datetime(2026, 11, 20, 5, tzinfo=UTC)):
        assert validate.guess(own, bank, *pair) == "right"


def test_the_third_wrong_guess_closes_it_and_the_right_amounts_come_too_late(db: None) -> None:
    own, member = owner()
    bank = wallet.a_bank(own, member.login_id, proved=False)
    validate.begin(own, bank)
    pair = wallet.the_amounts(own, bank)
    wallet.arrived(own, bank, FRIDAY)
    with clock.fixed(ARRIVED):
        wrong = [validate.guess(own, bank, 100, 100) for _ in range(3)]
        assert wrong == ["wrong", "wrong", "closed"]
        assert validate.guess(own, bank, *pair) == "closed"
    assert validate.begin(own, bank) == "closed"
    found = access.one(member.session().viewer, own, bank)
    assert (found.state, found.why, found.validation) == ("disabled", "guesses", "failed")


def test_guesses_at_one_moment_are_three_and_no_more(db: None) -> None:
    own, member = owner()
    bank = wallet.a_bank(own, member.login_id, proved=False)
    validate.begin(own, bank)
    wallet.arrived(own, bank, FRIDAY)
    said: list[str] = []

    def press() -> None:
        said.append(validate.guess(own, bank, 100, 100))
        connection.close()

    with clock.fixed(ARRIVED):
        threads = [threading.Thread(target=press) for _ in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert sorted(said) == ["closed"] * 6 + ["wrong"] * 2
    assert sql.one("SELECT guesses FROM methods_method WHERE id = %s", (bank,)) == {"guesses": 3}


def test_a_prenote_that_nobody_refused_for_three_banking_days_is_enough(db: None) -> None:
    own, member = owner()
    bank = wallet.a_bank(own, member.login_id, proved=False)
    assert validate.begin(own, bank, "prenote") == "begun"
    (wanted,) = validate.wanted()
    assert (wanted.method_id, wanted.way, wanted.amounts_cents) == (bank, "prenote", ())
    wallet.arrived(own, bank, FRIDAY)
    assert validate.wanted() == []
    seen = []
    for day in (24, 25, 26):  # Wednesday the 25th is the third banking day; the 26th is Thanksgiving
        with clock.fixed(datetime(2026, 11, day, 17, tzinfo=UTC)):
            seen.append(validate.ripen())
    assert seen == [0, 1, 0]
    assert access.listed(member.session().viewer)[0].state == "ready"


def test_a_prenote_that_came_back_disables_the_account(db: None) -> None:
    own, member = owner()
    bank = wallet.a_bank(own, member.login_id, proved=False)
    validate.begin(own, bank, "prenote")
    assert validate.mark(own, bank, "failed", "R03") == "marked"
    assert validate.mark(own, bank, "failed", "R03") == "repeat"
    found = access.listed(member.session().viewer)[0]
    assert (found.state, found.why) == ("disabled", "R03")
    with clock.fixed(datetime(2027, 1, 4, tzinfo=UTC)):
        assert validate.ripen() == 0


def test_so_many_accounts_a_month_and_no_more(db: None) -> None:
    own, member = owner()
    banks = [
        wallet.a_bank(own, member.login_id, number=f"8800{n:04d}", proved=False)
        for n in range(validate.MOST_A_MONTH + 1)
    ]
    began = [validate.begin(own, bank) for bank in banks]
    assert began == ["begun"] * validate.MOST_A_MONTH + ["too_many"]


def test_what_is_gone_is_not_proved(db: None) -> None:
    own, member = owner()
    bank = wallet.a_bank(own, member.login_id, proved=False)
    change.delete(own, bank)
    assert validate.begin(own, bank) == "missing"
    assert validate.guess(own, bank, 1, 2) == "missing"
    card = wallet.a_card(own, member.login_id)
    assert validate.begin(own, card) == "missing"
