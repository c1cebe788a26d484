"""The bills that rounds work on, brought in by the import; and the same bills many times over, for growth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import psycopg

from bench import data, import_csv
from bench.place import Place, say
from caretill.formats import bill_csv

# About four lines a bill (bench/data.py).
LINES_A_BILL = 4
LONG_LINES = 12
LONG_BILLS = 180
LONG = "P9"  # the numbers of long bills begin so
SHARDED = (
    "people_account",
    "people_person",
    "billing_bill",
    "billing_line",
    "billing_outside_payment",
    "billing_lookup_key",
    "ledger_transfer",
    "ledger_balance",
    "payments_payment",
    "payments_part",
    "payments_event",
    "letters_statement",
)
# Columns that hold ids of ours: a copy of an account has others.
IDS = (
    "account_id", "id", "ref", "person_id", "bill_id", "payment_id", "transfer_id", "debit_ref", "credit_ref",
    "subject_id",
)  # fmt: skip


def small(place: Place, bills: int) -> str:
    """The database of `bills` bills of the usual kind, and some of twelve lines. Made once in a run."""
    name = f"bills{bills}"
    if name in place.made:
        return name
    say(f"making a world of {bills:,} bills")
    place.make(name, "empty")
    folder = place.folder / name
    data.write(folder, bills * LINES_A_BILL)
    import_csv.run(place, name, folder)
    long = place.folder / f"{name}-long"
    write_long(long)
    import_csv.run(place, name, long)
    told(place, name)
    return name


def told(place: Place, name: str) -> None:
    """Every bill has had its statement, so that no worker of a round has papers to draw."""
    with place.connect("owner", name) as connection:
        connection.execute(_TOLD)
        connection.execute("VACUUM (ANALYZE)")


_TOLD = """
    INSERT INTO letters_statement (account_id, id, bill_id, number, version, language, issued_at, figures,
        figures_digest, layout, sha256)
    SELECT b.account_id, gen_random_uuid(), b.id, 1, b.version, 'en', b.changed_at,
        jsonb_build_object('statement_date', b.issue_date, 'payable_cents', r.debits_posted - r.credits_posted),
        '', '', ''
    FROM billing_bill b
    JOIN ledger_balance r ON r.account_id = b.account_id AND r.kind = 'receivable' AND r.ref = b.id
    WHERE NOT EXISTS (SELECT 1 FROM letters_statement s WHERE s.account_id = b.account_id AND s.bill_id = b.id)"""


def write_long(folder: Path) -> None:
    """A delivery of bills of twelve lines, two an account, a part of each paid at the desk."""
    write(folder, _long())


def write(folder: Path, told: Iterable[tuple[str, data.Row]]) -> None:
    """A delivery of these rows, each with its table, as the documented CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[str, list[data.Row]] = {name: [] for name in bill_csv.FAMILY.by_name}
    for table, row in told:
        rows[table].append(row)
    for name, asked in bill_csv.FAMILY.by_name.items():
        header = tuple(column.name for column in asked.columns if not column.optional)
        (folder / f"{name}.csv").write_text(bill_csv.write([header, *rows[name]]), encoding="utf-8")


def _long() -> Iterator[tuple[str, tuple[str, ...]]]:
    for count in range(LONG_BILLS // 2):
        region, state, prefix = data.REGIONS[count % len(data.REGIONS)]
        account, record = f"F9{count:07d}", f"9{count:08d}"
        name = ("Elena", "Juniper")
        address = (f"{count + 1} Example Street", "Sampleton", state, f"{prefix}01", f"long{count}@example.org")
        yield "accounts", (region, account, *name, *address, "555-0100", "en", "000123", "001", "A1")
        yield "people", (region, account, record, *name, "1980-06-15", "self")
        for each in range(2):
            yield from _long_bill(region, account, record, f"{LONG}{count * 2 + each:09d}")


def _long_bill(region: str, account: str, record: str, number: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    care = "2026-03-02"
    dates = (care, care, "2026-03-20", "2099-12-15")
    yield "bills", (region, account, number, "1", "professional", "", record, "Dr. Grace Maple", *dates, "USD")
    for line in range(1, LONG_LINES + 1):
        text, system, price = data.SERVICES[line % len(data.SERVICES)]
        left = price - price // 4 - price // 2
        amounts = (price, price // 4, price // 2, 1_000 if line == 1 else 0, 0, left, 0, 0)
        cells = (str(line), care, system, str(1000 + line), text, "1", *map(data.plain, amounts))
        yield "lines", (region, number, *cells)
    yield "payments", (region, number, "D1", "1", care, "10.00", "desk")


def multiply(connection: psycopg.Connection[Any], times: int) -> None:
    """Have every account `times` times, as `copy` makes them. `connection` is the owner's."""
    copy(connection, times)
    connection.execute("VACUUM (ANALYZE)")


def copy(connection: psycopg.Connection[Any], times: int) -> None:
    """All rows of every account once more for each time but the first, with ids and blind indexes of their own.

    Copies have the same figures, so pages and payments of them are as those of the first.
    """
    for table in SHARDED:
        columns = [row[0] for row in connection.execute(_COLUMNS, (table,)).fetchall()]
        chosen = ", ".join(_copied(column) for column in columns)
        connection.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM {table} t,"
            f" generate_series(1, {times - 1:d}) AS copy"
        )


_COLUMNS = (
    "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
)


def _copied(column: str) -> str:
    """A column of a copy: ids get a mark of the copy in their random part, so that they keep their order in time."""
    if column == "blind":
        return "substring(sha256(t.blind || int4send(copy)) FROM 1 FOR 16)"
    if column in IDS:
        return f"(left(t.{column}::text, 24) || substr(md5(t.{column}::text || copy), 1, 12))::uuid"
    return f"t.{column}"
