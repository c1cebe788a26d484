"""Keeping cards and bank accounts: what is taken, what is refused, what is stored of a number."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from caretill.core import clock, sql
from caretill.core.ids import uuid7
from caretill.methods import access, change, expiry, forget, keep, mandates, validate
from caretill.people.viewer import Hidden
from conftest import SHARED
from house import cast, wallet
from house.member import a_member

DIRECTORY = Path(SHARED) / "reference" / "FedACHdir.txt.gz"


def account() -> UUID:
    return cast.a_bill(10_000).account_id


ASK = keep.BankAsk(uuid7(), uuid7(), "Juana Solano", wallet.ROUTING, wallet.NUMBER, "checking")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"routing": "021099994"}, "routing_wrong"),
        ({"routing": "02100002"}, "routing_wrong"),
        ({"routing": "991000021"}, "routing_wrong"),
        ({"routing": ""}, "routing_wrong"),
        ({"number": ""}, "number_empty"),
        ({"number": "12345678901234567X"}, "number_not_digits"),
        ({"number": "abcdef"}, "number_not_digits"),
        ({"number": "123456789012345678"}, "number_too_long"),
        ({"number": "123"}, "number_too_short"),
        ({"holder_name": "   "}, "name_empty"),
    ],
)
def test_what_is_no_account_is_said(changed: dict[str, Any], code: str) -> None:
    assert keep.add_bank(replace(ASK, **changed)).code == code


@pytest.mark.skipif(not DIRECTORY.exists(), reason="the directory of banks is not here")
def test_every_routing_number_in_use_is_taken() -> None:
    """The Federal Reserve's directory of 2019 as oracle: none of its numbers is refused, each with one digit off is."""
    with gzip.open(DIRECTORY, "rt", encoding="ascii", errors="replace") as file:
        numbers = [line[:9] for line in file if line[:9].isdecimal()]
    assert len(numbers) > 10_000
    asks = (replace(ASK, routing=number) for number in numbers)
    assert [ask.routing for ask in asks if keep.bank_faults(ask)] == []
    off = (f"{number[:8]}{(int(number[8]) + 1) % 10}" for number in numbers)
    assert all(keep.bank_faults(replace(ASK, routing=number)) == ["routing_wrong"] for number in off)


@pytest.mark.parametrize(
    ("number", "shown"), [("1234", "34"), ("12345", "45"), ("1234567", "567"), ("12345678", "5678"), ("9" * 17, "9999")]
)
def test_of_a_short_number_at_most_half_is_shown(number: str, shown: str) -> None:
    assert keep.shown_digits(number) == shown


def test_blanks_and_hyphens_are_no_other_account(db: None) -> None:
    own = account()
    member = a_member(own)
    first = wallet.a_bank(own, member.login_id)
    again = keep.add_bank(replace(ASK, account_id=own, login_id=member.login_id, number=" 4417-1234 56789 "))
    assert again == keep.Added("known", first)


def test_an_account_that_was_closed_may_be_added_anew_and_is_proved_anew(db: None) -> None:
    own = account()
    member = a_member(own)
    first = wallet.a_bank(own, member.login_id)
    assert change.disable(own, first, "R02") == "disabled"
    again = wallet.a_bank(own, member.login_id, proved=False)
    assert again != first
    found = access.one(member.session().viewer, own, again)
    assert (found.state, found.validation) == ("checking", "none")


def test_two_people_of_one_family_keep_the_same_account_each_for_themselves(db: None) -> None:
    own = account()
    one, other = a_member(own), a_member(own, "pay", email="pat@example.org")
    first, second = wallet.a_bank(own, one.login_id), wallet.a_bank(own, other.login_id)
    assert [each.id for each in access.listed(one.session().viewer)] == [first]
    assert [each.id for each in access.listed(other.session().viewer)] == [second]
    with pytest.raises(Hidden):
        access.one(other.session().viewer, own, first)
    with pytest.raises(Hidden):
        access.mine(other.session().viewer, first)


def test_the_same_token_is_the_same_card(db: None) -> None:
    own = account()
    member = a_member(own)
    card = wallet.KeptCard("card_1")
    first = keep.save_card(own, member.login_id, card, "Blue card")
    assert keep.save_card(own, member.login_id, card, "Blue card") == first
    (found,) = access.listed(member.session().viewer)
    assert (found.last4, found.nickname, found.is_default, found.state) == ("4242", "Blue card", True, "ready")


def test_a_checkout_without_a_card_keeps_none(db: None) -> None:
    with pytest.raises(ValueError, match="no card"):
        keep.save_card(account(), None, wallet.KeptCard(None))


def test_the_number_stands_in_the_sealed_column_alone(
    db: None, owner_connection: psycopg.Connection[object], caplog: pytest.LogCaptureFixture
) -> None:
    """A canary: every column of every table, as text and as bytes, and what was logged or printed."""
    own = account()
    member = a_member(own)
    method = wallet.a_bank(own, member.login_id)
    wallet.a_mandate(own, method, member.login_id)
    change.rename(own, method, "House money")
    keep.add_bank(replace(ASK, account_id=own, login_id=member.login_id, number=wallet.NUMBER + "Z"))
    tables = [row["relname"] for row in sql.query(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'")]  # fmt: skip
    needles = (wallet.NUMBER, wallet.NUMBER.encode().hex())
    for table in tables:
        for needle in needles:
            hits = owner_connection.execute(
                f"SELECT count(*) FROM {table} AS t WHERE strpos(row_to_json(t)::text, %s) > 0", (needle,)
            ).fetchone()
            assert hits == (0,), table
    assert wallet.NUMBER not in caplog.text
    assert wallet.NUMBER not in repr(replace(ASK, account_id=own))
    kept = sql.one("SELECT account_sealed FROM methods_method WHERE id = %s", (method,))
    assert kept and list(access.bank_numbers([(own, method, kept["account_sealed"])])) == [wallet.NUMBER]


def test_a_row_copied_over_another_does_not_open(db: None) -> None:
    """Whoever may write the table cannot have somebody else's account debited by copying its column."""
    own = account()
    member = a_member(own)
    first, second = wallet.a_bank(own, member.login_id), wallet.a_bank(own, member.login_id, number="99887766")
    sql.execute(
        "UPDATE methods_method SET account_sealed = (SELECT account_sealed FROM methods_method WHERE id = %s)"
        " WHERE id = %s", (first, second),
    )  # fmt: skip
    kept = sql.one("SELECT account_sealed FROM methods_method WHERE id = %s", (second,))
    with pytest.raises(Exception, match="changed"):
        list(access.bank_numbers([(own, second, kept["account_sealed"])]))  # type: ignore[index]


def test_defaults_the_first_that_is_ready_and_never_two(db: None) -> None:
    own = account()
    member = a_member(own)
    bank = wallet.a_bank(own, member.login_id, proved=False)
    card = wallet.a_card(own, member.login_id)
    viewer = member.session().viewer
    assert [(each.id, each.is_default) for each in access.listed(viewer)] == [(card, True), (bank, False)]
    assert change.make_default(own, bank) == "not_ready"
    validate.begin(own, bank)
    validate.mark(own, bank, "valid")
    assert change.make_default(own, bank) == "made"
    assert change.make_default(own, bank) == "repeat"
    assert [(each.id, each.is_default) for each in access.listed(viewer)] == [(bank, True), (card, False)]
    assert change.delete(own, bank) == "deleted"
    assert [(each.id, each.is_default) for each in access.listed(viewer)] == [(card, True)]
    assert change.delete(own, bank) == "repeat"
    assert change.delete(own, uuid7()) == "missing"


def test_what_is_deleted_is_gone_for_its_owner_and_later_for_everybody(db: None) -> None:
    own = account()
    member = a_member(own)
    card, bank = wallet.a_card(own, member.login_id), wallet.a_bank(own, member.login_id)
    for method in (card, bank):
        change.delete(own, method)
        with pytest.raises(Hidden):
            access.one(member.session().viewer, own, method)
    (token,) = forget.tokens()
    assert (token.method_id, token.gateway) == (card, "sandbox")
    forget.forgotten(own, card)
    assert forget.tokens() == []
    assert forget.numbers() == 0
    with clock.fixed(clock.now() + forget.KEPT * 2):
        assert forget.numbers() == 1
    assert sql.one("SELECT account_sealed, routing FROM methods_method WHERE id = %s", (bank,)) == {
        "account_sealed": None, "routing": "",
    }  # fmt: skip


def test_what_a_guest_typed_for_one_payment_goes_when_nothing_can_come_of_it(db: None) -> None:
    own = account()
    waits, taken, ended = (wallet.a_bank(own, None, number=f"8800{n:04d}", proved=False) for n in range(3))
    wallet.a_mandate(own, waits, None, "once")
    mandates.debited([(own, wallet.a_mandate(own, taken, None, "once"), clock.now().date())])
    mandates.end(own, wallet.a_mandate(own, ended, None, "once"), "withdrawn")
    seen = []
    for days in (0, 199, 202, 202 + 91):
        with clock.fixed(clock.now() + timedelta(days=days)):
            seen.append((forget.guests(), forget.numbers()))
    assert seen == [(0, 0), (0, 0), (2, 0), (0, 2)]
    left = sql.query("SELECT id FROM methods_method WHERE account_sealed IS NOT NULL")
    assert left == [{"id": waits}]


CORRECTIONS: list[tuple[str, dict[str, str], str]] = [
    ("C01", {"number": "555566667777"}, "corrected"),
    ("C01", {"number": "12"}, "wrong"),
    ("C02", {"routing": "011499998"}, "corrected"),
    ("C02", {"routing": "011499999"}, "wrong"),
    ("C03", {"routing": "011499998", "number": "555566667777"}, "corrected"),
    ("C05", {"account_type": "savings"}, "corrected"),
    ("C05", {}, "wrong"),
    ("C07", {"routing": "011499998", "number": "555566667777", "account_type": "savings"}, "corrected"),
    ("C09", {}, "nothing"),
    ("C13", {}, "nothing"),
]


def test_what_the_bank_corrects_is_used_from_then_on(db: None) -> None:
    own = account()
    member = a_member(own)
    for place, (code, given, answer) in enumerate(CORRECTIONS):
        before = f"7700112{place:04d}"
        bank = wallet.a_bank(own, member.login_id, number=before, proved=False)
        assert change.correct(own, bank, code, **given) == answer, code
        row = sql.one("SELECT * FROM methods_method WHERE id = %s", (bank,))
        assert row
        used = given if answer == "corrected" else {}
        assert row["routing"] == used.get("routing", wallet.ROUTING)
        assert row["account_type"] == used.get("account_type", "checking")
        number = used.get("number", before)
        assert list(access.bank_numbers([(own, bank, row["account_sealed"])])) == [number]
        assert (row["last4"], row["state"]) == (number[-4:], "checking")


def test_a_card_is_warned_of_once_and_ends_after_its_last_day(db: None) -> None:
    own = account()
    member = a_member(own)
    card = wallet.a_card(own, member.login_id, month=2, year=2028)
    seen = []
    for day in ("2028-01-29", "2028-01-30", "2028-01-31", "2028-02-29", "2028-03-01"):
        with clock.fixed(datetime.fromisoformat(f"{day}T17:00:00+00:00")):
            seen.append((day, expiry.turn()))
    assert seen == [
        ("2028-01-29", {"warned": 0, "expired": 0}),
        ("2028-01-30", {"warned": 1, "expired": 0}),
        ("2028-01-31", {"warned": 0, "expired": 0}),
        ("2028-02-29", {"warned": 0, "expired": 0}),
        ("2028-03-01", {"warned": 0, "expired": 1}),
    ]
    found = access.one(member.session().viewer, own, card)
    assert (found.state, found.why, found.is_default) == ("disabled", "expired", False)
    topics = [
        row["topic"] for row in sql.query("SELECT topic FROM core_outbox WHERE topic LIKE 'method%%' ORDER BY id")
    ]
    assert topics == ["method_added", "method_expiring", "method_disabled"]


def test_a_card_with_a_new_date_is_ready_again(db: None) -> None:
    own = account()
    member = a_member(own)
    card = wallet.a_card(own, member.login_id, month=2, year=2020)
    expiry.turn()
    token = sql.one("SELECT token_ref FROM methods_method WHERE id = %s", (card,))
    assert token
    assert change.renewed("sandbox", token["token_ref"], 2, 2030, "1881") == "renewed"
    assert change.renewed("sandbox", token["token_ref"], 2, 2030, "1881") == "repeat"
    assert change.renewed("sandbox", "card_of_nobody", 2, 2030) == "missing"
    found = access.one(member.session().viewer, own, card)
    assert (found.state, found.last4, found.expiry_year, found.is_default) == ("ready", "1881", 2030, True)
