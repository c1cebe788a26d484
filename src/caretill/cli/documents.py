"""Papers that people sent in: what waits, and taking it over. Each is open only in the folder it is taken to."""

from __future__ import annotations

import argparse
from pathlib import Path

from caretill.cli.frame import USAGE, Answer, Refused
from caretill.core.ids import show_pay_code
from caretill.intake import documents


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and where the papers go."""
    parser.add_argument("what", choices=("list", "take"), help="list: what waits; take: write it to a folder")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="where taken papers go")


def run(options: argparse.Namespace) -> Answer:
    """One line for each sending that waits, or how many were taken."""
    if options.what == "take":
        if not options.folder:
            raise Refused("papers go to a folder: --folder DIR", USAGE)
        numbers = [show_pay_code(number) for number in documents.take(options.folder)]
        return Answer(f"{len(numbers):,} sendings written to {options.folder}", {"numbers": numbers})
    found = documents.waiting()
    for each in found:
        print(f"{show_pay_code(each.number)}  {each.recorded_at:%Y-%m-%d %H:%M}  {each.region}  {each.files} files")
    return Answer(f"{len(found):,} sendings wait", {"waiting": [show_pay_code(each.number) for each in found]})
