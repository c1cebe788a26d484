"""The machine a run was taken on, and what its processes hold in memory."""

from __future__ import annotations

import os
import platform
import subprocess
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from caretill import ROOT, version

PROC = Path("/proc")


def facts() -> dict[str, Any]:
    """What a reader must know to compare two runs."""
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_mib": _memory_mib(),
        "kernel": platform.release(),
        "system": platform.system(),
        "python": platform.python_version(),
        "caretill": version(),
        "commit": commit(),
        "load_before": [round(load, 2) for load in os.getloadavg()],
    }


def commit() -> str:
    """The commit of the working tree, `+` behind it when files differ from it; `unknown` outside a checkout."""
    try:
        head = _git("rev-parse", "--short=12", "HEAD")
        return f"{head}+" if _git("status", "--porcelain", "--untracked-files=no") else head
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _cpu() -> str:
    try:
        lines = (PROC / "cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    found = (line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model")))
    return next(found, platform.machine())


def _memory_mib() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20


def family(pid: int) -> list[int]:
    """A process and all that it started, and they in turn."""
    found, left = [], [pid]
    while left:
        each = left.pop()
        found.append(each)
        try:
            tasks = list((PROC / str(each) / "task").iterdir())
            left += [int(child) for task in tasks for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def held_mib(pids: Iterable[int]) -> float:
    """Memory of processes together; pages they share are counted once between them (PSS)."""
    return sum(_kib(pid, "smaps_rollup", "Pss:") for pid in pids) / 1024


def peak_mib(pid: int) -> float:
    """The most a process has held at one time (VmHWM)."""
    return _kib(pid, "status", "VmHWM:") / 1024


def _kib(pid: int, file: str, name: str) -> int:
    try:
        lines = (PROC / str(pid) / file).read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)


def used_seconds(pid: int) -> float:
    """Processor seconds of a process and of all that it started, those that have ended included."""
    ticks = 0
    for each in family(pid):
        try:
            fields = (PROC / str(each) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(int(field) for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


class Peaks:
    """Watches one process while it runs; `mib` is the highest peak seen, up to a few milliseconds before its end.

    What a process inherits from the one that started it is not counted, as it is in the kernel's own account.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.mib = 0.0
        self._stop = threading.Event()
        self._watch = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Peaks:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._watch.join()

    def _run(self) -> None:
        while not self._stop.wait(0.02):
            self.mib = max(self.mib, peak_mib(self.pid))


def processor_seconds() -> float:
    """Seconds of processor time this process has used."""
    used = os.times()
    return used.user + used.system
