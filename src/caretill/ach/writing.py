"""The bytes of a file: its entries in order, streamed into pieces that are sealed and kept.

A million entries take no more memory than a thousand: a cursor of the database feeds the writer, account numbers are
opened one set at a time, and each piece is put away as soon as it is full.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from caretill.core import clock, sealed, sql
from caretill.formats import nacha
from caretill.formats.nacha import BatchHeader, FileHeader
from caretill.formats.nacha_write import Entry, Written
from caretill.formats.nacha_write import write as write_file
from caretill.methods import access
from caretill.regions import bankdays, catalog
from caretill.regions.models import DebitBank

PIECE_BYTES = 1 << 20
FETCHED = 2_000
_MODIFIERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
# In the order of batches; within one by trace number, as Nacha wants it. The index has this order: nothing is sorted.
_ENTRIES = """
    SELECT e.payee, e.sec_code, e.description, (e.effective_on - date '2000-01-01')::int, e.transaction_code::int,
        m.routing, e.amount_cents, e.reference, m.holder_name, e.mark, e.sequence, m.account_sealed,
        uuid_send(e.account_id) || uuid_send(e.method_id)
    FROM ach_entry e JOIN methods_method m ON m.account_id = e.account_id AND m.id = e.method_id
    WHERE e.file_id = %s AND e.state = 'filed'
    ORDER BY e.batch, e.sequence
"""
_EPOCH = date(2000, 1, 1)


@dataclass(frozen=True)
class Kept:
    """`sums` None: the file had no entries and is no more. `effective_on` is the first day its entries ask for."""

    sums: Written | None
    proofs: int
    dropped: int
    effective_on: date | None


class _Pieces:
    """Takes bytes and keeps them in sealed pieces of the file."""

    def __init__(self, file_id: UUID) -> None:
        self.file_id = file_id
        self.count = 0
        self._waiting = bytearray()

    def write(self, data: bytes, /) -> None:
        self._waiting += data
        while len(self._waiting) >= PIECE_BYTES:
            self._put(bytes(self._waiting[:PIECE_BYTES]))
            del self._waiting[:PIECE_BYTES]

    def close(self) -> None:
        if self._waiting:
            self._put(bytes(self._waiting))
        self._waiting.clear()

    def _put(self, piece: bytes) -> None:
        kept = sealed.seal(piece.decode("ascii"), piece_row(self.file_id, self.count))
        sql.execute(
            "INSERT INTO ach_chunk (file_id, place, content) VALUES (%s, %s, %s)", (self.file_id, self.count, kept)
        )
        self.count += 1


def piece_row(file_id: UUID, place: int) -> bytes:
    """The identity that a piece is sealed for."""
    return file_id.bytes + place.to_bytes(4, "big") + b"piece"


def pieces(file_id: UUID) -> Iterator[bytes]:
    """The bytes of a file as they were kept, a piece at a time. Raises SealBroken."""
    place = 0
    while row := sql.one("SELECT content FROM ach_chunk WHERE file_id = %s AND place = %s", (file_id, place)):
        yield sealed.unseal(row["content"], piece_row(file_id, place)).encode("ascii")
        place += 1


def modifier(number: int) -> str:
    """The letter or digit that tells apart the files of one day."""
    return _MODIFIERS[number - 1]


def write(file_id: UUID, bank: DebitBank) -> Kept:
    """Write the entries that the file has taken and keep the bytes, in one transaction. An empty file is taken away."""
    with transaction.atomic():
        file = sql.one("SELECT * FROM ach_file WHERE id = %s AND state = 'building' FOR UPDATE", (file_id,))
        assert file is not None
        told = _told(file_id)
        if not told["entries"]:
            dropped = _drop(file_id)
            sql.execute(
                "DELETE FROM ach_file f WHERE id = %s AND NOT EXISTS (SELECT 1 FROM ach_entry WHERE file_id = f.id)",
                (file_id,),
            )
            if dropped:
                sql.execute("UPDATE ach_file SET state = 'sent', built_at = %s WHERE id = %s", (clock.now(), file_id))
            return Kept(None, 0, dropped, None)
        dropped = _drop(file_id)
        if dropped:
            told = _told(file_id)
        out = _Pieces(file_id)
        sums = write_file(_header(file, bank), _batches(file_id, bank), out)
        out.close()
        if (sums.entries, sums.debit_cents, sums.credit_cents) != (
            told["entries"], told["debit_cents"], told["credit_cents"],
        ):  # fmt: skip
            raise AssertionError(f"the file {file['name']} is not what its entries add up to")
        sql.execute(
            "UPDATE ach_file SET state = 'built', entries = %s, batches = %s, debit_cents = %s, credit_cents = %s,"
            " size = %s, chunks = %s, sha256 = %s, built_at = %s WHERE id = %s",
            (sums.entries, sums.batches, sums.debit_cents, sums.credit_cents, sums.size, out.count,
             bytes.fromhex(sums.sha256), clock.now(), file_id),
        )  # fmt: skip
    return Kept(sums, told["proofs"], dropped, told["effective_on"])


def _told(file_id: UUID) -> dict[str, Any]:
    """What the file's entries add up to: those that have an account to go to."""
    row = sql.one(
        "SELECT count(*) AS entries, count(*) FILTER (WHERE e.kind <> 'debit') AS proofs,"
        " coalesce(sum(e.amount_cents) FILTER (WHERE e.transaction_code %% 10 >= 5), 0)::bigint AS debit_cents,"
        " coalesce(sum(e.amount_cents) FILTER (WHERE e.transaction_code %% 10 < 5), 0)::bigint AS credit_cents,"
        " min(e.effective_on) AS effective_on"
        " FROM ach_entry e JOIN methods_method m ON m.account_id = e.account_id AND m.id = e.method_id"
        " WHERE e.file_id = %s AND e.state = 'filed' AND m.account_sealed IS NOT NULL",
        (file_id,),
    )
    assert row is not None
    return row


def _drop(file_id: UUID) -> int:
    """Entries whose account number is gone since they were taken: they never leave."""
    return sql.execute(
        "UPDATE ach_entry e SET state = 'dropped' FROM methods_method m WHERE e.file_id = %s AND e.state = 'filed'"
        " AND m.account_id = e.account_id AND m.id = e.method_id AND m.account_sealed IS NULL",
        (file_id,),
    )


def _header(file: dict[str, Any], bank: DebitBank) -> FileHeader:
    return FileHeader(
        destination=bank.routing,
        origin=bank.origin,
        created=file["begun_at"].astimezone(bankdays.EASTERN),
        modifier=modifier(file["number"]),
        destination_name=bank.name,
        origin_name=catalog.organisation().short_name,
    )


def _batches(file_id: UUID, bank: DebitBank) -> Iterator[tuple[BatchHeader, Iterator[Entry]]]:
    """Batches with their entries, as the database gives them: binary, a few thousand at a time."""
    with connection.connection.cursor(name="ach_entries", binary=True) as cursor:
        cursor.itersize = FETCHED
        cursor.execute(_ENTRIES, (file_id,))
        for key, rows in groupby(cursor, key=_key):
            yield _batch(key, bank), _entries(rows)


def _key(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return row[0], row[1], row[2], row[3], row[4] % 10 >= 5


def _batch(key: tuple[Any, ...], bank: DebitBank) -> BatchHeader:
    payee, sec_code, description, days, debit = key
    effective_on = _EPOCH + timedelta(days=days)
    organisation = catalog.organisation()
    paid = organisation.payees.get(payee)
    return BatchHeader(
        company_name=paid.name if paid else organisation.short_name,
        company_id=paid.company_id if paid else bank.origin,
        sec=sec_code,
        description=description,
        descriptive_date=f"{effective_on:%y%m%d}",
        odfi=bank.routing[:8],
        effective=effective_on,
        service=nacha.DEBITS if debit else nacha.CREDITS,
    )


def _entries(rows: Iterator[tuple[Any, ...]]) -> Iterator[Entry]:
    """Entries in the writer's order; the number of each account is opened here and goes nowhere else."""
    unsealed = access.bank_number
    for _, _, _, _, code, routing, cents, reference, name, mark, sequence, kept, identity in rows:
        yield (code, routing, unsealed(kept, identity), cents, reference, name, mark, sequence, ())  # type: ignore[misc]
