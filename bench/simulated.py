"""`simulate`: what payers do a second in seeded worlds, faults on; printed, no floor."""

from __future__ import annotations

import json
import subprocess
import sys

from bench.figures import Failed, Figure
from bench.place import Place, clean, say
from caretill import ROOT

DAYS = 30


def measure(place: Place, rounds: int, seeds: int) -> Figure:
    """Lives of thirty days on as many processes as there are cores, other seeds each round."""
    values, seconds, faults = [], 0.0, 0
    for turn in range(rounds):
        say(f"simulate, round {turn + 1} of {rounds}")
        first = 1 + turn * seeds
        command = ["simulate", "--seeds", f"{first}..{first + seeds - 1}", "--days", str(DAYS), "--faults", "--json"]
        done = subprocess.run(
            [sys.executable, "-m", "caretill", *command],
            cwd=ROOT,
            env={**clean(), "PYTHONPATH": str(ROOT / "src"), **place.binaries()},
            capture_output=True,
            text=True,
        )
        lines = done.stdout.strip().splitlines()
        told = json.loads(lines[-1]) if lines else {}
        if done.returncode or told.get("broken", 1):
            raise Failed(f"simulate: {' / '.join((lines + done.stderr.strip().splitlines())[-3:])}")
        values.append(told["operations"] / told["seconds"])
        seconds += told["seconds"]
        faults += told["faults"]
    figure = Figure(name="simulate", unit="operations/s", values=values)
    lived = seeds * rounds
    figure.beside = {
        "seeds": lived,
        "days of each": DAYS,
        "faults": faults,
        "minutes that 500 seeds would take": seconds / lived * 500 / 60,
    }
    return figure
