"""Back the embedded database up with all that belongs to it, while everything runs; or look whether a backup is whole.

The file holds the keys that seal account numbers and papers: whoever has it can read everything. Keep it like them.
"""

from __future__ import annotations

import argparse
import resource
import sys
from pathlib import Path
from typing import Any

from caretill.cli.frame import USAGE, Answer, Refused
from caretill.config import backup, backup_file, env
from caretill.config.backup_file import Manifest
from caretill.core import clock

WIDTH = 30
KEEP_SAFE = "the file holds your keys: keep it as you keep them, and a copy on another machine"


class Bar:
    """One line on a terminal's standard error that shows how far a step is."""

    def __init__(self) -> None:
        self.shows = sys.stderr.isatty()

    def __call__(self, step: str, done: int, total: int) -> None:
        if self.shows:
            filled = WIDTH * done // total if total else 0
            print(f"\r\x1b[K{step} [{'#' * filled:.<{WIDTH}}]", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self.shows:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where to, how many to keep, or which file to look at."""
    parser.add_argument("--to", type=Path, metavar="DIR|FILE", help="a folder, or a new file (DATA/backups)")
    parser.add_argument("--keep", type=int, metavar="N", help="then remove all but the newest N in the folder")
    parser.add_argument("--verify", type=Path, metavar="FILE", help="make none: read this one and say if it is whole")


def run(options: argparse.Namespace) -> Answer:
    """Make a backup, or verify one."""
    if options.verify:
        if options.to or options.keep is not None:
            raise Refused("--verify looks at a backup; --to and --keep make one", USAGE)
        return _verify(options.verify)
    if options.keep is not None and options.keep < 1:
        raise Refused("--keep: a whole number, 1 or more", USAGE)
    began, bar = clock.monotonic(), Bar()
    try:
        made = backup.make(env.where(), options.to, options.keep, bar)
    finally:
        bar.end()
    manifest, seconds = made.manifest, clock.monotonic() - began
    line = f"{made.path}: {backup.mib(made.bytes)} MiB, {manifest.rows:,} rows, read again and whole;"
    line += f" {seconds:.1f} s\nfingerprint {manifest.fingerprint}\n{KEEP_SAFE}"
    for name in made.outside:
        line += f"\n{name} is set from outside and is not in it: keep that key too, or what it seals is lost"
    if made.removed:
        line += f"\nremoved: {', '.join(made.removed)}"
    answer = {"file": str(made.path), "bytes": made.bytes, "seconds": round(seconds, 1), "peak_mib": peak_mib()}
    return Answer(line, {**answer, **told(manifest), "keys_outside": made.outside, "removed": made.removed})


def _verify(path: Path) -> Answer:
    bar = Bar()
    try:
        manifest = backup_file.verify(path, bar)
    finally:
        bar.end()
    line = f"{path}: whole; of {manifest.made_at} by Caretill {manifest.caretill}, PostgreSQL"
    line += f" {manifest.postgres_version}, {manifest.rows:,} rows\nfingerprint {manifest.fingerprint}"
    return Answer(line, {"file": str(path), **told(manifest)})


def told(manifest: Manifest) -> dict[str, Any]:
    """The figures of a backup for machines."""
    return {
        "made_at": manifest.made_at,
        "caretill": manifest.caretill,
        "postgres": manifest.postgres_version,
        "fingerprint": manifest.fingerprint,
        "tables": len(manifest.tables),
        "rows": manifest.rows,
        "ledger": manifest.ledger,
    }


def peak_mib() -> int:
    """The most memory that one process of ours held: we, a tool, or the database where we ran it."""
    kib = [resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]
    status = Path("/proc/self/status")
    if status.exists():
        # `getrusage` of ourselves would begin with what our parent held when it started us.
        kib += [int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
    return -(-max(kib) // 1024)
