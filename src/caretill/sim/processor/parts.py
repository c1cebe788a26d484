"""What the core is handed: store, clock, ids, faults, secrets and addresses. And its log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from caretill.sim.processor.clock import Clock, show_ms
from caretill.sim.processor.faults import Fault, Faults, Subject
from caretill.sim.processor.keys import Keys, NewId
from caretill.sim.processor.store import Store

_LOG_FIELDS = (
    "session",
    "reference",
    "account",
    "key",
    "charge",
    "refund",
    "amount_cents",
    "currency",
    "event",
    "detail",
    "method",
    "dispute",
    "payout",
)


@dataclass
class Parts:
    """The pieces every verb of the processor works with. `holds` collects callbacks to send before the answer."""

    store: Store
    clock: Clock
    new_id: NewId
    faults: Faults
    keys: Keys
    public_url: str
    callback_url: str
    holds: list[int] = field(default_factory=list)

    def now_ms(self) -> int:
        return self.clock.inside_ms()

    def show_time(self, inside_ms: int) -> str:
        """A moment as the caller's clock has it."""
        return show_ms(inside_ms - self.clock.skew_ms())

    def log(self, what: str, **values: Any) -> None:
        """Add one row to the log, in the same transaction as the effect it tells of."""
        self.store.insert("log", at_ms=self.now_ms(), what=what, **values)

    def later(self, what: str, object_id: str, due_ms: int, detail: str = "") -> None:
        """Have something done once its time has come; `ageing` knows how."""
        self.store.insert("task", due_ms=due_ms, what=what, object=object_id, detail=detail)

    def strike(self, stage: str, subject: Subject) -> Fault | None:
        """The fault that strikes at this stage, if any; logged."""
        fault = self.faults.take(stage, subject)
        if fault is not None:
            self.log("fault.struck", session=subject.session, reference=subject.reference, detail=fault.name)
        return fault


def subject_of(session: Mapping[str, Any] | Any) -> Subject:
    return Subject(session["id"], session["reference"], session["account"])


def subject_of_charge(charge: Mapping[str, Any] | Any) -> Subject:
    return Subject(charge["session"], charge["reference"], charge["account"])


def show_log(parts: Parts, after: int = 0) -> list[dict[str, Any]]:
    """The log as it was written, oldest first, without empty fields."""
    rows = parts.store.all("SELECT * FROM log WHERE seq > ? ORDER BY seq", after)
    shown = []
    for row in rows:
        line = {"seq": row["seq"], "at": show_ms(row["at_ms"]), "what": row["what"]}
        line |= {name: row[name] for name in _LOG_FIELDS if row[name] is not None}
        shown.append(line)
    return shown
