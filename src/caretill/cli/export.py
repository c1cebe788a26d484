"""Send out: `export csv PATH`, what came in as it came; `export postings DIR`, what was paid here, a file a day;
`export accounts PATH`, what members changed in their profiles; `export dormant-credit PATH`, money nobody moved.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from uuid import UUID

from caretill.cli.frame import USAGE, Answer, Refused
from caretill.core import clock
from caretill.core.money import plain, show
from caretill.formats import bill_csv
from caretill.intake import account_changes, export, postings
from caretill.payments import credit
from caretill.regions import catalog


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to write, and where to."""
    parser.add_argument("kind", choices=["csv", "postings", "accounts", "dormant-credit"], help="what to write")
    parser.add_argument(
        "path",
        type=Path,
        nargs="?",
        help="csv: a folder or a .zip, .csv, .csv.gz; postings: a folder; accounts, dormant-credit: a file",
    )
    parser.add_argument("--after", type=UUID, metavar="ID", help="accounts only: the changes after this one")
    parser.add_argument(
        "--years", type=int, default=3, metavar="N", help="dormant-credit only: not moved for so long (3)"
    )
    only = parser.add_argument_group("postings only")
    only.add_argument("--number", type=int, action="append", metavar="N", help="this file again, byte by byte")
    only.add_argument("--acknowledge", type=int, action="append", metavar="N", help="the billing system has file N")


def run(options: argparse.Namespace) -> Answer:
    """Write the files and say what they hold."""
    if options.after and options.kind != "accounts":
        raise Refused("--after is for accounts", USAGE)
    if options.kind == "postings":
        return _postings(options)
    if options.number or options.acknowledge:
        raise Refused("--number and --acknowledge are for postings", USAGE)
    if options.path is None:
        raise Refused(f"export {options.kind} needs a path", USAGE)
    if options.kind == "accounts":
        return _accounts(options)
    if options.kind == "dormant-credit":
        return _dormant(options)
    counts = export.export_csv(options.path)
    line = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    return Answer(f"{line} written to {options.path}", {"path": str(options.path), "tables": counts})


def _accounts(options: argparse.Namespace) -> Answer:
    try:
        done = account_changes.write(options.path, options.after)
    except account_changes.UnknownChange:
        raise Refused(f"there is no change {options.after}") from None
    except OSError as error:
        raise Refused(f"cannot write {options.path}: {error.strerror}") from None
    line = f"{done.rows:,} rows of {done.changes:,} changes written to {options.path}"
    last = str(done.last) if done.last else None
    return Answer(line, {"path": str(options.path), "rows": done.rows, "changes": done.changes, "last": last})


def _dormant(options: argparse.Namespace) -> Answer:
    """Credit and deposits that nobody moved, by state (rules.md BIL-6): the organisation's counsel says what is due."""
    if not 0 < options.years <= 100:
        raise Refused("--years is between 1 and 100", USAGE)
    today = min(clock.today(region.time_zone) for region in catalog.regions())
    rows = credit.dormant(today, options.years)
    names = ["state", "last_activity", "region", "account_number", "first_name", "last_name", "street", "city", "zip"]
    lines = [[*names, "credit", "deposit"]]
    for row in rows:
        lines.append([*(str(row[name]) for name in names), plain(row["credit_cents"]), plain(row["deposit_cents"])])
    draft = options.path.with_name(f".{options.path.name}.{os.getpid()}.draft")
    try:
        draft.touch(mode=0o600)
        draft.write_text(bill_csv.write(lines), encoding="utf-8")
        draft.replace(options.path)
    except OSError as error:
        raise Refused(f"cannot write {options.path}: {error.strerror}") from None
    cents = sum(row["credit_cents"] + row["deposit_cents"] for row in rows)
    line = f"{len(rows):,} accounts with {show(cents)} that nobody moved for {options.years} years, in {options.path}"
    return Answer(line, {"path": str(options.path), "rows": len(rows), "amount_cents": cents, "years": options.years})


def _postings(options: argparse.Namespace) -> Answer:
    for number in options.acknowledge or ():
        if not postings.acknowledge(number):
            raise Refused(f"there is no posting file {number}")
    if options.path is None:
        if not options.acknowledge:
            raise Refused("export postings needs a folder, or --acknowledge", USAGE)
        return Answer("acknowledged", {"acknowledged": options.acknowledge, "files": []})
    made = postings.make_files()
    found = postings.files(options.number)
    missing = set(options.number or ()) - {each.number for each in found}
    if missing:
        raise Refused(f"there is no posting file {min(missing)}")
    options.path.mkdir(parents=True, exist_ok=True)
    for each in found:
        draft = options.path / f".{each.name}.{os.getpid()}.draft"
        draft.write_bytes(each.body)
        draft.replace(options.path / each.name)
    taken, given = sum(each.credit_cents for each in found), sum(each.debit_cents for each in found)
    line = f"{len(made)} made, {len(found)} written to {options.path}: {show(taken)} in, {show(given)} back"
    told = [
        {
            "number": each.number,
            "business_date": str(each.business_date),
            "name": each.name,
            "sha256": each.sha256,
            "rows": each.rows,
            "credit_cents": each.credit_cents,
            "debit_cents": each.debit_cents,
        }
        for each in found
    ]
    return Answer(line, {"made": made, "files": told, "acknowledged": options.acknowledge or []})
