"""The world is made: what the billing system told three weeks ago, who paid since, and what it tells today."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from caretill.core import clock, sql
from caretill.intake import run
from caretill.regions import catalog
from caretill.sim.processor.keys import Keys
from caretill.sim.world import feed, visits
from caretill.sim.world.books import FIRST_DELIVERY_DAYS, Book, make_book

SEED = "larkspur"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Made:
    """What stands afterwards. `at` is the moment the world was told from; a day later it would be another world."""

    seed: str
    at: str
    families: int = 0
    bills: int = 0
    payments: int = 0
    refunded_cents: int = 0
    done: bool = False


def make(folder: Path, store: Path, keys: Keys, say: Say = lambda text: None, seed: str = SEED) -> Made:
    """Make the world in the database, once. `folder` keeps its files and a note of how far it came.

    `store` is the processor's, which must not run meanwhile. Killed anywhere, the next call goes on from the same
    moment: files that came in are known again, payments have their keys. Raises WorldBroken.
    """
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / "world.json"
    made = Made(**json.loads(note.read_text(encoding="utf-8"))) if note.exists() else Made(seed, _start().isoformat())
    if made.done:
        return made
    _keep(note, made)
    at = datetime.fromisoformat(made.at)
    books = tell(made.seed, at)
    say("bills of three weeks ago")
    floor = _sealed_until()
    with clock.fixed(max(at - timedelta(days=FIRST_DELIVERY_DAYS), floor)):
        _bring_in(feed.write(folder / "first", [(book.region.slug, book.first) for book in books]))
    say("payments since then")
    with visits.processor_here(store, keys) as shell:
        payments = visits.pay_all(shell, made.seed, books, at, floor)
        say("bills of these days")
        with clock.fixed(max(at, floor)):
            _bring_in(feed.write(folder / "second", [(book.region.slug, book.second) for book in books]))
            refunded_cents = visits.give_back_all(shell, made.seed, books)
    families = sum(len(book.first.families) for book in books)
    bills = sum(len(told.bills) for book in books for told in book.told)
    made = Made(made.seed, made.at, families, bills, payments, refunded_cents, done=True)
    _keep(note, made)
    return made


def tell(seed: str, at: datetime) -> list[Book]:
    """The books of all regions, each by its own calendar at that moment."""
    organisation = catalog.organisation()
    with clock.fixed(at):
        return [
            make_book(seed, region, place, organisation.short_name, clock.today(region.time_zone))
            for place, region in enumerate(organisation.regions)
        ]


def is_empty() -> bool:
    """Whether the database holds no bills at all."""
    return sql.one("SELECT 1 AS found FROM billing_bill LIMIT 1") is None


def _start() -> datetime:
    """Now, to the second: the moment is written down and read again."""
    return clock.now().replace(microsecond=0)


def _sealed_until() -> datetime:
    """Nothing may be recorded at or before what is sealed; where nothing is, the past is free."""
    row = sql.one("SELECT max(until) AS until FROM core_seal")
    sealed = row["until"] if row else None
    return sealed + timedelta(milliseconds=1) if sealed else datetime.min.replace(tzinfo=UTC)


def _bring_in(folder: Path) -> None:
    summary = run.bring_in(run.Ask("csv", folder))
    if summary.rejected:
        raise visits.WorldBroken(f"{folder}: {summary.rejected} rows refused: {summary.reasons}")


def _keep(note: Path, made: Made) -> None:
    """Written whole or not at all."""
    draft = note.with_name(f".{note.name}.{os.getpid()}")
    draft.write_text(json.dumps(asdict(made)), encoding="utf-8")
    draft.replace(note)
