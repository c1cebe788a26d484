"""Many papers at once: processes that only draw. They open no database and hold one compiler each."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caretill.letters import pdf
from caretill.letters.closed_page import closed_page
from caretill.letters.letterhead import letterhead
from caretill.letters.statement_page import statement_page


@dataclass(frozen=True)
class Printed:
    """What became of one paper: the digest of its bytes and how many, or why there is none."""

    sha256: bytes
    size: int
    fault: str = ""


def statement_pdf(figures: dict[str, Any], language: str) -> bytes:
    """The statement of a bill as tagged PDF: the same figures and letterhead always make the same bytes.

    Without the care where it was taken out of the figures (`closed_page.closed`).
    """
    head = letterhead(figures["region"], language)
    page = closed_page if figures.get("closed") else statement_page
    return pdf.pdf("statement.typ", page(figures, language, head), head.frame)


def print_statement(figures: dict[str, Any], language: str, target: str) -> Printed:
    """Draw a statement, write it to `target` where one is named, and tell its digest."""
    try:
        made = statement_pdf(figures, language)
    except (RuntimeError, LookupError, ValueError) as fault:
        return Printed(b"", 0, f"{type(fault).__name__}: {fault}"[:300])
    if target:
        path = Path(target)
        half = path.with_suffix(".part")
        half.write_bytes(made)
        half.replace(path)
    return Printed(hashlib.sha256(made).digest(), len(made))


class Press:
    """Takes orders and answers them later."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def order(self, figures: dict[str, Any], language: str, target: str = "") -> Future[Printed]:
        """Have a statement drawn by a process of the press."""
        return self._pool.submit(print_statement, figures, language, target)


@contextmanager
def press(processes: int) -> Iterator[Press]:
    """A press of that many processes, which end with the block, or with this process where it is killed.

    They are started anew, never forked: threads may run.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, _end_with, (os.getpid(),)) as pool:
        yield Press(pool)


def _end_with(parent: int) -> None:
    """In a process of the press: do not outlive the one that gives the orders. A reader of its pipe would wait."""
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
