"""Validate the organisation's files: every fault with its file, its line and what is wrong."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from django.conf import settings

from caretill.cli.frame import BROKEN, OK, Answer
from caretill.regions import check


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to check, and where."""
    parser.add_argument("verb", choices=["check"], help="what to do with the files")
    parser.add_argument("folder", nargs="?", type=Path, help="an organisation's folder (the configured one)")


def run(options: argparse.Namespace) -> Answer:
    """Print each fault on a line of its own, then the count."""
    faults = [str(fault) for fault in check.check(options.folder or Path(settings.CARETILL_ORGANISATION))]
    for fault in faults:
        print(fault, file=sys.stderr)
    line = f"{len(faults)} faults in the organisation's files" if faults else "the organisation's files are in order"
    return Answer(line, {"faults": faults}, BROKEN if faults else OK)
