"""Everything goes wrong at once, and not a cent with it.

Payers at eight to sixteen browsers, every fault of the processor by name, the web and the worker killed with -9 between
each two steps of "Exactly once", the database killed twice, the processor once. Then its log and the ledger are laid
side by side.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from caretill.core import clock
from house.browser import Browser
from house.faults import books, plan
from house.faults.errands import Errands, MakeVisit
from house.faults.guest import GuestVisit, SeveralVisit
from house.faults.kills import SCENES, Victim
from house.postbox import Postbox
from house.stack import Stack, TooLong, open_bills, until
from house.wire import ask

SEED, EACH, PAYERS = 20261122, 4, 12
VICTIM_CENTS, LEAST_CENTS = 50_000, 80_000
Say = Callable[[str], None]


def makers(stack: Stack) -> dict[str, MakeVisit]:
    """How a visit is made, by manner."""
    return {"": partial(GuestVisit, stack), "several": partial(SeveralVisit, stack)}


def share_out(bills: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]]]:
    """Bills for the victims; and for the payers by manner: nobody else pays at an account that is paid as a whole."""
    one_each = {row["account_id"]: row for row in bills if row["siblings"] >= 2}
    several = list(one_each.values())[:EACH]
    taken = {row["account_id"] for row in several}
    rest = [row for row in bills if row["account_id"] not in taken]
    return rest[: len(SCENES)], {"several": several, "": rest[len(SCENES) :]}


class Saboteur:
    """Kills, one after the other, while others pay; each scene has a payer of its own."""

    def __init__(self, stack: Stack, bills: list[dict[str, Any]], say: Say) -> None:
        self.stack, self.bills, self.say = stack, bills, say
        self.paid: list[int] = []
        self.faults: list[str] = []
        self.turns: list[Callable[[], None]] = [self._scene(number) for number in range(len(SCENES))]
        random.Random(SEED).shuffle(self.turns)
        for place, turn in ((3, self._database), (6, self._dark), (9, self._processor), (12, self._database)):
            self.turns.insert(place, turn)
        self.turns += [self._dark, self._dark]

    def run(self, ready: Callable[[int], bool]) -> None:
        """Each turn begins when so many payers are through; what fails is kept and said at the end."""
        for number, turn in enumerate(self.turns):
            until(240, f"payers are ready for kill {number}", lambda number=number: ready(number))  # type: ignore[misc]
            try:
                turn()
            except Exception as fault:
                self.faults.append(f"{type(fault).__name__}: {fault}")

    def _scene(self, number: int) -> Callable[[], None]:
        def play() -> None:
            scene, cents = SCENES[number], VICTIM_CENTS + number
            browser = Browser(f"127.9.0.{number + 1}")
            made = makers(self.stack)[""](browser, self.bills[number], cents, "victim@example.org")
            victim = Victim(self.stack, made, self.bills[number], cents, random.Random(number))
            ended = scene(victim)
            assert ended == "succeeded", f"{scene.__name__}: {ended}"
            self.paid.append(cents)
            doc = (scene.__doc__ or "").split(":")[0]
            self.say(f"  kill {doc:<6} {scene.__name__:<26} paid, {victim.seconds:.1f} s after it")

        return play

    def _database(self) -> None:
        began = clock.monotonic()
        self.stack.kill_database()
        self.say(f"  kill the database, which is back after {clock.monotonic() - began:.1f} s")

    def _processor(self) -> None:
        self.stack.kill("processor")
        until(90, "the processor answers", lambda: self.stack.answers("processor", "/health"))
        self.say("  kill the processor")

    def _dark(self) -> None:
        self.stack.fault("dark", seconds=2)
        time.sleep(2)


def give_back(stack: Stack, errands: Errands) -> None:
    """Refunds with every fault of theirs: asked by us, their asker killed in the middle, and made at the processor."""
    paid_rows = stack.rows(
        "SELECT p.account_id, p.id, p.amount_cents, p.charge_ref, a.session_ref, a.id AS attempt"
        " FROM payments_payment p JOIN payments_attempt a ON a.account_id = p.account_id AND a.payment_id = p.id"
        " WHERE p.state = 'succeeded'"
    )
    by_amount = {row["amount_cents"]: row for row in paid_rows}
    lines, made_there = [], 0
    for task in errands.tasks:
        paid = by_amount.get(task.amount_cents)
        if paid is None or task.manner not in ("refunds", "refunded_there"):
            continue
        match = {"session": paid["session_ref"]} if task.manner == "refunds" else {"reference": str(paid["attempt"])}
        stack.fault(task.faults[0], match=match)
        if task.manner == "refunds":
            part = {"account": str(paid["account_id"]), "payment": str(paid["id"]), "amount_cents": 300}
            lines += [json.dumps(part | {"key": str(uuid4())}) for _ in range(2)]
        else:
            headers = {"Authorization": f"Bearer {stack.keys.key}", "Idempotency-Key": str(uuid4())}
            body = {"charge": paid["charge_ref"], "amount_cents": 200, "reference": "office"}
            made = ask(stack.url("processor") + "/v1/refunds", "POST", headers, body)
            assert made is not None and made[0] == 201, made
            made_there += 1
    file = stack.folder / "refunds.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    with stack.wire.stop("behind", "POST", "/v1/refunds") as stop:
        program = stack.begin("-m", "house.faults.refunder", str(file))
        assert stop.reached.wait(30)
        program.kill()
        program.wait(10)
    codes = stack.run_python("-m", "house.faults.refunder", str(file), timeout=180).split()
    assert set(codes) <= {"refunded", "repeat"}, Counter(codes)

    def all_booked() -> bool:
        stack.pass_time()
        return stack.rows("SELECT count(*) AS n FROM payments_refund WHERE amount_cents = 200")[0]["n"] == made_there

    until(90, f"the {made_there} refunds that the processor made by itself are booked", all_booked)


@pytest.mark.slow
def test_every_fault_and_every_kill_and_not_a_cent_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    def say(line: str) -> None:
        with capsys.disabled():
            print(line, flush=True)

    postbox = Postbox()
    with Stack(lines=2_400, postbox=postbox) as stack:
        before = open_bills(stack, 1)
        tasks = plan.tasks(EACH, SEED)
        victims, others = share_out([bill for bill in before if bill["open_cents"] >= LEAST_CENTS])
        errands = Errands(stack, makers(stack), tasks, others)
        say(f"\n  {len(tasks)} payers' errands on {len(before)} bills, {PAYERS} at once; seed {SEED}")
        saboteur = Saboteur(stack, victims, say)
        share = len(tasks) / (len(saboteur.turns) + 1)
        thread = threading.Thread(target=saboteur.run, args=(lambda number: len(errands.done) >= share * (number + 1),))
        began = clock.monotonic()
        thread.start()
        errands.run(PAYERS)
        thread.join(600)
        say(f"  all have paid or left after {clock.monotonic() - began:.0f} s")
        assert not thread.is_alive() and not saboteur.faults, saboteur.faults
        give_back(stack, errands)
        try:
            open_then = books.settle(stack)
        except TooLong:
            say((stack.logs / "worker.log").read_text(encoding="utf-8")[-3_000:])
            raise
        say(f"  under way when the last payer had gone: {open_then}; all ended")
        assert open_then.get("unknown", 0) >= 3, "payers of whom nobody could say anything"
        _reckon(stack, errands, saboteur, before, say)
        _mails(stack, postbox)


def _reckon(stack: Stack, errands: Errands, saboteur: Saboteur, before: list[dict[str, Any]], say: Say) -> None:
    struck, lines = books.table(stack)
    say("  fault                   struck  payments it struck, as they ended")
    for line in lines:
        say(line)
    ends = Counter(outcome.last.split(":")[0] for outcome in errands.done)
    states = Counter(row["state"] for row in stack.rows("SELECT state FROM payments_payment"))
    say(f"  payments: {dict(states)}; payers last saw: {dict(ends)}")
    tired = [(outcome.task.main, outcome.last) for outcome in errands.done if outcome.last.startswith("gave up")]
    acknowledged = [cents for outcome in errands.done for cents in outcome.paid_cents] + saboteur.paid
    say(f"  payers who were told that it is paid: {len(acknowledged)}")
    assert sum(states.values()) >= 200
    # Asked for EACH times; one that waits when the processor is killed is gone with it.
    assert {name: struck.get(name, 0) for name in plan.MET if struck.get(name, 0) < EACH // 2} == {}
    assert tired == []
    assert books.differences(stack) == []
    assert books.missing(stack, acknowledged) == []
    assert books.overpaid(stack, before) == []
    assert books.receipts(stack) == []
    told = stack.run("check")
    assert " 0 broken" in told, told
    say(f"  {told.strip()}")


def _mails(stack: Stack, postbox: Postbox) -> None:
    """Each payer who gave an address got the receipt; a repeat has the name of the first."""
    due = stack.rows(
        "SELECT count(*) AS n FROM payments_payment p JOIN core_outbox o ON o.account_id = p.account_id"
        " AND o.body->>'payment_id' = p.id::text WHERE p.email <> '' AND o.topic IN ('receipt_ready', 'refund_made')"
    )
    sent = stack.rows(
        "SELECT message_id FROM letters_mail WHERE sent_at IS NOT NULL AND topic IN ('receipt_ready', 'refund_made')"
    )
    assert len(sent) == len({row["message_id"] for row in sent}) == due[0]["n"]
    assert {row["message_id"] for row in sent} <= set(postbox.names())
