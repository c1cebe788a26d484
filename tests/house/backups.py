"""Installations to back up and to restore, commands run as people run them, and files that are not as they were."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from caretill import ROOT
from caretill.config import backup_file, embedded, places
from caretill.config.backup_file import MANIFEST, Manifest
from caretill.config.env import Where
from caretill.core.seals import STREAMS

SETTINGS = {name: value for name, value in os.environ.items() if not name.startswith("CARETILL_")}
SETTINGS["PYTHONPATH"] = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
LINES = "600"


def begin(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "caretill", *arguments],
        env={**SETTINGS, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def caretill(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    child = begin(*arguments, **environment)
    out, err = child.communicate(timeout=120)
    return subprocess.CompletedProcess(arguments, child.returncode, out, err)


def did(*arguments: str, **environment: str) -> dict[str, Any]:
    """The figures of a command that must end well."""
    done = caretill(*arguments, "--json", **environment)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def said(done: subprocess.CompletedProcess[str]) -> str:
    """The one line of a command that must refuse."""
    assert done.returncode == 1, done.stdout
    assert done.stderr.startswith("caretill: ") and done.stderr.count("\n") == 1, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def base() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="ctb"))
    made.chmod(0o711)
    yield made
    for found in [*made.iterdir(), *made.glob("*/replaced-*")]:
        if found.is_dir() and places.places(found).home.parent != found:
            places.forget(found)
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def living(base: Path) -> Iterator[Path]:
    """An installation with bills in it, a file of the sandbox processor, and things that nobody needs again."""
    feed, data = base / "feed", base / "living"
    command = [sys.executable, str(ROOT / "bench" / "data.py"), str(feed), "--lines", LINES]
    subprocess.run(command, env=SETTINGS, check=True, capture_output=True)
    did("import", "csv", str(feed), "--data", str(data))
    demo = data / "demo"
    (demo / "logs").mkdir(parents=True)
    (demo / "logs" / "web").write_text("a log")
    (data / "more.log").write_text("a log")
    (demo / "world.json").write_text("{}")
    (demo / "world.json").chmod(0o640)
    # A charge that stands in the journal alone, as while the processor runs.
    store = sqlite3.connect(demo / "processor.db", isolation_level=None)
    store.execute("PRAGMA journal_mode=WAL")
    store.execute("CREATE TABLE charge (cents int)")
    store.execute("INSERT INTO charge VALUES (1250)")
    yield data
    store.close()


@pytest.fixture(scope="module")
def whole(base: Path, living: Path) -> Path:
    """A good backup of it."""
    target = base / "good.backup"
    figures = did("backup", "--data", str(living), "--to", str(target))
    assert figures["file"] == str(target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    return target


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process is told nothing by its environment."""
    for name in [name for name in os.environ if name.startswith("CARETILL_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def fresh(base: Path) -> Iterator[Path]:
    """A data directory that is not there yet."""
    data = base / f"fresh{time.monotonic_ns()}"
    yield data
    if data.exists():
        places.forget(data)
        shutil.rmtree(data)


def quiet(*_: object) -> None:
    """Nobody looks at the bar."""


def where(data: Path) -> Where:
    return Where(data, own_server=False, postgres_home=None)


def rows(data: Path, query: str) -> list[tuple[Any, ...]]:
    with embedded.Embedded(data), psycopg.connect(**embedded.dsn(data, embedded.SUPER)) as connection:
        return connection.execute(query).fetchall()


def by_hand(data: Path, stream: str) -> tuple[str, int]:
    """The digest of a stream as its definition says, worked out without the database."""
    table, text = STREAMS[stream]
    found = rows(data, f"SELECT {text} FROM {table}")
    handfuls = defaultdict(list)
    for (row,) in found:
        digest = hashlib.sha256(row.encode()).digest()
        handfuls[digest[:2]].append(digest)
    inner = [hashlib.sha256(b"".join(sorted(handfuls[place]))).digest() for place in sorted(handfuls)]
    return hashlib.sha256(b"".join(inner)).hexdigest(), len(found)


def manifest_of(path: Path) -> Manifest:
    with backup_file.opened(path) as (_, manifest):
        return manifest


def rewritten(source: Path, target: Path, text: bytes | None, **more: bytes) -> Path:
    """The same file with another manifest or with more in it, packed anew without a fault."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            if entry.filename != MANIFEST:
                new.writestr(entry, old.read(entry))
        for name, content in more.items():
            new.writestr(name, content)
        new.writestr(MANIFEST, text if text is not None else old.read(MANIFEST))
    return target
