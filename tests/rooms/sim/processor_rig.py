"""Both shells of the processor behind one face, so that one contract test runs them alike."""

from __future__ import annotations

import asyncio
import http.client
import itertools
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from caretill.core import clock
from caretill.payments.gateways.base import ChargeRequest, Session, SessionRequest
from caretill.payments.gateways.sandbox import SandboxGateway
from caretill.sim.inside import InsideProcessor
from caretill.sim.processor import keys as processor_keys
from caretill.sim.processor.clock import SystemClock
from caretill.sim.processor.core import Processor
from caretill.sim.processor.http import Server
from caretill.sim.processor.post import Poster
from caretill.sim.processor.shell import NoAnswer, Page, Shell
from caretill.sim.processor.store import Store

KEYS = processor_keys.Keys("merchant-key-of-tests", "callback-secret-of-tests", "admin-key-of-tests")
FORM = {"number": "4242 4242 4242 4242", "expiry": "09/49", "security_code": "123", "name": "Ana Perez", "zip": "80014"}
AMEX = {**FORM, "number": "378282246310005", "security_code": "1234"}
RETURN_URL = "http://merchant.test/back?a=1"
_count = itertools.count(1)


@dataclass
class Merchant:
    """Takes callbacks and answers with the next of `statuses`, 200 when there is none; None breaks the connection."""

    statuses: list[int | None] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    on_callback: Callable[[], None] = lambda: None

    def take(self, url: str, headers: Mapping[str, str], body: bytes) -> int | None:
        self.got.append((dict(headers), body))
        self.on_callback()
        return self.statuses.pop(0) if self.statuses else 200

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    def kinds(self) -> list[str]:
        return [event["type"] for event in self.events()]


class Rig:
    """What a contract test does with a processor, whichever shell it is in."""

    merchant: Merchant
    gateway: SandboxGateway

    def browse(self, method: str, url: str, form: Mapping[str, str] | None = None) -> Page:
        raise NotImplementedError

    def admin(self, method: str, path: str, asked: object | None = None) -> Any:
        raise NotImplementedError

    def raw(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Any]:
        raise NotImplementedError

    def request(self, **changes: Any) -> SessionRequest:
        number = next(_count)
        values = {
            "key": f"key-{number}",
            "reference": f"attempt-{number}",
            "amount_cents": 14_000,
            "currency": "USD",
            "processor_account": "acct_hospital",
            "return_url": RETURN_URL,
            "cancel_url": "http://merchant.test/cancel",
            "expires_at": clock.now() + timedelta(minutes=30),
            "language": "en",
            "statement_name": "Larkspur Health",
        }
        return SessionRequest(**{**values, **changes})

    def open(self, **changes: Any) -> Session:
        return self.gateway.create_session(self.request(**changes))

    def pay(self, session: Session, form: Mapping[str, str] = FORM, **changes: str) -> Page:
        return self.browse("POST", f"/c/{session.id}/pay", {**form, **changes})

    def paid(self, **changes: Any) -> Session:
        session = self.open(**changes)
        assert self.pay(session).status == 303
        return self.gateway.retrieve_session(session.id)

    def saved(self, form: Mapping[str, str] = FORM, **changes: str) -> Session:
        """A session that saved a card and did nothing else."""
        session = self.open(purpose="save", amount_cents=0)
        assert self.pay(session, form, **changes).status == 303
        return self.gateway.retrieve_session(session.id)

    def charge_request(self, saved: Session, **changes: Any) -> ChargeRequest:
        """A charge of that card by us, rightly flagged; the same each time but for `changes`."""
        values = {
            "key": f"charge-{saved.id}",
            "reference": "charge-1",
            "amount_cents": 9_000,
            "currency": "USD",
            "processor_account": "acct_hospital",
            "method_ref": saved.method_ref,
            "network_ref": saved.network_ref,
            "initiator": "merchant",
            "reason": "recurring",
            "statement_name": "Larkspur Health",
        }
        return ChargeRequest(**{**values, **changes})

    def fault(self, name: str, **more: Any) -> None:
        self.admin("POST", "faults", {"fault": name, **more})

    def advance(self, seconds: float) -> None:
        self.admin("POST", "clock", {"advance_seconds": seconds})

    def flush(self, **asked: Any) -> None:
        self.admin("POST", "callbacks/flush", asked)

    def log(self, what: str = "") -> list[dict[str, Any]]:
        return [line for line in self.admin("GET", "log") if line["what"].startswith(what)]

    def close(self) -> None:
        raise NotImplementedError


class InProcess(Rig):
    def __init__(self, folder: Path) -> None:
        self.merchant = Merchant()
        self.path = folder / "processor.db"
        self.shell = Shell(sender=self.merchant.take, path=self.path, keys=KEYS)
        self.gateway = SandboxGateway(
            self.shell.base_url, KEYS.key, (KEYS.callback_secret,), timeout=0.5, send=self.shell.request
        )

    def browse(self, method: str, url: str, form: Mapping[str, str] | None = None) -> Page:
        return self.shell.browse(method, url, form)

    def admin(self, method: str, path: str, asked: object | None = None) -> Any:
        return self.shell.admin(method, path, asked)

    def raw(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Any]:
        answer = self.shell._ask(method, path, headers, body)
        return answer.status, json.loads(answer.body)

    def close(self) -> None:
        self.shell.close()


class OverHttp(Rig):
    """The real server on a real port, its loop in a thread of this process."""

    def __init__(self, folder: Path) -> None:
        self.merchant = Merchant()
        self._receiver = receiver(self.merchant)
        self.path = folder / "processor.db"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        self.url = f"http://127.0.0.1:{self.port}"
        self.gateway = SandboxGateway(self.url, KEYS.key, (KEYS.callback_secret,), timeout=0.5)

    async def _start(self) -> int:
        self._store = Store(self.path)
        url = f"http://127.0.0.1:{self._receiver.server_port}/callbacks/sandbox"
        processor = Processor(
            store=self._store, clock=SystemClock(), keys=KEYS, public_url="http://unset.test", callback_url=url
        )
        self._server = Server(processor, Poster(url, timeout=5))
        port = await self._server.start("127.0.0.1", 0)
        processor.parts.public_url = f"http://127.0.0.1:{port}"
        return port

    def browse(self, method: str, url: str, form: Mapping[str, str] | None = None) -> Page:
        return browse(self.port, method, url, form)

    def admin(self, method: str, path: str, asked: object | None = None) -> Any:
        return admin(self.port, method, path, asked)

    def raw(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Any]:
        status, _, text = call(self.port, method, path, headers, body)
        return status, json.loads(text)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._server.stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self._store.close()
        self._receiver.shutdown()
        self._receiver.server_close()


class Inside(Rig):
    """The one for simulations: no lock, no thread, ids from a seed."""

    def __init__(self, folder: Path) -> None:
        self.merchant = Merchant()
        self.path = folder / "processor.db"
        self.inside = InsideProcessor.seeded(
            "rig", path=self.path, receive=lambda body, headers: self.merchant.take("", headers, body), timeout=0.5
        )
        self.gateway = self.inside

    def browse(self, method: str, url: str, form: Mapping[str, str] | None = None) -> Page:
        return self.inside.browse(method, url, form)

    def admin(self, method: str, path: str, asked: object | None = None) -> Any:
        return self.inside.admin(method, path, asked)

    def raw(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Any]:
        keys = self.inside.core.parts.keys
        mine = {name: value.replace(KEYS.key, keys.key) for name, value in headers.items()}
        answer = self.inside.ask(method, path, mine, body)
        return answer.status, json.loads(answer.body)

    def close(self) -> None:
        self.inside.close()


SHELLS = {"in-process": InProcess, "http": OverHttp, "inside": Inside}


def receiver(merchant: Merchant) -> ThreadingHTTPServer:
    """A merchant's address for callbacks, on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = merchant.take(self.path, dict(self.headers.items()), body)
            if status is None:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=lambda: server.serve_forever(0.02), daemon=True).start()
    return server


def call(
    port: int, method: str, url: str, headers: Mapping[str, str], body: bytes, timeout: float = 10
) -> tuple[int, dict[str, str], str]:
    """One request on one connection. Raises NoAnswer."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body, dict(headers))
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()
    except (http.client.HTTPException, OSError) as error:
        raise NoAnswer(type(error).__name__) from error
    finally:
        connection.close()


def browse(port: int, method: str, url: str, form: Mapping[str, str] | None = None, timeout: float = 1.5) -> Page:
    body = urlencode(form).encode() if form is not None else b""
    status, headers, text = call(
        port, method, url, {"Content-Type": "application/x-www-form-urlencoded"}, body, timeout=timeout
    )
    return Page(status, headers, text)


def admin(port: int, method: str, path: str, asked: object | None = None) -> Any:
    body = b"" if asked is None else json.dumps(asked).encode()
    _, headers, text = call(port, method, f"/admin/{path}", {"Processor-Admin-Key": KEYS.admin_key}, body, timeout=20)
    if headers["Content-Type"] == "application/x-ndjson":
        return [json.loads(line) for line in text.splitlines()]
    return json.loads(text)
