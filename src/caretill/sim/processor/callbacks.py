"""News to the merchant: events, their deliveries, signatures and repeats, and how a delivery can go wrong."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from caretill.sim.processor.faults import Fault, Subject
from caretill.sim.processor.parts import Parts, subject_of
from caretill.sim.processor.wire import JSON, dumps

SIGNATURE_HEADER = "Processor-Signature"
REPEAT_SECONDS = (1, 5, 30, 120, 600, 3600, 4 * 3600, 12 * 3600, 24 * 3600, 24 * 3600)
_STALE_SECONDS = 3600
_BATCH = 64


@dataclass(frozen=True)
class Delivery:
    """One POST to make now. Whoever makes it tells `settle` what status came back, None for no answer."""

    id: int
    url: str
    headers: dict[str, str]
    body: bytes


def emit(parts: Parts, kind: str, subject: Subject, **objects: str) -> None:
    """Note an event and queue its deliveries, as the next callback fault wants them.

    `objects` names what it is about: charge, refund, dispute, payout, method; the session is the subject's.
    """
    fault = parts.strike("callback", subject)
    now = parts.now_ms()
    event_id = _event(parts, kind, subject, subject.session, objects)
    _queue(parts, subject, event_id, fault, now)


def forge_for_unpaid(parts: Parts, session: Any) -> None:
    """Send a completed-event of a session that nobody paid, signed with a secret that is not ours."""
    event_id = _event(parts, "session.completed", subject_of(session), session["id"], {"charge": parts.new_id("ch")})
    _add(parts, event_id, "forged", parts.now_ms())


def _event(parts: Parts, kind: str, subject: Subject, session_id: str | None, objects: Mapping[str, str]) -> str:
    event_id = parts.new_id("evt")
    body = {
        "id": event_id,
        "type": kind,
        "created": parts.show_time(parts.now_ms()),
        "session": session_id,
        "charge": None,
        "refund": None,
        **objects,
    }
    parts.store.insert(
        "event",
        id=event_id,
        type=kind,
        session=session_id,
        reference=subject.reference,
        body=dumps(body).decode(),
    )
    return event_id


def _queue(parts: Parts, subject: Subject, event_id: str, fault: Fault | None, now: int) -> None:
    way = fault.name if fault else ""
    later = now + (fault.ms if fault else 0)
    if way == "callback_lost":
        parts.log("callback.lost", event=event_id, session=subject.session, reference=subject.reference)
        return
    if way in ("callback_late", "return_before_callback"):
        _add(parts, event_id, "real", later)
        return
    if way == "callback_out_of_order":
        _add(parts, event_id, "real", later, behind=1)
        return
    if way in ("callback_forged", "callback_stale"):
        _add(parts, event_id, way.removeprefix("callback_"), now)
    if way == "callback_foreign":
        _add(parts, _event(parts, "session.completed", subject, parts.new_id("cs"), {}), "foreign", now)
    if way == "callback_twice":
        _add(parts, event_id, "real", now)
    delivery = _add(parts, event_id, "real", now)
    if way == "callback_before_return":
        parts.holds.append(delivery)


def _add(parts: Parts, event_id: str, kind: str, due_ms: int, behind: int = 0) -> int:
    return parts.store.insert("delivery", event=event_id, kind=kind, due_ms=due_ms, behind=behind)


def due(parts: Parts, in_flight: set[int]) -> list[Delivery]:
    """The deliveries whose time has come and that nobody is making. None while the processor is dark."""
    now = parts.now_ms()
    if now < parts.faults.dark_until_ms:
        return []
    rows = parts.store.all(
        "SELECT delivery.id, delivery.kind, event.body FROM delivery JOIN event ON event.id = delivery.event"
        " WHERE delivery.state = 'waiting' AND delivery.due_ms <= ? ORDER BY delivery.due_ms, delivery.id LIMIT ?",
        now,
        _BATCH + len(in_flight),
    )
    return [_signed(parts, row) for row in rows if row["id"] not in in_flight]


def _signed(parts: Parts, row: Any) -> Delivery:
    """Signed with the caller's time, anew for each try: a repeat an hour later must not be too old."""
    body = row["body"].encode()
    secret = parts.keys.callback_secret
    seconds = (parts.now_ms() - parts.clock.skew_ms()) // 1000
    if row["kind"] == "forged":
        secret = hashlib.sha256(secret.encode()).hexdigest()
    elif row["kind"] == "stale":
        seconds -= _STALE_SECONDS
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": JSON, SIGNATURE_HEADER: f"t={seconds},v1={digest}", "User-Agent": "sandbox-processor"}
    return Delivery(row["id"], parts.callback_url, headers, body)


def settle(parts: Parts, delivery_id: int, status: int | None) -> None:
    """Note what a try came to: done, to be repeated after a pause, or given up after three days."""
    row = parts.store.one(
        "SELECT delivery.*, event.type, event.session, event.reference FROM delivery"
        " JOIN event ON event.id = delivery.event WHERE delivery.id = ?",
        delivery_id,
    )
    if row is None:
        return
    tries = row["tries"] + 1
    accepted = status is not None and 200 <= status < 300
    again = not accepted and row["kind"] == "real" and tries <= len(REPEAT_SECONDS)
    state = "accepted" if accepted else "waiting" if again else "given_up"
    due_ms = parts.now_ms() + REPEAT_SECONDS[tries - 1] * 1000 if again else row["due_ms"]
    parts.store.update("delivery", delivery_id, tries=tries, state=state, due_ms=due_ms, behind=0)
    parts.log(
        "callback.sent",
        event=row["event"],
        session=row["session"],
        reference=row["reference"],
        detail=f"{row['type']} {row['kind']} {status or 'no answer'}",
    )
    if row["kind"] == "real":
        parts.store.run(
            "UPDATE delivery SET due_ms = ?, behind = 0 WHERE state = 'waiting' AND behind = 1 AND id < ?",
            parts.now_ms(),
            delivery_id,
        )


def due_ids(parts: Parts, now: int) -> list[int]:
    """Every delivery whose time has come."""
    rows = parts.store.all("SELECT id FROM delivery WHERE state = 'waiting' AND due_ms <= ? ORDER BY due_ms, id", now)
    return [row["id"] for row in rows]


def hurry(parts: Parts) -> int:
    """Make every waiting delivery due now, whatever pause it was in; how many wait."""
    return parts.store.run("UPDATE delivery SET due_ms = 0, behind = 0 WHERE state = 'waiting'")


def waiting(parts: Parts) -> int:
    row = parts.store.one("SELECT count(*) AS many FROM delivery WHERE state = 'waiting'")
    return row["many"] if row else 0
