"""A lookup tells nothing until everything matches, and does the same work whether it matches or not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from caretill.billing import access, codes, guard, lookup
from caretill.core import clock, sql, tokens
from caretill.people.viewer import Hidden, Viewer
from caretill.regions import catalog, numbers
from house.cast import Bill, a_bill


def ask(bill: Bill, number: str, **facts: str) -> lookup.Found | None:
    region = catalog.region(bill.region)
    found = [(one.kind, one.value) for one in numbers.candidates(region, number)]
    return lookup.find(bill.region, found, facts)


def test_any_number_on_the_paper_with_a_second_fact_finds(db: None) -> None:
    bill = a_bill(14_000)
    by_bill = ask(bill, bill.number, last_norm="solano")
    assert by_bill and (by_bill.scope, by_bill.bill_id) == ("bill", bill.bill_id)
    by_code = ask(bill, bill.pay_code.lower(), zip="97201")
    assert by_code and by_code.bill_id == bill.bill_id
    by_family = ask(bill, bill.account_number, last_norm="solano")
    assert by_family and access.scope_of(by_family) == [bill.bill_id]
    assert ask(bill, bill.health_record_number, last_norm="solano") is None, "not on Oregon's paper"
    there = a_bill(14_000, region="california")
    by_record = ask(there, there.health_record_number.lstrip("0"), last_norm="solano")
    assert by_record and (by_record.scope, access.scope_of(by_record)) == ("person", [there.bill_id])


def misses(bill: Bill) -> list[tuple[str, dict[str, str]]]:
    return [
        (bill.number, {"last_norm": "other"}),
        ("P9999999999", {"last_norm": "solano"}),
        (bill.pay_code, {"zip": "97202"}),
        (bill.account_number, {"last_norm": "other"}),
        ("nonsense", {"zip": "97201"}),
        (bill.health_record_number, {"zip": "97202"}),
    ]


def test_a_hit_and_every_miss_run_the_same_statements(db: None) -> None:
    bill = a_bill(14_000)
    seen: set[tuple[int, int]] = set()
    for number, facts in [(bill.number, {"last_norm": "solano"}), *misses(bill)]:
        with CaptureQueriesContext(connection) as kept:
            found = ask(bill, number, **facts)
        assert (found is not None) == (number == bill.number and facts == {"last_norm": "solano"})
        seen.add((len(kept), kept[0]["sql"].count("\\x") + kept[0]["sql"].count("'\\")))
    assert len(seen) == 1, seen


def test_a_second_fact_is_never_left_out(db: None) -> None:
    bill = a_bill(14_000)
    with pytest.raises(ValueError, match="second fact"):
        ask(bill, bill.number)
    with pytest.raises(ValueError, match="second fact"):
        ask(bill, bill.number, zip="")


def test_another_region_does_not_find_it(db: None) -> None:
    bill = a_bill(14_000)
    one = numbers.candidates(catalog.region("colorado"), bill.number)
    assert lookup.find("colorado", [(c.kind, c.value) for c in one], {"last_norm": "solano"}) is None


def test_a_guest_sees_the_least_and_their_scope_only(db: None) -> None:
    bill, other = a_bill(14_000), a_bill(9_000, family="2")
    viewer = Viewer("guest", bill.account_id, frozenset({bill.bill_id, other.bill_id}))
    (row,) = access.payable_bills(viewer)
    assert row["masked_name"] == "J*** S***"
    allowed = {"account_id", "bill_id", "region", "payee", "kind", "due_date", "currency", "number", "version"}
    allowed |= {"open_cents", "payable_cents", "pending_cents", "charged_cents", "credit_cents", "status"}
    allowed |= {"held_by", "held_until", "held_why", "said_why", "said_until", "said_cents"}
    assert set(row) <= allowed | {"masked_name"}
    for seen in (viewer, Viewer("guest", other.account_id, frozenset({bill.bill_id}), lines=True)):
        with pytest.raises(Hidden):
            access.read_lines(seen, bill.account_id, bill.bill_id)
    opened = Viewer("guest", bill.account_id, frozenset({bill.bill_id}), lines=True)
    assert access.read_lines(opened, bill.account_id, bill.bill_id)["lines"]
    reads = sql.query("SELECT what FROM core_read ORDER BY id")
    assert [row["what"] for row in reads] == ["amounts", "lines"]


def test_only_misses_of_a_number_close_it_and_a_window_opens_it(db: None) -> None:
    with clock.fixed(datetime(2026, 11, 22, 18, 0, tzinfo=UTC)) as time:
        number, gates = ["P0000000001"], []
        for _ in range(9):
            gates.append(guard.gate("oregon", number, "192.0.2.1"))
            guard.missed("oregon", number, "192.0.2.1")
        assert gates == ["open"] + ["both"] * 4 + ["hard_work"] * 3 + ["closed"]
        assert guard.gate("oregon", ["P0000000002"], "192.0.2.2") == "open"
        assert guard.gate("colorado", number, "192.0.2.2") == "open"
        time.advance(hours=1)
        assert guard.gate("oregon", number, "192.0.2.1") == "both"
        for _ in range(3):
            guard.missed("oregon", number, "192.0.2.1")
        assert guard.gate("oregon", number, "192.0.2.1") == "closed", "twelve in a day"


def test_a_network_that_misses_much_must_work_then_wait(db: None) -> None:
    with clock.fixed(datetime(2026, 11, 22, 18, 0, tzinfo=UTC)):
        for turn in range(90):
            guard.missed("oregon", [f"P{turn:010d}"], "192.0.2.1")
            gate = guard.gate("oregon", ["P9999999999"], "192.0.2.1")
            stands = [
                name for name, most in (("open", 4), ("both", 19), ("work", 59), ("hard_work", 89)) if turn < most
            ]
            assert gate == (*stands, "closed")[0]
        assert guard.gate("oregon", ["P9999999999"], "192.0.2.2") == "open"


def test_who_finds_their_bill_hides_nobody_who_guesses(db: None) -> None:
    """A stranger on many networks meets the region's limit as soon as ever, however busy the region is (ADR 11)."""
    bill = a_bill(14_000)
    asked = [(each.kind, each.value) for each in numbers.candidates(catalog.region("oregon"), bill.number)]
    with clock.fixed(datetime(2026, 11, 22, 18, 0, tzinfo=UTC)):
        for turn in range(150):
            for _ in range(3):
                assert guard.gate("oregon", [bill.number], "192.0.2.1") == "open"
                assert lookup.find("oregon", asked, {"last_norm": "solano"})
            assert guard.gate("oregon", [f"P{turn:010d}"], f"10.0.{turn}.1") == "open"
            guard.missed("oregon", [f"P{turn:010d}"], f"10.0.{turn}.1")
        assert guard.gate("oregon", [bill.number], "192.0.2.1") == "both"
        assert guard.gate("colorado", [bill.number], "192.0.2.1") == "open"


def sent_code() -> dict[str, Any]:
    row = sql.one("SELECT topic, body FROM core_outbox ORDER BY id DESC LIMIT 1")
    assert row is not None
    return {"topic": row["topic"], **tokens.unseal("lookup_code", sql.answer(row["body"])["sealed"])}


def test_a_mailed_code_opens_the_account_and_a_miss_reads_the_same(db: None) -> None:
    bill = a_bill(14_000)
    found = lookup.find_by_contact("oregon", " Juana@Example.ORG ", "97201")
    assert found and lookup.find_by_contact("oregon", "juana@example.org", "97202") is None
    token = codes.send(found, "oregon", "en")
    sent = sent_code()
    assert sent["topic"] == "lookup_code"
    nothing = codes.send(None, "oregon", "en")
    assert sent_code()["topic"] == "lookup_nothing" and len(nothing) == len(token)
    assert codes.redeem(nothing, sent_code()["code"]) is None
    assert codes.redeem(token, "000000" if sent["code"] != "000000" else "111111") is None
    opened = codes.redeem(token, f" {sent['code']} ")
    assert opened and access.scope_of(opened) == [bill.bill_id]


def test_a_code_dies_after_five_tries_and_after_a_quarter_of_an_hour(db: None) -> None:
    with clock.fixed(datetime(2026, 11, 22, 18, 0, tzinfo=UTC)) as time:
        a_bill(14_000)
        found = lookup.find_by_contact("oregon", "juana@example.org", "97201")
        token = codes.send(found, "oregon", "en")
        right = sent_code()["code"]
        for guess in range(5):
            assert codes.redeem(token, f"{(int(right) + guess + 1) % 10**6:06d}") is None
        assert codes.redeem(token, right) is None
        time.advance(hours=1)
        token = codes.send(found, "oregon", "en")
        right = sent_code()["code"]
        time.advance(minutes=16)
        assert codes.redeem(token, right) is None


def test_codes_of_one_account_are_tried_so_often_a_day_however_many_are_sent(db: None) -> None:
    with clock.fixed(datetime(2026, 11, 22, 1, 0, tzinfo=UTC)) as time:
        a_bill(14_000)
        found = lookup.find_by_contact("oregon", "juana@example.org", "97201")
        for _ in range(codes.TRIES_A_DAY // 4):
            token = codes.send(found, "oregon", "en")
            for _ in range(4):
                assert codes.redeem(token, "never") is None
            time.advance(hours=1)
        token = codes.send(found, "oregon", "en")
        assert codes.redeem(token, "never") is None and codes.redeem(token, "never") is None
        assert codes.redeem(token, sent_code()["code"]) is None, "the fifty of this day are used up"
        time.advance(hours=14)
        token = codes.send(found, "oregon", "en")
        assert codes.redeem(token, sent_code()["code"])


def test_mails_to_one_account_are_few(db: None) -> None:
    with clock.fixed(datetime(2026, 11, 22, 18, 0, tzinfo=UTC)):
        a_bill(14_000)
        found = lookup.find_by_contact("oregon", "juana@example.org", "97201")
        for _ in range(6):
            codes.send(found, "oregon", "en")
    rows = sql.query("SELECT topic FROM core_outbox WHERE topic = 'lookup_code'")
    assert len(rows) == 3


def test_a_bill_that_is_not_there_is_hidden(db: None) -> None:
    with pytest.raises(Hidden):
        access.bill_figures(UUID(int=1), UUID(int=2))
