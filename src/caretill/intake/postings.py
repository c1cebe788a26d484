"""What was paid, refunded and reversed here, told to the billing system: one numbered file for each day, kept as bytes.

A day's file is made once the day is over in every region, and never again: asked for twice, the same bytes leave. Days
without postings have a file too, so a file that is missing shows by its number.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from caretill.core import clock, sql
from caretill.core.money import plain
from caretill.formats import bill_csv
from caretill.regions import catalog

LOCK = 0x0CA2E0F7
# What began before midnight may be written shortly after it.
GRACE = timedelta(hours=1)
COLUMNS = (
    "record", "file_number", "business_date", "region", "account_number", "bill_number", "payee", "kind", "amount",
    "currency", "payment_reference", "posting_id", "reverses", "count",
)  # fmt: skip
KINDS = ("payment", "unapplied", "allocation", "refund", "return", "dispute", "restored", "reversal")


@dataclass(frozen=True)
class PostingFile:
    """One file as it left. Totals in cents: what was taken in, and what was given back (above zero)."""

    number: int
    business_date: date
    body: bytes
    sha256: str
    rows: int
    credit_cents: int
    debit_cents: int
    acknowledged_at: datetime | None

    @property
    def name(self) -> str:
        return f"postings-{self.number:06d}-{self.business_date}.csv"


def make_files() -> list[int]:
    """Make the files of all days that are over and have none yet; their numbers.

    The first is of the day of the first posting. One maker at a time (an advisory lock); all files or none.
    """
    with transaction.atomic(durable=True):
        sql.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        last = sql.one("SELECT number, business_date FROM intake_posting_file ORDER BY number DESC LIMIT 1")
        day = last["business_date"] + timedelta(days=1) if last else _first_day()
        number = last["number"] if last else 0
        made = []
        while day is not None and day < _open_day():
            number += 1
            _make(number, day)
            made.append(number)
            day += timedelta(days=1)
        return made


def _first_day() -> date | None:
    row = sql.one(
        "SELECT min(business_date) AS day FROM ledger_transfer WHERE debit_kind = 'clearing' AND phase <> 'void'"
    )
    return row["day"] if row else None


def _open_day() -> date:
    """The first day on which something may still be posted in some region."""
    zones = [region.zone for region in catalog.regions()]
    return min((clock.now() - GRACE).astimezone(zone).date() for zone in zones)


def _make(number: int, day: date) -> None:
    rows = sql.query(sql.load(__file__, "postings.sql"), {"day": day})
    body = _text(number, day, rows).encode()
    sql.execute(
        "INSERT INTO intake_posting_file"
        " (number, business_date, body, sha256, rows, debit_cents, credit_cents, made_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            number,
            day,
            body,
            hashlib.sha256(body).hexdigest(),
            len(rows),
            -sum(row["amount_cents"] for row in rows if row["amount_cents"] < 0),
            sum(row["amount_cents"] for row in rows if row["amount_cents"] > 0),
            clock.now(),
        ),
    )


def _text(number: int, day: date, rows: list[dict[str, Any]]) -> str:
    lines: list[list[str]] = [list(COLUMNS)]
    for row in rows:
        cells = [row["region"], row["account_number"], row["bill_number"] or "", row["payee"], row["kind"]]
        cells += [plain(row["amount_cents"]), row["currency"], row["reference"] or "", str(row["transfer_id"])]
        lines.append(["posting", str(number), str(day), *cells, str(row["reverses"] or ""), "1"])
    for kind in (*KINDS, "all"):
        of_kind = [row["amount_cents"] for row in rows if kind in (row["kind"], "all")]
        cells = ["", "", "", "", kind, plain(sum(of_kind)), "USD", "", "", ""]
        lines.append(["total", str(number), str(day), *cells, str(len(of_kind))])
    return bill_csv.write(lines)


def files(numbers: Iterable[int] | None = None) -> list[PostingFile]:
    """Kept files with their bytes: those numbers, or all that are not acknowledged."""
    rows = sql.query(
        "SELECT number, business_date, body, sha256, rows, credit_cents, debit_cents, acknowledged_at"
        " FROM intake_posting_file WHERE CASE WHEN %s THEN acknowledged_at IS NULL ELSE number = ANY(%s) END"
        " ORDER BY number",
        (numbers is None, list(numbers or ())),
    )
    return [PostingFile(**row | {"body": bytes(row["body"])}) for row in rows]


def acknowledge(number: int) -> bool:
    """Note that the billing system has a file. False where there is no such file; noting it twice changes nothing."""
    done = sql.execute(
        "UPDATE intake_posting_file SET acknowledged_at = coalesce(acknowledged_at, %s) WHERE number = %s",
        (clock.now(), number),
    )
    return done == 1
