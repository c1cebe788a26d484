"""Sealing every row again under the first key of the ring: in sets, a commit each, from wherever it was stopped."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.db import transaction

from caretill.core import sealed, sql
from caretill.methods.access import amounts_row, number_row

SET = 1000
Place = tuple[UUID, UUID]
_START: Place = (UUID(int=0), UUID(int=0))
_OLD = "(substring(account_sealed FROM 2 FOR 8) <> %(key)s OR substring(validation_sealed FROM 2 FOR 8) <> %(key)s)"


def waiting() -> int:
    """How many rows an older key of the ring sealed."""
    row = sql.one(f"SELECT count(*) AS waiting FROM methods_method WHERE {_OLD}", {"key": sealed.key_ids()[0]})
    return int(row["waiting"]) if row else 0


def sets() -> Iterator[int]:
    """Seal set after set again, in the order of the rows; how many in each. Each was committed when it is told.

    Rows that somebody else changes just then are passed over: whoever asks looks at `waiting` afterwards. Raises
    SealBroken where a row's key is not in the ring.
    """
    after: Place | None = _START
    while after is not None:
        done, after = some(SET, after)
        if done:
            yield done


def some(most: int = SET, after: Place = _START) -> tuple[int, Place | None]:
    """Seal at most so many rows again, those behind `after`; how many, and the last of them (None: there were none)."""
    with transaction.atomic():
        rows = sql.query(
            f"SELECT account_id, id, account_sealed, validation_sealed FROM methods_method WHERE {_OLD}"
            " AND (account_id, id) > (%(account)s, %(id)s) ORDER BY account_id, id LIMIT %(most)s"
            " FOR UPDATE SKIP LOCKED",
            {"key": sealed.key_ids()[0], "account": after[0], "id": after[1], "most": most},
        )
        if not rows:
            return 0, None
        turned = [
            (row["account_id"], row["id"],
             _again(row["account_sealed"], number_row(row["account_id"], row["id"])),
             _again(row["validation_sealed"], amounts_row(row["account_id"], row["id"])))
            for row in rows
        ]  # fmt: skip
        sql.execute(
            "UPDATE methods_method m SET account_sealed = n.number, validation_sealed = n.amounts"
            " FROM unnest(%s::uuid[], %s::uuid[], %s::bytea[], %s::bytea[]) AS n (account_id, id, number, amounts)"
            " WHERE m.account_id = n.account_id AND m.id = n.id",
            [list(column) for column in zip(*turned, strict=True)],
        )
    return len(rows), (rows[-1]["account_id"], rows[-1]["id"])


def _again(kept: bytes | None, row_identity: bytes) -> bytes | None:
    return None if kept is None else sealed.rekey(kept, row_identity)
