"""Writes `docs/bill-csv.md` from the tables themselves: `python -m caretill.formats.bill_docs > docs/bill-csv.md`."""

from __future__ import annotations

from caretill.formats import bill_csv, values
from caretill.formats.tables import Table

HEAD = """\
# The documented CSV

<!-- Written by `python -m caretill.formats.bill_docs` from src/caretill/formats; a test compares. -->

`caretill import csv PATH` takes it, `caretill export csv PATH` writes it: what came in goes out the same. Five tables,
each recognised by its header. PATH is a file, a folder, or a `.zip`; files may be `.csv` or `.csv.gz`. A file holds one
table, or several one after the other, each begun by its header. A delivery need not hold all tables.

- UTF-8, with or without a byte order mark. Comma between cells, `"` around a cell that holds a comma or a quote, `""`
  for a quote in it. One row is one line: a cell holds no line end. Lines end with LF or CRLF, and are at most 64 KiB.
- Columns stand in any order. A column that is not listed here is an error of the file; nothing of it is applied then.
- Amounts are dollars with no or two decimals, `123` or `123.45`, never negative. Dates are `YYYY-MM-DD`.
- A cell with what looks like a card number is refused and not kept.

**Versions.** The first version of a bill posts its charges. A higher one posts the difference, shows what changed on
the bill and makes a new statement; where the bill falls below what is paid or being paid, the rest becomes its credit.
The same version with the same content changes nothing, with other content it is refused (`same_version_differs`). A
lower one is ignored and counted as older. Payments go the same way.

**Parts.** `copay`, `deductible`, `coinsurance` and `not_covered` say why a line asks what it asks. They move no money:
what is owed is `charge` less `discount`, `plan_paid`, `written_off` and payments. Where a line's parts are together
above its share (`charge` less `discount` less `plan_paid`), as a co-pay taken at the desk can be, it goes in as it is
and comes out as it came: to refuse it would lose the bill. The import counts such lines (`parts_above_lines`), the
payer owes no cent more, and the line shows its parts; the bill leaves out the table that adds up the parts of all its
lines wherever that sum is above the patient's share.

**What is refused.** A row that cannot go in is kept with its file, line, column and reason; the rest goes in. A bill
goes in whole or not at all: a line that is refused takes its bill with it, and the bill its other lines.

**Twice.** The same row twice in a delivery is one row. Two rows with one key and other content are both refused.
"""
SET_REASONS = {
    "unknown_region": "The organisation has no such region.",
    "unknown_payee": "The organisation has no such payee.",
    "duplicate_in_file": "Another row of the delivery has the same key and other content.",
    "unknown_account": "No such account in this delivery or an earlier one.",
    "unknown_person": "No such person on this account, in this delivery or an earlier one.",
    "unknown_bill": "No such bill in this delivery or an earlier one.",
    "number_taken": "The number belongs to another account.",
    "pay_code_taken": "The pay code belongs to another bill.",
    "pay_code_differs": "The bill is known with another pay code.",
    "same_version_differs": "The version is known with other content.",
    "no_lines": "The bill has no lines in this delivery.",
    "line_count_differs": "The bill has another number of lines than its `line_count`.",
    "line_refused": "A line of the bill was refused.",
    "bill_refused": "The bill of this line was refused.",
    "bill_not_in_delivery": "The bill of this line is not in the delivery.",
    "above_charge": "Discount and write-off together are above the charge.",
    "before_service_from": "The last day of care is before the first.",
    "before_issue_date": "The due date is before the date of the bill.",
}


def text() -> str:
    """The whole page."""
    parts = [HEAD, *(_table(table) for table in bill_csv.FAMILY.tables), _reasons()]
    return "\n".join(parts)


def _table(table: Table) -> str:
    key = " + ".join(f"`{name}`" for name in table.key)
    lines = [
        f"## {table.name}",
        "",
        f"{table.says} Key: {key}.",
        "",
        "| column | holds | form | empty means |",
        "|---|---|---|---|",
    ]
    for column in table.columns:
        empty = column.empty if column.empty is not None else "refused"
        optional = "; the column may be left out" if column.optional else ""
        lines.append(f"| `{column.name}` | {column.says} | {column.kind.says} | {empty}{optional} |")
    return "\n".join([*lines, ""])


def _reasons() -> str:
    known = values.REASONS | SET_REASONS
    lines = ["## Reasons", "", "| reason | means |", "|---|---|"]
    lines += [f"| `{reason}` | {says} |" for reason, says in sorted(known.items())]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    print(text(), end="")
