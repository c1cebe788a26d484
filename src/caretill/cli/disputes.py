"""Disputes of card payments: `disputes list`, those that must be answered first on top; `disputes look`, ask now."""

from __future__ import annotations

import argparse
from typing import Any

from caretill.cli.frame import Answer
from caretill.core.money import show
from caretill.payments import disputes


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do."""
    parser.add_argument("what", choices=("list", "look"), help="list: what is known; look: ask the processor now")
    parser.add_argument("--state", choices=("open", "won", "lost"), default="open", help="list: which of them")


def run(options: argparse.Namespace) -> Answer:
    """A line for each, or how many were new and how many ended."""
    if options.what == "look":
        new, looked = disputes.find_new(), disputes.look_now()
        line = f"{new['new']:,} new, {looked['ended']:,} of {looked['looked']:,} open ones ended"
        return Answer(line, {"new": new["new"], "looked": looked["looked"], "ended": looked["ended"]})
    rows = disputes.listed(options.state)
    for row in rows:
        until = f"answer by {row['respond_by']:%Y-%m-%d}" if options.state == "open" and row["respond_by"] else ""
        print(f"{row['reference']}  {row['dispute_ref']}  {show(row['amount_cents']):>12}  {row['reason']}  {until}")
    cents = sum(row["amount_cents"] for row in rows)
    return Answer(
        f"{len(rows):,} disputes {options.state}, {show(cents)}", {"disputes": [_figures(row) for row in rows]}
    )


def _figures(row: dict[str, Any]) -> dict[str, Any]:
    texts = {name: str(row[name]) for name in ("id", "payment_id")}
    times = {name: row[name].isoformat() if row[name] else None for name in ("respond_by", "opened_at")}
    return {name: value for name, value in row.items() if name != "account_id"} | texts | times
