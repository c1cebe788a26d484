"""An import from its path to its summary. Safe to repeat; killed anywhere, the next run goes on where it stood."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import OperationalError, transaction

from caretill.core import clock, sql
from caretill.core.ids import uuid7
from caretill.formats import bill_csv, delivery
from caretill.formats.blocks import FileFault, Reader, Reject
from caretill.formats.delivery import Source
from caretill.intake import sets, synthea
from caretill.intake.stage import BILL_TARGETS, Stager, Watch, read_file
from caretill.intake.summary import Summary, summarise
from caretill.regions import catalog, rules

KINDS = ("csv", "synthea")
LOCK = 0x0CA2E111  # one import at a time
LOCK_WAIT = "5s"  # the server may still be at the last statement of an import that was killed
LOCK_NOT_AVAILABLE = "55P03"


class ImportBusy(RuntimeError):
    """Another import is running on this database."""


@dataclass(frozen=True)
class Ask:
    """What to import. The options are part of what a delivery is: with others it is another delivery."""

    kind: str
    path: Path
    options: dict[str, Any] = field(default_factory=dict)


def bring_in(ask: Ask, watch: Watch = lambda step, done, total: None) -> Summary:
    """Import the files at a path and say what became of them.

    Accounts, people and bills are written as the feed has them, and the ledger gets what differs (billing.issue).
    Nothing is applied before all files were read. A delivery that went in whole before changes nothing.
    Raises FileFault (nothing was applied) and ImportBusy.
    """
    sources = _sources(ask)
    digest = _digest(ask, sources)
    with _alone():
        known = _known(digest)
        if known is not None:
            return known.again()
        delivery_id = _begin(ask, digest, sources)
        plan = _stage(ask, delivery_id, sources, watch)
        if not _goes_on(delivery_id, plan):
            plan = _stage(ask, delivery_id, sources, watch)
        _apply(ask, delivery_id, sources, plan, watch)
        summary = summarise(delivery_id, _files(sources), plan)
        _finish(delivery_id, summary)
        return summary


def _sources(ask: Ask) -> list[Source]:
    found = delivery.find(ask.path)
    return synthea.wanted(found, ask.path) if ask.kind == "synthea" else found


def _files(sources: list[Source]) -> list[dict[str, Any]]:
    return [{"name": each.name, "sha256": each.sha256, "bytes": each.size} for each in sources]


def _digest(ask: Ask, sources: list[Source]) -> bytes:
    said = json.dumps([ask.kind, ask.options, sorted([each.sha256, each.member] for each in sources)], sort_keys=True)
    return hashlib.sha256(said.encode()).digest()


@contextmanager
def _alone() -> Iterator[None]:
    try:
        with transaction.atomic():
            sql.execute("SELECT set_config('lock_timeout', %s, true)", (LOCK_WAIT,))
            sql.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        raise ImportBusy("another import is running on this database") from error
    try:
        yield
    finally:
        sql.execute("SELECT pg_advisory_unlock(%s)", (LOCK,))


def _known(digest: bytes) -> Summary | None:
    """The summary of the same delivery, if all of it went in."""
    row = sql.one(
        "SELECT summary FROM intake_delivery WHERE digest = %s AND state = 'done' AND summary->>'rejected' = '0'"
        " ORDER BY started_at DESC LIMIT 1",
        (digest,),
    )
    return Summary(**sql.answer(row["summary"])) if row else None


def _begin(ask: Ask, digest: bytes, sources: list[Source]) -> UUID:
    """The delivery's row: that of a run that was stopped, or a new one."""
    row = sql.one("SELECT id FROM intake_delivery WHERE digest = %s AND state = 'running'", (digest,))
    if row:
        return UUID(str(row["id"]))
    delivery_id = uuid7()
    sql.execute(
        "INSERT INTO intake_delivery (id, kind, digest, files, options, state, summary, started_at)"
        " VALUES (%s, %s, %s, %s::jsonb, %s::jsonb, 'running', '{}', %s)",
        (delivery_id, ask.kind, digest, sql.dumps(_files(sources)), sql.dumps(ask.options), clock.now()),
    )
    return delivery_id


@dataclass
class Plan:
    """What was read and staged, and how it was cut into sets."""

    read: dict[str, int]
    staged: dict[str, int]
    sets: dict[str, int] = field(default_factory=dict)
    repeated: dict[str, int] = field(default_factory=dict)
    print: str = ""  # of the sets: a delivery that was stopped goes on only with the same ones


def _goes_on(delivery_id: UUID, plan: Plan) -> bool:
    """Keep the print of the sets. False if sets that are done were cut otherwise: then all of it begins anew.

    That happens where another release or other region files go on; what was applied comes up as unchanged.
    """
    row = sql.one("SELECT summary->>'print' AS print FROM intake_delivery WHERE id = %s", (delivery_id,))
    before = row["print"] if row else None
    sql.execute(
        "UPDATE intake_delivery SET summary = jsonb_build_object('print', %s::text) WHERE id = %s",
        (plan.print, delivery_id),
    )
    if before in (None, plan.print):
        return True
    sql.execute("DELETE FROM intake_set WHERE delivery_id = %s", (delivery_id,))
    sql.execute("DELETE FROM intake_refused WHERE delivery_id = %s", (delivery_id,))
    return False


def _stage(ask: Ask, delivery_id: UUID, sources: list[Source], watch: Watch) -> Plan:
    sql.execute("SELECT intake_clear()")
    try:
        if ask.kind == "synthea":
            read, staged = synthea.stage(delivery_id, sources, ask.options, watch)
        else:
            read, staged = _stage_csv(delivery_id, sources, watch)
    except FileFault:
        sql.execute("DELETE FROM intake_refused WHERE delivery_id = %s", (delivery_id,))
        sql.execute("DELETE FROM intake_delivery WHERE id = %s", (delivery_id,))
        sql.execute("SELECT intake_clear()")
        raise
    watch("checking", 0, 1)
    _find_due_dates()
    sql.execute("SELECT intake_index()")
    names = [each.name for each in sources]
    row = sql.one("SELECT intake_plan(%s, %s::jsonb, %s) AS answer", (delivery_id, sql.dumps(names), sets.SET_ROWS))
    assert row is not None
    watch("checking", 1, 1)
    return Plan(read=read, staged=staged, **sql.answer(row["answer"]))


def _stage_csv(delivery_id: UUID, sources: list[Source], watch: Watch) -> tuple[dict[str, int], dict[str, int]]:
    allowed = {
        "region": frozenset(region.slug for region in catalog.regions()),
        "payee": frozenset(catalog.organisation().payees),
    }
    reader = Reader(bill_csv.FAMILY, allowed)
    with Stager(delivery_id, BILL_TARGETS, _flaw) as stager:
        for number, source in enumerate(sources):
            read_file(reader, stager, number, source, watch)
    return stager.read, stager.staged


def _flaw(reject: Reject) -> tuple[str, str] | None:
    if len(reject.about) != 2:
        return None
    region, number = reject.about
    return region, number.replace("-", "")


def _find_due_dates() -> None:
    """Due dates by rule for the bills that bring none."""
    asked = sql.query("SELECT DISTINCT region, kind, issue_date FROM intake_stage_bill WHERE due_date IS NULL")
    found = [
        (each["region"], each["kind"], each["issue_date"],
         rules.due_date(catalog.region(each["region"]), each["kind"], each["issue_date"]))
        for each in asked
    ]  # fmt: skip
    columns = [[each[place] for each in found] for place in range(4)]
    sql.execute(
        "INSERT INTO intake_stage_due (region, kind, issue_date, due_date)"
        " SELECT * FROM unnest(%s::text[], %s::text[], %s::date[], %s::date[])",
        columns,
    )


def _apply(ask: Ask, delivery_id: UUID, sources: list[Source], plan: Plan, watch: Watch) -> None:
    rows = sql.query("SELECT stage, number FROM intake_set WHERE delivery_id = %s", (delivery_id,))
    done = {(row["stage"], row["number"]) for row in rows}
    total = sum(plan.sets.get(stage, 0) for stage in sets.STAGES)
    names = [each.name for each in sources]
    count = len(done)

    def one_more() -> None:
        nonlocal count
        count += 1
        watch("applying", count, total)

    work = sets.Work(delivery_id, ask.kind, names, one_more)
    for stage in sets.STAGES:
        sets.apply_stage(work, stage, {n for n in range(plan.sets.get(stage, 0)) if (stage, n) not in done})
    row = sql.one(
        "SELECT coalesce(sum((counts->>'lines')::bigint), 0) AS lines FROM intake_set WHERE delivery_id = %s",
        (delivery_id,),
    )
    if row is not None and row["lines"] != plan.staged.get("lines", 0):
        sql.execute("SELECT intake_refuse_orphans(%s, %s::jsonb)", (delivery_id, sql.dumps(names)))


def _finish(delivery_id: UUID, summary: Summary) -> None:
    sql.execute(
        "UPDATE intake_delivery SET state = 'done', summary = %s::jsonb, finished_at = %s WHERE id = %s",
        (sql.dumps(asdict(summary)), clock.now(), delivery_id),
    )
    sql.execute("SELECT intake_clear()")
