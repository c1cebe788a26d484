"""`caretill demo` for real: from nothing to an address, killed in every way, started again, started over."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from caretill.core import clock, http
from caretill.regions import catalog

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 90  # a loaded machine may take its time; how long it took is printed, never judged


def environ() -> dict[str, str]:
    """As a person's shell: none of the settings of the test run."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("CARETILL_")}
    return mine | {"PYTHONPATH": str(ROOT / "src")}


class Demo:
    """One data folder, and the demo running on it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.environ = environ()
        self.running: subprocess.Popen[str] | None = None

    def start(self, *options: str) -> dict[str, Any]:
        """Start and wait for the line of `--json`."""
        began = clock.monotonic()
        self.running = subprocess.Popen(
            self.command("demo", "--json", *options),
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=(self.data / "said").open("w"),
            text=True,
        )
        watchdog = threading.Timer(LONGEST, self.running.kill)
        watchdog.start()
        assert self.running.stdout is not None
        line = self.running.stdout.readline()
        watchdog.cancel()
        assert line, (self.data / "said").read_text()
        print(f"ready after {clock.monotonic() - began:.1f} s")
        return json.loads(line)

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "caretill", *words, "--data", str(self.data)]

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run another command on the same folder."""
        return subprocess.run(self.command(*words), env=self.environ, capture_output=True, text=True, timeout=LONGEST)

    def programs(self) -> dict[int, str]:
        """Every process below the demo, with its command line."""
        return descendants(self.running.pid) if self.running else {}

    def end(self, how: signal.Signals) -> int:
        """Send the signal; the exit code, once every process of the demo is gone."""
        assert self.running is not None
        below = self.programs()
        began = clock.monotonic()
        self.running.send_signal(how)
        try:
            code = self.running.wait(60)
        except subprocess.TimeoutExpired:
            pytest.fail(f"still there: {self.programs()}; it said {(self.data / 'said').read_text()[-2000:]}")
        wait_until(
            lambda: not (below.keys() & alive()), f"left behind: {[below[pid] for pid in below.keys() & alive()]}"
        )
        print(f"ended after {clock.monotonic() - began:.1f} s")
        self.running = None
        return code


def alive() -> set[int]:
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if state != "Z":
                found.add(int(entry.name))
    return found


def descendants(root: int) -> dict[int, str]:
    below: dict[int, list[int]] = {}
    for pid in alive():
        try:
            parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        below.setdefault(parent, []).append(pid)
    found: dict[int, str] = {}
    waiting = [root]
    while waiting:
        for pid in below.get(waiting.pop(), []):
            with suppress(OSError):
                found[pid] = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
                waiting.append(pid)
    return found


def wait_until(true: Callable[[], bool], otherwise: str) -> None:
    until = clock.monotonic() + 30
    while not true():
        assert clock.monotonic() < until, otherwise
        time.sleep(0.05)


def answers(url: str) -> bool:
    try:
        return http.request("GET", url, timeout=5).status == 200
    except http.HttpUnknown:
        return False


def mails(mailbox_url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = http.request("GET", f"{mailbox_url}/messages.json", timeout=5).json()["messages"]
    return found


@pytest.fixture
def demo() -> Iterator[Demo]:
    # A folder that the database's own user may enter: pytest's are closed.
    folder = Path(tempfile.mkdtemp(prefix="caretill-demo-"))
    folder.chmod(0o711)
    made = Demo(folder)
    yield made
    if made.running and made.running.poll() is None:
        made.end(signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


def test_from_nothing_to_an_address_and_through_kills(demo: Demo) -> None:
    with socket.socket() as other:
        # Somebody has the usual port, or this test does.
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            other.bind(("127.0.0.1", 8000))
            other.listen()
        told = demo.start()
    assert not told["url"].endswith(":8000")
    assert {"url", "processor_url", "mailbox_url", "bills", "logins"} <= told.keys()
    assert {login["role"] for login in told["logins"]} == {"guarantor", "patient", "helper"}
    listed = {(bill["region"], frozenset(bill["lookup"])) for bill in told["bills"]}
    assert listed == {(region.slug, frozenset(one.fields)) for region in catalog.regions() for one in region.lookups}
    assert all(bill["amount_due_cents"] > 0 for bill in told["bills"])
    assert {bill["kind"] for bill in told["bills"]} == {"hospital", "professional", "pharmacy"}
    assert answers(f"{told['url']}/") and answers(f"{told['processor_url']}/health") and answers(told["mailbox_url"])
    wait_until(lambda: len(mails(told["mailbox_url"])) >= 9, "receipts of what the world paid come by mail")
    checked = json.loads(demo.ask("check", "--json").stdout.splitlines()[-1])
    assert (checked["broken"], checked["laws"] > 10) == (0, True), checked

    refused = demo.ask("demo")
    assert refused.returncode == 1 and "a demo runs already" in refused.stderr

    for name in ("caretill.sim.processor", "caretill work", "granian", "bin/postgres"):
        victims = [pid for pid, line in demo.programs().items() if name in line]
        assert victims, name
        os.kill(victims[0], signal.SIGKILL)
        wait_until(lambda gone=victims[0]: gone not in alive(), name)
        wait_until(lambda name=name: any(name in line for line in demo.programs().values()), name)
        if name == "caretill work":
            (worker,) = [pid for pid, line in demo.programs().items() if name in line]
    assert worker in demo.programs(), "a worker outlives its database"
    wait_until(lambda: answers(f"{told['url']}/readyz"), "web")
    wait_until(lambda: answers(f"{told['processor_url']}/health"), "processor")

    demo.end(signal.SIGKILL)
    again = demo.start()
    assert again == told, "the data is kept, and so are the addresses"
    rest = demo.running.stdout if demo.running else None
    assert demo.end(signal.SIGINT) == 0
    assert rest is not None and rest.read() == "", "the object is the only line"


def test_a_port_that_is_asked_for_and_taken_is_named(demo: Demo) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        refused = demo.ask("demo", "--port", str(other.getsockname()[1]))
    assert refused.returncode == 1 and "is taken" in refused.stderr


@pytest.mark.slow
def test_killed_while_the_world_is_made_it_goes_on(demo: Demo) -> None:
    said = demo.data / "said"
    with said.open("w") as log, subprocess.Popen(demo.command("demo"), env=demo.environ, stderr=log) as first:
        wait_until(lambda: "payments since then" in said.read_text(), "the world is made")
        first.kill()
    told = demo.start("--port", "0")
    assert len(told["bills"]) > 40
    checked = demo.ask("check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert demo.end(signal.SIGTERM) == 0


@pytest.mark.slow
def test_fresh_starts_over(demo: Demo) -> None:
    demo.start("--port", "0")
    world = demo.data / "demo" / "world.json"
    before = world.read_text()
    assert demo.end(signal.SIGTERM) == 0
    demo.start("--fresh")
    assert json.loads(world.read_text())["at"] > json.loads(before)["at"]
    assert demo.end(signal.SIGTERM) == 0


@pytest.mark.slow
def test_on_a_server_of_your_own_the_world_is_made_only_where_nothing_is(demo: Demo, db: None) -> None:
    demo.environ = dict(os.environ)
    told = demo.start("--port", "0")
    assert told["bills"] and demo.end(signal.SIGTERM) == 0
    refused = demo.ask("demo", "--fresh")
    assert refused.returncode == 1 and "your own server" in refused.stderr
    shutil.rmtree(demo.data / "demo")
    again = demo.start("--port", "0")
    assert again["bills"] == told["bills"]
    assert "no world is made" in (demo.data / "said").read_text()
    assert demo.end(signal.SIGTERM) == 0
