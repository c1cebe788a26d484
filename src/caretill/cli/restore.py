"""Make a data directory the installation that a backup is of. What stood there is moved aside, never deleted.

Everything is rebuilt and checked beside it first. Stop `serve`, `work` or `demo` of that directory before.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from caretill.cli.backup import Bar, peak_mib, told
from caretill.cli.frame import BROKEN, OK, USAGE, Answer, Refused
from caretill.config import env, restore
from caretill.config.restore import Restored
from caretill.core import clock

SHOWN = 20


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which backup, and whether something may be moved aside."""
    parser.add_argument("file", type=Path, metavar="FILE", help="what `caretill backup` wrote")
    parser.add_argument("--replace", action="store_true", help="move what the data directory holds aside")
    parser.add_argument("--drill", action="store_true", help="try it beside what runs: rebuild, check, remove")


def run(options: argparse.Namespace) -> Answer:
    """Restore; exit code 1 also where laws of the restored data are broken."""
    if options.drill and options.replace:
        raise Refused("--drill replaces nothing", USAGE)
    began, bar = clock.monotonic(), Bar()
    try:
        if options.drill:
            done = restore.drill(options.file, env.where(), bar)
        else:
            done = restore.restore(options.file, env.where(), options.replace, bar)
    finally:
        bar.end()
    if done.finished:
        return Answer(f"{done.data}: the restore that was cut short is finished; `caretill check` asks its laws")
    for row in done.rows[:SHOWN]:
        print(", ".join(f"{column} {value}" for column, value in row.items()), file=sys.stderr)
    seconds = clock.monotonic() - began
    line = _line(done, seconds)
    if options.drill:
        line = f"a drill of {options.file}: {line}\nnothing was replaced, and all of it is removed again"
    return Answer(line, _figures(done, seconds), BROKEN if done.broken else OK)


def _line(done: Restored, seconds: float) -> str:
    assert done.manifest is not None
    line = f"{done.data} is as of {done.manifest.made_at}: {done.manifest.rows:,} rows, the ledger's digest is equal,"
    line += f" {done.laws} laws, {done.broken} broken; {seconds:.1f} s"
    if done.migrations:
        line += f"\nbrought to this release by {len(done.migrations)} migrations"
    if done.broken:
        line += "\nthe backup was taken with these laws broken: nothing was lost on the way"
    if done.aside:
        line += f"\nwhat stood there before is in {done.aside} (a data directory: --data reads it)"
    return line


def _figures(done: Restored, seconds: float) -> dict[str, object]:
    assert done.manifest is not None
    figures = {"data": str(done.data), "aside": str(done.aside) if done.aside else None}
    checked = {"laws": done.laws, "broken": done.broken, "migrations": done.migrations}
    spent = {"seconds": round(seconds, 1), "peak_mib": peak_mib()}
    return {**figures, **told(done.manifest), **checked, **spent}
