"""Papers that people sent in: what waits, taking it over, and forgetting what was taken over long ago.

Each is open only in the folder it is taken to.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from caretill.cli.frame import USAGE, Answer, Refused
from caretill.core.ids import show_pay_code
from caretill.intake import documents
from caretill.regions import catalog


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and where the papers go."""
    parser.add_argument(
        "what",
        choices=("list", "take", "forget"),
        help="list: what waits; take: write it to a folder; forget: delete what was taken long ago",
    )
    parser.add_argument("--folder", type=Path, metavar="DIR", help="where taken papers go")
    parser.add_argument("--dry-run", action="store_true", help="forget: say what would go, and delete nothing")


def run(options: argparse.Namespace) -> Answer:
    """One line for each sending that waits, or how many were taken."""
    if options.what == "take":
        if not options.folder:
            raise Refused("papers go to a folder: --folder DIR", USAGE)
        numbers = [show_pay_code(number) for number in documents.take(options.folder)]
        return Answer(f"{len(numbers):,} sendings written to {options.folder}", {"numbers": numbers})
    if options.what == "forget":
        return _forget(options.dry_run)
    found = documents.waiting()
    for each in found:
        print(f"{show_pay_code(each.number)}  {each.recorded_at:%Y-%m-%d %H:%M}  {each.region}  {each.files} files")
    return Answer(f"{len(found):,} sendings wait", {"waiting": [show_pay_code(each.number) for each in found]})


def _forget(dry: bool) -> Answer:
    """Delete the content of what was taken over long ago; how far it is, on a terminal."""
    due, days = documents.old(), catalog.organisation().documents_days
    shows = sys.stderr.isatty() and not dry

    def told(done: int) -> None:
        if shows:
            print(f"\r\x1b[Kforgetting {done:,} of {due.count:,}", end="", file=sys.stderr, flush=True)

    done = due if dry else documents.forget(told)
    if shows and done.count:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    line = (
        f"{done.count:,} sendings {'would be forgotten' if dry else 'forgotten'}, {done.size_bytes:,} bytes:"
        f" taken over {days} days ago or earlier"
    )
    figures = {"forgotten": 0 if dry else done.count, "due": due.count, "bytes": done.size_bytes, "days": days}
    return Answer(line, figures)
