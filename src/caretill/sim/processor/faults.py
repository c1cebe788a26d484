"""What can be made to go wrong, by name, how often and for whom."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from caretill.sim.processor.store import Store
from caretill.sim.processor.wire import Refusal

READS = ("retrieve", "find", "charges", "saved", "method", "refunds", "disputes", "payouts", "file", "page")
WRITES = ("create", "expire", "refund", "pay", "step", "charge", "void", "forget")

# how: (does the effect still happen, milliseconds when not given)
_READ_WAYS = {"lost": 0, "500": 0, "slow": 1000, "hang": 0}
_WRITE_WAYS = {"lost": 0, "dropped": 0, "500_before": 0, "500_after": 0, "slow": 1000, "hang": 0}
BEFORE = frozenset({"dropped", "500_before"})

_OUTCOMES = {
    "decline": 0,
    "insufficient_funds": 0,
    "expired_card": 0,
    "lost_card": 0,
    "stolen_card": 0,
    "account_closed": 0,
    "authorization_revoked": 0,
    "second_step": 0,
    "processing": 5000,
    "processing_declined": 5000,
}
_REFUNDING = {"refund_pending": 5000, "refund_fails": 5000}
_CALLBACKS = {
    "return_before_callback": 2000,
    "callback_before_return": 0,
    "callback_lost": 0,
    "callback_twice": 0,
    "callback_late": 30_000,
    "callback_out_of_order": 5000,
    "callback_forged": 0,
    "callback_stale": 0,
    "callback_foreign": 0,
}


@dataclass(frozen=True)
class Spec:
    """One fault that can be asked for: when it strikes, how, and its usual length."""

    stage: str
    way: str
    ms: int


def _catalogue() -> dict[str, Spec]:
    found = {f"{verb}_{way}": Spec(verb, way, ms) for verb in READS for way, ms in _READ_WAYS.items()}
    found |= {f"{verb}_{way}": Spec(verb, way, ms) for verb in WRITES for way, ms in _WRITE_WAYS.items()}
    found |= {f"{verb}_blank": Spec(verb, "blank", 0) for verb in ("pay", "step")}
    found |= {name: Spec("outcome", name, ms) for name, ms in _OUTCOMES.items()}
    found |= {name: Spec("refunding", name, ms) for name, ms in _REFUNDING.items()}
    found |= {name: Spec("callback", name, ms) for name, ms in _CALLBACKS.items()}
    found["callback_forged_unpaid"] = Spec("opened", "callback_forged_unpaid", 0)
    found["file_cut"] = Spec("file", "cut", 0)
    found["captured_late"] = Spec("answer", "late", 3_600_000)
    found["dark"] = Spec("dark", "dark", 5000)
    return found


CATALOGUE = _catalogue()
_MATCHES = ("session", "reference", "account")
_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_MOST_TIMES = 1_000_000
_LONGEST_MS = 7 * 24 * 3600 * 1000


@dataclass(frozen=True)
class Subject:
    """Whom a request is about, as far as it says."""

    session: str | None = None
    reference: str | None = None
    account: str | None = None


@dataclass
class Fault:
    """One fault waiting to strike `times_left` times."""

    id: int
    name: str
    times_left: int
    ms: int
    match: Subject

    @property
    def spec(self) -> Spec:
        return CATALOGUE[self.name]

    def strikes(self, stage: str, subject: Subject) -> bool:
        if self.spec.stage != stage:
            return False
        return all(getattr(self.match, name) in (None, getattr(subject, name)) for name in _MATCHES)

    def show(self) -> dict[str, Any]:
        match = {name: getattr(self.match, name) for name in _MATCHES if getattr(self.match, name) is not None}
        return {"id": self.id, "fault": self.name, "times_left": self.times_left, "ms": self.ms, "match": match}


class Faults:
    """The faults that wait, first in first out; kept in the store, so that they outlive a kill."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[Fault] = []
        self.dark_until_ms = 0
        self.load()

    def load(self) -> None:
        rows = self._store.all("SELECT * FROM fault WHERE times_left > 0 ORDER BY id")
        self._waiting = [
            Fault(row["id"], row["name"], row["times_left"], row["ms"], Subject(*(row[name] for name in _MATCHES)))
            for row in rows
        ]
        self.dark_until_ms = self._store.meta("dark_until_ms")

    def take(self, stage: str, subject: Subject) -> Fault | None:
        """The first fault that strikes here; it is then used up by one."""
        for fault in self._waiting:
            if fault.strikes(stage, subject):
                fault.times_left -= 1
                self._store.update("fault", fault.id, times_left=fault.times_left)
                if fault.times_left == 0:
                    self._waiting.remove(fault)
                return fault
        return None

    def add(self, asked: Mapping[str, Any], now_ms: int) -> dict[str, Any]:
        """Set a fault as an admin asks. Raises Refusal with the field that is wrong."""
        name, times, ms, match = _read(asked)
        if name == "dark":
            self.go_dark(now_ms + ms)
            return {"fault": name, "ms": ms}
        values = {field: getattr(match, field) for field in _MATCHES}
        row_id = self._store.insert("fault", name=name, times_left=times, ms=ms, **values)
        fault = Fault(row_id, name, times, ms, match)
        self._waiting.append(fault)
        return fault.show()

    def go_dark(self, until_ms: int) -> None:
        self.dark_until_ms = until_ms
        self._store.set_meta("dark_until_ms", until_ms)

    def clear(self) -> int:
        """Forget every fault that waits, and the dark; how many there were."""
        count = self._store.run("UPDATE fault SET times_left = 0 WHERE times_left > 0")
        self._waiting.clear()
        self.go_dark(0)
        return count

    def show(self) -> list[dict[str, Any]]:
        return [fault.show() for fault in self._waiting]


def _read(asked: Mapping[str, Any]) -> tuple[str, int, int, Subject]:
    unknown = set(asked) - {"fault", "times", "match", "ms", "seconds"}
    if unknown:
        raise Refusal(400, "unknown_field", "A fault has fault, times, ms or seconds, match.", sorted(unknown)[0])
    name = asked.get("fault")
    if not isinstance(name, str) or name not in CATALOGUE:
        raise Refusal(400, "no_such_fault", f"Known faults: {', '.join(sorted(CATALOGUE))}.", "fault")
    times = asked.get("times", 1)
    if type(times) is not int or not 1 <= times <= _MOST_TIMES:
        raise Refusal(400, "bad_value", f"times is a whole number from 1 to {_MOST_TIMES}.", "times")
    ms = asked.get("ms", CATALOGUE[name].ms)
    if "seconds" in asked:
        seconds = asked["seconds"]
        ms = round(seconds * 1000) if isinstance(seconds, int | float) and not isinstance(seconds, bool) else None
    if type(ms) is not int or not 0 <= ms <= _LONGEST_MS:
        raise Refusal(400, "bad_value", "Give a length of 0 to 7 days, in ms or seconds.", "ms")
    return name, times, ms, _match(asked.get("match"))


def _match(asked: Any) -> Subject:
    if asked is None or asked == "any":
        return Subject()
    if not isinstance(asked, dict) or set(asked) - {*_MATCHES, "any"}:
        raise Refusal(400, "bad_value", "match names session, reference or account, or is left out for any.", "match")
    values = {name: asked[name] for name in _MATCHES if name in asked}
    if not all(isinstance(value, str) and _NAME.fullmatch(value) for value in values.values()):
        raise Refusal(400, "bad_value", "A match is a text of at most 64 letters, digits, - _ . :", "match")
    return Subject(**values)
