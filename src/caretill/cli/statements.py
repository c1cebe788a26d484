"""Make the statement of every bill whose newest version has none, or write papers again. Safe to stop and to repeat."""

from __future__ import annotations

import argparse
import resource
from datetime import date
from pathlib import Path

from caretill.cli.frame import BROKEN, OK, USAGE, Answer, Refused
from caretill.core import clock
from caretill.core.money import show
from caretill.letters import statements


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to run, with how many processes, and where the papers go."""
    parser.add_argument(
        "what", choices=("run", "papers"), help="run: make what is due; papers: write those made before"
    )
    parser.add_argument("--since", type=date.fromisoformat, metavar="DATE", help="papers since that day (today, UTC)")
    parser.add_argument("--processes", type=int, default=2, metavar="N", help="processes that draw (2)")
    parser.add_argument("--most", type=int, metavar="N", help="at most so many (all)")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="write each paper there, for printing and mailing")


def run(options: argparse.Namespace) -> Answer:
    """Draw and keep them; one line with how many and for how much."""
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
    if options.what == "papers":
        return _papers(options)
    began = clock.monotonic()
    done = statements.run(processes=max(1, options.processes), most=options.most, folder=options.folder)
    seconds = clock.monotonic() - began
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) // 1024
    figures = {
        "planned": done.planned,
        "done": done.done,
        "failed": done.failed,
        "amount_cents": done.amount_cents,
        "seconds": round(seconds, 1),
        "peak_mib": peak,
    }
    line = (
        f"{done.done:,} statements of {done.planned:,} due made, {done.failed:,} failed, for {show(done.amount_cents)}"
    )
    return Answer(line, figures, BROKEN if done.failed else OK)


def _papers(options: argparse.Namespace) -> Answer:
    """The papers of statements that the worker made, for printing and mailing."""
    if not options.folder:
        raise Refused("papers go to a folder: --folder DIR", USAGE)
    written, gone, screens = statements.papers(options.folder, options.since or clock.today("UTC"))
    line = (
        f"{written:,} papers written to {options.folder}, {gone:,} cannot be made again: their layout has changed;"
        f" {screens:,} on screen only"
    )
    return Answer(line, {"written": written, "gone": gone, "on_screen": screens})
