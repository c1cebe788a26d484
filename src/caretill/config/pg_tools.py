"""pg_dump and pg_restore of the installation that runs the database, with what they say turned into progress."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from caretill.config.binaries import Binaries
from caretill.config.embedded import dies_with_us

Told = Callable[[str], None]
BLOCK = 1 << 20
# A migration holds its tables for moments; longer, and the backup says so instead of waiting for ever.
LOCK_WAIT = "60s"
TABLE = re.compile(r'(?:dumping contents of|processing data for) table "public\.([^"]+)"')
DATA_OF = re.compile(r"^\d+; \d+ \d+ TABLE DATA public (\S+) ", re.MULTILINE)


class ToolFailed(RuntimeError):
    """A tool of PostgreSQL ended badly; the message holds its last words."""


def dump(tools: Binaries, dsn: Mapping[str, Any], snapshot: str, write: Callable[[bytes], None], at: Told) -> None:
    """The database as of an exported snapshot, in pg_dump's own packed form, handed to `write` piece by piece.

    One stream, so that half of two processors stays with who pays meanwhile. `at(table)` when a table begins.
    """
    command = [tools.path("pg_dump"), "--format=custom", "--compress=1", f"--snapshot={snapshot}", "--no-password"]
    command += ["--verbose", f"--lock-wait-timeout={LOCK_WAIT}"]
    with _begun(command, dsn, stdout=subprocess.PIPE) as child:
        said = _Said(child, at)
        assert child.stdout is not None
        while piece := child.stdout.read(BLOCK):
            write(piece)
        said.end("pg_dump")


def load(tools: Binaries, dsn: Mapping[str, Any], path: Path, jobs: int, at: Told) -> None:
    """Fill an empty database from a dump, as its owner and without the rights of others: `migrate` gives those."""
    command = [tools.path("pg_restore"), "--exit-on-error", "--no-owner", "--no-privileges", "--no-password"]
    command += ["--verbose", f"--jobs={jobs}", f"--dbname={dsn['dbname']}", str(path)]
    with _begun(command, dsn) as child:
        _Said(child, at).end("pg_restore")


def listed(tools: Binaries, pieces: Iterable[bytes]) -> set[str]:
    """The tables whose rows a dump holds, as pg_restore reads its table of contents. Raises ToolFailed."""
    command = [tools.path("pg_restore"), "--list"]
    with _begun(command, {}, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        said = _Said(child, lambda _: None)
        assert child.stdin is not None and child.stdout is not None
        feeder = threading.Thread(target=_feed, args=(child.stdin, pieces), daemon=True)
        feeder.start()
        text = child.stdout.read().decode()
        feeder.join()
        said.end("pg_restore --list")
    return set(DATA_OF.findall(text))


def _feed(into: IO[bytes], pieces: Iterable[bytes]) -> None:
    """It reads as far as the list goes, and closes the door."""
    try:
        for piece in pieces:
            into.write(piece)
        into.close()
    except BrokenPipeError:
        with suppress(BrokenPipeError):
            into.close()


class _Said:
    """Reads what a tool says until it ends: tables go to `at`, the last words are kept for an error."""

    def __init__(self, child: subprocess.Popen[bytes], at: Told) -> None:
        self._child, self._at = child, at
        self._last: deque[str] = deque(maxlen=4)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._child.stderr is not None
        for raw in self._child.stderr:
            line = raw.decode("utf-8", "replace").strip()
            if found := TABLE.search(line):
                self._at(found.group(1))
            if "error" in line or "FATAL" in line or "detail" in line.lower():
                self._last.append(line)

    def end(self, name: str) -> None:
        """Wait for it. Raises ToolFailed with its words when it ended badly."""
        code = self._child.wait()
        self._thread.join()
        if code:
            raise ToolFailed(f"{name} failed: {' / '.join(self._last) or f'exit code {code}'}")


def _begun(
    command: list[str], dsn: Mapping[str, Any], stdin: int = subprocess.DEVNULL, stdout: int | None = None
) -> subprocess.Popen[bytes]:
    """A tool that ends with us, however we end."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    names = {"host": "PGHOST", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
    environment |= {variable: str(dsn[name]) for name, variable in names.items() if name in dsn}
    environment |= {"LC_ALL": "C", "PGAPPNAME": "backup"}
    return subprocess.Popen(
        command,
        env=environment,
        cwd="/",
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        preexec_fn=dies_with_us(os.getpid(), signal.SIGTERM),
        start_new_session=True,
    )
