"""Ask the database every law of every room. A law is a query that must return nothing."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
from typing import Any

from caretill.cli.frame import BROKEN, OK, Answer
from caretill.core import sql

# Rooms that may hold a laws.py, lower floors first.
ROOMS = (
    "core", "ledger", "people", "billing", "methods", "payments", "ach", "autopay", "reconcile", "intake", "letters",
)  # fmt: skip
SHOWN = 20


def arguments(parser: argparse.ArgumentParser) -> None:
    """How much of a broken law is shown."""
    parser.add_argument("--rows", type=int, default=SHOWN, metavar="N", help="rows shown of each broken law (20)")


def laws() -> dict[str, str]:
    """Every law by its name, `room.law`: the query of its offending rows."""
    found: dict[str, str] = {}
    for room in ROOMS:
        name = f"caretill.{room}.laws"
        if importlib.util.find_spec(name) is not None:
            module = importlib.import_module(name)
            found.update({f"{room}.{law}": query for law, query in module.LAWS.items()})
    return found


def broken(limit: int = SHOWN) -> dict[str, list[dict[str, Any]]]:
    """The laws that are broken, with up to `limit` offending rows each. Reads only, takes no lock that writers mind."""
    found = {}
    for name, query in laws().items():
        rows = sql.query(f"SELECT * FROM ({query.strip().rstrip(';')}) AS offending LIMIT {limit:d}")
        if rows:
            found[name] = rows
    return found


def run(options: argparse.Namespace) -> Answer:
    """Print `N laws, M broken` and name the rows."""
    found = broken(options.rows)
    for name, rows in found.items():
        for row in rows:
            print(f"{name}: {', '.join(f'{column} {value}' for column, value in row.items())}", file=sys.stderr)
    count = len(laws())
    named = [{"law": name, **row} for name, rows in found.items() for row in rows]
    answer = {"laws": count, "broken": len(found), "rows": named}
    return Answer(f"{count} laws, {len(found)} broken", answer, BROKEN if found else OK)
