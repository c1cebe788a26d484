"""The tests of the money rooms once more, on a server of one's own, the oldest version that is supported."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from caretill.config import binaries, embedded
from house.run import FAST, url

ROOT = Path(__file__).resolve().parents[3]
ROOMS = ("core", "ledger", "people", "billing", "payments", "intake")


@pytest.fixture
def address() -> Iterator[str]:
    """A login that may make databases and roles, and is no superuser, on the oldest server of this machine."""
    oldest = min(binaries.candidates(), key=lambda home: binaries.choose(home).major)
    base = Path(tempfile.mkdtemp(prefix="ct"))
    base.chmod(0o711)
    with embedded.Embedded(base / "d", options=FAST, binaries=oldest):
        with psycopg.connect(**embedded.dsn(base / "d", embedded.SUPER, "postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {embedded.DATABASE}")
            connection.execute(f"DROP ROLE {embedded.APP}")
            connection.execute("CREATE ROLE tester LOGIN CREATEDB CREATEROLE PASSWORD 'word'")
            connection.execute("GRANT CONNECT ON DATABASE postgres TO tester")
        yield url({**embedded.dsn(base / "d", embedded.SUPER, "postgres"), "user": "tester", "password": "word"})
    shutil.rmtree(base)


@pytest.mark.slow
def test_money_rooms_on_an_own_server(address: str) -> None:
    folders = [f"tests/rooms/{room}" for room in ROOMS if (ROOT / "tests" / "rooms" / room).is_dir()]
    folders += ["tests/races"] if (ROOT / "tests" / "races").is_dir() else []
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CARETILL_", "PYTEST_"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "not slow", "-p", "no:cacheprovider", *folders],
        cwd=ROOT,
        env={**kept, "CARETILL_TEST_DATABASE_URL": address},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
