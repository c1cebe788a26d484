"""The processor inside this process, for tests and simulations: it answers the adapter without a socket."""

from __future__ import annotations

import json as json_module
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from caretill.core.http import HttpUnknown, Response
from caretill.sim.processor import keys as processor_keys
from caretill.sim.processor.clock import Clock, SystemClock
from caretill.sim.processor.core import Processor
from caretill.sim.processor.faults import Faults
from caretill.sim.processor.keys import Keys, NewId
from caretill.sim.processor.store import Store
from caretill.sim.processor.wire import Answer, Request

# (url, headers, body) -> the status that the merchant answered, None when it did not
Sender = Callable[[str, Mapping[str, str], bytes], int | None]

BASE_URL = "http://processor.test"
BROWSER_WAITS_SECONDS = 30.0


class NoAnswer(Exception):
    """A browser would show that the connection broke, or wait in vain."""


@dataclass(frozen=True)
class Page:
    """What a browser got."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")


class Shell:
    """A processor of its own. With `auto` each request sends what is due before it returns; without, `flush` does.

    Time is `caretill.core.clock`'s unless a clock is given, so a held clock holds the processor too.
    """

    def __init__(
        self,
        *,
        sender: Sender,
        callback_url: str = "http://merchant.test/callbacks/sandbox",
        path: Path | None = None,
        keys: Keys | None = None,
        clock: Clock | None = None,
        seed: str | None = None,
        faults: Callable[[Store], Faults] = Faults,
        auto: bool = True,
    ) -> None:
        store = Store(path)
        new_id: NewId = processor_keys.random_id
        if seed is not None:
            new_id = processor_keys.seeded_ids(seed, processor_keys.used_ids(store))
        self.keys = keys or processor_keys.make()
        self.base_url = BASE_URL
        self.processor = Processor(
            store=store,
            clock=clock or SystemClock(store.meta("clock_ms")),
            keys=self.keys,
            public_url=BASE_URL,
            callback_url=callback_url,
            new_id=new_id,
            faults=faults(store),
        )
        self._store = store
        self._sender = sender
        self._auto = auto
        self._lock = threading.RLock()

    def close(self) -> None:
        self._store.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: object | None = None,
        timeout: float = 10.0,
    ) -> Response:
        """Like `core.http.request`: an answer, or HttpUnknown. No time passes, however slow the answer."""
        body = b"" if json is None else json_module.dumps(json).encode()
        answer = self._ask(method, url, headers or {}, body)
        if answer.lost or answer.hang or answer.delay_ms > timeout * 1000:
            raise HttpUnknown(f"{method}: no answer")
        return Response(answer.status, answer.body.decode())

    def browse(self, method: str, url: str, form: Mapping[str, str] | None = None) -> Page:
        """A browser's request of the hosted page. Raises NoAnswer."""
        body = urlencode(form).encode() if form is not None else b""
        answer = self._ask(method, url, {"content-type": "application/x-www-form-urlencoded"}, body)
        if answer.lost or answer.hang or answer.delay_ms > BROWSER_WAITS_SECONDS * 1000:
            raise NoAnswer(f"{method}: no answer")
        return Page(answer.status, dict(answer.headers), answer.body.decode())

    def admin(self, method: str, path: str, json: object | None = None) -> Any:
        """An admin's request; the answer's JSON, a list of objects for the log."""
        body = b"" if json is None else json_module.dumps(json).encode()
        answer = self._ask(method, f"/admin/{path}", {"processor-admin-key": self.keys.admin_key}, body)
        if answer.content_type == "application/x-ndjson":
            return [json_module.loads(line) for line in answer.body.splitlines()]
        return json_module.loads(answer.body)

    def log(self) -> list[dict[str, Any]]:
        return self.admin("GET", "log")

    def flush(self) -> int:
        """Do what time alone does and send what is due, until nothing more is; how many were sent."""
        sent = 0
        with self._lock:
            while self.processor.tick():
                pass
        while found := self._due():
            for delivery in found:
                self._send(delivery)
            sent += len(found)
        return sent

    def _ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        lower = {name.lower(): value for name, value in headers.items()}
        with self._lock:
            answer = self.processor.answer(Request(method, parts.path, query, lower, body))
        if self._auto or answer.hold:
            self.flush()
        return answer

    def _due(self) -> list[Any]:
        with self._lock:
            return self.processor.due()

    def _send(self, delivery: Any) -> None:
        """Outside the lock: the merchant may well ask the processor before it answers."""
        status = None
        try:
            status = self._sender(delivery.url, delivery.headers, delivery.body)
        finally:
            with self._lock:
                self.processor.delivered(delivery.id, status)
