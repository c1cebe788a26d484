"""The site with a card processor of its own behind it: the processor as a program, the pages and a worker in threads.

Whatever a browser does here, it does over HTTP: to the pages, to the processor's page, and back; callbacks come in the
same way. The database is the test's.
"""

from __future__ import annotations

import copy
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.test import override_settings

from caretill import ROOT
from caretill.core import http
from caretill.payments import callbacks, sweep
from caretill.sim.processor import keys as processor_keys
from house.run import SECRETS

ADMIN_KEY = "admin-key-of-the-tests"
CARD = {"number": "4242 4242 4242 4242", "expiry": "12/40", "security_code": "123", "name": "Pat Payer", "zip": "97201"}


class Worker:
    """What `caretill work` does for payments, in a thread. It may be paused, and does nothing then."""

    def __init__(self) -> None:
        self.paused = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.05):
            if not self.paused.is_set():
                callbacks.apply_due()
                sweep.sweep()
        connections.close_all()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(30)


class Till:
    """`site` and `processor` are addresses; `fault` breaks the processor; `log` is what it wrote down."""

    def __init__(self, site: str, folder: Path) -> None:
        self.site = site
        secrets = processor_keys.Keys(
            SECRETS["CARETILL_PROCESSOR_KEY"], SECRETS["CARETILL_PROCESSOR_CALLBACK_SECRET"], ADMIN_KEY
        )
        processor_keys.write(folder / "keys.json", secrets)
        options = ("--port", "0", "--store", str(folder / "processor.db"))
        more = ("--callback-url", f"{site}/callbacks/sandbox", "--secret-file", str(folder / "keys.json"))
        self.running = subprocess.Popen(
            [sys.executable, "-m", "caretill.sim.processor", *options, *more],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        )
        assert self.running.stdout is not None
        self.processor = self.running.stdout.readline().split()[-1]
        self.worker = Worker()

    def settings(self) -> dict[str, Any]:
        """What the pages must be told to stand where they stand."""
        policy = copy.deepcopy(settings.CONTENT_SECURITY_POLICY)
        policy["DIRECTIVES"]["form-action"] = ["'self'", self.processor]
        return {
            "CARETILL_PUBLIC_URL": self.site,
            "CARETILL_PROCESSOR_URL": self.processor,
            "CONTENT_SECURITY_POLICY": policy,
        }

    def admin(self, method: str, path: str, asked: object | None = None) -> str:
        headers = {"Processor-Admin-Key": ADMIN_KEY}
        answer = http.request(method, f"{self.processor}/admin/{path}", headers=headers, json=asked)
        assert answer.status < 300, answer.text
        return answer.text

    def fault(self, name: str, **more: Any) -> None:
        self.admin("POST", "faults", {"fault": name, **more})

    def log(self, what: str = "") -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.admin("GET", "log").splitlines()]
        return [line for line in lines if line["what"].startswith(what)]

    def charges(self) -> list[dict[str, Any]]:
        return self.log("charge.captured")

    def close(self) -> None:
        self.worker.stop()
        self.running.send_signal(signal.SIGTERM)
        self.running.wait(20)
        assert self.running.stdout is not None
        self.running.stdout.close()


@pytest.fixture(name="till")
def till_fixture(db: None, site: str, tmp_path: Path) -> Iterator[Till]:
    """For tests in tests/browser, where `site` is."""
    made = Till(site, tmp_path)
    try:
        with override_settings(**made.settings()):
            yield made
            made.worker.stop()
    finally:
        made.close()
