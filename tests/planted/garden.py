"""Plant one bug in a copy of the sources, live seeds with it, and see whether anything cries out."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from caretill.cli import simulate
from caretill.config import embedded, env
from caretill.core import clock

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src" / "caretill"
LIST = Path(__file__).parent / "bugs.toml"
HANGS = 120  # seconds after which a life that does not end is ended


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
def bed() -> Iterator[Path]:
    """A server of its own with a database from the sound sources, in a folder that goes when the block ends."""
    with simulate._place(env.where().postgres_home) as folder:
        yield folder


@contextmanager
def sown(bug: Bug) -> Iterator[Path]:
    """A copy of the sources with the bug in it, and the organisation's files beside them."""
    with tempfile.TemporaryDirectory(prefix="caretill-planted-") as folder:
        copy = Path(folder)
        shutil.copytree(SOURCES, copy / "src" / "caretill")  # with what is compiled: times are kept
        for beside in ("organisation", "CHANGELOG.md"):
            (copy / beside).symlink_to(ROOT / beside)
        (copy / "src" / "caretill" / bug.file).write_text(bug.planted(), encoding="utf-8")
        copy.chmod(0o755)
        yield copy


def watch(bug: Bug, folder: Path, seeds: range, seconds: float) -> Caught:
    """Live seeds with the bug until the first is broken, the time is over, or all were lived."""
    name = f"caretill_life_{bug.name}"
    with sown(bug) as copy:
        simulate._copy(folder, name, simulate.TEMPLATE)
        kept = simulate._environment(folder, name) | {"PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
        if bug.file.endswith((".sql", "states.py")):
            command = [sys.executable, "-m", "caretill", "migrate"]
            done = subprocess.run(command, cwd=copy, env=kept, capture_output=True, text=True, timeout=300)
            if done.returncode:
                return Caught(f"NOT SOUND, it cannot be installed: {done.stderr[-300:]}", 0, 0)
        return _lived(bug, folder, name, copy, kept, seeds, seconds)


def _lived(bug: Bug, folder: Path, name: str, copy: Path, kept: dict[str, str], seeds: range, seconds: float) -> Caught:
    began, lived, by = clock.monotonic(), 0, ""
    wish = {"days": 30, "people": 4, "faults": True}
    first = json.dumps({"wish": wish, "admin": simulate._address(folder, embedded.SUPER, name)})
    with tempfile.TemporaryFile("w+") as said:
        program = subprocess.Popen(
            [sys.executable, "-m", "caretill.cli.simulated"],
            cwd=copy, env=kept, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True,
        )  # fmt: skip
        assert program.stdin and program.stdout
        alarm = threading.Timer(seconds + HANGS, program.kill)
        alarm.start()
        try:
            program.stdin.write(f"{first}\n")
            for seed in seeds:
                if by or clock.monotonic() - began > seconds:
                    break
                program.stdin.write(f"{seed}\n")
                program.stdin.flush()
                line = program.stdout.readline()
                if not line:
                    said.seek(0)
                    by = f"NOT SOUND, it ended: {said.read()[-300:]}"
                    break
                lived += 1
                by = next(iter(json.loads(line)["broken"]), "")
        finally:
            alarm.cancel()
            program.stdin.close()
            program.wait(30)
    return Caught(by, lived, clock.monotonic() - began)
