"""A set of outcomes has the effects of recording each of them, and repeats are harmless."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from caretill.core import sql
from caretill.payments import batch, callbacks, take
from caretill.payments.batch import Outcome, outcome_of, record_set
from caretill.payments.gateways import gateway
from caretill.payments.record import record, record_session
from house.cast import Bill, a_bill
from house.desk import Desk, at_once

TABLES = {
    "payments_payment": "state, region, amount_cents, failure_code, method_brand, method_last4, captured_cents,"
    " refunded_cents, business_date, charge_ref <> '' AS charged",
    "payments_event": "event, from_state, to_state, body, provider",
    "payments_attempt": "state, lease_until, gateway",
    "payments_claim": "why",
    "payments_part": "amount_cents, payee",
    "ledger_transfer": "debit_kind, credit_kind, amount_cents, currency, code, phase, payee, business_date,"
    " subject_id IS NULL AS about_nothing, target_id IS NULL AS alone, payment_id IS NULL AS unpaid",
    "ledger_resolution": "action",
    "ledger_balance": "kind, debits_posted, credits_posted, debits_pending, credits_pending, version",
    "core_outbox": "topic, tries, sent_at",
    "payments_object": "provider",
}
# Evidence that a session ran out, which a success contradicts later.
EARLY = {"provider": "sandbox", "object_ref": "early", "evidence": "expired"}


def opened(bills: list[Bill], cents: list[int]) -> tuple[Bill, UUID]:
    """A payment of these bills of one account whose page is open."""
    parts = tuple((bill.bill_id, amount) for bill, amount in zip(bills, cents, strict=True))
    answer = take.pay(bills[0].ask(0, parts=parts))
    assert answer.code == "open" and answer.payment_id
    return bills[0], answer.payment_id


def a_world(family: str, processor: Desk) -> list[tuple[Bill, UUID]]:
    """Payments on their way: one bill whole, in part, two bills of a family, and one given up in the meantime."""
    made = []
    for name, charge, amount in (("whole", 14_000, 14_000), ("part", 9_000, 2_500), ("gone", 5_000, 5_000)):
        made.append(opened([a_bill(charge, family=f"{family} {name}")], [amount]))
    two = [a_bill(6_000, family=f"{family} two", number=f"P{family}{n}") for n in (1, 2)]
    made.append(opened(two, [6_000, 1_000]))
    for bill, payment_id in made:
        row = sql.one("SELECT session_url FROM payments_attempt WHERE payment_id = %s", (payment_id,))
        assert row is not None
        processor.card(row["session_url"])
        if bill is made[2][0]:
            record(bill.account_id, payment_id, bill.region, "expired", **EARLY)
    return made


def outcomes(world: list[tuple[Bill, UUID]]) -> list[Outcome]:
    """What the processor says of each."""
    found = []
    for bill, payment_id in world:
        row = _attempt(payment_id)
        session = gateway("sandbox").retrieve_session(row["session_ref"])
        outcome = outcome_of(bill.account_id, payment_id, bill.region, "sandbox", row["amount_cents"], session)
        assert outcome is not None
        found.append(outcome)
    return found


def _attempt(payment_id: UUID) -> dict[str, Any]:
    row = sql.one(
        "SELECT a.session_ref, p.amount_cents FROM payments_attempt a JOIN payments_payment p ON p.id = a.payment_id"
        " WHERE a.payment_id = %s",
        (payment_id,),
    )
    assert row is not None
    return row


def traces(world: list[tuple[Bill, UUID]]) -> dict[str, list[str]]:
    """What stands in every table of these accounts, ids and moments apart."""
    accounts = sorted({bill.account_id for bill, _ in world})
    found = {}
    for table, columns in TABLES.items():
        rows = sql.query(f"SELECT {columns} FROM {table} WHERE account_id = ANY(%s)", (accounts,))
        found[table] = sorted(str(sorted(row.items())) for row in rows)
    return found


def test_a_set_has_the_effects_of_recording_each(processor: Desk) -> None:
    alone, together = a_world("1", processor), a_world("2", processor)
    for bill, payment_id in alone:
        row = _attempt(payment_id)
        session = gateway("sandbox").retrieve_session(row["session_ref"])
        record_session(bill.account_id, payment_id, bill.region, "sandbox", row["amount_cents"], session)
    answers = record_set(outcomes(together))
    assert answers == [{"code": "applied", "state": "succeeded"}] * 4
    for table, rows in traces(alone).items():
        assert traces(together)[table] == rows, table
    figures = together[0][0].figures()
    assert (figures["status"], figures["paid_here_cents"]) == ("paid", 14_000)
    assert "late_payment" in str(traces(together)["core_outbox"]), "the one that was given up is credit"


def test_repeats_change_nothing(processor: Desk) -> None:
    world = a_world("1", processor)
    said = outcomes(world)
    record_set(said)
    before = traces(world)
    assert record_set(said) == [{"code": "repeat", "state": "succeeded"}] * 4
    assert record_set([said[0], said[0]])[1] == {"code": "repeat", "state": "succeeded"}
    assert callbacks.apply_due() == 4, "the processor's own words come later and say the same"
    assert traces(world) == before


def test_one_of_a_set_is_not_like_the_others(processor: Desk) -> None:
    world = a_world("1", processor)
    said = outcomes(world)
    record_set(said[:1])
    nobody = Outcome(uuid4(), uuid4(), "oregon", "sandbox", "cs_none", "paid:none", 100)
    other = Outcome(said[0].account_id, said[0].payment_id, "oregon", "sandbox", "cs_x", "paid:again", 14_000)
    again = [said[0], said[1], nobody, other, said[1]]
    assert [(each["code"], each["state"]) for each in record_set(again)] == [
        ("repeat", "succeeded"),
        ("applied", "succeeded"),
        ("missing", ""),
        ("ignored", "succeeded"),
        ("repeat", "succeeded"),
    ]
    record_set(said)


def test_sets_are_cut(processor: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "SET_ROWS", 3)
    world = a_world("1", processor)
    assert [each["code"] for each in record_set(outcomes(world))] == ["applied"] * 4


def test_nothing_asked_is_nothing_done(db: None) -> None:
    assert record_set([]) == []


def test_sets_and_single_records_at_once_book_each_payment_once(processor: Desk) -> None:
    world = a_world("1", processor)
    said = outcomes(world)

    def single() -> list[str]:
        codes = []
        for (bill, payment_id), outcome in zip(world, said, strict=True):
            row = _attempt(payment_id)
            session = gateway("sandbox").retrieve_session(outcome.object_ref)
            answer = record_session(bill.account_id, payment_id, bill.region, "sandbox", row["amount_cents"], session)
            codes.append(answer["code"])
        return codes

    def many() -> list[str]:
        return [answer["code"] for answer in record_set(list(reversed(said)))]

    codes = [code for each in at_once([many, single, many, single, many, single]) for code in each]
    assert codes.count("applied") == 4
    assert set(codes) <= {"applied", "repeat", "ignored"}
