"""What the processor promises: sessions, keys, cards, refunds, lists. Each test runs over HTTP and in-process."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from caretill.core import clock
from caretill.payments.gateways.base import GatewayRefused, Session
from caretill.sim.processor import cards
from rooms.sim.processor_rig import AMEX, FORM, KEYS, RETURN_URL, SHELLS, Inside, Rig

DAY = 24 * 3600


@pytest.fixture(params=SHELLS)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    made = SHELLS[request.param](tmp_path)
    yield made
    made.close()


def refused(code: str) -> Any:
    return pytest.raises(GatewayRefused, match=f"^{code}$")


def test_a_payment_from_opening_to_callback(rig: Rig) -> None:
    asked = rig.request()
    session = rig.gateway.create_session(asked)
    assert (session.status, session.outcome, session.charge_id) == ("open", "unpaid", None)
    assert session.url.endswith(f"/c/{session.id}")
    assert abs((session.expires_at - asked.expires_at).total_seconds()) < 0.01
    shown = rig.browse("GET", session.url)
    assert shown.status == 200 and "Larkspur Health" in shown.text and "$140.00" in shown.text

    done = rig.pay(session)
    assert (done.status, done.location) == (303, RETURN_URL)

    rig.flush()
    [(headers, raw)] = rig.merchant.got
    news = rig.gateway.read_callback(raw, headers)
    assert (news.kind, news.session_id) == ("session.completed", session.id)
    after = rig.gateway.retrieve_session(session.id)
    assert (after.status, after.outcome, after.card_brand, after.card_last4) == ("complete", "paid", "Visa", "4242")
    assert after.charge_id == news.charge_id
    [captured] = rig.log("charge.captured")
    assert (captured["session"], captured["amount_cents"], captured["account"]) == (session.id, 14_000, "acct_hospital")


def test_the_same_key_has_one_effect_and_one_answer(rig: Rig) -> None:
    asked = rig.request()
    first = rig.gateway.create_session(asked)
    rig.pay(first)
    assert rig.gateway.create_session(asked) == first
    with refused("idempotency_mismatch"):
        rig.gateway.create_session(replace(asked, amount_cents=1))
    assert len(rig.log("session.created")) == 1
    assert [line["key"] for line in rig.log("key.mismatch")] == [asked.key]


def test_a_key_is_kept_for_24_hours_and_no_longer(rig: Rig) -> None:
    asked = rig.request()
    first = rig.gateway.create_session(asked)
    rig.advance(DAY - 60)
    assert rig.gateway.create_session(asked).id == first.id
    rig.advance(120)
    assert rig.gateway.create_session(asked).id != first.id


def test_sixteen_at_once_under_one_key_open_one_session(rig: Rig) -> None:
    if isinstance(rig, Inside):
        pytest.skip("made for one thread")
    asked = rig.request()
    got: list[Session] = []
    threads = [threading.Thread(target=lambda: got.append(rig.gateway.create_session(asked))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 16 and len({session.id for session in got}) == 1
    assert len(rig.log("session.created")) == 1


def test_sessions_are_found_by_reference_oldest_first(rig: Rig) -> None:
    first = rig.open(reference="attempt-A")
    rig.advance(1)
    second = rig.open(reference="attempt-A")
    rig.open(reference="attempt-B")
    assert [session.id for session in rig.gateway.find_sessions("attempt-A")] == [first.id, second.id]
    assert rig.gateway.find_sessions("attempt-C") == []


def test_an_expired_session_takes_no_money(rig: Rig) -> None:
    session = rig.open()
    assert rig.gateway.expire_session(session.id).status == "expired"
    assert rig.gateway.expire_session(session.id).status == "expired"
    closed = rig.pay(session)
    assert closed.status == 410 and "No money left your account" in closed.text
    assert rig.log("charge") == []
    rig.flush()
    assert rig.merchant.kinds() == ["session.expired"]


def test_a_paid_session_cannot_be_expired(rig: Rig) -> None:
    session = rig.paid()
    with refused("already_paid"):
        rig.gateway.expire_session(session.id)
    assert rig.gateway.retrieve_session(session.id).outcome == "paid"


def test_time_expires_a_session(rig: Rig) -> None:
    session = rig.open()
    rig.advance(29 * 60)
    assert rig.gateway.retrieve_session(session.id).status == "open"
    rig.advance(61)
    assert rig.gateway.retrieve_session(session.id).status == "expired"
    assert [line["detail"] for line in rig.log("session.expired")] == ["clock"]
    assert rig.browse("GET", session.url).status == 410
    rig.flush()
    assert rig.gateway.read_callback(rig.merchant.got[0][1], rig.merchant.got[0][0]).kind == "session.expired"


def test_refunds_in_parts_never_exceed_the_charge(rig: Rig) -> None:
    charge = rig.paid().charge_id or ""
    one = rig.gateway.refund("r1", charge, 5_000, "refund-1")
    assert (one.amount_cents, one.status, one.charge_id) == (5_000, "succeeded", charge)
    assert rig.gateway.refund("r1", charge, 5_000, "refund-1") == one
    two = rig.gateway.refund("r2", charge, 5_000, "refund-2")
    assert two.id != one.id
    with refused("refund_too_big"):
        rig.gateway.refund("r3", charge, 4_001, "refund-3")
    with refused("idempotency_mismatch"):
        rig.gateway.refund("r2", charge, 1, "refund-2")
    with refused("no_such_charge"):
        rig.gateway.refund("r4", "ch_nobody", 1, "refund-4")
    for wrong in (0, -1):
        with refused("bad_value"):
            rig.gateway.refund(f"r{wrong}", charge, wrong, "refund-5")
    assert rig.gateway.refund("r6", charge, 4_000, "refund-6").amount_cents == 4_000
    assert sum(line["amount_cents"] for line in rig.log("refund.made")) == 14_000
    rig.flush()
    assert sorted(rig.merchant.kinds()) == ["refund.succeeded"] * 3 + ["session.completed"]


def test_charges_are_listed_page_by_page(rig: Rig) -> None:
    sessions = [rig.paid(amount_cents=cents) for cents in (100, 200, 300)]
    rig.gateway.refund("r", sessions[1].charge_id or "", 150, "refund")
    first = rig.gateway.find_charges(limit=2)
    rest = rig.gateway.find_charges(after=first[-1].id, limit=2)
    listed = [(charge.session_id, charge.amount_cents, charge.refunded_cents) for charge in [*first, *rest]]
    assert listed == [(sessions[0].id, 100, 0), (sessions[1].id, 200, 150), (sessions[2].id, 300, 0)]
    assert [charge.amount_cents for charge in rig.gateway.find_charges(reference=sessions[2].reference)] == [300]


DECLINES = sorted((number, what) for number, what in cards.published().items() if what in cards.DECLINES)


@pytest.mark.parametrize(("number", "code"), DECLINES)
def test_a_declined_card_charges_nothing_and_another_may_be_tried(rig: Rig, number: str, code: str) -> None:
    session = rig.open()
    page = rig.pay(session, number=number)
    assert page.status == 402 and "No money left your account" in page.text and "4 more times" in page.text
    tried = rig.gateway.retrieve_session(session.id)
    assert (tried.status, tried.outcome, tried.failure_code) == ("open", "unpaid", code)
    assert rig.pay(session, AMEX).status == 303
    paid = rig.gateway.retrieve_session(session.id)
    assert (paid.outcome, paid.failure_code, paid.card_last4) == ("paid", None, "0005")


def test_every_approved_number_pays(rig: Rig) -> None:
    for number, outcome in cards.published().items():
        if outcome == cards.APPROVED:
            session = rig.open()
            form = AMEX if number.startswith("37") else FORM
            assert rig.pay(session, form, number=number).status == 303
            assert rig.gateway.retrieve_session(session.id).card_last4 == number[-4:]


def test_five_declines_end_the_session(rig: Rig) -> None:
    session = rig.open()
    for left in ("4 more times", "3 more times", "2 more times", "1 more time."):
        assert left in rig.pay(session, number="4000000000000002").text
    last = rig.pay(session, number="4000000000009995")
    assert last.status == 200 and "No card worked in 5 tries" in last.text
    ended = rig.gateway.retrieve_session(session.id)
    assert (ended.status, ended.outcome, ended.failure_code) == ("complete", "declined", "insufficient_funds")
    assert rig.pay(session).status == 200
    assert rig.gateway.expire_session(session.id).outcome == "declined"
    assert rig.log("charge") == []
    rig.flush()
    assert rig.merchant.kinds() == ["session.declined"]


@pytest.mark.parametrize(
    ("number", "answer", "status", "outcome", "code"),
    [
        ("4000002760003184", "approve", 303, "paid", None),
        ("4000002500003155", "approve", 303, "paid", None),
        ("4000002760003184", "refuse", 402, "unpaid", "step_refused"),
        ("4000008260003178", "approve", 402, "unpaid", "insufficient_funds"),
    ],
)
def test_the_second_step(rig: Rig, number: str, answer: str, status: int, outcome: str, code: str | None) -> None:
    session = rig.open()
    sent = rig.pay(session, number=number)
    assert sent.status == 303 and f"/c/{session.id}/step" in sent.location
    asked = rig.browse("GET", sent.location)
    assert asked.status == 200 and "Is this payment yours?" in asked.text
    assert rig.log("charge") == []
    assert rig.browse("POST", f"/c/{session.id}/step", {"answer": "perhaps"}).status == 422
    assert rig.browse("POST", f"/c/{session.id}/step", {"answer": answer}).status == status
    after = rig.gateway.retrieve_session(session.id)
    assert (after.outcome, after.failure_code) == (outcome, code)
    assert len(rig.log("charge")) == (1 if outcome == "paid" else 0)


def test_paying_twice_charges_once_and_leads_back(rig: Rig) -> None:
    session = rig.open()
    pages = [rig.pay(session) for _ in range(3)]
    assert {(page.status, page.location) for page in pages} == {(303, RETURN_URL)}
    again = rig.browse("GET", session.url)
    assert again.status == 200 and "You do not need to pay again" in again.text and "<form" not in again.text
    assert len(rig.log("charge.captured")) == 1


def test_only_published_numbers_are_taken_and_none_is_kept(rig: Rig) -> None:
    session = rig.open()
    strangers = ("4539578763621486", "4242424242424241", "1234", "five", "6011000990139425")
    for number in strangers:
        page = rig.pay(session, number=number)
        assert page.status == 422 and "We take test cards only" in page.text
        assert number not in page.text.replace(" ", "")
    assert rig.gateway.retrieve_session(session.id).failure_code is None
    rig.pay(session, number="4000 0000 0000 0002", security_code="987")
    rig.pay(session)
    kept = json.dumps(rig.admin("GET", "log"))
    on_disk = b"".join(path.read_bytes() for path in rig.path.parent.iterdir())  # type: ignore[attr-defined]
    for number in (*cards.published(), *strangers[:2]):
        assert number not in kept and number.encode() not in on_disk
    assert b"Ana Perez" not in on_disk and b"80014" not in on_disk


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount_cents", 0), ("amount_cents", -5), ("amount_cents", 10**12), ("amount_cents", True),
        ("amount_cents", 1.5), ("amount_cents", "100"), ("currency", "EUR"), ("reference", "a b"), ("reference", ""),
        ("account", None), ("statement_name", ""), ("statement_name", "x" * 61), ("return_url", "javascript:alert(1)"),
        ("return_url", "/back"), ("cancel_url", "http://a b"), ("language", "fr"), ("expires_at", "soon"),
        ("expires_at", "2026-01-01T00:00:00"), ("expires_at", "2001-01-01T00:00:00Z"), ("patient_name", "Ana"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_and_opens_nothing(rig: Rig, field: str, value: object) -> None:
    body = {
        "reference": "attempt", "amount_cents": 100, "currency": "USD", "account": "acct", "statement_name": "Larkspur",
        "return_url": "https://m.test/r", "cancel_url": "https://m.test/c", field: value,
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {KEYS.key}", "Idempotency-Key": "k"}
    status, answer = rig.raw("POST", "/v1/sessions", headers, json.dumps(body).encode())
    assert (status, answer["error"]["field"]) == (400, field)
    assert rig.log("session") == []


def test_requests_without_their_key_are_refused(rig: Rig) -> None:
    bearer = {"Authorization": f"Bearer {KEYS.key}"}
    assert rig.raw("POST", "/v1/sessions", bearer, b"{}")[1]["error"]["code"] == "key_missing"
    assert rig.raw("POST", "/v1/sessions", {**bearer, "Idempotency-Key": "k"}, b"[1")[1]["error"]["code"] == "not_json"
    assert rig.raw("GET", "/v1/sessions/cs_x", bearer, b"")[0] == 404
    assert rig.raw("GET", "/v1/nothing", bearer, b"")[0] == 404
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Bearer {KEYS.admin_key}"}):
        assert rig.raw("GET", "/v1/sessions/cs_x", headers, b"")[0] == 401
    for headers in ({}, bearer, {"Processor-Admin-Key": "wrong"}):
        assert rig.raw("GET", "/admin/log", headers, b"")[0] == 401


def test_times_are_told_by_the_callers_clock(rig: Rig) -> None:
    rig.advance(3600)
    session = rig.open()
    assert 1700 < (session.expires_at - clock.now()).total_seconds() <= 1800
