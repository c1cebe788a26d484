"""The sandbox processor as a Gateway of its own: the same core and faults, no socket, no thread, no wall clock.

For simulations: under a seed, with `core.clock` held, two runs are the same to the letter. It answers through the
sandbox's adapter, so what the adapter checks and how it reads a broken answer are the real ones.
"""

from __future__ import annotations

import json as json_module
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from caretill.core.http import HttpUnknown, Response
from caretill.payments.gateways.sandbox import SandboxGateway
from caretill.sim.processor import keys as processor_keys
from caretill.sim.processor.callbacks import Delivery
from caretill.sim.processor.clock import Clock, SystemClock
from caretill.sim.processor.core import Processor
from caretill.sim.processor.faults import Faults
from caretill.sim.processor.keys import Keys
from caretill.sim.processor.shell import BASE_URL, BROWSER_WAITS_SECONDS, NoAnswer, Page
from caretill.sim.processor.store import Store
from caretill.sim.processor.wire import Answer, Request

# (body, headers) -> the status that the merchant answered, None when it did not
Receive = Callable[[bytes, Mapping[str, str]], int | None]

CARD = {"number": "4242424242424242", "expiry": "09/49", "security_code": "123", "name": "Ana Perez", "zip": "80014"}
_CALLBACK_URL = "http://merchant.test/callbacks/sandbox"


class InsideProcessor(SandboxGateway):
    """A processor in this process. Callbacks leave only in `deliver`, and where a fault wants one before an answer.

    Not for two threads at once. `receive` takes the callbacks, as the merchant's address would.
    """

    def __init__(self, core: Processor, receive: Receive = lambda body, headers: 200, timeout: float = 10.0) -> None:
        keys = core.parts.keys
        super().__init__(core.parts.public_url, keys.key, (keys.callback_secret,), timeout=timeout, send=self._straight)
        self.core = core
        self.receive = receive

    @classmethod
    def seeded(
        cls,
        seed: str,
        *,
        receive: Receive = lambda body, headers: 200,
        clock: Clock | None = None,
        faults: Callable[[Store], Faults] = Faults,
        path: Path | None = None,
        timeout: float = 10.0,
    ) -> InsideProcessor:
        """One whose ids and secrets come of the seed alone. Its time is `core.clock`'s unless a clock is given.

        `faults` makes what decides which fault strikes: a subclass may draw them from a seed of its own. With a `path`
        what it knows outlives it, and one made again with the same path and seed goes on where it was.
        """
        store = Store(path)
        core = Processor(
            store=store,
            clock=clock or SystemClock(store.meta("clock_ms")),
            keys=Keys(*(sha256(f"{seed}/{name}".encode()).hexdigest() for name in ("key", "callback", "admin"))),
            public_url=BASE_URL,
            callback_url=_CALLBACK_URL,
            new_id=processor_keys.seeded_ids(seed, processor_keys.used_ids(store)),
            faults=faults(store),
        )
        return cls(core, receive, timeout)

    def close(self) -> None:
        self.core.parts.store.close()

    def tick(self) -> int:
        """Do all that time alone does; how much was done."""
        done = 0
        while changed := self.core.tick():
            done += changed
        return done

    def deliver(self) -> int:
        """Let time do its part, then send every callback that is due, in order, until none is; how many were sent."""
        self.tick()
        sent = 0
        while found := self.core.due():
            for delivery in found:
                self._send_one(delivery)
            sent += len(found)
        return sent

    def admin(self, method: str, path: str, json: object | None = None) -> Any:
        """An admin's request; the answer's JSON, a list of objects for the log."""
        body = b"" if json is None else json_module.dumps(json).encode()
        answer = self.ask(method, f"/admin/{path}", {"processor-admin-key": self.core.parts.keys.admin_key}, body)
        if answer.content_type == "application/x-ndjson":
            return [json_module.loads(line) for line in answer.body.splitlines()]
        return json_module.loads(answer.body)

    def browse(self, method: str, url: str, form: Mapping[str, str] | None = None) -> Page:
        """A browser's request of the hosted page. Raises NoAnswer."""
        body = urlencode(form).encode() if form is not None else b""
        answer = self.ask(method, url, {"content-type": "application/x-www-form-urlencoded"}, body)
        if answer.lost or answer.hang or answer.delay_ms > BROWSER_WAITS_SECONDS * 1000:
            raise NoAnswer(f"{method}: no answer")
        return Page(answer.status, dict(answer.headers), answer.body.decode())

    def person_pays(self, session_id: str, *, keep: bool = False, **typed: str) -> Page:
        """What a person does on the hosted page: types a card, ticks the box or not, presses. Raises NoAnswer."""
        form = {**CARD, **typed} | ({"save": "yes"} if keep else {})
        return self.browse("POST", f"/c/{session_id}/pay", form)

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """One request straight to the core; callbacks that a fault wants first are sent before it returns."""
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        lower = {name.lower(): value for name, value in headers.items()}
        answer = self.core.answer(Request(method, parts.path, query, lower, body))
        if answer.hold:
            self.deliver()
        return answer

    def _straight(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: object | None = None,
        timeout: float = 10.0,
    ) -> Response:
        """Where `core.http.request` stands in the adapter. No time passes, however slow the answer."""
        body = b"" if json is None else json_module.dumps(json).encode()
        answer = self.ask(method, url, headers or {}, body)
        if answer.lost or answer.hang or answer.delay_ms > timeout * 1000:
            raise HttpUnknown(f"{method}: no answer")
        return Response(answer.status, answer.body.decode())

    def _send_one(self, delivery: Delivery) -> None:
        status = None
        try:
            status = self.receive(delivery.body, delivery.headers)
        finally:
            self.core.delivered(delivery.id, status)
