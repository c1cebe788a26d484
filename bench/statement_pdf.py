"""`statement_pdf`: statements read, drawn, written and kept by two processes, beside typst drawing the same pages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench import world
from bench.figures import Figure
from bench.place import Place, clean, say
from caretill import ROOT
from caretill.cli.frame import Refused

GOAL = 0.85
STATEMENTS = 1_500
PROCESSES = 2


def measure(place: Place, rounds: int, bills: int, count: int, seconds: float) -> Figure:
    """Product and floor in turn. The start of the processes is taken out: a long run less a short one."""
    base = world.small(place, bills)
    pages = place.folder / "pages.json"
    place.make("papers", base)
    place.run("papers", "-m", "bench.child", "statement_papers", "pages", str(min(count, 200)), str(pages))
    values, floors, size = [], [], 0.0
    for turn in range(rounds):
        say(f"statement_pdf, round {turn + 1} of {rounds}")
        place.fresh("papers", base)
        with place.connect("owner", "papers") as connection:
            connection.execute("TRUNCATE letters_statement")
        short, long = count // 4, count
        folder = place.folder / f"papers-{turn}"
        folder.mkdir()
        told = place.run("papers", "-m", "bench.child", "statement_papers", "run", str(short), str(long), str(folder))
        short_seconds, long_seconds, size = (float(word) for word in told.split())
        values.append((long - short) / (long_seconds - short_seconds))
        floors.append(_floor(place, pages, seconds))
    figure = Figure(
        name="statement_pdf",
        unit="statements/s",
        values=values,
        floors=floors,
        goal=GOAL,
        floor_is="typst alone drawing the same pages from inputs that were made before, two processes",
    )
    figure.beside = {"bytes a statement": round(size / count), "processes": PROCESSES}
    return figure


def _floor(place: Place, pages: Path, seconds: float) -> float:
    command = [sys.executable, "-m", "bench.typst_floor", str(pages), str(seconds)]
    environment = {**clean(), **place.environment("papers")}
    drawers = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    told = [drawer.communicate()[0].split() for drawer in drawers]
    if any(drawer.returncode for drawer in drawers):
        raise Refused("typst did not draw the pages of the floor")
    return sum(int(words[0]) / float(words[1]) for words in told)
