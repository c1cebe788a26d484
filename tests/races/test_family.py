"""A family of four accounts pays five bills at once, and everything goes wrong: all of them are paid, or none."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from uuid import UUID, uuid4

import pytest

from caretill.cli import check
from caretill.core import clock, sql
from caretill.payments import callbacks, look, refund, sweep, take, velocity
from caretill.payments.gateways import gateway
from caretill.payments.gateways.base import GatewayRefused, GatewayUnknown
from caretill.sim.processor.faults import CATALOGUE
from caretill.sim.processor.shell import NoAnswer
from house.desk import CARD, Desk, at_once
from house.families import Family, Killed, a_family, forwarded, killed_after

REFUND_CENTS = 2_500
UNTIL_ENDED, FAULTS_LAST = 90, 5


def _settle(processor: Desk, time: clock.FixedClock) -> None:
    """Nobody comes back: time passes, the processor's messages come, the sweeper goes round."""
    for turn in range(UNTIL_ENDED):
        if turn == FAULTS_LAST:
            processor.shell.admin("POST", "faults/clear")
        processor.shell.flush()
        callbacks.apply_due()
        sweep.sweep()
        refund.sweep()
        left = sql.one(
            "SELECT count(*) AS n FROM (SELECT lease_until FROM payments_attempt UNION ALL"
            " SELECT lease_until FROM payments_refund) AS l WHERE lease_until IS NOT NULL"
        )
        told = sql.one("SELECT count(*) AS n FROM payments_callback WHERE applied_at IS NULL")
        if left == told == {"n": 0}:
            return
        time.advance(minutes=1)
    raise AssertionError(f"after {UNTIL_ENDED} minutes: {left}, {told}")


def _whole(made: Family, owed: list[int], back_cents: int = 0) -> bool:
    """Whether all bills are paid, less what was given back; False where none is. Anything between fails."""
    paid = made.paid()
    if paid == [0] * len(owed) and not back_cents:
        assert made.payable() == owed
        return False
    assert sum(paid) == sum(owed) - back_cents, f"{paid} of {owed}"
    assert [cents + bill for cents, bill in zip(paid, made.payable(), strict=True)] == owed
    return True


def _given(processor: Desk) -> int:
    """What the processor has given back so far."""
    return sum(row["amount_cents"] for row in processor.shell.log() if row["what"] == "refund.made")


def _one_to_one(processor: Desk) -> None:
    """The processor's log and the ledger, side by side."""
    log = processor.shell.log()
    there = sorted((row["charge"], row["amount_cents"]) for row in log if row["what"] == "charge.captured")
    here = sql.query(
        "SELECT p.charge_ref, sum(t.amount_cents)::bigint AS cents FROM payments_payment p JOIN ledger_transfer t"
        " ON t.account_id = p.account_id AND t.payment_id = p.id AND t.debit_kind = 'clearing'"
        " WHERE p.state = 'succeeded' GROUP BY p.id, p.charge_ref"
    )
    assert sorted((row["charge_ref"], row["cents"]) for row in here) == there
    booked = sql.one("SELECT coalesce(sum(amount_cents), 0)::bigint AS n FROM ledger_transfer WHERE code = 'refund'")
    assert booked == {"n": _given(processor)}
    assert forwarded() == 0


def _errand(processor: Desk, made: Family, key: UUID) -> None:
    """What a payer and then the office do, each step once: to pay, to come back, and to give some of it back."""
    account = made.bills[0].account_id
    answer = take.pay(made.ask(10_000, 20_000, 11_000, 12_000, 13_000, key=key))
    processor.card(answer.url)
    look.came_back(account, answer.payment_id)
    named = {made.bills[2].bill_id: 1_000, made.bills[3].bill_id: REFUND_CENTS - 1_000}
    refund.refund(account, answer.payment_id, REFUND_CENTS, key, "asked", named)


def test_killed_between_each_two_steps_it_is_whole_or_nothing(processor: Desk) -> None:
    """After each kill every law holds at once; then the sweeper and the processor's messages finish it."""
    with clock.fixed(clock.now()) as time:
        names: list[str] = []
        steps = 0
        while True:
            made = a_family(f"kill{steps}")
            owed, before = made.payable(), _given(processor)
            with killed_after(steps) as done:
                try:
                    _errand(processor, made, uuid4())
                    break
                except Killed as last:
                    names.append(str(last))
            assert check.broken() == {}, f"killed after {done}"
            _settle(processor, time)
            given = _given(processor)
            _whole(made, owed, given - before)
            _one_to_one(processor)
            assert check.broken() == {}, f"finished after {done}"
            steps += 1
        assert names[0] == "payments_begin" and names.count("payments_share_reserve") == 4
        assert names.count("payments_share_end") == 4 and names.count("payments_share_refund") == 2
        assert names[-2:] == ["payments_family_done", "payments_refund_end"]


def _tried(action: Callable[[], object], times: int = 3) -> object:
    """As people do where nothing comes back: once more, and then they leave it."""
    for _ in range(times):
        with suppress(GatewayUnknown, GatewayRefused, NoAnswer):
            found = action()
            if not isinstance(found, take.Answer) or found.code != "not_sent":
                return found
    return None


# What a family's checkout never asks: saved cards, payouts, and what the office does to a payment.
ELSEWHERE = ("charge", "saved", "method", "forget", "payouts", "file", "disputes", "void")


def _walk(processor: Desk, made: Family, stage: str, key: UUID) -> None:
    """A payer's way at which a fault of that stage strikes."""
    account = made.bills[0].account_id
    ask = made.ask(key=key)
    if stage == "find":
        processor.fault("create_lost")
        take.pay(ask)
        return
    answer = _tried(lambda: take.pay(ask))
    if not isinstance(answer, take.Answer) or answer.code != "open" or answer.payment_id is None:
        return
    payment_id, url = answer.payment_id, answer.url
    if stage == "expire":
        _tried(lambda: take.stop(account, payment_id))
        return
    if stage == "page":
        _tried(lambda: processor.shell.browse("GET", url))
    if stage == "step":
        _tried(lambda: processor.card(url, "4000002760003184"))
        _tried(lambda: processor.shell.browse("POST", f"{url}/step", {"answer": "approve"}))
    else:
        _tried(lambda: processor.card(url, CARD["number"]))
    _tried(lambda: look.came_back(account, payment_id))
    if stage in ("refund", "refunding", "refunds", "charges"):
        _tried(lambda: refund.refund(account, payment_id, REFUND_CENTS, key, "asked"))
    if stage == "charges":
        charge = sql.one("SELECT charge_ref FROM payments_payment WHERE id = %s", (payment_id,))
        assert charge is not None
        gateway().refund(f"there {key}", charge["charge_ref"], 500, "office")


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(name for name in CATALOGUE if CATALOGUE[name].stage not in ELSEWHERE))
def test_with_each_fault_of_the_processor_all_are_booked_or_none(processor: Desk, name: str) -> None:
    with clock.fixed(clock.now()) as time:
        made = a_family()
        owed = made.payable()
        processor.fault(name)
        _walk(processor, made, CATALOGUE[name].stage, uuid4())
        assert check.broken() == {}
        _settle(processor, time)
        struck = [row["detail"] for row in processor.shell.log() if row["what"] == "fault.struck"]
        assert name in struck or name == "dark", f"{name} never struck: {struck}"
        charged = sum(row["amount_cents"] for row in processor.charges())
        assert charged in (0, sum(owed))
        assert _whole(made, owed, _given(processor)) == bool(charged)
        _one_to_one(processor)


def test_two_families_over_the_same_bills_in_other_order_and_one_wins(processor: Desk) -> None:
    """Sixteen payers of one family, each as their own account's payer: no wait for each other, one payment."""
    made = a_family()
    owed = made.payable()
    turned = [Family(made.bills[turn:] + made.bills[:turn]) for turn in range(5)]
    # As many as a bill has places for at one moment.
    asks = [turned[number % 5].ask(visit=str(number).encode()) for number in range(velocity.SESSIONS_A_BILL)]
    answers = at_once([partial(take.pay, ask) for ask in asks])
    codes = sorted(answer.code for answer in answers)
    assert codes.count("open") == 1 and set(codes) <= {"open", "being_paid"}, codes
    assert made.payable() == [0] * 5
    (won,) = [answer for answer in answers if answer.code == "open"]
    states = sql.query("SELECT state, count(*) AS n FROM payments_payment WHERE id <> %s GROUP BY 1", (won.payment_id,))
    assert {row["state"] for row in states} <= {"voided"}
    processor.card(won.url)
    row = sql.one("SELECT account_id FROM payments_payment WHERE id = %s", (won.payment_id,))
    assert row is not None and look.came_back(row["account_id"], won.payment_id) == "succeeded"
    assert made.paid() == owed
    _one_to_one(processor)


def test_families_that_share_one_bill_each_with_the_next(processor: Desk) -> None:
    """A ring of six: each wants the bill of its neighbour too. At least one is through, and none is half held."""
    ring = a_family(accounts=6).bills[2:]
    pairs = [Family((ring[place], ring[(place + 1) % len(ring)])) for place in range(len(ring))]
    for _ in range(4):
        answers = at_once([partial(take.pay, pair.ask()) for pair in pairs])
        won = [(pair, answer) for pair, answer in zip(pairs, answers, strict=True) if answer.code == "open"]
        assert won and {answer.code for answer in answers} <= {"open", "being_paid"}
        held = sql.one("SELECT count(*) AS n FROM payments_claim")
        assert held == {"n": 2 * len(won)}
        for pair, answer in won:
            assert take.stop(pair.bills[0].account_id, answer.payment_id) == "voided"


def test_the_same_form_sent_64_times_at_once_is_one_payment(processor: Desk) -> None:
    made = a_family()
    ask = made.ask()
    answers = at_once([partial(take.pay, ask)] * 64)
    assert {answer.code for answer in answers} <= {"open", "not_sent"}
    assert {answer.payment_id for answer in answers} == {answers[0].payment_id}
    other = replace(ask, others=tuple((account, bill, cents - 1) for account, bill, cents in ask.others))
    assert take.pay(other).code == "key_conflict"
    assert len([row for row in processor.shell.log() if row["what"] == "session.created"]) == 1


def test_callback_return_sweeper_and_refund_at_once_book_one_payment(processor: Desk) -> None:
    made = a_family()
    owed = made.payable()
    account = made.bills[0].account_id
    answer = take.pay(made.ask())
    processor.card(answer.url)
    calls: list[Callable[[], object]] = [partial(look.came_back, account, answer.payment_id)] * 6
    at_once(calls + [callbacks.apply_due] * 3 + [sweep.sweep] * 3)
    assert made.paid() == owed and forwarded() == 0
    asked = [partial(refund.refund, account, answer.payment_id, 1_000, key, "asked") for key in [uuid4(), uuid4()] * 4]
    codes = [told["code"] for told in at_once([*asked, sweep.sweep, sweep.sweep])[:8]]
    assert sorted(codes) == ["refunded"] * 2 + ["repeat"] * 6
    callbacks.apply_due()
    assert sum(made.payable()) == 2_000
    _one_to_one(processor)


def test_a_hold_that_comes_after_the_release_holds_nothing(processor: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The payer's process stands still before the third account while an hour passes and the sweeper voids it."""
    made = a_family()
    owed = made.payable()
    real = sql.call
    seen: list[str] = []

    def call(function: str, account_id: UUID, payload: dict[str, object]) -> dict[str, object]:
        seen.append(function)
        if seen.count("payments_share_reserve") == 3 and function == "payments_share_reserve":
            with clock.fixed(clock.now()) as time:
                time.advance(minutes=61)
                assert sweep.sweep()["ended"] == 1
        return real(function, account_id, payload)

    monkeypatch.setattr(sql, "call", call)
    answer = take.pay(made.ask())
    assert (answer.code, answer.state) == ("ended", "voided")
    assert made.payable() == owed
    assert sql.one("SELECT count(*) AS n FROM payments_claim") == {"n": 0}
