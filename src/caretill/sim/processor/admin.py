"""The admin's requests: set faults, read the log, let time pass, send what is due."""

from __future__ import annotations

from typing import Any

from caretill.sim.processor import ageing, callbacks, disputes, methods, payouts
from caretill.sim.processor.faults import CATALOGUE
from caretill.sim.processor.parts import Parts, show_log
from caretill.sim.processor.wire import Answer, Refusal, Request, dumps, read_object, say

_MOST_SECONDS = 366 * 24 * 3600


def answer(parts: Parts, request: Request, rest: tuple[str, ...]) -> Answer:
    """The answer to /admin/REST. The caller has checked the admin key."""
    match request.method, rest:
        case "POST", ("faults",):
            shown = parts.faults.add(read_object(request.body), parts.now_ms())
            parts.log("fault.set", detail=dumps(shown).decode())
            return say(201, shown)
        case "GET", ("faults",):
            return say(200, {"waiting": parts.faults.show(), "known": sorted(CATALOGUE)})
        case "POST", ("faults", "clear"):
            count = parts.faults.clear()
            parts.log("fault.cleared", detail=str(count))
            return say(200, {"cleared": count})
        case "GET", ("log",):
            after = request.query.get("after", "0")
            lines = show_log(parts, int(after) if after.isascii() and after.isdigit() and len(after) < 16 else 0)
            return Answer(200, b"".join(dumps(line) + b"\n" for line in lines), "application/x-ndjson")
        case "GET", ("clock",):
            return say(200, {"now": parts.show_time(parts.now_ms()), "ahead_ms": parts.clock.skew_ms()})
        case "POST", ("clock",):
            return _advance(parts, read_object(request.body))
        case "POST", ("callbacks", "flush"):
            return _flush(parts, read_object(request.body))
    return _objects(parts, request, rest)


def _objects(parts: Parts, request: Request, rest: tuple[str, ...]) -> Answer:
    """What banks and networks do to charges and cards, at an admin's word."""
    match request.method, rest:
        case "GET", ("methods",):
            return say(200, {"data": methods.listed(parts)})
        case "POST", ("methods", method_id):
            return say(200, methods.change(parts, method_id, read_object(request.body)))
        case "GET", ("disputes",):
            return say(200, {"data": disputes.find(parts, request.query)})
        case "POST", ("disputes",):
            return say(201, disputes.open_by_admin(parts, read_object(request.body)))
        case "POST", ("disputes", dispute_id):
            ends = str(read_object(request.body).get("status"))
            return say(200, disputes.decide(parts, dispute_id, ends, parts.now_ms()))
        case "GET", ("payouts",):
            return say(200, {"data": payouts.find(parts, request.query)})
        case "POST", ("fees",):
            return say(201, payouts.add_fee(parts, read_object(request.body)))
    raise Refusal(404, "no_such_page", "There is no such page.")


def _advance(parts: Parts, asked: dict[str, Any]) -> Answer:
    seconds = asked.get("advance_seconds")
    wrong = isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= _MOST_SECONDS
    if wrong or seconds is None:
        raise Refusal(400, "bad_value", "0 to 366 days, in seconds: time does not go back.", "advance_seconds")
    ms = round(seconds * 1000)
    parts.clock.advance(ms)
    parts.store.set_meta("clock_ms", parts.store.meta("clock_ms") + ms)
    parts.log("clock.advanced", detail=f"{ms} ms")
    aged = 0
    while changed := ageing.age(parts):
        aged += changed
    return say(200, {"now": parts.show_time(parts.now_ms()), "ahead_ms": parts.clock.skew_ms(), "aged": aged})


def _flush(parts: Parts, asked: dict[str, Any]) -> Answer:
    if asked.get("all"):
        callbacks.hurry(parts)
    now = parts.now_ms()
    due = [] if now < parts.faults.dark_until_ms else callbacks.due_ids(parts, now)
    reply = say(200, {"due": len(due), "waiting": callbacks.waiting(parts)})
    reply.hold = tuple(due)
    return reply
