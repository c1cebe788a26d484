"""Every fault that can be asked for, over HTTP and in-process: what breaks, and what had its effect all the same."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from caretill.payments.gateways.base import CallbackRefused, GatewayRefused, GatewayUnknown
from caretill.sim.processor.faults import CATALOGUE
from caretill.sim.processor.shell import NoAnswer
from rooms.sim.processor_rig import RETURN_URL, SHELLS, Rig


@pytest.fixture(params=SHELLS)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    made = SHELLS[request.param](tmp_path)
    yield made
    made.close()


def until(happened: Any, seconds: float = 5) -> None:
    """Wait for something another thread does."""
    limit = time.monotonic() + seconds
    while not happened() and time.monotonic() < limit:
        time.sleep(0.01)
    assert happened()


@pytest.mark.parametrize(
    ("fault", "more", "opened"),
    [
        ("create_lost", {}, 1),
        ("create_dropped", {}, 0),
        ("create_500_before", {}, 0),
        ("create_500_after", {}, 1),
        ("create_slow", {"ms": 700}, 1),
        ("create_hang", {}, 1),
    ],
)
def test_a_broken_opening_is_unknown_and_its_key_repeats_it(
    rig: Rig, fault: str, more: dict[str, int], opened: int
) -> None:
    asked = rig.request()
    rig.fault(fault, match={"reference": asked.reference}, **more)
    bystander = rig.open()
    with pytest.raises(GatewayUnknown):
        rig.gateway.create_session(asked)
    made = [line["session"] for line in rig.log("session.created") if line["reference"] == asked.reference]
    assert len(made) == opened
    session = rig.gateway.create_session(asked)
    assert made in ([], [session.id])
    assert [found.id for found in rig.gateway.find_sessions(asked.reference)] == [session.id]
    assert rig.gateway.find_sessions(bystander.reference) == [bystander]


def test_a_slow_opening_within_the_time_limit_is_an_answer(rig: Rig) -> None:
    rig.fault("create_slow", ms=120)
    assert rig.open().status == "open"


@pytest.mark.parametrize("way", ["lost", "500", "hang"])
def test_questions_go_unanswered_as_often_as_asked_for(rig: Rig, way: str) -> None:
    session = rig.open()
    rig.fault(f"retrieve_{way}", times=2)
    for _ in range(2):
        with pytest.raises(GatewayUnknown):
            rig.gateway.retrieve_session(session.id)
    assert rig.gateway.retrieve_session(session.id) == session
    rig.fault(f"find_{way}")
    rig.fault(f"charges_{way}")
    with pytest.raises(GatewayUnknown):
        rig.gateway.find_sessions(session.reference)
    with pytest.raises(GatewayUnknown):
        rig.gateway.find_charges()


def test_an_expiry_whose_answer_is_lost_has_happened(rig: Rig) -> None:
    session = rig.open()
    rig.fault("expire_dropped")
    rig.fault("expire_lost")
    for status in ("open", "expired"):
        with pytest.raises(GatewayUnknown):
            rig.gateway.expire_session(session.id)
        assert rig.gateway.retrieve_session(session.id).status == status


def test_a_refund_whose_answer_is_lost_happens_once(rig: Rig) -> None:
    charge = rig.paid().charge_id or ""
    for fault in ("refund_500_before", "refund_lost", "refund_500_after"):
        rig.fault(fault)
    for _ in range(3):
        with pytest.raises(GatewayUnknown):
            rig.gateway.refund("r", charge, 100, "refund")
    assert rig.gateway.refund("r", charge, 100, "refund").amount_cents == 100
    assert len(rig.log("refund.made")) == 1


@pytest.mark.parametrize("fault", ["pay_500_after", "pay_blank", "pay_lost", "pay_hang"])
def test_charged_but_not_led_back(rig: Rig, fault: str) -> None:
    session = rig.open()
    rig.fault(fault)
    if fault in ("pay_lost", "pay_hang"):
        with pytest.raises(NoAnswer):
            rig.pay(session)
    else:
        page = rig.pay(session)
        assert page.location == "" and page.status == (500 if fault == "pay_500_after" else 200)
        assert page.text == "" or "look before you pay again" in page.text
    assert rig.gateway.retrieve_session(session.id).outcome == "paid"
    assert rig.pay(session).location == RETURN_URL
    assert len(rig.log("charge.captured")) == 1


@pytest.mark.parametrize("fault", ["pay_500_before", "pay_dropped"])
def test_broken_before_anything_was_charged(rig: Rig, fault: str) -> None:
    session = rig.open()
    rig.fault(fault, match={"session": session.id})
    try:
        assert rig.pay(session).status == 500
    except NoAnswer:
        assert fault == "pay_dropped"
    assert rig.log("charge") == []
    assert rig.pay(session).status == 303


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("decline", "generic_decline"),
        ("insufficient_funds", "insufficient_funds"),
        ("expired_card", "expired_card"),
    ],
)
def test_a_good_card_can_be_declined_on_demand(rig: Rig, fault: str, code: str) -> None:
    session = rig.open()
    rig.fault(fault)
    assert rig.pay(session).status == 402
    assert rig.gateway.retrieve_session(session.id).failure_code == code


def test_a_good_card_can_need_a_second_step_on_demand(rig: Rig) -> None:
    session = rig.open()
    rig.fault("second_step")
    assert "/step" in rig.pay(session).location
    rig.fault("step_500_after")
    assert rig.browse("POST", f"/c/{session.id}/step", {"answer": "approve"}).status == 500
    assert rig.browse("POST", f"/c/{session.id}/step", {"answer": "approve"}).location == RETURN_URL
    assert len(rig.log("charge.captured")) == 1


@pytest.mark.parametrize(("fault", "ends"), [("processing", "paid"), ("processing_declined", "declined")])
def test_a_payment_on_its_way_ends_with_time(rig: Rig, fault: str, ends: str) -> None:
    session = rig.open()
    rig.fault(fault, seconds=60)
    assert rig.pay(session).location == RETURN_URL
    on_the_way = rig.gateway.retrieve_session(session.id)
    assert (on_the_way.status, on_the_way.outcome, on_the_way.charge_id) == ("complete", "processing", None)
    with pytest.raises(GatewayRefused, match=r"^processing$"):
        rig.gateway.expire_session(session.id)
    rig.flush()
    rig.advance(61)
    after = rig.gateway.retrieve_session(session.id)
    assert (after.outcome, after.charge_id is None) == (ends, ends == "declined")
    rig.flush()
    assert rig.merchant.kinds() == ["session.completed", "session.completed" if ends == "paid" else "session.declined"]
    assert len(rig.log("charge.captured")) == (1 if ends == "paid" else 0)


def test_the_return_comes_before_the_callback(rig: Rig) -> None:
    rig.fault("return_before_callback", seconds=60)
    rig.paid()
    rig.flush()
    assert rig.merchant.got == []
    rig.advance(61)
    rig.flush()
    assert rig.merchant.kinds() == ["session.completed"]


def test_the_callback_comes_before_the_return(rig: Rig) -> None:
    session = rig.open()
    rig.fault("callback_before_return")
    seen: list[str] = []
    rig.merchant.on_callback = lambda: seen.append(rig.gateway.retrieve_session(session.id).outcome)
    rig.pay(session)
    assert seen == ["paid"]


def test_a_lost_callback_never_comes(rig: Rig) -> None:
    rig.fault("callback_lost")
    session = rig.paid()
    rig.advance(4 * 24 * 3600)
    rig.flush(all=True)
    assert set(rig.merchant.kinds()) <= {"payout.created", "payout.paid"}
    assert [line["session"] for line in rig.log("callback.lost")] == [session.id]


def test_a_callback_comes_twice_with_one_event_id(rig: Rig) -> None:
    rig.fault("callback_twice")
    rig.paid()
    rig.flush()
    ids = [event["id"] for event in rig.merchant.events()]
    assert len(ids) == 2 and len(set(ids)) == 1


def test_a_late_callback_can_be_hurried(rig: Rig) -> None:
    rig.fault("callback_late", seconds=3 * 24 * 3600)
    rig.paid()
    rig.flush()
    assert rig.merchant.got == []
    rig.flush(all=True)
    [(headers, raw)] = rig.merchant.got
    assert rig.gateway.read_callback(raw, headers).kind == "session.completed"


def test_callbacks_out_of_order(rig: Rig) -> None:
    rig.fault("callback_out_of_order", seconds=600)
    session = rig.paid()
    rig.flush()
    assert rig.merchant.got == []
    rig.gateway.refund("r", session.charge_id or "", 100, "refund")
    rig.flush()
    rig.flush()
    assert rig.merchant.kinds() == ["refund.succeeded", "session.completed"]


@pytest.mark.parametrize(("fault", "code"), [("callback_forged", "bad_signature"), ("callback_stale", "too_old")])
def test_a_bad_callback_is_refused_and_the_good_one_follows(rig: Rig, fault: str, code: str) -> None:
    rig.fault(fault)
    rig.merchant.statuses = [400]
    rig.paid()
    rig.flush()
    until(lambda: len(rig.merchant.got) == 2)
    told = []
    for headers, raw in rig.merchant.got:
        try:
            told.append(rig.gateway.read_callback(raw, headers).kind)
        except CallbackRefused as refused:
            told.append(refused.code)
    assert sorted(told) == sorted([code, "session.completed"])


def test_a_forged_callback_for_a_session_nobody_paid(rig: Rig) -> None:
    rig.fault("callback_forged_unpaid")
    session = rig.open()
    rig.flush()
    [(headers, raw)] = rig.merchant.got
    assert rig.merchant.events()[0]["session"] == session.id
    with pytest.raises(CallbackRefused, match=r"^bad_signature$"):
        rig.gateway.read_callback(raw, headers)
    assert rig.gateway.retrieve_session(session.id).outcome == "unpaid"


def test_a_foreign_callback_names_a_session_that_is_not_there(rig: Rig) -> None:
    rig.fault("callback_foreign")
    session = rig.paid()
    rig.flush()
    named = [event["session"] for event in rig.merchant.events()]
    assert len(named) == 2 and session.id in named
    [stranger] = set(named) - {session.id}
    with pytest.raises(GatewayRefused, match=r"^no_such_session$"):
        rig.gateway.retrieve_session(stranger)


def test_refused_callbacks_come_again_and_are_given_up_after_days(rig: Rig) -> None:
    rig.merchant.statuses = [500, None, 301]
    rig.paid()
    for pause in (0, 1.1, 5.1, 31):
        rig.advance(pause)
        rig.flush()
    assert len(rig.merchant.got) == 4
    assert len({event["id"] for event in rig.merchant.events()}) == 1
    for headers, raw in rig.merchant.got:
        rig.gateway.read_callback(raw, headers)
    rig.advance(4 * 24 * 3600)
    rig.flush()
    assert rig.merchant.kinds().count("session.completed") == 4

    rig.merchant.statuses = [500] * 100
    rig.paid()
    for _ in range(20):
        rig.flush(all=True)
    assert rig.merchant.kinds().count("session.completed") == 4 + 11


def test_in_the_dark_nothing_answers_and_nothing_is_lost(rig: Rig) -> None:
    session = rig.open()
    rig.fault("callback_late", seconds=1)
    rig.pay(session)
    rig.fault("dark", seconds=600)
    with pytest.raises(GatewayUnknown):
        rig.gateway.retrieve_session(session.id)
    with pytest.raises(GatewayUnknown):
        rig.open()
    with pytest.raises(NoAnswer):
        rig.browse("GET", session.url)
    rig.advance(2)
    rig.flush(all=True)
    assert rig.merchant.got == []
    rig.advance(600)
    rig.flush()
    assert rig.merchant.kinds() == ["session.completed"]
    assert rig.gateway.retrieve_session(session.id).outcome == "paid"


def test_faults_can_be_listed_and_cleared(rig: Rig) -> None:
    rig.fault("create_lost", times=3, match={"account": "acct_other"})
    rig.fault("dark", seconds=60)
    listed = rig.admin("GET", "faults")
    assert [(fault["fault"], fault["times_left"]) for fault in listed["waiting"]] == [("create_lost", 3)]
    assert set(listed["known"]) == set(CATALOGUE)
    rig.admin("POST", "faults/clear")
    assert rig.open(processor_account="acct_other").status == "open"
    assert rig.admin("GET", "faults")["waiting"] == []


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"fault": "explode"}, "fault"),
        ({}, "fault"),
        ({"fault": "create_lost", "times": 0}, "times"),
        ({"fault": "create_lost", "times": True}, "times"),
        ({"fault": "create_slow", "ms": -1}, "ms"),
        ({"fault": "create_slow", "seconds": "5"}, "ms"),
        ({"fault": "create_lost", "match": {"name": "x"}}, "match"),
        ({"fault": "create_lost", "match": {"session": 5}}, "match"),
        ({"fault": "create_lost", "when": 1}, "when"),
    ],
)
def test_a_wrong_fault_is_named(rig: Rig, asked: dict[str, object], field: str) -> None:
    assert rig.admin("POST", "faults", asked)["error"]["field"] == field
    assert rig.admin("GET", "faults")["waiting"] == []


def test_the_clock_does_not_go_back(rig: Rig) -> None:
    for wrong in (-1, "5", True, None, 10**9):
        assert rig.admin("POST", "clock", {"advance_seconds": wrong})["error"]["field"] == "advance_seconds"
    rig.advance(3600)
    assert rig.admin("GET", "clock")["ahead_ms"] == 3_600_000
