"""`demo`: what everything together holds in memory at rest."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter, sleep

from bench.figures import Figure
from bench.machine import PROC, family, held_mib, used_seconds
from bench.place import Place, clean, say
from caretill import ROOT
from caretill.cli.frame import Refused
from caretill.config import keys, places

MOST_MIB = 500.0
REST_SECONDS = 90
KINDS = (
    ("granian", "web"),
    ("caretill work", "worker"),
    ("caretill.sim.processor", "processor"),
    ("caretill.sim.mailbox", "mailbox"),
    ("caretill demo", "keeper"),
    ("postgres", "database"),
)


def measure(place: Place) -> Figure:
    """Start a demo of its own, always with the embedded database, wait until it rests, and look."""
    folder = place.folder / "demo"
    keys.make_data_folder(folder)
    with ExitStack() as stack:
        stack.callback(places.forget, folder)
        say("demo: starting one and waiting until it rests")
        child = subprocess.Popen(
            [sys.executable, "-m", "caretill", "demo", "--json", "--data", str(folder), "--port", "0"],
            cwd=ROOT,
            env={**clean(), "PYTHONPATH": str(ROOT / "src")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        stack.callback(_end, child)
        assert child.stdout is not None
        if not (line := child.stdout.readline()):
            raise Refused("the demo did not come up")
        bills = len(json.loads(line)["bills"])
        _rest(child.pid)
        held = _by_kind(child.pid)
    figure = Figure("demo", "MiB", [sum(held.values())])
    figure.beside = {"MiB in all": sum(held.values()), **{f"MiB of {name}": mib for name, mib in held.items()}}
    figure.beside["bills offered"] = bills
    figure.limits = {"MiB in all": MOST_MIB}
    return figure


def _end(child: subprocess.Popen[str]) -> None:
    child.send_signal(signal.SIGTERM)
    try:
        child.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


def _rest(pid: int) -> None:
    """Until all its processes together use less than a tenth of a processor for two seconds, or the patience ends."""
    until = perf_counter() + REST_SECONDS
    quiet = 0
    before = used_seconds(pid)
    while quiet < 4 and perf_counter() < until:
        sleep(0.5)
        now = used_seconds(pid)
        quiet = quiet + 1 if now - before < 0.05 else 0
        before = now


def _by_kind(pid: int) -> dict[str, float]:
    held: dict[str, float] = {}
    for each in family(pid):
        try:
            line = (PROC / str(each) / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        kind = next((name for part, name in KINDS if part in line), Path(line.split(" ")[0]).name or "other")
        held[kind] = held.get(kind, 0.0) + held_mib([each])
    return dict(sorted(held.items(), key=lambda pair: -pair[1]))
