"""Validate the organisation's files: every fault with its file, its line and what is wrong."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from django.conf import settings

from caretill.cli.frame import BROKEN, OK, Answer, Refused
from caretill.core import clock
from caretill.regions import check


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to check, and where."""
    parser.add_argument("verb", choices=["check"], help="what to do with the files")
    parser.add_argument("folder", nargs="?", type=Path, help="an organisation's folder (CARETILL_ORGANISATION)")


def run(options: argparse.Namespace) -> Answer:
    """Print each fault and note on a line of its own, then the counts. Only faults make it fail."""
    folder = options.folder or Path(settings.CARETILL_ORGANISATION)
    if not folder.is_dir():
        raise Refused(f"{folder} is not a folder")
    report = check.report(folder, clock.today("UTC"))
    for line in report.lines()[:-1]:
        print(line, file=sys.stderr)
    figures = {"regions": report.regions, "faults": [str(fault) for fault in report.faults], "notes": report.notes}
    return Answer(report.summary, figures, BROKEN if report.faults else OK)
