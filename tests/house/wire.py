"""The wire between Caretill and the processor: it passes every request on, unless a test holds or cuts it.

Held before the processor, a request has had no effect; held behind it, the effect is there and nobody was told.
"""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import urlsplit

PATIENCE_SECONDS = 30.0
PASSED = ("Authorization", "Idempotency-Key", "Content-Type")


def ask(
    url: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: object | None = None,
    timeout: float = 10,
) -> tuple[int, Any] | None:
    """One request; status and what the answer holds, None when none came."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request(method, parts.path, None if body is None else json.dumps(body), dict(headers or {}))
        answer = connection.getresponse()
        text, kind = answer.read().decode(), answer.headers.get("Content-Type", "")
        if kind.startswith("application/x-ndjson"):
            return answer.status, [json.loads(line) for line in text.splitlines()]
        return answer.status, json.loads(text) if kind.startswith("application/json") else text
    except (http.client.HTTPException, OSError):
        return None
    finally:
        connection.close()


@dataclass
class Stop:
    """A place on the wire where the next matching request stands still."""

    where: Literal["before", "behind"]
    method: str
    path: re.Pattern[str]
    amount_cents: int | None
    reached: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)
    cut: bool = True

    def stands(self, where: str, method: str, path: str, asked: Mapping[str, Any]) -> bool:
        if self.reached.is_set() or (self.where, self.method) != (where, method) or not self.path.fullmatch(path):
            return False
        return self.amount_cents is None or asked.get("amount_cents") == self.amount_cents


class Listener(ThreadingHTTPServer):
    """Connections break here all the time, which is nothing to tell about."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


class Wire:
    """Listens in the processor's place. `on_create` is told of each checkout asked for, before the processor is."""

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target)
        self.on_create: Callable[[Mapping[str, Any]], None] = lambda _: None
        self._stops: list[Stop] = []
        self._server = Listener(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=lambda: self._server.serve_forever(0.05), name="wire", daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        for stop in self._stops:
            stop.go.set()
        self._server.shutdown()
        self._server.server_close()

    @contextmanager
    def stop(
        self, where: Literal["before", "behind"], method: str, path: str, amount_cents: int | None = None
    ) -> Iterator[Stop]:
        """Hold the next such request; `path` is a pattern of the path with its query.

        When the block ends it is cut off, unless `cut` was made false.
        """
        stop = Stop(where, method, re.compile(path), amount_cents)
        self._stops.append(stop)
        try:
            yield stop
        finally:
            stop.go.set()
            self._stops.remove(stop)

    def stands(self, where: str, method: str, path: str, asked: Mapping[str, Any]) -> bool:
        """Stand still where a test wants it; whether the connection is then to be cut."""
        for stop in list(self._stops):
            if stop.stands(where, method, path, asked):
                stop.reached.set()
                stop.go.wait(PATIENCE_SECONDS)
                return stop.cut
        return False


def _handler(wire: Wire) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._pass(b"")

        def do_POST(self) -> None:
            self._pass(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

        def _pass(self, body: bytes) -> None:
            asked = json.loads(body) if body else {}
            if (self.command, self.path) == ("POST", "/v1/sessions"):
                wire.on_create(asked)
            if wire.stands("before", self.command, self.path, asked):
                self.close_connection = True
                return
            answer = self._forward(body)
            if wire.stands("behind", self.command, self.path, asked) or answer is None:
                self.close_connection = True
                return
            status, kind, text = answer
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def _forward(self, body: bytes) -> tuple[int, str, bytes] | None:
            there = http.client.HTTPConnection(wire.target.hostname or "", wire.target.port, timeout=PATIENCE_SECONDS)
            headers = {name: self.headers[name] for name in PASSED if name in self.headers}
            try:
                there.request(self.command, self.path, body or None, headers)
                answer = there.getresponse()
                return answer.status, answer.headers.get("Content-Type", ""), answer.read()
            except (http.client.HTTPException, OSError):
                return None
            finally:
                there.close()

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
