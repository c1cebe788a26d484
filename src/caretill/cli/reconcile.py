"""Lay ledger, processor and bank side by side: book what reached the bank, list every difference with its age."""

from __future__ import annotations

import argparse
import getpass

from caretill.cli.frame import BROKEN, OK, USAGE, Answer, Refused
from caretill.core.money import show
from caretill.formats.bank import show_units
from caretill.reconcile import run as reconcile
from caretill.reconcile.differences import Difference, differences, note, standing

SHOWN = 50


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to ask, and what to note."""
    parser.add_argument("--offline", action="store_true", help="ask no processor: match and book what is here")
    parser.add_argument("--note", metavar="KEY", help="take a difference off the list; needs --because")
    parser.add_argument("--because", metavar="TEXT", default="", help="the reason of --note; it is kept")
    parser.add_argument("--noted", action="store_true", help="list what was taken off, with the reasons")
    parser.add_argument("--show", type=int, default=SHOWN, metavar="N", help=f"differences shown ({SHOWN})")


def run(options: argparse.Namespace) -> Answer:
    """Exit code 0 where everything agrees, 1 where something does not."""
    if options.note:
        return _note(options)
    if options.because:
        raise Refused("--because goes with --note", USAGE)
    counts = reconcile.turn(ask=not options.offline)
    found, sums = differences(options.noted), standing()
    print(
        f"{counts['listed']:,} payouts new, {counts['filed']:,} files read, {counts['refused']:,} refused;"
        f" {counts['payouts']:,} payouts at the bank, {counts['booked']:,} operations booked"
    )
    print(
        f"{sums['payouts']:,} payouts of {show(sums['paid_out_cents'])}: {show(sums['at_bank_cents'])} at the bank,"
        f" {show(sums['on_the_way_cents'])} on the way; {sums['waiting']:,} operations wait"
    )
    for each in found[: max(0, options.show)]:
        _print(each)
    if len(found) > options.show:
        print(f"and {len(found) - options.show:,} more; --json has all")
    if counts["healed"]:
        print(f"{counts['healed']:,} charges whose message was lost: asked about, and booked")
    if counts["failed"]:
        print("the processor gave no answer; what is here was matched")
    word = "noted" if options.noted else "differences"
    code = BROKEN if (found and not options.noted) or counts["failed"] else OK
    told = {"turn": counts, "standing": sums, word: [each.answer() | _why(each) for each in found]}
    return Answer(f"{len(found):,} {word}" if found else f"no {word}", told, code)


def _why(each: Difference) -> dict[str, str]:
    return {"because": each.because} if each.because is not None else {}


def _print(each: Difference) -> None:
    sides = [
        f"{word} {show_units(cents, each.currency)}"
        for word, cents in (("theirs", each.theirs_cents), ("ours", each.ours_cents))
        if cents is not None
    ]
    print(f"{each.age_days:>4} days  {each.kind}: {', '.join(sides) or 'no amount'}; {each.about}")
    print(f"           {each.because or each.todo}")
    print(f"           key: {each.key}")


def _note(options: argparse.Namespace) -> Answer:
    code = note(options.note, options.because, getpass.getuser())
    if code == "no_reason":
        raise Refused("--note needs --because with the reason", USAGE)
    if code == "missing":
        raise Refused(f"there is no difference {options.note}")
    return Answer("noted" if code == "noted" else "it was noted before", {"key": options.note, "code": code})
