"""What must hold of the ground: each query returns nothing, or the rows that break it (money.md, Laws)."""

from __future__ import annotations

from caretill.core.seals import STREAMS, digest_sql

LAWS = {
    f"17 the seals of the {name} stream match": f"""
        SELECT s.stream, s.sequence, s.since, s.until, s.rows, again.rows AS rows_now
        FROM (SELECT *, lag(digest, 1, ''::bytea) OVER (PARTITION BY account_id ORDER BY sequence) AS before,
                  lag(until) OVER (PARTITION BY account_id ORDER BY sequence) AS ended
              FROM core_seal WHERE stream = '{name}') AS s,
            LATERAL ({digest_sql(table, text, "s.since", "s.until", "s.before")}) AS again
        WHERE again.digest <> s.digest OR again.rows <> s.rows OR s.ended <> s.since"""
    for name, (table, text) in STREAMS.items()
}
