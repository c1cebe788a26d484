"""`import bai2 PATH` and `import camt PATH`: what the bank says of our account, for `caretill reconcile`."""

from __future__ import annotations

import argparse

from caretill.cli.frame import USAGE, Answer, Refused
from caretill.formats.bank import show_units
from caretill.formats.blocks import FileFault
from caretill.reconcile import bank_files, run

KINDS = tuple(bank_files.READERS)


def arguments(parser: argparse.ArgumentParser) -> None:
    """What is of these kinds alone."""
    only = parser.add_argument_group("bai2 and camt only")
    only.add_argument("--again", action="store_true", help="take a file whose header was here with other contents")


def bring_in(options: argparse.Namespace) -> Answer:
    """Take one file over, then match and book what it brought. A fault leaves nothing behind."""
    if options.path.is_dir() or options.path.name.endswith(".zip"):
        raise Refused(f"import {options.kind} needs one file, plain or .gz", USAGE)
    try:
        taken = bank_files.bring_in(options.kind, options.path, options.again)
    except FileFault as fault:
        raise Refused(f"{fault}; nothing was applied") from fault
    counts = run.turn(ask=False)
    became = ", ".join(f"{count:,} {disposition}" for disposition, count in taken.lines.items()) or "no lines"
    known = " (this file was here before)" if taken.known else ""
    moved = [
        f" {show_units(sides['came'], currency)} came in, {show_units(sides['went'], currency)} went out;"
        for currency, sides in sorted(taken.moved.items())
    ]
    line = (
        f"{taken.statements:,} statements: {became}{known};{''.join(moved)}"
        f" {counts['payouts']:,} payouts at the bank, {counts['booked']:,} operations booked"
    )
    return Answer(line, taken.answer() | {"payouts": counts["payouts"], "booked": counts["booked"]})
