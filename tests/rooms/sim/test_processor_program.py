"""The processor as a program: starts, survives a kill, names a wrong option, and speaks HTTP strictly."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from caretill.payments.gateways.sandbox import SandboxGateway
from caretill.sim.processor import keys as processor_keys
from rooms.sim.processor_rig import FORM, KEYS, Merchant, OverHttp, Rig, admin, browse, call, receiver

SOURCE = Path(__file__).resolve().parents[3] / "src"


class Program(Rig):
    """The program in a process of its own, started again after each death."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.merchant = Merchant()
        self.receiver = receiver(self.merchant)
        self.running: subprocess.Popen[str] | None = None
        processor_keys.write(folder / "keys.json", KEYS)
        self.start()

    def command(self, *more: str) -> list[str]:
        url = f"http://127.0.0.1:{self.receiver.server_port}/callbacks/sandbox"
        given = ["--port", "0", "--store", str(self.folder / "p.db"), "--callback-url", url]
        given += ["--secret-file", str(self.folder / "keys.json")]
        return [sys.executable, "-m", "caretill.sim.processor", *given, *more]

    def start(self, *more: str) -> None:
        environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
        self.running = subprocess.Popen(self.command(*more), stdout=subprocess.PIPE, text=True, env=environment)
        assert self.running.stdout is not None
        self.port = int(self.running.stdout.readline().rsplit(":", 1)[1])
        self.gateway = SandboxGateway(f"http://127.0.0.1:{self.port}", KEYS.key, (KEYS.callback_secret,), timeout=5)

    def stop(self, how: signal.Signals) -> int:
        assert self.running is not None and self.running.stdout is not None
        self.running.send_signal(how)
        code = self.running.wait(10)
        self.running.stdout.close()
        self.running = None
        return code

    def browse(self, method, url, form=None):  # type: ignore[no-untyped-def]
        return browse(self.port, method, url, form)

    def admin(self, method, path, asked=None):  # type: ignore[no-untyped-def]
        return admin(self.port, method, path, asked)

    def close(self) -> None:
        if self.running is not None:
            self.stop(signal.SIGKILL)
        self.receiver.shutdown()
        self.receiver.server_close()


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    made = Program(tmp_path)
    yield made
    made.close()


def test_everything_is_still_there_after_a_kill(program: Program) -> None:
    asked = program.request()
    session = program.gateway.create_session(asked)
    program.fault("callback_late", seconds=3600)
    program.fault("create_lost", times=2)
    assert program.pay(session).status == 303
    paid = program.gateway.retrieve_session(session.id)
    program.gateway.refund("r", paid.charge_id or "", 100, "refund")
    program.advance(60)
    log = program.log()
    assert program.stop(signal.SIGKILL) == -signal.SIGKILL

    program.start()
    assert program.gateway.retrieve_session(session.id).refunded_cents == 100
    assert program.log()[: len(log)] == log
    assert program.admin("GET", "clock")["ahead_ms"] == 60_000
    assert [fault["times_left"] for fault in program.admin("GET", "faults")["waiting"]] == [2]
    program.admin("POST", "faults/clear")
    assert program.gateway.create_session(asked).id == session.id
    program.flush(all=True)
    # The refund's may come twice: the kill can fall between its arrival and the note of it.
    assert {event["id"]: event["type"] for event in program.merchant.events()}.keys() == {
        line["event"] for line in program.log("callback.sent")
    }
    assert set(program.merchant.kinds()) == {"refund.succeeded", "session.completed"}


def test_killed_in_the_middle_of_work_no_answered_payment_is_lost(program: Program) -> None:
    answered = []
    for death in range(3):
        for number in range(15):
            session = program.open()
            if number == 14:
                break
            assert program.pay(session).status == 303
            answered.append(session.id)
        program.stop(signal.SIGKILL if death < 2 else signal.SIGTERM)
        program.start()
    assert [line["session"] for line in program.log("charge.captured")] == answered
    program.flush(all=True)
    told = {event["session"] for event in program.merchant.events()}
    assert told >= set(answered)


def test_it_ends_in_order_when_asked_to(program: Program) -> None:
    program.paid()
    assert program.stop(signal.SIGTERM) == 0


def test_a_clock_that_stands_still(program: Program) -> None:
    program.stop(signal.SIGTERM)
    program.start("--clock", "2026-03-04T17:00:00Z")
    program.advance(5)
    assert program.admin("GET", "clock") == {"now": "2026-03-04T17:00:05.000Z", "ahead_ms": 0}
    program.stop(signal.SIGKILL)
    program.start("--clock", "2026-03-04T17:00:00Z")
    assert program.admin("GET", "clock")["now"] == "2026-03-04T17:00:05.000Z"


def test_secrets_are_made_once_for_their_owner_alone(program: Program, tmp_path: Path) -> None:
    program.stop(signal.SIGTERM)
    path = tmp_path / "keys.json"
    path.unlink()
    program.start()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    made = processor_keys.read(path)
    program.stop(signal.SIGTERM)
    program.start()
    assert processor_keys.read(path) == made


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--clock", "noon"], "'noon' is neither 'system' nor a time"),
        (["--clock", "2026-03-04T17:00:00"], "has no zone"),
        (["--callback-url", "merchant"], "starts with http"),
        (["--store", "/nowhere/p.db"], "unable to open database file"),
        (["--port", "99999"], "'99999' is not a port"),
    ],
)
def test_wrong_options_are_named(program: Program, more: list[str], said: str) -> None:
    done = subprocess.run(
        program.command(*more),
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )
    assert done.returncode in (1, 2) and said in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("text", ["", "[1]", '{"key": "short"}', json.dumps(dict.fromkeys(KEYS.__dict__, "x" * 20))])
def test_a_bad_secret_file_is_named_and_not_shown(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text)
    with pytest.raises(processor_keys.BadKeys, match=r"keys\.json") as raised:
        processor_keys.read(path)
    assert "x" * 20 not in str(raised.value)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[OverHttp]:
    made = OverHttp(tmp_path)
    yield made
    made.close()


def _talk(port: int, sent: bytes, pieces: int = 1) -> bytes:
    """Send bytes as they are, then read until the other side closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        step = max(1, len(sent) // pieces)
        for start in range(0, len(sent), step):
            line.sendall(sent[start : start + step])
        got = b""
        while part := line.recv(65536):
            got += part
        return got


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GARBAGE\r\n\r\n", b"400"),
        (b"DELETE /v1/sessions HTTP/1.1\r\n\r\n", b"400"),
        (b"POST /v1/sessions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"411"),
        (b"POST /v1/sessions HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"411"),
        (b"POST /v1/sessions HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n", b"413"),
        (b"GET / HTTP/1.1\r\nA: " + b"x" * 20_000 + b"\r\n\r\n", b"431"),
    ],
)
def test_bad_http_is_refused_and_the_connection_closed(server: OverHttp, sent: bytes, status: bytes) -> None:
    assert _talk(server.port, sent).startswith(b"HTTP/1.1 " + status)


def test_requests_in_pieces_and_in_a_row(server: OverHttp) -> None:
    one = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    got = _talk(server.port, one * 3 + b"HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n", pieces=20)
    assert got.count(b"HTTP/1.1 200 OK") == 4 and got.count(b'{"ok":true}') == 3 and b"<html" not in got


def test_a_failure_inside_is_a_500_without_what_was_typed(
    server: OverHttp, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    session = server.open()

    def burst(*_: object) -> str:
        raise RuntimeError("burst")

    monkeypatch.setattr("caretill.sim.processor.charges.try_card", burst)
    assert server.pay(session).status == 500
    assert "burst" in caplog.text and "4242" not in caplog.text and FORM["name"] not in caplog.text
    monkeypatch.undo()
    assert server.pay(session).status == 303


def test_a_merchant_that_is_away_gets_its_callbacks_later(server: OverHttp) -> None:
    server.merchant.statuses = [None, None]
    session = server.paid()
    for _ in range(3):
        server.flush(all=True)
    assert [event["session"] for event in server.merchant.events()] == [session.id] * 3


def test_pages_without_a_session(server: OverHttp) -> None:
    assert call(server.port, "GET", "/", {}, b"")[0] == 200
    for path in ("/c/cs_nobody", "/c/cs_nobody/pay", "/nothing", "/c/a/b/c"):
        status, _, text = call(server.port, "GET", path, {}, b"")
        assert status == 404 and "We cannot find this payment" in text
