"""Statements: one bill at a time, or all that are due. What was said then is kept; the paper can be made again.

A statement is numbered within its bill. Kept are the figures and the digest of the paper, not the paper: figures are a
fiftieth of its size, and they make the same bytes again while the layout stands (`models.Statement`).

Of a private visit two papers leave the house: to the guarantor what is owed, without the care, and the statement itself
to the patient, where their own login gives an address and wants paper. Without one it waits on their screen. No paper
is written to a guarantor who agreed to do without: their statement is kept like any other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog

from caretill.billing.access import bill_figures, for_patient
from caretill.core import clock, sql
from caretill.core.ids import uuid7
from caretill.letters import pdf, wants
from caretill.letters.closed_page import closed
from caretill.letters.press import Press, Printed, press, print_statement, statement_pdf
from caretill.regions import catalog

__all__ = ["Issued", "Run", "StatementGone", "again", "changed_since", "due", "issue", "papers", "run", "statement_pdf"]

log = structlog.get_logger("caretill.letters")

Figures = dict[str, Any]
SET = 64
NOTHING = UUID(int=0)
# How a bill stands today, not what it says: no reason for a new statement.
_PASSING = ("status", "statement_number", "statement_date", "changed_at", "for_patient")


@dataclass(frozen=True)
class Issued:
    """A statement that stands: its id and its number within the bill; `new` where this call made it."""

    id: UUID
    number: int
    new: bool


@dataclass(frozen=True)
class Run:
    """What a run did: statements that were due, made, could not be made; what they ask for in all; bytes drawn."""

    planned: int
    done: int
    failed: int
    amount_cents: int
    size: int


class StatementGone(LookupError):
    """No such statement, or its paper cannot be made again byte for byte: the layout has changed since."""


@dataclass(frozen=True)
class _Order:
    account_id: UUID
    bill_id: UUID
    number: int
    language: str
    figures: Figures
    printed: Future[Printed]
    beside: Future[Printed] | None = None


def issue(account_id: UUID, bill_id: UUID) -> Issued:
    """Make the next statement of a bill from what it says now; the last one again where nothing on it changed.

    Two that do this at once make one statement. Nothing is locked while the paper is drawn. Raises Hidden.
    """
    figures = bill_figures(account_id, bill_id)
    while True:
        last = _last(account_id, bill_id)
        if last and bytes(last["figures_digest"]) == digest_of(figures):
            return Issued(last["id"], last["number"], new=False)
        number = last["number"] + 1 if last else 1
        dated = _dated(figures, number)
        printed = print_statement(dated, language_of(figures), "")
        if printed.fault:
            raise RuntimeError(printed.fault)
        row = _row(account_id, bill_id, number, language_of(figures), dated, printed)
        if _keep([row]):
            return Issued(UUID(row["id"]), number, new=True)


def again(account_id: UUID, statement_id: UUID) -> bytes:
    """The paper of a statement, byte for byte as it was. The caller has asked whether it may be seen.

    Raises StatementGone.
    """
    return _again(account_id, statement_id)[0]


def _again(account_id: UUID, statement_id: UUID) -> tuple[bytes, Figures, str]:
    row = sql.one(
        "SELECT figures, language, sha256 FROM letters_statement WHERE account_id = %s AND id = %s",
        (account_id, statement_id),
    )
    if row is None:
        raise StatementGone(str(statement_id))
    figures = sql.answer(row["figures"])
    made = statement_pdf(figures, row["language"])
    if hashlib.sha256(made).digest() != bytes(row["sha256"]):
        raise StatementGone(f"{statement_id}: drawn differently now")
    return made, figures, row["language"]


def run(*, processes: int = 2, most: int | None = None, folder: Path | None = None) -> Run:
    """Make the statement of every bill whose latest version has none; with `folder`, write the papers there.

    May be stopped anywhere and started again: each set of 64 is kept by one statement of SQL, and what it holds is due
    no more. While one set is drawn by `processes`, the next is read. A bill that cannot be drawn is counted and logged.
    """
    tally = _Tally()
    with press(processes) as at_work:
        waiting: list[_Order] = []
        for orders in chain(_sets(at_work, most, folder), ([],)):
            tally.keep(waiting)
            tally.planned += len(orders)
            waiting = orders
    return Run(tally.planned, tally.done, tally.failed, tally.amount_cents, tally.size)


def due(after: tuple[UUID, UUID], most: int) -> list[dict[str, Any]]:
    """Bills whose latest version has no statement, in the order of their keys: account_id, id, number to be made."""
    return sql.query(sql.load(__file__, "due.sql"), (*after, most))


def papers(folder: Path, since: date) -> tuple[int, int, int]:
    """Write the papers of all statements since that day (UTC) there, as they were sent: how many, how many cannot be
    made again, and how many guarantors have theirs on screen only.

    REGION-BILL-NUMBER.pdf; a paper whose layout has changed since cannot be made again and is counted. Of a visit that
    is private, or became it since, that is the guarantor's paper; the patient's, if there is one, ends in -patient.pdf.
    """
    written = gone = screens = 0
    after, begin = (NOTHING, NOTHING), datetime(since.year, since.month, since.day, tzinfo=UTC)
    while rows := sql.query(sql.load(__file__, "since.sql"), (begin, *after, SET)):
        without = wants.on_screen_only(row["account_id"] for row in rows)
        for row in rows:
            try:
                paper, figures, language = _again(row["account_id"], row["id"])
            except StatementGone:
                gone += 1
                continue
            name = f"{row['region']}-{row['bill_number']}-{row['number']}"
            leaving = {name: paper}
            today = clock.today(catalog.region(row["region"]).time_zone)
            if figures.get("for_patient") or for_patient(row["private"], row["relation"], row["birth_date"], today):
                leaving = {name: statement_pdf(closed(figures), language)}
                if "payer_mail_to" in figures:
                    leaving[f"{name}-patient"] = paper
            if row["account_id"] in without:
                screens += 1
                del leaving[name]
            for each, body in leaving.items():
                (folder / f"{each}.pdf").write_bytes(body)
            written += len(leaving)
        after = (rows[-1]["account_id"], rows[-1]["id"])
    return written, gone, screens


def changed_since(moment: datetime) -> bool:
    """Whether any bill came or changed after that; asked of an index of a few pages, however many bills there are."""
    return sql.one("SELECT 1 FROM billing_bill WHERE changed_at > %s LIMIT 1", (moment,)) is not None


class _Tally:
    """Counts of a run, and the keeping of what was drawn."""

    def __init__(self) -> None:
        self.planned = self.done = self.failed = self.amount_cents = self.size = 0

    def keep(self, orders: list[_Order]) -> None:
        rows = []
        for order in orders:
            printed = order.printed.result()
            fault = printed.fault or (order.beside.result().fault if order.beside else "")
            if fault:
                self.failed += 1
                log.error("a statement cannot be drawn", bill=str(order.bill_id), fault=fault)
                continue
            self.size += printed.size
            self.amount_cents += order.figures["payable_cents"]
            rows.append(_row(order.account_id, order.bill_id, order.number, order.language, order.figures, printed))
        self.done += _keep(rows)


def _sets(at_work: Press, most: int | None, folder: Path | None) -> Iterator[list[_Order]]:
    """Sets of orders, each given to the press before it is handed out; `most` bounds their sum."""
    after = (NOTHING, NOTHING)
    left = most
    while left is None or left > 0:
        size = SET if left is None else min(SET, left)
        found = due(after, size)
        if not found:
            return
        without = wants.on_screen_only(row["account_id"] for row in found) if folder else frozenset()
        yield [_order(at_work, row, None if row["account_id"] in without else folder, folder) for row in found]
        after = (found[-1]["account_id"], found[-1]["id"])
        left = None if left is None else left - len(found)


def _order(at_work: Press, row: dict[str, Any], to_payer: Path | None, to_patient: Path | None) -> _Order:
    """Have it drawn; the papers go into these folders, where one is named."""
    account_id, bill_id, number = row["account_id"], row["id"], row["number"]
    figures = _dated(bill_figures(account_id, bill_id), number)
    language = language_of(figures)
    target = str(to_payer / f"{bill_id}-{number}.pdf") if to_payer else ""
    beside = None
    if figures["for_patient"]:
        beside = at_work.order(closed(figures), language, target) if target else None
        own = to_patient if "payer_mail_to" in figures else None
        target = str(own / f"{bill_id}-{number}-patient.pdf") if own else ""
    return _Order(account_id, bill_id, number, language, figures, at_work.order(figures, language, target), beside)


def language_of(figures: Figures) -> str:
    """The language of the bill's account, if the organisation has it."""
    known = catalog.organisation().languages
    return figures["language"] if figures.get("language") in known else known[0]


def digest_of(figures: Figures) -> bytes:
    """A digest of what a bill says; the same for the same figures in any order."""
    told = {key: value for key, value in figures.items() if key not in _PASSING}
    return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":"), default=str).encode()).digest()


def _dated(figures: Figures, number: int) -> Figures:
    on = clock.today(catalog.region(figures["region"]).time_zone)
    return {**figures, "statement_number": number, "statement_date": on.isoformat()}


def _last(account_id: UUID, bill_id: UUID) -> dict[str, Any] | None:
    return sql.one(
        "SELECT id, number, figures_digest FROM letters_statement WHERE account_id = %s AND bill_id = %s"
        " ORDER BY number DESC LIMIT 1",
        (account_id, bill_id),
    )


def _row(
    account_id: UUID, bill_id: UUID, number: int, language: str, figures: Figures, printed: Printed
) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "id": str(uuid7()),
        "bill_id": bill_id,
        "number": number,
        "version": figures["version"],
        "language": language,
        "issued_at": clock.now(),
        "figures": figures,
        "figures_digest": digest_of(figures),
        "layout": pdf.layout(),
        "sha256": printed.sha256,
    }


def _keep(rows: list[dict[str, Any]]) -> int:
    """Write statements; how many were new. One that another process made first stays as it is."""
    answer = sql.one(sql.load(__file__, "keep.sql"), (sql.dumps(rows),)) if rows else None
    return int(answer["n"]) if answer else 0
