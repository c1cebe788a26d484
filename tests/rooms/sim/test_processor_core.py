"""The core by itself: repeatable to the letter, whatever order things come in, and every fault of every request."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from caretill.core import clock
from caretill.payments.gateways.base import GatewayRefused, GatewayUnknown, Session
from caretill.payments.gateways.sandbox import SandboxGateway
from caretill.sim.processor import cards
from caretill.sim.processor.clock import ManualClock
from caretill.sim.processor.faults import BEFORE, CATALOGUE, READS, WRITES
from caretill.sim.processor.shell import NoAnswer, Shell
from rooms.sim.processor_rig import FORM, KEYS, InProcess

BROKEN = [name for name, spec in CATALOGUE.items() if spec.stage in (*READS, *WRITES) and spec.way != "blank"]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[InProcess]:
    made = InProcess(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("name", BROKEN)
def test_every_broken_request_has_the_effect_it_says(rig: InProcess, name: str) -> None:
    stage = CATALOGUE[name].stage
    session = rig.paid() if stage in ("refund", "void", "file") else rig.open()
    if stage == "step":
        rig.pay(session, number="4000002760003184")
    charge = rig.gateway.retrieve_session(session.id).charge_id or ""
    asked = rig.request()
    method = rig.saved() if stage in ("charge", "method", "forget") else session
    if stage == "file":
        rig.advance(24 * 3600)
    deeds: dict[str, tuple[str, Callable[[], Any]]] = {
        "create": ("session.created", lambda: rig.gateway.create_session(asked)),
        "retrieve": ("", lambda: rig.gateway.retrieve_session(session.id)),
        "find": ("", lambda: rig.gateway.find_sessions(session.reference)),
        "charges": ("", lambda: rig.gateway.find_charges()),
        "expire": ("session.expired", lambda: rig.gateway.expire_session(session.id)),
        "refund": ("refund.made", lambda: rig.gateway.refund("r", charge, 100, "refund")),
        "saved": ("", lambda: rig.gateway.find_saved_charges("charge-1")),
        "method": ("", lambda: rig.gateway.retrieve_method(method.method_ref or "")),
        "refunds": ("", lambda: rig.gateway.find_refunds("refund-1")),
        "disputes": ("", lambda: rig.gateway.list_disputes()),
        "payouts": ("", lambda: rig.gateway.list_payouts()),
        "file": ("", lambda: rig.gateway.payout_file(rig.gateway.list_payouts()[0].id)),
        "charge": ("charge.captured", lambda: rig.gateway.charge_saved(rig.charge_request(method))),
        "void": ("charge.voided", lambda: rig.gateway.void("v", charge)),
        "forget": ("method.forgotten", lambda: rig.gateway.forget_method(method.method_ref or "")),
        "page": ("", lambda: rig.browse("GET", session.url)),
        "pay": ("charge.captured", lambda: rig.pay(session)),
        "step": ("charge.captured", lambda: rig.browse("POST", f"/c/{session.id}/step", {"answer": "approve"})),
    }
    effect, deed = deeds[stage]
    before = len(rig.log(effect)) if effect else 0
    rig.fault(name, seconds=60)
    try:
        answer = deed()
        assert answer.status == 500
    except (GatewayUnknown, NoAnswer):
        pass
    expected = 0 if not effect or CATALOGUE[name].way in BEFORE else 1
    assert (len(rig.log(effect)) if effect else 0) - before == expected
    deed()
    assert not effect or len(rig.log(effect)) - before == 1
    assert [line["detail"] for line in rig.log("fault.struck")] == [name]


def _live(folder: Path) -> tuple[list[dict[str, Any]], list[bytes]]:
    sent: list[bytes] = []
    shell = Shell(
        sender=lambda url, headers, body: (sent.append(repr((headers, body)).encode()), 200)[1],
        path=folder / "live.db",
        keys=KEYS,
        clock=ManualClock(1_800_000_000_000),
        seed="larkspur",
    )
    headers = {"Authorization": f"Bearer {KEYS.key}", "Idempotency-Key": "k"}
    body = {
        "reference": "attempt", "amount_cents": 100, "currency": "USD", "account": "acct", "statement_name": "Larkspur",
        "return_url": "https://m.test/r", "cancel_url": "https://m.test/c",
    }  # fmt: skip
    shell.admin("POST", "faults", {"fault": "callback_late", "seconds": 5})
    session = shell.request("POST", "/v1/sessions", headers=headers, json=body).json()
    shell.browse("POST", f"/c/{session['id']}/pay", {**FORM, "number": "4000000000000002"})
    shell.browse("POST", f"/c/{session['id']}/pay", FORM)
    shell.admin("POST", "clock", {"advance_seconds": 6})
    shell.flush()
    log = shell.log()
    shell.close()
    return log, sent


def test_the_same_life_twice_is_the_same_to_the_letter(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    log, sent = _live(tmp_path / "a")
    assert (log, sent) == _live(tmp_path / "b")
    assert len(sent) == 1 and len(log) > 8


def test_a_held_clock_holds_the_processor_too(tmp_path: Path) -> None:
    with clock.fixed(datetime(2026, 3, 4, 17, 0, tzinfo=UTC)) as held:
        rig = InProcess(tmp_path)
        session = rig.open()
        held.advance(minutes=29)
        assert rig.gateway.retrieve_session(session.id).status == "open"
        held.advance(minutes=1)
        rig.shell.flush()
        assert rig.merchant.kinds() == ["session.expired"]
        assert rig.log("session.expired")[0]["at"] == "2026-03-04T17:30:00.000Z"
        rig.close()


def test_the_log_only_grows(rig: InProcess) -> None:
    rig.paid()
    database = sqlite3.connect(rig.path)
    for statement in ("UPDATE log SET amount_cents = 1", "DELETE FROM log"):
        with pytest.raises(sqlite3.IntegrityError, match="only grows"):
            database.execute(statement)
    database.close()


class Life(RuleBasedStateMachine):
    """Payers, merchants and time in any order. The log alone must tell the same story as the answers."""

    sessions: Bundle[Session] = Bundle("sessions")

    def __init__(self) -> None:
        super().__init__()
        self.held = clock.fixed(datetime(2026, 3, 4, tzinfo=UTC))
        self.time = self.held.__enter__()
        self.shell = Shell(sender=lambda *_: 200, keys=KEYS, seed="life")
        self.rig = InProcess.__new__(InProcess)
        self.rig.shell = self.shell
        self.rig.gateway = _gateway(self.shell)
        self.asked: dict[str, Any] = {}

    def teardown(self) -> None:
        self.shell.close()
        self.held.__exit__(None, None, None)

    @rule(target=sessions, cents=st.integers(1, 1000), key=st.integers(1, 6))
    def open(self, cents: int, key: int) -> Session:
        asked = self.asked.get(f"key-{key}") or self.rig.request(key=f"key-{key}", amount_cents=cents)
        fresh = f"key-{key}" not in self.asked
        self.asked[asked.key] = asked
        try:
            session = self.rig.gateway.create_session(asked)
        except GatewayUnknown:
            session = self.rig.gateway.create_session(asked)
        assert fresh or session.reference == asked.reference
        return session

    @rule(session=sessions, number=st.sampled_from(["4242424242424242", "4000000000000002", "4000002760003184"]))
    def pay(self, session: Session, number: str) -> None:
        before = self.rig.gateway.retrieve_session(session.id)
        page = self.rig.pay(session, number=number)
        if before.status == "expired":
            assert page.status == 410

    @rule(session=sessions, answer=st.sampled_from(["approve", "refuse"]))
    def step(self, session: Session, answer: str) -> None:
        self.rig.browse("POST", f"/c/{session.id}/step", {"answer": answer})

    @rule(session=sessions)
    def expire(self, session: Session) -> None:
        try:
            assert self.rig.gateway.expire_session(session.id).outcome in ("unpaid", "declined")
        except GatewayRefused as refused:
            assert refused.code == "already_paid"
            assert self.rig.gateway.retrieve_session(session.id).outcome == "paid"

    @rule(session=sessions, cents=st.integers(1, 600), key=st.integers(1, 20))
    def refund(self, session: Session, cents: int, key: int) -> None:
        charge = self.rig.gateway.retrieve_session(session.id).charge_id
        try:
            self.rig.gateway.refund(f"refund-{key}", charge or "ch_none", cents, f"refund-{key}")
        except GatewayRefused as refused:
            assert refused.code in ("no_such_charge", "refund_too_big", "idempotency_mismatch")

    @rule(minutes=st.sampled_from([1, 29, 31]))
    def wait(self, minutes: int) -> None:
        self.time.advance(minutes=minutes)

    @rule(name=st.sampled_from(["create_lost", "create_500_after", "callback_twice", "decline"]))
    def fault(self, name: str) -> None:
        self.rig.admin("POST", "faults/clear")
        self.rig.fault(name)

    @rule(session=consumes(sessions))
    def forget(self, session: Session) -> None:
        """Shorter stories fail better."""

    @invariant()
    def the_log_agrees(self) -> None:
        lines = self.shell.log()
        created = [line["key"] for line in lines if line["what"] == "session.created"]
        assert len(created) == len(set(created)), "one key, one effect"
        captured = {line["charge"]: line for line in lines if line["what"] == "charge.captured"}
        assert len({line["session"] for line in captured.values()}) == len(captured), "one session, one charge"
        refunded: dict[str, int] = {}
        for line in lines:
            if line["what"] == "refund.made":
                refunded[line["charge"]] = refunded.get(line["charge"], 0) + line["amount_cents"]
        for charge, cents in refunded.items():
            assert cents <= captured[charge]["amount_cents"], "captured >= refunded"
        closed = {line["session"] for line in lines if line["what"] in ("session.expired", "session.declined")}
        assert not closed & {line["session"] for line in captured.values()}, "closed for good"
        listed = {one.id: (one.amount_cents, one.refunded_cents) for one in self.rig.gateway.find_charges()}
        assert listed == {charge: (line["amount_cents"], refunded.get(charge, 0)) for charge, line in captured.items()}


def _gateway(shell: Shell) -> Any:
    return SandboxGateway(shell.base_url, KEYS.key, (KEYS.callback_secret,), send=shell.request)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=120, stateful_step_count=25, deadline=None, database=None)


def test_the_manual_names_every_card_and_every_fault() -> None:
    manual = (Path(__file__).resolve().parents[3] / "docs" / "operate" / "processor.md").read_text(encoding="utf-8")
    for number, outcome in cards.published().items():
        [line] = [line for line in manual.splitlines() if number in line]
        assert outcome in (cards.APPROVED, cards.SECOND_STEP) or f"`{outcome}`" in line
    for name, spec in CATALOGUE.items():
        assert f"`{name}`" in manual or (f"`{spec.stage}_X`" in manual and f"`{spec.way}`" in manual), name
