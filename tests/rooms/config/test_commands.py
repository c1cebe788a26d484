"""The command line: exit codes, one line, one object, and programs that end with their keeper."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from caretill import version
from caretill.cli import check, frame
from caretill.config import embedded, places

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = {name: value for name, value in os.environ.items() if not name.startswith("CARETILL_")}
SETTINGS["PYTHONPATH"] = str(ROOT / "src")


def caretill(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "caretill", *arguments],
        env={**SETTINGS, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def data() -> Iterator[Path]:
    base = Path(tempfile.mkdtemp(prefix="ct"))
    base.chmod(0o711)
    yield base / "data"
    if (base / "data").exists():
        places.forget(base / "data")
    shutil.rmtree(base)


def processes(of: Path) -> list[int]:
    """Programs whose command line or environment names the data directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                text = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            except OSError:
                continue
            if os.fsencode(of) in text:
                found.append(int(entry.name))
    return found


def wait_for(what: str, address: str = "", of: Path | None = None, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if of is not None and not processes(of):
                return
            if address and urllib.request.urlopen(address, timeout=2).status == 200:
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"{what} took more than {seconds} s; left: {processes(of) if of else ''}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_help_needs_nothing() -> None:
    done = caretill("help", CARETILL_DATABASE_URL="nonsense")
    assert done.returncode == 0
    assert all(name in done.stdout for name in frame.COMMANDS)
    assert caretill().stdout == done.stdout
    assert caretill("--version").stdout.strip() == version()


@pytest.mark.parametrize("name", sorted(frame.COMMANDS))
def test_every_command_has_its_help(name: str, data: Path) -> None:
    done = caretill(name, "--help", "--data", str(data))
    assert done.returncode == 0, done.stderr
    assert f"caretill {name}" in done.stdout
    assert "--json" in done.stdout and "--data" in done.stdout
    # Asking for help starts no database.
    assert not (data / "postgres").exists()


def test_wrong_asking_is_exit_2_and_one_line(data: Path) -> None:
    unknown = caretill("pay")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert unknown.stderr == "caretill: no command 'pay'; `caretill help` lists them\n"
    assert caretill("check", "--data").returncode == 2
    assert caretill("check", "--nonsense", "--data", str(data)).returncode == 2
    bad = caretill("check", "--data", str(data), CARETILL_DEBUG="perhaps")
    assert (bad.returncode, bad.stderr) == (2, "caretill: CARETILL_DEBUG: yes or no\n")


def test_first_command_on_nothing_makes_the_embedded_database(data: Path) -> None:
    done = caretill("check", "--data", str(data))
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{len(check.laws())} laws, 0 broken\n"


def test_migrate_and_check_beside_a_keeper(data: Path) -> None:
    with embedded.Embedded(data):
        done = caretill("migrate", "--data", str(data), "--json")
        assert done.returncode == 0, done.stderr
        figures = json.loads(done.stdout.splitlines()[-1])
        assert figures["migrations"] and figures["functions"] and figures["tables"]
        checked = caretill("check", "--json", CARETILL_DATA=str(data))
        assert checked.returncode == 0, checked.stderr
        line, last = checked.stdout.splitlines()
        assert json.loads(last) == {"laws": len(check.laws()), "broken": 0, "rows": []}
        assert line == f"{len(check.laws())} laws, 0 broken"


def test_check_names_the_rows(data: Path) -> None:
    with embedded.Embedded(data):
        assert caretill("migrate", "--data", str(data)).returncode == 0
        with psycopg.connect(**embedded.dsn(data, embedded.OWNER)) as connection:
            connection.execute(
                "INSERT INTO ledger_balance (account_id, kind, ref, currency, debits_posted, credits_posted,"
                " debits_pending, credits_pending, version)"
                " VALUES (gen_random_uuid(), 'receivable', gen_random_uuid(), 'USD', 4711, 0, 0, 0, 1)"
            )
        done = caretill("check", "--data", str(data), "--json")
    assert done.returncode == 1
    assert "4711" in done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["broken"] >= 1
    assert figures["rows"][0]["law"].startswith("ledger.")


def test_serve_answers_and_ends_with_its_keeper(data: Path) -> None:
    for number, last in ((signal.SIGTERM, False), (signal.SIGKILL, True)):
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", "caretill", "serve", "--port", str(port), "--data", str(data)],
            env=SETTINGS,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for("the web", f"http://127.0.0.1:{port}/healthz")
        process.send_signal(number)
        assert process.wait(30) == (-signal.SIGKILL if last else 0)
        wait_for("the end of every program", of=data)


def test_serve_starts_again_what_dies(data: Path) -> None:
    port = free_port()
    with subprocess.Popen(
        [sys.executable, "-m", "caretill", "serve", "--port", str(port), "--data", str(data)],
        env=SETTINGS,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            wait_for("the web", f"http://127.0.0.1:{port}/readyz")
            cluster = places.places(data).cluster
            os.kill(int((cluster / "postmaster.pid").read_text().split("\n", 1)[0]), signal.SIGKILL)
            time.sleep(1)
            wait_for("the database", f"http://127.0.0.1:{port}/readyz")
        finally:
            process.terminate()
    wait_for("the end of every program", of=data)
