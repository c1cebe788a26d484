"""Measure the figures of the house beside their floors, all from one run (docs/operate/bench.md)."""

from __future__ import annotations

import argparse
import importlib
import sys
from typing import Any

from caretill import ROOT
from caretill.cli.frame import USAGE, Answer, Refused
from caretill.config import env

QUICK = "QUICK: sizes cut, no figure of this run means anything"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to measure."""
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="one figure; may be repeated")
    parser.add_argument("--growth", action="store_true", help="the long one: growth with ten million bills, once")
    parser.add_argument("--quick", action="store_true", help="everything at a small size, to see that it works")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds of each figure and floor (3)")


def run(options: argparse.Namespace) -> Answer:
    """Print the table; a whole run is kept in bench/results. A goal that is missed is said, and is no failure."""
    measuring = module("run")
    known = [*measuring.MEASURES, *measuring.PARTS]
    for name in options.only:
        if name not in known:
            raise Refused(f"--only {name}: no such figure; there are {', '.join(known)}", USAGE)
    if options.rounds < 1:
        raise Refused("--rounds: at least 1", USAGE)
    wish = measuring.Wish(tuple(options.only), options.growth, options.quick, options.rounds)
    try:
        answer: dict[str, Any] = measuring.run(env.read(), wish)
    except module("figures").Failed as failed:
        raise Refused(str(failed)) from failed
    print(answer.pop("table"))
    machine, database = answer["machine"], answer["database"]
    print(
        f"\n{machine['cpu']}, {machine['cores']} cores, {machine['memory_mib']:,} MiB, Linux {machine['kernel']},"
        f" Python {machine['python']}, PostgreSQL {database['server_version']}, commit {machine['commit']}"
    )
    print(", ".join(f"{name} {value}" for name, value in database.items() if name != "server_version"))
    missed = [figure["name"] for figure in answer["figures"] if figure["missed"]]
    line = f"{len(answer['figures'])} figures in {answer['seconds']:.0f} s"
    line += f", goals missed: {', '.join(missed)}" if missed else ", every goal reached"
    if answer["kept"]:
        line += f"; kept in {answer['kept']}"
    return Answer(f"{QUICK}\n{line}" if options.quick else line, answer)


def module(name: str) -> Any:
    """A module of `bench/`, which stands beside the sources in a checkout and is not installed."""
    if not (ROOT / "bench" / "run.py").exists():
        raise Refused("`bench` needs a checkout: the folder bench/ does not stand beside the sources")
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    return importlib.import_module(f"bench.{name}")
