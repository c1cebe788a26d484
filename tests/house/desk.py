"""A payment's other side, inside the test's process: the sandbox processor behind the real adapter."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from caretill.payments import callbacks, gateways
from caretill.payments.gateways.base import CallbackRefused
from caretill.payments.gateways.sandbox import SandboxGateway
from caretill.sim.processor.shell import BASE_URL, Shell

CARD = {"number": "4242424242424242", "expiry": "12/40", "cvc": "123", "name": "Pat Payer", "zip": "97201"}


class Desk:
    """The processor as a test sees it: pay on its page, break it, read its log."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell

    def card(self, url: str, number: str = CARD["number"]) -> str:
        """Type a card on the hosted page; where the browser is sent, or empty while it stays."""
        form = CARD | {"number": number, "security_code": CARD["cvc"]}
        page = self.shell.browse("POST", f"{url}/pay", form)
        return page.location

    def fault(self, name: str, times: int = 1) -> None:
        answer = self.shell.admin("POST", "faults", {"fault": name, "times": times})
        assert "error" not in answer, answer

    def charges(self) -> list[dict[str, Any]]:
        return [row for row in self.shell.log() if row["what"] == "charge.captured"]


@pytest.fixture(name="processor")
def processor_desk(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    def deliver(url: str, headers: Mapping[str, str], body: bytes) -> int:
        try:
            callbacks.receive("sandbox", body, headers)
        except CallbackRefused:
            return 400
        return 200

    shell = Shell(sender=deliver)
    made = SandboxGateway(BASE_URL, shell.keys.key, (shell.keys.callback_secret,), send=shell.request)
    monkeypatch.setitem(gateways.GATEWAYS, "sandbox", lambda: made)
    yield Desk(shell)
    shell.close()


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """Run every call at the same moment, a thread and a connection each; their answers in order."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            start.wait(30)
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [found.result(60) for found in [pool.submit(run, call) for call in calls]]
