"""What days bring to a charge: refunds on their way, voids, disputes, payouts and their file. Over every shell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from caretill.core import clock
from caretill.formats import payout_csv
from caretill.payments.gateways.base import GatewayRefused, GatewayUnknown, Payout
from rooms.sim.processor_rig import SHELLS, Inside, Rig

HOUR = 3600
DAY = 24 * HOUR
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # a Wednesday


@pytest.fixture(params=SHELLS)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    with clock.fixed(NOON):
        made = SHELLS[request.param](tmp_path)
        yield made
        made.close()


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Rig]:
    """One shell is enough for what the core alone decides."""
    with clock.fixed(NOON):
        made = Inside(tmp_path)
        yield made
        made.close()


def refused(code: str) -> Any:
    return pytest.raises(GatewayRefused, match=f"^{code}$")


def read(rig: Rig, payout: Payout) -> tuple[list[payout_csv.PayoutRow], payout_csv.PayoutTotal]:
    """The file of a payout, by a reader that proves its sums."""
    total = payout_csv.PayoutTotal()
    return list(payout_csv.read(rig.gateway.payout_file(payout.id), total)), total


@pytest.mark.parametrize(("fault", "ends"), [("refund_pending", "succeeded"), ("refund_fails", "failed")])
def test_a_refund_on_its_way_ends_with_time(rig: Rig, fault: str, ends: str) -> None:
    charge = rig.paid().charge_id or ""
    rig.fault(fault, seconds=2 * HOUR)
    first = rig.gateway.refund("r", charge, 9_000, "refund-1")
    assert (first.status, first.failure_code) == ("pending", None)
    with refused("refund_too_big"):
        rig.gateway.refund("r2", charge, 5_001, "refund-2")
    [listed] = rig.gateway.find_charges()
    assert listed.refunded_cents == 9_000 and [one.status for one in listed.refunds] == ["pending"]
    rig.advance(2 * HOUR)
    after = rig.gateway.retrieve_refund(first.id)
    assert (after.id, after.status) == (first.id, ends)
    assert rig.gateway.find_refunds("refund-1") == [after] and rig.gateway.find_refunds("refund-2") == []
    [listed] = rig.gateway.find_charges()
    if ends == "failed":
        assert after.failure_code and (listed.refunded_cents, listed.refunds) == (0, ())
        assert rig.gateway.refund("r2", charge, 14_000, "refund-2").status == "succeeded"
    else:
        assert listed.refunded_cents == 9_000 and [one.status for one in listed.refunds] == ["succeeded"]
    rig.flush()
    assert f"refund.{ends}" in rig.merchant.kinds()


@pytest.mark.parametrize(("number", "ends"), [("4000000000007726", "succeeded"), ("4000000000005126", "failed")])
def test_cards_whose_refunds_take_their_time(here: Rig, number: str, ends: str) -> None:
    session = here.open()
    here.pay(session, number=number)
    charge = here.gateway.retrieve_session(session.id).charge_id or ""
    assert here.gateway.refund("r", charge, 100, "refund-1").status == "pending"
    here.advance(61)
    assert [one.status for one in here.gateway.find_refunds("refund-1")] == [ends]


def test_a_void_on_the_same_day_leaves_nothing_behind(rig: Rig) -> None:
    kept, gone = rig.paid(), rig.paid()
    result = rig.gateway.void("v", gone.charge_id or "")
    assert (result.id, result.status, result.amount_cents) == (gone.charge_id, "voided", 14_000)
    assert rig.gateway.void("v", gone.charge_id or "") == result
    assert rig.gateway.void("v2", gone.charge_id or "") == result
    assert len(rig.log("charge.voided")) == 1
    assert rig.gateway.retrieve_session(gone.id).voided and not rig.gateway.retrieve_session(kept.id).voided
    assert [one.voided for one in rig.gateway.find_charges()] == [False, True]
    with refused("voided"):
        rig.gateway.refund("r", gone.charge_id or "", 100, "refund-1")
    saved = rig.gateway.charge_saved(rig.charge_request(rig.saved()))
    rig.gateway.void("v3", saved.id)
    assert rig.gateway.find_saved_charges("charge-1") == [replace(saved, status="voided")]
    rig.advance(DAY)
    [payout] = rig.gateway.list_payouts()
    rows, _ = read(rig, payout)
    assert [row.operation_id for row in rows] == [kept.charge_id]
    rig.flush()
    assert rig.merchant.kinds().count("charge.voided") == 2


def test_what_can_no_longer_be_voided(here: Rig) -> None:
    yesterday, given, disputed = here.paid().charge_id or "", here.paid().charge_id or "", here.paid().charge_id or ""
    here.gateway.refund("r", given, 1, "refund-1")
    here.admin("POST", "disputes", {"charge": disputed})
    with refused("already_refunded"):
        here.gateway.void("v1", given)
    with refused("dispute_open"):
        here.gateway.void("v2", disputed)
    here.advance(12 * HOUR - 1)
    here.gateway.void("v3", here.paid().charge_id or "")
    here.advance(1)
    with refused("already_settled"):
        here.gateway.void("v4", yesterday)
    with refused("no_such_charge"):
        here.gateway.void("v5", "ch_nobody")


def test_a_dispute_takes_the_money_and_a_won_one_brings_it_back(rig: Rig) -> None:
    charge = rig.paid().charge_id or ""
    rig.gateway.refund("r", charge, 4_000, "refund-1")
    rig.admin("POST", "disputes", {"charge": charge, "reason": "duplicate"})
    [dispute] = rig.gateway.list_disputes()
    assert (dispute.charge_id, dispute.amount_cents, dispute.status) == (charge, 10_000, "open")
    assert (dispute.reason, dispute.fee_cents, (dispute.respond_by - dispute.created).days) == ("duplicate", 1_500, 20)
    with refused("dispute_open"):
        rig.gateway.refund("r2", charge, 1, "refund-2")
    assert rig.gateway.find_charges()[0].disputed_cents == 10_000
    rig.admin("POST", f"disputes/{dispute.id}", {"status": "won"})
    assert rig.gateway.retrieve_dispute(dispute.id) == replace(dispute, status="won")
    assert rig.gateway.find_charges()[0].disputed_cents == 0
    assert rig.gateway.refund("r3", charge, 10_000, "refund-3").status == "succeeded"
    rig.flush()
    news = {found.kind: found for found in (rig.gateway.read_callback(*it[::-1]) for it in rig.merchant.got)}
    for kind in ("dispute.opened", "dispute.won"):
        assert (news[kind].dispute_id, news[kind].charge_id) == (dispute.id, charge)
    assert rig.gateway.list_disputes(after=dispute.id) == []
    with refused("no_such_dispute"):
        rig.gateway.retrieve_dispute("dp_nobody")


def test_what_a_lost_dispute_took_cannot_be_given_back_again(here: Rig) -> None:
    charge = here.paid().charge_id or ""
    dispute = here.admin("POST", "disputes", {"charge": charge, "amount_cents": 6_000})
    here.admin("POST", f"disputes/{dispute['id']}", {"status": "lost"})
    with refused("refund_too_big"):
        here.gateway.refund("r", charge, 8_001, "refund-1")
    assert here.gateway.refund("r", charge, 8_000, "refund-1").status == "succeeded"
    for path, asked, code in (
        ("disputes", {"charge": charge}, "dispute_too_big"),
        ("disputes", {"charge": "ch_nobody"}, "no_such_charge"),
        ("disputes", {"charge": charge, "who": "me"}, "unknown_field"),
        (f"disputes/{dispute['id']}", {"status": "won"}, "dispute_ended"),
    ):
        assert here.admin("POST", path, asked)["error"]["code"] == code


@pytest.mark.parametrize(
    ("number", "reason", "ends"),
    [("4000000000000259", "fraudulent", "lost"), ("4000000000002685", "not_received", "won")],
)
def test_cards_whose_holders_dispute(here: Rig, number: str, reason: str, ends: str) -> None:
    here.pay(here.open(), number=number)
    here.advance(DAY - 1)
    assert here.gateway.list_disputes() == []
    here.advance(2)
    assert [(one.reason, one.status) for one in here.gateway.list_disputes()] == [(reason, "open")]
    here.advance(7 * DAY)
    assert [one.status for one in here.gateway.list_disputes()] == [ends]


def test_every_night_each_account_is_paid_what_it_earned(rig: Rig) -> None:
    one = rig.paid(amount_cents=10_000)
    rig.paid(amount_cents=5_000, processor_account="acct_clinic")
    rig.gateway.refund("r", one.charge_id or "", 2_000, "refund-1")
    rig.advance(12 * HOUR - 1)
    assert rig.gateway.list_payouts() == []
    rig.advance(1)
    clinic, hospital = rig.gateway.list_payouts()
    assert (clinic.processor_account, clinic.amount_cents) == ("acct_clinic", 5_000 - 145 - 30)
    assert (hospital.processor_account, hospital.amount_cents, hospital.count) == ("acct_hospital", 7_680, 2)
    assert (hospital.status, hospital.arrives_on) == ("in_transit", date(2026, 3, 9))
    rows, total = read(rig, hospital)
    assert [(row.kind, row.gross_cents, row.fee_cents, row.net_cents) for row in rows] == [
        ("charge", 10_000, 320, 9_680),
        ("refund", -2_000, 0, -2_000),
    ]
    assert [row.charge_id for row in rows] == [one.charge_id] * 2
    assert [row.reference for row in rows] == [one.reference, "refund-1"]
    assert (total.payout_id, total.net_cents) == (hospital.id, hospital.amount_cents)
    first = rig.gateway.payout_file(hospital.id)
    rig.advance(5 * DAY)
    assert rig.gateway.payout_file(hospital.id) == first, "always the same bytes"
    assert [one.status for one in rig.gateway.list_payouts()] == ["paid", "paid"]
    assert rig.gateway.list_payouts(after=clinic.id, limit=1)[0].id == hospital.id
    rig.flush()
    news = [rig.gateway.read_callback(raw, headers) for headers, raw in rig.merchant.got]
    told = sorted((found.kind, found.payout_id) for found in news if found.payout_id)
    assert told == sorted((kind, it.id) for kind in ("payout.created", "payout.paid") for it in (clinic, hospital))
    with refused("no_such_payout"):
        rig.gateway.payout_file("po_nobody")


def test_every_kind_of_operation_is_in_one_payout_and_only_one(here: Rig) -> None:
    charge = here.paid(amount_cents=20_000).charge_id or ""
    small = here.paid(amount_cents=100).charge_id or ""
    here.advance(DAY)
    lost = here.admin("POST", "disputes", {"charge": charge})["id"]
    here.admin("POST", "fees", {"account": "acct_hospital", "amount_cents": 250})
    here.advance(DAY)
    assert len(here.gateway.list_payouts()) == 1, "below nothing: it waits"
    here.admin("POST", f"disputes/{lost}", {"status": "won"})
    here.fault("refund_fails", seconds=60)
    here.gateway.refund("r", small, 50, "refund-1")
    here.paid(amount_cents=30_000)
    here.advance(3 * DAY)
    payouts = here.gateway.list_payouts()
    files = [read(here, payout)[0] for payout in payouts]
    kinds = [[row.kind for row in rows] for rows in files]
    assert kinds == [["charge", "charge"], ["dispute", "fee", "dispute_reversal", "charge"]]
    assert [sum(row.net_cents for row in rows) for rows in files] == [payout.amount_cents for payout in payouts]
    assert files[1][0].fee_cents == 1_500 and files[1][2].gross_cents == 20_000
    assert payouts[1].created == datetime(2026, 3, 7, tzinfo=UTC), "of the first night with something to pay"


def test_debit_cards_cost_less(here: Rig) -> None:
    here.pay(here.open(amount_cents=10_000), number="4000056655665556")
    here.advance(DAY)
    assert here.gateway.list_payouts()[0].amount_cents == 10_000 - 150 - 25


def test_half_a_file_is_no_file(rig: Rig) -> None:
    rig.paid()
    rig.advance(DAY)
    [payout] = rig.gateway.list_payouts()
    for fault in ("file_cut", "file_lost", "file_500"):
        rig.fault(fault, match={"account": "acct_hospital"})
        with pytest.raises(GatewayUnknown):
            rig.gateway.payout_file(payout.id)
    assert read(rig, payout)[1].count == 1


def test_days_that_pass_at_once_are_paid_out_as_those_that_pass_by_hours(tmp_path: Path) -> None:
    told = []
    for step in (30 * DAY, 5 * HOUR):
        (tmp_path / str(step)).mkdir()
        with clock.fixed(NOON):
            here = Inside(tmp_path / str(step))
            for _ in range(3):
                here.pay(here.open(amount_cents=50_000, reference="attempt"), number="4000000000002685")
                here.advance(DAY)
            for _ in range(30 * DAY // step):
                here.advance(step)
            payouts = here.gateway.list_payouts()
            rows = [[replace(row, row=0) for row in read(here, payout)[0]] for payout in payouts]
            told.append([(one.created, one.amount_cents, one.count, one.status) for one in payouts])
            assert sum(row.net_cents for file in rows for row in file) == 3 * (50_000 - 1_480 - 1_500)
            here.close()
    assert told[0] == told[1] and [count for _, _, count, _ in told[0]] == [1, 7, 1]


def test_what_was_due_comes_before_the_request_that_asks(tmp_path: Path) -> None:
    with clock.fixed(NOON) as held:
        here = Inside(tmp_path)
        charge = here.paid().charge_id or ""
        here.fault("refund_pending", seconds=60)
        made = here.gateway.refund("r", charge, 100, "refund-1")
        held.advance(seconds=59)
        assert here.gateway.retrieve_refund(made.id).status == "pending"
        held.advance(seconds=1)
        assert here.gateway.retrieve_refund(made.id).status == "succeeded", "no tick came between"
        here.close()


def test_a_past_that_is_written_later_has_its_own_nights(tmp_path: Path) -> None:
    with clock.fixed(NOON) as held:
        here = Inside(tmp_path)
        here.paid(amount_cents=7_000)
        for days in (3, 9, 5):
            with clock.fixed(NOON - timedelta(days=days)):
                here.paid(amount_cents=days * 1_000)
                here.flush()
                assert here.gateway.list_payouts() == []
        here.inside.tick()
        told = [(one.created.date().isoformat(), one.amount_cents, one.status) for one in here.gateway.list_payouts()]
        assert told == [
            ("2026-02-24", 9_000 - 291, "paid"),
            ("2026-02-28", 5_000 - 175, "paid"),
            ("2026-03-02", 3_000 - 117, "in_transit"),
        ]
        held.advance(days=1)
        here.inside.tick()
        assert [one.amount_cents for one in here.gateway.list_payouts()][3:] == [7_000 - 233]
        here.close()
