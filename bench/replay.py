"""The floor of a payment: the calls that the product makes (bench/calls.py), by handlers with nothing around them.

A WSGI application for granian, as ours is: it reads the form, checks a MAC, makes the calls of the hop in order over a
prepared connection and a plain socket, and answers. No routing, no middleware, no templates, no log.

    python -m bench.replay         the worker's part: claims callbacks and makes the calls of each
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import pickle
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import psycopg

from bench.calls import CHARGE, PAGE, SESSION, Http, Payment, Sql, Step, Taken
from bench.wire import Answer, Wire, request

Start = Callable[[str, list[tuple[str, str]]], object]

MAC_KEY = b"a key of the floor"
_local = threading.local()


class Desk:
    """What a process of the floor knows: the payments' calls, the database, the processor."""

    def __init__(self) -> None:
        taken: Taken = pickle.loads(Path(os.environ["BENCH_CALLS"]).read_bytes())
        self.payments = taken.payments
        self.by_reference = {payment.reference: payment for payment in taken.payments}
        self.callback, self.claim = taken.callback[0], taken.claim[0]
        self.database: dict[str, Any] = json.loads(os.environ["BENCH_DATABASE"])
        self.port = int(os.environ["BENCH_PROCESSOR_PORT"])
        self.public = int(os.environ["BENCH_PUBLIC_PORT"])
        self.key = os.environ["CARETILL_PROCESSOR_KEY"]
        self.secret = os.environ["CARETILL_PROCESSOR_CALLBACK_SECRET"].encode()

    def connection(self) -> psycopg.Connection[Any]:
        """This thread's connection; every statement is prepared at its second use."""
        if not hasattr(_local, "connection"):
            _local.connection = psycopg.connect(**self.database, autocommit=True, prepare_threshold=1)
        found: psycopg.Connection[Any] = _local.connection
        return found

    def processor(self) -> Wire:
        """This thread's connection to the processor."""
        if not hasattr(_local, "processor"):
            _local.processor = Wire("127.0.0.1", self.port)
        found: Wire = _local.processor
        return found

    def make(self, steps: Sequence[Step], known: dict[str, str]) -> None:
        """Make the calls in order. `known` has the real ids, and gets those that an answer brings."""
        for step in steps:
            if isinstance(step, Http):
                self._read(json.loads(self.call(step, known).body), known)
                continue
            cursor = self.connection().execute(step.text, [_put(param, known) for param in step.params])
            if cursor.description and cursor.description[-1].name in ("session_ref", "session_url"):
                row = cursor.fetchone()
                assert row is not None
                names = [column.name for column in cursor.description]
                if row[names.index("session_ref")]:
                    known[SESSION] = row[names.index("session_ref")]

    def call(self, step: Http, known: dict[str, str]) -> Answer:
        """One call to the processor."""
        headers = {**step.headers, "Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        body = _put(step.body, known)
        answer = self.processor().ask(request(step.method, _put(step.path, known), "processor", headers, body))
        if answer.status not in (200, 201):
            raise RuntimeError(f"the processor answered {answer.status} {answer.body[:200]!r}")
        return answer

    def _read(self, session: dict[str, Any], known: dict[str, str]) -> None:
        known[SESSION], known[PAGE] = session["id"], session["url"]
        if session["charge"]:
            known[CHARGE] = session["charge"]


def _put(param: Any, known: dict[str, str]) -> Any:
    if isinstance(param, str):
        for stand_in, real in known.items():
            if stand_in in param:
                param = param.replace(stand_in, real)
    return param


def mac(number: str) -> str:
    """What a payer's cookie carries."""
    return hmac.new(MAC_KEY, number.encode(), hashlib.sha256).hexdigest()


def application(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    """The three hops: /check/N, /return/N, /callbacks/sandbox."""
    path: str = environ["PATH_INFO"]
    if path.startswith("/check/"):
        return _check(environ, start_response)
    if path.startswith("/return/"):
        desk = _desk()
        desk.make(desk.payments[int(path[8:])].came_back, {})
        return _to(start_response, f"/done/{path[8:]}")
    if path.startswith("/callbacks/"):
        return _callback(environ, start_response)
    start_response("200 OK", [("Content-Length", "0")])
    return [b""]


def _check(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()
    form = parse_qs(body)
    number = form["n"][0]
    if not hmac.compare_digest(mac(number), environ["HTTP_COOKIE"].partition("=")[2]):
        start_response("403 Forbidden", [("Content-Length", "0")])
        return [b""]
    desk = _desk()
    payment = desk.payments[int(number)]
    known: dict[str, str] = {}
    desk.make(_sent_back(payment, desk.public, number), known)
    return _to(start_response, known[PAGE])


def _sent_back(payment: Payment, port: int, number: str) -> list[Step]:
    """The calls of the hop, with an address of the floor where the processor sends the payer back to."""
    steps: list[Step] = []
    for step in payment.check:
        if isinstance(step, Http):
            asked = json.loads(step.body)
            asked["return_url"] = f"http://127.0.0.1:{port}/return/{number}"
            steps.append(Http(step.method, step.path, step.headers, json.dumps(asked)))
        else:
            steps.append(step)
    return steps


def _callback(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    raw: bytes = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    signed = dict(part.split("=", 1) for part in environ["HTTP_PROCESSOR_SIGNATURE"].split(","))
    desk = _desk()
    expected = hmac.new(desk.secret, f"{signed['t']}.".encode() + raw, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, signed["v1"]):
        start_response("400 Bad Request", [("Content-Length", "0")])
        return [b""]
    news = json.loads(raw)
    now = datetime.now(UTC)
    given = ("sandbox", news["id"], news["type"], news["session"], raw, now, now)
    desk.connection().execute(desk.callback.text, given)
    start_response("200 OK", [("Content-Length", "0")])
    return [b""]


def _to(start_response: Start, address: str) -> Iterable[bytes]:
    start_response("303 See Other", [("Location", address), ("Content-Length", "0")])
    return [b""]


_held: list[Desk] = []
_lock = threading.Lock()


def _desk() -> Desk:
    if not _held:
        with _lock:
            if not _held:
                _held.append(Desk())
    return _held[0]


def work() -> None:
    """The worker: claim what is due, make the calls of each, until the process is ended."""
    desk = _desk()
    pause = 0.02
    while True:
        now = datetime.now(UTC)
        given = [now + timedelta(seconds=30), now, *desk.claim.params[2:]]
        cursor = desk.connection().execute(desk.claim.text, given)
        names = [column.name for column in cursor.description or ()]
        rows = cursor.fetchall()
        for row in rows:
            one = dict(zip(names, row, strict=True))
            session = json.loads(bytes(one["body"]))["session"]
            _apply(desk, session, one["event_ref"])
        pause = 0.02 if rows else min(0.3, pause * 2)
        if not rows:
            time.sleep(pause)


def _apply(desk: Desk, session_id: str, event: str) -> None:
    known = {SESSION: session_id, "EVENT": event}
    asked = Http("GET", f"/v1/sessions/{session_id}", {}, "")
    session = json.loads(desk.call(asked, known).body)
    payment = desk.by_reference[session["reference"]]
    known[CHARGE] = session["charge"]
    desk.make([step for step in payment.worker if isinstance(step, Sql)], known)


if __name__ == "__main__":
    work()
