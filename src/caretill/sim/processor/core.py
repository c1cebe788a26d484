"""The processor itself: a request in, an answer out, and callbacks that are due. It knows no socket."""

from __future__ import annotations

import logging
from collections.abc import Callable

from caretill.sim.processor import admin, ageing, api, callbacks, hosted, objects, payouts, sessions
from caretill.sim.processor.clock import Clock
from caretill.sim.processor.faults import BEFORE, Fault, Faults, Subject
from caretill.sim.processor.keys import Keys, NewId, random_id
from caretill.sim.processor.parts import Parts, subject_of
from caretill.sim.processor.store import Store
from caretill.sim.processor.wire import HTML, Answer, Refusal, Request, say

_log = logging.getLogger(__name__)


class Processor:
    """One processor over one store. Two threads must not be in it at once.

    A shell gives requests to `answer`, calls `tick` as time goes by, makes the POSTs that `due` names and tells
    `delivered` what came of each.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        keys: Keys,
        public_url: str,
        callback_url: str,
        new_id: NewId = random_id,
        faults: Faults | None = None,
    ) -> None:
        self.parts = Parts(store, clock, new_id, faults or Faults(store), keys, public_url.rstrip("/"), callback_url)
        self._in_flight: set[int] = set()
        with store.transaction():
            api.forget_old_keys(self.parts)
            payouts.begin(self.parts)
            self.parts.log("processor.started")

    def answer(self, request: Request) -> Answer:
        """Everything that one request changes is kept in one transaction, before its answer exists."""
        try:
            with self.parts.store.transaction():
                self.parts.holds.clear()
                answer = self._answer(request)
                answer.hold += tuple(self.parts.holds)
                return answer
        except Exception:
            # The request is not told: it may hold a card number.
            _log.exception("a request failed: %s", request.method)
            self.parts.faults.load()
            return say(500, {"error": {"code": "processor_error", "message": "Something went wrong here."}})

    def tick(self) -> int:
        """Do what time alone does; how much was done."""
        with self.parts.store.transaction():
            return ageing.age(self.parts)

    def due(self) -> list[callbacks.Delivery]:
        """The POSTs to make now. Each is told once, until `delivered` says what came of it."""
        found = callbacks.due(self.parts, self._in_flight)
        self._in_flight.update(delivery.id for delivery in found)
        return found

    def delivered(self, delivery_id: int, status: int | None) -> None:
        """A POST ended with that status, or with none."""
        self._in_flight.discard(delivery_id)
        with self.parts.store.transaction():
            callbacks.settle(self.parts, delivery_id, status)

    def _answer(self, request: Request) -> Answer:
        rest = tuple(part for part in request.path.split("/") if part)
        try:
            if rest[:1] == ("admin",):
                api.check_admin(self.parts, request)
                return admin.answer(self.parts, request, rest[1:])
            if self.parts.now_ms() < self.parts.faults.dark_until_ms:
                return Answer(503, lost=True)
            # What was due before this request came first, even if no tick was.
            ageing.tasks(self.parts)
            if rest[:1] == ("v1",):
                api.check_bearer(self.parts, request)
                return self._api(request, rest[1:])
            if rest[:1] == ("c",) and len(rest) in (2, 3):
                return self._hosted(request, rest[1], *rest[2:])
            return self._elsewhere(request, rest)
        except Refusal as refusal:
            return refusal.answer()

    def _api(self, request: Request, rest: tuple[str, ...]) -> Answer:
        parts, query = self.parts, request.query
        match request.method, rest:
            case "POST", ("sessions",):
                return self._run(
                    "create", objects.asked_subject(request), lambda: api.keyed(parts, request, sessions.create)
                )
            case "GET", ("sessions",) if query.get("reference"):
                subject = Subject(reference=query["reference"])
                return self._run("find", subject, lambda: say(200, {"data": sessions.find(parts, query["reference"])}))
            case "GET", ("sessions", session_id):
                session = sessions.load(parts, session_id)
                return self._run("retrieve", subject_of(session), lambda: say(200, sessions.show(parts, session)))
            case "POST", ("sessions", session_id, "expire"):
                subject = subject_of(sessions.load(parts, session_id))
                return self._run("expire", subject, lambda: say(200, sessions.expire(parts, session_id)))
        return self._run(*objects.deed(parts, request, rest))

    def _hosted(self, request: Request, session_id: str, *rest: str) -> Answer:
        verb = _PAGES.get((request.method, rest))
        if verb is None:
            return hosted.plain(request, 404, "missing")
        try:
            session = sessions.load(self.parts, session_id)
        except Refusal:
            return hosted.plain(request, 404, "missing")
        operation, page = verb
        return self._run(operation, subject_of(session), lambda: page(self.parts, request, session), request)

    def _elsewhere(self, request: Request, rest: tuple[str, ...]) -> Answer:
        if rest == ("health",):
            return say(200, {"ok": True})
        return hosted.plain(request, 404, "missing") if rest else hosted.plain(request, 200, "home")

    def _run(
        self, operation: str, subject: Subject, effect: Callable[[], Answer], page: Request | None = None
    ) -> Answer:
        """Have the effect, unless a fault of this operation strikes first; spoil the answer when one strikes after."""
        fault = self.parts.strike(operation, subject)
        if fault is None:
            return effect()
        if fault.spec.way in BEFORE:
            return _broken(page) if fault.spec.way == "500_before" else Answer(503, lost=True)
        try:
            answer = effect()
        except Refusal as refusal:
            answer = refusal.answer()
        return _spoil(answer, fault, page)


def _spoil(answer: Answer, fault: Fault, page: Request | None) -> Answer:
    match fault.spec.way:
        case "lost":
            answer.lost = True
        case "hang":
            answer.hang = True
        case "slow":
            answer.delay_ms = fault.ms
        case "blank":
            return Answer(200, b"", HTML)
        case "cut" if answer.status == 200:
            answer.body = answer.body[: len(answer.body) // 2]
        case "500" | "500_after":
            return _broken(page)
    return answer


def _broken(page: Request | None) -> Answer:
    if page is not None:
        return hosted.plain(page, 500, "broken")
    return say(500, {"error": {"code": "processor_error", "message": "Something went wrong here."}})


_PAGES = {
    ("GET", ()): ("page", hosted.show),
    ("GET", ("step",)): ("page", hosted.show_step),
    ("GET", ("pay",)): ("page", hosted.show),
    ("POST", ("pay",)): ("pay", hosted.pay),
    ("POST", ("step",)): ("step", hosted.answer_step),
}
