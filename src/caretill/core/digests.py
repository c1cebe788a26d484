"""One digest over a whole stream of rows that are written once, whatever order they stand in (rules.md REL-4).

A seal (core.seals) covers a window; this covers everything, so that two databases can be told apart by one line each.
"""

from __future__ import annotations

from caretill.core.seals import STREAMS


def whole_sql(stream: str) -> str:
    """The SQL of (digest, rows) of a stream: rows are hashed, sorted by hash, and gathered in up to 65,536 handfuls.

    The handfuls keep every string far below what a value may hold, also with a billion rows.
    """
    table, text = STREAMS[stream]
    return (
        "SELECT sha256(coalesce(string_agg(digest, ''::bytea ORDER BY place), ''::bytea)) AS digest,"
        " coalesce(sum(rows), 0)::bigint AS rows FROM (SELECT place, count(*) AS rows,"
        " sha256(string_agg(row, ''::bytea ORDER BY row)) AS digest FROM ("
        " SELECT row, get_byte(row, 0) * 256 + get_byte(row, 1) AS place FROM"
        f" (SELECT sha256(convert_to({text}, 'UTF8')) AS row FROM {table}) AS hashed) AS placed"
        " GROUP BY place) AS handful"
    )
