"""Hash chains over rows that are written once: a row changed behind our back breaks its seal (rules.md HIP-4).

Off the write path: a worker seals what is older than five minutes, a batch a link. Each link covers every row of its
stream recorded in (since, until] and the link before it. On a distributed database each shard keeps a chain.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import transaction

from caretill.core import clock, sql

BATCH = 20_000
SETTLED = timedelta(minutes=5)
START = datetime(2000, 1, 1, tzinfo=UTC)
ONE_NODE = "00000000-0000-0000-0000-000000000000"

# What is sealed of a row, in words that a new column does not change.
STREAMS = {
    "ledger": (
        "ledger_transfer",
        "concat_ws('|', account_id, transfer_id, debit_kind, debit_ref, credit_kind, credit_ref, amount_cents,"
        " currency, code, phase, journal_id, subject_id, payment_id, target_id, payee, business_date,"
        " extract(epoch FROM recorded_at))",
    ),
    "read": (
        "core_read",
        "concat_ws('|', account_id, id, viewer, what, ref, extract(epoch FROM recorded_at))",
    ),
}


def digest_sql(table: str, text: str, since: str, until: str, before: str) -> str:
    """The SQL of one link: SHA-256 over the link before and every row of the window, in one order."""
    return (
        f"SELECT sha256({before} || coalesce(string_agg(sha256(convert_to({text}, 'UTF8')), ''::bytea"
        f" ORDER BY sha256(convert_to({text}, 'UTF8'))), ''::bytea)) AS digest, count(*) AS rows"
        f" FROM {table} WHERE recorded_at > {since} AND recorded_at <= {until}"
    )


def seal(stream: str) -> int:
    """Add the next link of a stream; how many rows it covers (0: nothing is old enough). One at a time by a lock."""
    table, text = STREAMS[stream]
    with transaction.atomic():
        sql.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"seal {stream}",))
        last = sql.one(
            "SELECT sequence, until, digest FROM core_seal WHERE account_id = %s AND stream = %s"
            " ORDER BY sequence DESC LIMIT 1",
            (ONE_NODE, stream),
        ) or {"sequence": 0, "until": START, "digest": b""}
        edge = sql.one(
            f"SELECT max(recorded_at) AS until FROM (SELECT recorded_at FROM {table}"
            " WHERE recorded_at > %s AND recorded_at <= %s ORDER BY recorded_at LIMIT %s) AS w",
            (last["until"], clock.now() - SETTLED, BATCH),
        )
        if not edge or edge["until"] is None:
            return 0
        link = sql.one(
            digest_sql(table, text, "%s", "%s", "%s"), (bytes(last["digest"]), last["until"], edge["until"])
        ) or {"digest": b"", "rows": 0}
        sql.execute(
            "INSERT INTO core_seal (account_id, stream, sequence, since, until, rows, digest, recorded_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (
                ONE_NODE,
                stream,
                last["sequence"] + 1,
                last["until"],
                edge["until"],
                link["rows"],
                bytes(link["digest"]),
                clock.now(),
            ),
        )
        return int(link["rows"])


def seal_all() -> int:
    """Seal every stream as far as it goes; how many rows were covered."""
    total = 0
    for stream in STREAMS:
        while covered := seal(stream):
            total += covered
    return total
