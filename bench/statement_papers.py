"""The product's side of `statement_pdf`.

python -m bench.child statement_papers run SHORT LONG FOLDER | pages COUNT FILE
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from caretill.billing.access import bill_figures
from caretill.core import clock, sql
from caretill.letters import pdf, statements
from caretill.letters.letterhead import letterhead
from caretill.letters.statement_page import statement_page
from caretill.regions import catalog

TEMPLATE = "statement.typ"


def main(arguments: Sequence[str]) -> None:
    """Run the statements twice and say how long each took; or write what typst is given for the same pages."""
    if arguments[0] == "pages":
        _pages(int(arguments[1]), Path(arguments[2]))
        return
    short, long, folder = int(arguments[1]), int(arguments[2]), Path(arguments[3])
    first, _ = _run(short, folder)
    second, size = _run(long, folder)
    print(first, second, size)


def _run(count: int, folder: Path) -> tuple[float, int]:
    began = perf_counter()
    done = statements.run(processes=2, most=count, folder=folder)
    if done.done != count:
        raise SystemExit(f"{count} statements were asked, {done.done} made, {done.failed} failed")
    return perf_counter() - began, done.size


def _pages(count: int, file: Path) -> None:
    """The inputs of the first statements of a run, and the compiler's options."""
    rows = sql.query("SELECT account_id, id FROM billing_bill ORDER BY account_id, id LIMIT %s", (count,))
    file.write_text(json.dumps([_page(row) for row in rows]), encoding="utf-8")


def _page(row: dict[str, Any]) -> dict[str, str]:
    figures = bill_figures(row["account_id"], row["id"])
    today = clock.today(catalog.region(figures["region"]).time_zone)
    dated = {**figures, "statement_number": 1, "statement_date": today.isoformat()}
    language = statements.language_of(figures)
    head = letterhead(figures["region"], language)
    return {"data": pdf.dump(statement_page(dated, language, head)), "frame": head.frame}
