"""Sending: the kept bytes of a built file go to the bank's carrier. Sent again, they are the same bytes.

The carrier here is a folder from which the bank's own program fetches: a file is there whole or not at all, and a name
that is there already is written anew only with the same content.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from django.db import transaction

from caretill.ach import build, locks, writing
from caretill.core import clock, sql
from caretill.methods import validate
from caretill.regions import bankdays


class Carrier(Protocol):
    """Takes a file to the bank. Given the same name again it takes the same bytes once more."""

    def put(self, name: str, pieces: Iterator[bytes]) -> None: ...


class NotTheBytes(Exception):
    """What was kept of a file is not what was written: it must not go to the bank."""


@dataclass(frozen=True)
class Sent:
    """A file that went out. `effective_on` is the first day on which its entries settle."""

    file_id: UUID
    name: str
    sha256: str
    size: int
    entries: int
    debit_cents: int
    credit_cents: int
    effective_on: date
    again: bool


class Folder:
    """A folder that only its owner reads; files appear in it by a rename."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def put(self, name: str, pieces: Iterator[bytes]) -> None:
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        making = self.path / f".{name}.part"
        handle = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as out:
            for piece in pieces:
                out.write(piece)
            out.flush()
            os.fsync(out.fileno())
        making.rename(self.path / name)


def send(carrier: Carrier, again: str = "") -> list[Sent]:
    """Send every file that is built and not sent, the oldest first; or, `again`, one that was sent, by its name.

    Who dies on the way sends it once more: the bank gets the same name and the same bytes. A file that goes later than
    its entries asked for settles later: their days are set right. Raises NotTheBytes,
    locks.Busy, KeyError (no such file).
    """
    with locks.alone(build.LOCK):
        return [_send(carrier, row) for row in _due(again)]


def _due(again: str) -> list[dict[str, Any]]:
    if not again:
        return sql.query("SELECT * FROM ach_file WHERE state = 'built' ORDER BY day, number")
    rows = sql.query("SELECT * FROM ach_file WHERE name = %s AND state IN ('built', 'sent') AND entries > 0", (again,))
    if not rows:
        raise KeyError(again)
    return rows


def _send(carrier: Carrier, row: dict[str, Any]) -> Sent:
    digest = hashlib.sha256()
    if hashed(row["id"]) != bytes(row["sha256"]):
        raise NotTheBytes(f"{row['name']}: what was kept is not what was written")

    def told() -> Iterator[bytes]:
        for piece in writing.pieces(row["id"]):
            digest.update(piece)
            yield piece

    carrier.put(row["name"], told())
    if digest.digest() != bytes(row["sha256"]):
        raise NotTheBytes(f"{row['name']}: the carrier was given other bytes")
    now = clock.now()
    first = _sent(row, now)
    return Sent(
        file_id=row["id"],
        name=row["name"],
        sha256=bytes(row["sha256"]).hex(),
        size=row["size"],
        entries=row["entries"],
        debit_cents=row["debit_cents"],
        credit_cents=row["credit_cents"],
        effective_on=first,
        again=row["sent_at"] is not None,
    )


def _sent(row: dict[str, Any], now: datetime) -> date:
    """Note that it went. What asked for a day that the bank can no longer reach settles on the first one it can."""
    bank = build.debit_bank()
    first = bankdays.effective_entry_date(now, same_day=row["same_day"], cut_off=bank.cut_off)
    with transaction.atomic():
        sql.execute(
            "UPDATE ach_file SET state = 'sent', sent_at = coalesce(sent_at, %s), sendings = sendings + 1"
            " WHERE id = %s",
            (now, row["id"]),
        )
        if row["sent_at"] is None:
            moved = sql.query(
                "UPDATE ach_entry SET effective_on = %s WHERE file_id = %s AND effective_on < %s AND state = 'filed'"
                " RETURNING account_id, payment_id, method_id, kind",
                (first, row["id"], first),
            )
            # An account is proved so many days after its proof has really settled.
            proofs = {(e["account_id"], e["method_id"], first) for e in moved if e["kind"] in ("prenote", "micro")}
            validate.sent_later(proofs)
            told_late = [
                {"account_id": each["account_id"], "payment_id": each["payment_id"], "posts_on": first}
                for each in moved
                if each["payment_id"]
            ]
            if told_late:
                sql.query("SELECT payments_post_later(%s::jsonb)", (sql.dumps({"moved": told_late}),))
        told = sql.one("SELECT min(effective_on) AS day FROM ach_entry WHERE file_id = %s", (row["id"],))
    return told["day"] if told else first


def hashed(file_id: UUID) -> bytes:
    """The digest of what was kept."""
    digest = hashlib.sha256()
    for piece in writing.pieces(file_id):
        digest.update(piece)
    return digest.digest()
