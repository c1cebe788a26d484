"""Kills between each two steps of money.md "Exactly once". None needs the product's help: locks and the wire hold it.

A lock of the test's makes a call stand still in the database; the wire makes a request stand still before or behind the
processor. Then the process that waits is killed with -9. `undo` also ends its backend, so that nothing of the call is
kept; without it the call is carried out though nobody is left to hear of it. Both happen in life.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from caretill.core import clock
from house.faults.person import GOOD, Person, Told, Visit
from house.stack import Stack, until

WAIT_SECONDS = 60.0


@dataclass
class Victim:
    """The payer whose step is cut through. `amount_cents` is this payer's alone."""

    stack: Stack
    visit: Visit
    bill: dict[str, Any]
    amount_cents: int
    chance: random.Random
    person: Person = field(init=False)
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(3))
    back: Future[float] | None = None
    seconds: float = 0.0
    killed: float = 0.0
    killed_at: datetime = field(default_factory=clock.now)

    def __post_init__(self) -> None:
        self.person = Person(self.visit, self.chance)

    def aside(self, action: Callable[[], Any]) -> Future[Any]:
        """Do it while the test looks elsewhere; a person presses again by themselves when a connection breaks."""
        return self.pool.submit(action)

    def payment(self) -> dict[str, Any] | None:
        """The payment as it stands in the database."""
        rows = self.stack.rows(
            "SELECT p.account_id, p.id, p.state, a.session_ref, a.id AS attempt FROM payments_payment p"
            " JOIN payments_attempt a ON a.account_id = p.account_id AND a.payment_id = p.id WHERE p.amount_cents = %s",
            (self.amount_cents,),
        )
        assert len(rows) <= 1, f"{self.amount_cents} cents are asked for {len(rows)} times"
        return rows[0] if rows else None

    def state(self) -> str:
        payment = self.payment()
        return payment["state"] if payment else ""

    def logged(self, what: str) -> list[dict[str, Any]]:
        """What the processor wrote about this payer's amount."""
        return [row for row in self.stack.log() if row["what"] == what and row.get("amount_cents") == self.amount_cents]

    def hold_bill(self) -> Any:
        """Whoever wants to reserve anything of the bill stands still."""
        lock = "SELECT 1 FROM ledger_balance WHERE kind = 'receivable' AND ref = %s FOR UPDATE"
        return self.stack.hold(lock, (self.bill["bill_id"],))

    def hold_payment(self) -> Any:
        """Whoever wants to record anything of the payment stands still."""
        return self.stack.hold(
            "SELECT 1 FROM payments_payment WHERE amount_cents = %s FOR UPDATE", (self.amount_cents,)
        )

    def open(self) -> str:
        """Begin and get to the processor's page; its address."""
        self.person.begin()
        told = self.person.press()
        assert told.kind == "open", told
        return told.url

    def finish(self, pressed: Future[Told]) -> str:
        """After the kill: the person's own repeats must lead to the processor's page, and the money to the bill."""
        told = pressed.result(WAIT_SECONDS)
        self.seconds = clock.monotonic() - self.killed
        assert told.kind == "open", told
        return self.pay(told.url)

    def pay(self, url: str) -> str:
        told = self.person.at_processor(url, [GOOD])
        assert told is not None
        return self.person.wait(told, WAIT_SECONDS).kind

    def kill(self, name: str) -> None:
        """Kill it; the supervisor starts it again. When the web answers again is noted."""
        self.killed, self.killed_at = clock.monotonic(), clock.now()
        self.stack.kill(name)
        self.back = self.aside(lambda: self.stack.web_answers())

    @property
    def back_seconds(self) -> float:
        """From the kill of the web until it answered again."""
        return float(self.back.result(WAIT_SECONDS)) if self.back else 0.0

    def recorded_unheard(self, event: str) -> None:
        """The call that was waiting when its caller died is carried out: what it wrote is dated before the kill."""

        def look() -> list[dict[str, Any]]:
            return self.stack.rows(
                "SELECT 1 FROM payments_event e JOIN payments_payment p USING (account_id)"
                " WHERE p.id = e.payment_id AND p.amount_cents = %s AND e.event = %s AND e.recorded_at < %s",
                (self.amount_cents, event, self.killed_at),
            )

        until(WAIT_SECONDS, f"{event} is recorded though nobody hears", look)

    def ends(self, state: str = "succeeded") -> str:
        """Nobody is there any more: what is left to callbacks and sweeper."""
        until(WAIT_SECONDS, f"it is {state}, and not {self.state()}", lambda: self.state() == state)
        return state


def before_call_1(victim: Victim) -> str:
    """1 | 2: the key is made, nothing is begun; the call is undone."""
    victim.person.begin()
    with victim.hold_bill() as hold:
        pressed = victim.aside(victim.person.press)
        caught = hold.caught("web", "payments_begin")
        victim.kill("web")
        hold.undo(caught)
        assert victim.payment() is None, "call 1 was cut off, yet something of it is there"
    return victim.finish(pressed)


def call_1_unheard(victim: Victim) -> str:
    """2 | 3: call 1 is carried out, its caller is dead before it hears."""
    victim.person.begin()
    with victim.hold_bill() as hold:
        pressed = victim.aside(victim.person.press)
        hold.caught("web", "payments_begin")
        victim.kill("web")
    victim.recorded_unheard("begun")
    return victim.finish(pressed)


def before_processor(victim: Victim) -> str:
    """2 | 3: begun and committed, the request on its way; the processor never gets it."""
    victim.person.begin()
    with victim.stack.wire.stop("before", "POST", "/v1/sessions", victim.amount_cents) as stop:
        pressed = victim.aside(victim.person.press)
        assert stop.reached.wait(WAIT_SECONDS)
        assert victim.state() == "submitting"
        victim.kill("web")
        assert not victim.logged("session.created"), "the processor had not been asked yet"
    return victim.finish(pressed)


def behind_processor(victim: Victim) -> str:
    """3 | 4: the processor has made its page; its answer reaches nobody."""
    victim.person.begin()
    with victim.stack.wire.stop("behind", "POST", "/v1/sessions", victim.amount_cents) as stop:
        pressed = victim.aside(victim.person.press)
        assert stop.reached.wait(WAIT_SECONDS)
        assert len(victim.logged("session.created")) == 1
        assert victim.state() == "submitting"
        victim.kill("web")
    ended = victim.finish(pressed)
    assert len(victim.logged("session.created")) == 1, "asked again under its key, the processor made no second page"
    return ended


def _in_call_2(victim: Victim, undo: bool) -> str:
    victim.person.begin()
    with victim.stack.wire.stop("before", "POST", "/v1/sessions", victim.amount_cents) as stop:
        pressed = victim.aside(victim.person.press)
        assert stop.reached.wait(WAIT_SECONDS)
        with victim.hold_payment() as hold:
            stop.cut = False
            stop.go.set()
            caught = hold.caught("web", "payments_record")
            victim.kill("web")
            if undo:
                hold.undo(caught)
                assert victim.state() == "submitting"
    if not undo:
        victim.recorded_unheard("session_opened")
    return victim.finish(pressed)


def in_call_2(victim: Victim) -> str:
    """3 | 4: in the middle of recording the processor's answer; undone."""
    return _in_call_2(victim, undo=True)


def call_2_unheard(victim: Victim) -> str:
    """4 | 5: call 2 is carried out, the payer's page is not made any more."""
    return _in_call_2(victim, undo=False)


def _on_return(victim: Victim, undo: bool) -> str:
    url = victim.open()
    with victim.hold_payment() as hold:
        paid = victim.aside(lambda: victim.person.at_processor(url, [GOOD]))
        caught = hold.caught("web", "payments_record")
        assert len(victim.logged("charge.captured")) == 1
        victim.kill("web")
        if undo:
            hold.undo(caught)
    if not undo:
        victim.recorded_unheard("returned")
    told = paid.result(WAIT_SECONDS)
    victim.seconds = clock.monotonic() - victim.killed
    return victim.person.wait(told, WAIT_SECONDS).kind


def on_return(victim: Victim) -> str:
    """4 | 5: charged, and killed while the return is being recorded; undone."""
    return _on_return(victim, undo=True)


def return_unheard(victim: Victim) -> str:
    """4 | 5: charged, the return recorded, the payer's answer lost."""
    return _on_return(victim, undo=False)


def _with_callback(victim: Victim, undo: bool) -> str:
    url = victim.open()
    with victim.stack.hold("LOCK TABLE payments_callback IN SHARE ROW EXCLUSIVE MODE") as hold:
        victim.person.at_processor(url, [GOOD], closes=True)
        caught = hold.caught("web", "INSERT INTO payments_callback")
        victim.kill("web")
        if undo:
            hold.undo(caught)
    victim.ends()
    payment = victim.payment()
    assert payment is not None
    kept = "SELECT received_at < %s AS early FROM payments_callback WHERE object_ref = %s"
    rows = until(
        WAIT_SECONDS, "it is kept", lambda: victim.stack.rows(kept, (victim.killed_at, payment["session_ref"]))
    )
    assert [row["early"] for row in rows] == [not undo], (
        "kept once: the first time, or the second where that was undone"
    )
    return "succeeded"


def before_callback_kept(victim: Victim) -> str:
    """5 | 6: the browser is closed, the callback is not kept yet, its receiver dies; the processor tells again."""
    return _with_callback(victim, undo=True)


def callback_unanswered(victim: Victim) -> str:
    """6: the callback is kept, its receiver dies before it can say so; it comes a second time."""
    return _with_callback(victim, undo=False)


def callback_being_asked(victim: Victim) -> str:
    """6: the worker dies while it asks the processor what a callback meant."""
    url = victim.open()
    payment = victim.payment()
    assert payment is not None
    with victim.stack.wire.stop("behind", "GET", f"/v1/sessions/{payment['session_ref']}") as stop:
        victim.person.at_processor(url, [GOOD], closes=True)
        assert stop.reached.wait(WAIT_SECONDS)
        victim.kill("worker")
    _turns_again(victim.stack)
    return victim.ends()


def _callback_being_recorded(victim: Victim, undo: bool) -> str:
    url = victim.open()
    with victim.hold_payment() as hold:
        victim.person.at_processor(url, [GOOD], closes=True)
        caught = hold.caught("worker", "payments_record")
        victim.kill("worker")
        if undo:
            hold.undo(caught)
            assert victim.state() == "requires_action"
    if not undo:
        victim.recorded_unheard("succeeded")
    _turns_again(victim.stack)
    return victim.ends()


def callback_being_recorded(victim: Victim) -> str:
    """6: the worker dies in the middle of recording what a callback meant; undone."""
    return _callback_being_recorded(victim, undo=True)


def callback_record_unheard(victim: Victim) -> str:
    """6: recorded, and the worker dead before it could note that the callback is done with."""
    return _callback_being_recorded(victim, undo=False)


def sweeper_asking(victim: Victim) -> str:
    """5: the payer gave up on a lost answer, and the sweeper dies while it asks what became of it."""
    victim.person.begin()
    with victim.stack.wire.stop("behind", "POST", "/v1/sessions", victim.amount_cents) as stop:
        pressed = victim.aside(lambda: victim.person.press(patient=False))
        assert stop.reached.wait(WAIT_SECONDS)
    assert pressed.result(WAIT_SECONDS).kind == "not_sent"
    payment = victim.payment()
    assert payment is not None
    due = "UPDATE payments_attempt SET lease_until = now() WHERE payment_id = %s"
    with victim.stack.wire.stop("behind", "GET", rf"/v1/sessions\?reference={payment['attempt']}") as stop:
        victim.stack.do(due, (payment["id"],))
        assert stop.reached.wait(WAIT_SECONDS)
        victim.kill("worker")
    victim.stack.do(due, (payment["id"],))
    victim.ends("requires_action")
    told = victim.person.press()
    assert (told.kind, len(victim.logged("session.created"))) == ("open", 1)
    return victim.pay(told.url)


SCENES: tuple[Callable[[Victim], str], ...] = (
    before_call_1,
    call_1_unheard,
    before_processor,
    behind_processor,
    in_call_2,
    call_2_unheard,
    on_return,
    return_unheard,
    before_callback_kept,
    callback_unanswered,
    callback_being_asked,
    callback_being_recorded,
    callback_record_unheard,
    sweeper_asking,
)


def _turns_again(stack: Stack) -> None:
    """What the dead worker had taken is due again: its time is thirty seconds, and a test need not sit them out."""
    stack.do("UPDATE payments_callback SET due_at = now() WHERE applied_at IS NULL")
