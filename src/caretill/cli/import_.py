"""Bring bills in: `import csv PATH` (the documented CSV) or `import synthea DIR`; and what the bank says: `import bai2
PATH` or `import camt PATH`, and of debits `import ach-returns PATH`. Safe to repeat, and to stop.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from caretill.cli import import_ach, import_bank
from caretill.cli.frame import USAGE, Answer, Refused
from caretill.core.ids import show_pay_code
from caretill.core.money import show
from caretill.formats.blocks import FileFault
from caretill.intake import run as intake
from caretill.intake import summary as summaries
from caretill.intake import synthea
from caretill.regions import catalog

SHOWN = 20
BAR = 30


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to import, and how a Synthea export is to be read."""
    kinds = (*intake.KINDS, *import_bank.KINDS, *import_ach.KINDS)
    parser.add_argument("kind", choices=kinds, help="what the files are")
    parser.add_argument("path", type=Path, help="a file, a folder or a .zip; files may be .gz")
    parser.add_argument("--rejects", type=int, default=SHOWN, metavar="N", help="refused rows shown (20)")
    only = parser.add_argument_group("synthea only")
    only.add_argument("--region", metavar="R", help="one region for all patients (spread over all regions)")
    only.add_argument("--shift-to", metavar="DATE", help="move all dates so that the latest bill is of this date")
    only.add_argument(
        "--with-patient-payments", action="store_true", help="with what patients paid by cash, check, card"
    )
    only.add_argument("--feed-version", type=int, default=1, metavar="N", help="the version of its bills (1)")
    import_bank.arguments(parser)


def run(options: argparse.Namespace) -> Answer:
    """Import, and print what became of it. Exit code 0 also where rows were refused: the rest went in."""
    if options.kind in import_ach.KINDS:
        return import_ach.bring_in(options)
    if options.kind in import_bank.KINDS:
        return import_bank.bring_in(options)
    if options.again:
        raise Refused("--again is for bai2 and camt", USAGE)
    ask = intake.Ask(options.kind, options.path, _options(options))
    try:
        summary = intake.bring_in(ask, _Bar())
    except (FileFault, intake.ImportBusy) as fault:
        raise Refused(f"{fault}; nothing was applied") from fault
    for line in _lines(summary):
        print(line)
    for row in summaries.refused(UUID(summary.delivery), options.rejects):
        where = f"{row['file']}:{row['row']}: {row['table_name']}"
        field = f".{row['field']}" if row["field"] else ""
        value = f" ({row['value']})" if row["value"] else ""
        print(f"{where}{field}: {row['reason']}{value}", file=sys.stderr)
    if summary.rejected > options.rejects:
        print(f"and {summary.rejected - options.rejects} more; all are in intake_refused", file=sys.stderr)
    figures = summary.answer()
    if ask.kind == "synthea":
        figures["try"] = synthea.to_try()
        for bill in figures["try"]:
            print(_to_try(bill))
    return Answer("", figures)


def _to_try(bill: dict[str, Any]) -> str:
    """What a payer of that bill would read on its paper."""
    code, open_ = show_pay_code(bill["pay_code"]), show(bill["payable_cents"])
    group = " ".join(bill[name] for name in ("group_number", "subgroup", "bill_group"))
    return (
        f"try {bill['region']}: bill {bill['bill_number']}, pay code {code}, account {bill['account_number']},"
        f" health record {bill['health_record_number']}, {bill['last_name']}, ZIP {bill['zip']}, group {group}: {open_}"
    )


def _options(options: argparse.Namespace) -> dict[str, Any]:
    if options.kind != "synthea":
        if options.region or options.shift_to or options.with_patient_payments or options.feed_version != 1:
            raise Refused("--region, --shift-to, --with-patient-payments and --feed-version are for synthea", USAGE)
        return {}
    asked: dict[str, Any] = {"version": options.feed_version}
    if not 0 <= options.feed_version <= 999_999_999:
        raise Refused("--feed-version: a whole number, 0 to 999999999", USAGE)
    if options.region:
        found = catalog.find_region(options.region)
        if found is None:
            raise Refused(f"--region: no region '{options.region}'", USAGE)
        asked["region"] = found.slug
    if options.shift_to:
        try:
            asked["shift_to"] = date.fromisoformat(options.shift_to).isoformat()
        except ValueError:
            raise Refused(f"--shift-to: not a date YYYY-MM-DD: '{options.shift_to}'", USAGE) from None
    if options.with_patient_payments:
        asked["patient_payments"] = True
    return asked


def _lines(summary: summaries.Summary) -> list[str]:
    """The summary for people."""
    known = " (this delivery went in before)" if summary.known else ""
    lines = [
        f"read {summary.read:,} rows: {summary.applied:,} applied, {summary.unchanged:,} unchanged,"
        f" {summary.older:,} older, {summary.rejected:,} rejected{known}"
    ]
    figures = summary.figures
    if figures.get("bills"):
        kinds = ", ".join(f"{figures[kind]:,} {kind}" for kind in ("hospital", "professional", "pharmacy"))
        lines.append(f"{figures['bills']:,} bills ({kinds}), {figures['lines']:,} lines")
        amounts = [
            f"{word} {show(figures[name])}"
            for word, name in (
                ("charged", "charged_cents"),
                ("insurance paid", "insurance_paid_cents"),
                ("adjusted", "adjusted_cents"),
                ("patient", "patient_cents"),
            )
        ]
        lines.append(", ".join(amounts))
        if above := figures.get("parts_above_lines"):
            lines.append(
                f"{above:,} lines with parts above the patient's share: told as they came, nothing more is owed"
            )
        lines.append(
            f"{figures['open_bills']:,} bills open for {show(figures['open_cents'])},"
            f" {figures['credit_bills']:,} with credit of {show(figures['credit_cents'])}"
        )
    if figures.get("payments"):
        lines.append(
            f"{figures['payments']:,} payments taken elsewhere, {show(figures['payments_cents'])},"
            f" of it at the desk {show(figures['desk_paid_cents'])}"
        )
    lines += [f"rejected, {reason}: {count:,}" for reason, count in summary.reasons.items()]
    return lines


class _Bar:
    """One line on a terminal's standard error that shows how far the import is."""

    def __init__(self) -> None:
        self.shows = sys.stderr.isatty()

    def __call__(self, step: str, done: int, total: int) -> None:
        if not self.shows:
            return
        filled = BAR * done // total if total else 0
        share = f"[{'#' * filled}{'.' * (BAR - filled)}]" if total else f"{done:,} bytes"
        print(f"\r\x1b[K{step} {share}", end="", file=sys.stderr, flush=True)
        if step == "applying" and done == total:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
