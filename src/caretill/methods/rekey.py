"""Sealing every row again under the first key of the ring: in sets, a commit each, from wherever it was stopped."""

from __future__ import annotations

from django.db import transaction

from caretill.core import sealed, sql
from caretill.methods.access import amounts_row, number_row

SET = 1000
_OLD = "(substring(account_sealed FROM 2 FOR 8) <> %(key)s OR substring(validation_sealed FROM 2 FOR 8) <> %(key)s)"


def waiting() -> int:
    """How many rows an older key of the ring sealed."""
    row = sql.one(f"SELECT count(*) AS waiting FROM methods_method WHERE {_OLD}", {"key": sealed.key_ids()[0]})
    return int(row["waiting"]) if row else 0


def some(most: int = SET) -> int:
    """Seal at most so many rows again; how many. Rows that somebody else changes just now wait for the next set.

    Raises SealBroken where a row's key is not in the ring.
    """
    with transaction.atomic():
        rows = sql.query(
            f"SELECT account_id, id, account_sealed, validation_sealed FROM methods_method WHERE {_OLD}"
            " LIMIT %(most)s FOR UPDATE SKIP LOCKED",
            {"key": sealed.key_ids()[0], "most": most},
        )
        turned = [
            (row["account_id"], row["id"],
             _again(row["account_sealed"], number_row(row["account_id"], row["id"])),
             _again(row["validation_sealed"], amounts_row(row["account_id"], row["id"])))
            for row in rows
        ]  # fmt: skip
        if turned:
            sql.execute(
                "UPDATE methods_method m SET account_sealed = n.number, validation_sealed = n.amounts"
                " FROM unnest(%s::uuid[], %s::uuid[], %s::bytea[], %s::bytea[]) AS n (account_id, id, number, amounts)"
                " WHERE m.account_id = n.account_id AND m.id = n.id",
                [list(column) for column in zip(*turned, strict=True)],
            )
    return len(rows)


def _again(kept: bytes | None, row_identity: bytes) -> bytes | None:
    return None if kept is None else sealed.rekey(kept, row_identity)
