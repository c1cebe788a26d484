"""A program that gives money back: `python -m house.faults.refunder FILE`. The same file again does nothing twice.

A line of the file: {"account", "payment", "amount_cents", "key"}. It repeats a call whose outcome it does not know
under its key, as whoever gives money back must.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import django

django.setup()

from django.db import connections  # noqa: E402

from caretill.payments import refund  # noqa: E402

MOST = 8


def give_back(line: dict[str, Any]) -> str:
    """One refund, repeated until its outcome is known."""
    try:
        for _ in range(MOST):
            code: str = refund.refund(
                UUID(line["account"]), UUID(line["payment"]), line["amount_cents"], UUID(line["key"]), "asked"
            )["code"]
            if code != "unknown":
                return code
            time.sleep(0.1)
        return "unknown"
    finally:
        connections.close_all()


def main() -> None:
    """Every line, some at once; prints a code for each."""
    lines = [json.loads(line) for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()]
    with ThreadPoolExecutor(6) as pool:
        for code in pool.map(give_back, lines):
            print(code, flush=True)


if __name__ == "__main__":
    main()
