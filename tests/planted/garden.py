"""Plant one bug in a copy of the sources, live seeds with it, and see whether anything cries out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from caretill.core import clock

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src" / "caretill"
LIST = Path(__file__).parent / "bugs.toml"


@dataclass(frozen=True)
class Bug:
    """`find`, which stands once in `file`, becomes `put`. `says` is what is wrong then."""

    name: str
    says: str
    file: str
    find: str
    put: str

    def planted(self) -> str:
        """The file's text with the bug in it. Raises LookupError where the code has moved on."""
        text = (SOURCES / self.file).read_text(encoding="utf-8")
        if text.count(self.find) != 1:
            raise LookupError(f"{self.name}: {self.file} holds {self.find!r} {text.count(self.find)} times, not once")
        return text.replace(self.find, self.put)


@dataclass(frozen=True)
class Caught:
    """What became of a planted bug: `by` is empty where nothing noticed."""

    by: str
    seeds: int
    seconds: float


def bugs() -> list[Bug]:
    """All of them, in the order of the list."""
    told = tomllib.loads(LIST.read_text(encoding="utf-8"))
    return [Bug(name, **fields) for name, fields in told.items()]


@contextmanager
def sown(bug: Bug | None) -> Iterator[Path]:
    """A copy of the sources with the bug in it, and the organisation's files beside them."""
    with tempfile.TemporaryDirectory(prefix="caretill-planted-") as folder:
        copy = Path(folder)
        shutil.copytree(SOURCES, copy / "src" / "caretill", ignore=shutil.ignore_patterns("__pycache__"))
        for beside in ("organisation", "CHANGELOG.md"):
            (copy / beside).symlink_to(ROOT / beside)
        if bug is not None:
            (copy / "src" / "caretill" / bug.file).write_text(bug.planted(), encoding="utf-8")
        copy.chmod(0o755)
        yield copy


def watch(bug: Bug | None, seeds: str, seconds: float, processes: int = 2) -> Caught:
    """Live seeds with the bug until the first is broken, the time is over, or all were lived."""
    began = clock.monotonic()
    with sown(bug) as copy:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("CARETILL_", "PYTEST_"))}
        command = [
            sys.executable, "-m", "caretill", "simulate", "--seeds", seeds, "--days", "30", "--faults", "--first",
            "--seconds", str(seconds), "--processes", str(processes), "--json",
        ]  # fmt: skip
        done = subprocess.run(
            command,
            cwd=copy,
            env=kept | {"PYTHONPATH": str(copy / "src")},
            capture_output=True,
            text=True,
            timeout=seconds + 300,
        )
    took = clock.monotonic() - began
    last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""
    if not last.startswith("{"):
        why = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "nothing was said"
        return Caught(f"it does not even run: {why}"[:300], 0, took)
    told = json.loads(last)
    by = told["failures"][0]["broken"][0] if told["failures"] else ""
    return Caught(by, told["seeds"], took)
