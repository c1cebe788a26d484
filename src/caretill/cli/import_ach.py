"""`import ach-returns PATH`: debits that came back and changes that banks ask for, one disposition a line."""

from __future__ import annotations

import argparse
import sys

from caretill.ach import returns
from caretill.cli.frame import BROKEN, USAGE, Answer, Refused
from caretill.core.money import show

KINDS = ("ach-returns",)


def bring_in(options: argparse.Namespace) -> Answer:
    """Take one file over and apply it. A file that is not sound is refused whole, each fault with its line."""
    if options.path.is_dir():
        raise Refused("import ach-returns needs one file", USAGE)
    told = returns.read(options.path, _count)
    figures = {
        "file_sha256": told.sha256,
        "read": told.lines,
        "applied": told.applied + told.noted,
        "unchanged": told.repeated,
        "rejected": told.quarantined,
        "payments": told.applied,
        "amount_cents": told.returned_cents,
        "suspense_cents": 0,
        "reopened_cents": told.reopened_cents,
        "reasons": told.reasons,
        "faults": list(told.faults),
    }
    if told.state == "rejected":
        for fault in told.faults:
            print(f"{options.path.name}: {fault}", file=sys.stderr)
        return Answer(
            f"{options.path.name} is not sound: {len(told.faults)} faults; nothing was applied", figures, BROKEN
        )
    for reason, count in told.reasons.items():
        print(f"kept aside, {reason}: {count:,}")
    known = " (this file was here before)" if told.known else ""
    line = (
        f"{told.lines:,} lines: {told.applied:,} applied, {told.noted:,} noted, {told.repeated:,} repeated,"
        f" {told.quarantined:,} kept aside{known}; {show(told.returned_cents)} came back,"
        f" {show(told.reopened_cents)} is owed again"
    )
    return Answer(line, figures)


def _count(done: int) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[Kapplying {done:,}\r", end="", file=sys.stderr, flush=True)
