"""`import_csv`: the documented CSV through `caretill import csv`, beside a COPY of every row that it leaves behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from bench import bare, data
from bench.figures import Figure
from bench.machine import Peaks
from bench.place import Place, clean, say
from caretill import ROOT
from caretill.cli.frame import Refused

LINES = 1_000_000
GOAL = 0.5
# Memory may differ by this much between a small and a ten times larger delivery, and still be called flat.
FLAT_MIB = 16.0


def measure(place: Place, rounds: int, lines: int) -> Figure:
    """Import and floor in turn, each round in a new database. Rows a second: what stands afterwards, all tables."""
    folder = place.folder / "csv"
    small = place.folder / "csv-small"
    say(f"writing a delivery of {lines:,} lines")
    data.write(folder, lines)
    data.write(small, lines // 10)
    _, small_mib, _ = _import(place, "import", small)
    seconds: list[float] = []
    floors: list[float] = []
    peaks: list[float] = []
    counts: dict[str, int] = {}
    answer: dict[str, Any] = {}
    for turn in range(rounds):
        say(f"import_csv, round {turn + 1} of {rounds}")
        taken, peak, answer = _import(place, "import", folder)
        seconds.append(taken)
        peaks.append(peak)
        if turn == 0:
            with place.connect("owner", "import") as connection:
                counts = bare.dump(connection, place.folder / "rows")
        floors.append(_floor(place, place.folder / "rows", counts, 1))
    two = _floor(place, place.folder / "rows", counts, 2)
    rows = sum(counts.values())
    repeat = _again(place, folder)
    figure = Figure(
        name="import_csv",
        unit="rows/s left behind",
        values=[rows / taken for taken in seconds],
        floors=[rows / taken for taken in floors],
        goal=GOAL,
        floor_is="COPY of every row left behind into bare tables with the same indexes, one connection",
    )
    figure.beside = {
        "lines": answer["figures"]["lines"],
        "lines a second": sorted(lines / taken for taken in seconds)[len(seconds) // 2],
        "rows left behind": rows,
        "seconds": sorted(seconds)[len(seconds) // 2],
        "seconds of the same delivery again": repeat,
        "floor with two connections, rows/s": rows / two,
        "MiB at a tenth": small_mib,
        "MiB at all": max(peaks),
        "MiB grown": max(peaks) - small_mib,
    }
    figure.limits = {"MiB grown": FLAT_MIB}
    return figure


def _import(place: Place, database: str, folder: Path) -> tuple[float, float, dict[str, Any]]:
    """Seconds from start to end of the command, its peak of memory, and what it answered."""
    place.fresh(database, "empty")
    return run(place, database, folder)


def run(place: Place, database: str, folder: Path) -> tuple[float, float, dict[str, Any]]:
    """Import a folder into a database of the run as it is."""
    began = perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", "caretill", "import", "csv", str(folder), "--json"],
        cwd=ROOT,
        env={**clean(), **place.environment(database)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with Peaks(child.pid) as peaks:
        out, err = child.communicate()
    if child.returncode:
        raise Refused(f"the import failed: {' / '.join(err.strip().splitlines()[-3:])}")
    answer = json.loads(out.splitlines()[-1])
    if answer["rejected"]:
        raise Refused(f"the import refused {answer['rejected']} rows of a delivery of ours")
    return perf_counter() - began, peaks.mib, {"figures": answer}


def _floor(place: Place, folder: Path, counts: dict[str, int], connections: int) -> float:
    place.fresh("floor", "empty")
    with place.connect("owner", "floor") as connection:
        bare.make_tables(connection, sorted(counts))
    return bare.load(place, "floor", folder, sorted(counts), connections)


def _again(place: Place, folder: Path) -> float:
    """The same delivery once more changes nothing; how long that takes."""
    taken, _, _ = run(place, "import", folder)
    place.drop("import")
    place.drop("floor")
    return taken
