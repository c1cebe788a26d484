"""What banks send back: a file is taken whole, then each of its lines is applied and ends with one disposition.

The file is known by its digest: the same one again goes on where it stopped and applies nothing twice. A file that is
not sound is refused with lines and reasons, and nothing of it counts; what a sound file says of entries nobody knows,
or in codes nobody knows, is kept aside (quarantined) for a person (money.md, Exactly once 7).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from django.db import transaction

from caretill.ach import changes, locks, together
from caretill.core import clock, sealed, sql
from caretill.formats import nacha, nacha_read
from caretill.formats.nacha import Change, Return
from caretill.formats.nacha_faults import NachaRejected
from caretill.regions import bankdays

SET_ROWS = 1_000
DECIDED = 500  # at once
LOCK = "reading of returns"
_LINE = (
    "sha256, line, kind, code, trace, own_trace, rdfi, amount_cents, sec_code, corrected, refused_code, disposition,"
    " reason, note"
)


@dataclass(frozen=True)
class Told:
    """What became of a file. `known`: it was read before, whole. Amounts are those of returns that were applied."""

    sha256: str
    state: str
    known: bool
    lines: int
    applied: int
    repeated: int
    noted: int
    quarantined: int
    returned_cents: int
    reopened_cents: int
    reasons: dict[str, int]
    faults: tuple[str, ...]


def read(path: Path, progress: Callable[[int], None] | None = None) -> Told:
    """Take a file of returns and apply it. Safe to repeat, and to stop anywhere.

    A file that is not sound is `rejected` with `faults`, each with line and reason. Raises OSError.
    """
    with path.open("rb") as source:
        return take(source, path.name, progress)


def take(source: BinaryIO, name: str, progress: Callable[[int], None] | None = None) -> Told:
    """As `read`, from anything that can be read twice."""
    digest = _digest(source)
    kept = sql.one("SELECT state FROM ach_returned_file WHERE sha256 = %s", (digest,))
    known = kept is not None and kept["state"] in ("done", "rejected")
    if kept is None:
        try:
            _keep(source, name, digest)
        except NachaRejected as rejected:
            _reject(name, digest, [str(fault) for fault in rejected.faults])
    if not known:
        finish(progress, wait=True)
    return told(digest, known)


def finish(progress: Callable[[int], None] | None = None, wait: bool = False) -> dict[str, int]:
    """Apply every line that nobody has looked at yet, of all files that were taken: {decided}. A turn of the worker.

    One program does so at a time; another waits for it, or leaves it to that one.
    """
    try:
        with locks.alone(LOCK, wait):
            return {"decided": _finish(progress)}
    except locks.Busy:
        return {"decided": 0}


def _finish(progress: Callable[[int], None] | None) -> int:
    decided = 0
    while rows := _undecided():
        decided += together.lines(rows)
        if progress:
            progress(decided)
    sql.execute(
        "UPDATE ach_returned_file f SET state = 'done' WHERE state = 'taken' AND NOT EXISTS ("
        " SELECT 1 FROM ach_returned_line l WHERE l.sha256 = f.sha256 AND l.disposition = '')"
    )
    return decided


def told(digest: bytes, known: bool = False) -> Told:
    """What became of the file with that digest."""
    file = sql.one("SELECT * FROM ach_returned_file WHERE sha256 = %s", (digest,))
    assert file is not None
    rows = sql.query(
        "SELECT disposition, reason, count(*) AS lines,"
        " coalesce(sum(amount_cents) FILTER (WHERE kind IN ('return', 'contested')), 0)::bigint AS cents,"
        " coalesce(sum(reopened_cents), 0)::bigint AS reopened FROM ach_returned_line WHERE sha256 = %s"
        " GROUP BY 1, 2 ORDER BY 1, 2",
        (digest,),
    )
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["disposition"]] = counts.get(row["disposition"], 0) + row["lines"]
    applied = [row for row in rows if row["disposition"] == "applied"]
    return Told(
        sha256=digest.hex(),
        state=file["state"],
        known=known,
        lines=file["lines"],
        applied=counts.get("applied", 0),
        repeated=counts.get("repeat", 0),
        noted=counts.get("noted", 0),
        quarantined=counts.get("quarantined", 0),
        returned_cents=sum(row["cents"] for row in applied),
        reopened_cents=sum(row["reopened"] for row in applied),
        reasons={row["reason"]: row["lines"] for row in rows if row["disposition"] == "quarantined"},
        faults=tuple(_list(file["faults"])),
    )


def _list(kept: Any) -> list[str]:
    return list(sql.answer(f'{{"faults":{kept}}}')["faults"]) if isinstance(kept, str) else list(kept)


def _digest(source: BinaryIO) -> bytes:
    source.seek(0)
    digest = hashlib.sha256()
    while piece := source.read(1 << 20):
        digest.update(piece)
    source.seek(0)
    return digest.digest()


def _keep(source: BinaryIO, name: str, digest: bytes) -> None:
    """Its lines, in one transaction: a file is known with all of them, or not at all. Raises NachaRejected."""
    summary = nacha_read.verify(source)
    source.seek(0)
    with transaction.atomic():
        made = sql.execute(
            "INSERT INTO ach_returned_file (sha256, name, state, created_at, lines, debit_cents, credit_cents, faults,"
            " received_at) VALUES (%s, %s, 'taken', %s, 0, %s, %s, '[]', %s) ON CONFLICT DO NOTHING",
            (digest, name[:200], summary.header.created.replace(tzinfo=bankdays.EASTERN), summary.debit_cents,
             summary.credit_cents, clock.now()),
        )  # fmt: skip
        if not made:
            return
        lines = _lines(source, digest)
        count = 0
        while rows := list(islice(lines, SET_ROWS)):
            _put(rows)
            count += len(rows)
        state = "taken" if count else "done"
        sql.execute("UPDATE ach_returned_file SET lines = %s, state = %s WHERE sha256 = %s", (count, state, digest))


def _reject(name: str, digest: bytes, faults: list[str]) -> None:
    sql.execute(
        "INSERT INTO ach_returned_file (sha256, name, state, lines, debit_cents, credit_cents, faults, received_at)"
        " VALUES (%s, %s, 'rejected', 0, 0, 0, %s::jsonb, %s) ON CONFLICT DO NOTHING",
        (digest, name[:200], sql.dumps(faults), clock.now()),
    )


def _put(rows: list[tuple[Any, ...]]) -> None:
    places = ", ".join([f"({', '.join(['%s'] * 14)})"] * len(rows))
    sql.execute(f"INSERT INTO ach_returned_line ({_LINE}) VALUES {places}", [cell for row in rows for cell in row])


def _lines(source: BinaryIO, digest: bytes) -> Iterator[tuple[Any, ...]]:
    """A row for each return and change; an entry with neither (somebody else's debit) is a line that nobody applies."""
    for entry in nacha_read.entries(source):
        told_ = [each for each in entry.addenda if isinstance(each, Return | Change)]
        for each in told_:
            corrected, refused, kind = None, "", "change"
            if isinstance(each, Change):
                corrected = sealed.seal(each.corrected, changes.line_row(digest, each.line)) if each.corrected else None
                refused = each.refused_code
            else:
                kind = "return" if (form := nacha.return_form(each.code)) == "return" else form
            yield (
                digest, each.line, kind, each.code, each.original_trace, entry.trace, each.original_rdfi,
                entry.amount_cents, entry.batch.sec, corrected, refused, "", "", "",
            )  # fmt: skip
        if not told_:
            yield (
                digest, entry.line, "forward", "", entry.trace, entry.trace, entry.routing[:8], entry.amount_cents,
                entry.batch.sec, None, "", "quarantined", "not_a_return", "",
            )  # fmt: skip


def _undecided() -> list[dict[str, Any]]:
    return sql.query(
        "SELECT l.*, f.received_at FROM ach_returned_line l JOIN ach_returned_file f ON f.sha256 = l.sha256"
        " WHERE l.disposition = '' ORDER BY f.received_at, l.sha256, l.line LIMIT %s",
        (DECIDED,),
    )


def seen(digest: bytes, line: int) -> bool:
    """The office has looked at a line; whether it was waiting for that."""
    return bool(
        sql.execute(
            "UPDATE ach_returned_line SET seen_at = %s WHERE sha256 = %s AND line = %s AND seen_at IS NULL"
            " AND (note <> '' OR disposition = 'quarantined')",
            (clock.now(), digest, line),
        )
    )


def entry_of(trace: str, account_id: UUID) -> dict[str, Any] | None:
    """The newest entry of an account with that trace number: for the office."""
    return sql.one(
        "SELECT e.* FROM ach_trace t JOIN ach_entry e ON e.account_id = t.account_id AND e.id = t.entry_id"
        " WHERE t.trace = %s AND t.account_id = %s ORDER BY e.filed_at DESC LIMIT 1",
        (trace, account_id),
    )
