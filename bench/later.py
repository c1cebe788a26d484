"""A world of automatic payment from bank accounts: made by the product once, small, then the same many times over.

Every copy has ids, keys, references, trace numbers and a sealed account number of its own, so the rows are those that
the product would have written for so many people.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg

from bench import data, import_csv, world
from bench.place import Place, say

BASE = 1_000  # accounts that the product makes; sizes are multiples of it
PRICE = 12_500
CHECKED = 20_000  # up to so many payments every law is asked after a round; of a million that takes minutes
PLANNED = (
    "people_account",
    "people_person",
    "people_login",
    "people_access",
    "billing_bill",
    "billing_line",
    "ledger_transfer",
    "ledger_balance",
    "methods_method",
    "methods_mandate",
    "autopay_order",
)
FILED = (
    *PLANNED,
    "autopay_due",
    "payments_payment",
    "payments_part",
    "payments_attempt",
    "payments_event",
    "payments_claim",
    "ach_entry",
    "ach_trace",
)
IDS = (
    *world.IDS, "method_id", "method_account_id", "mandate_id", "order_id", "login_id", "entry_id", "first_id",
    "origin_id", "journal_id", "target_id",
)  # fmt: skip
_COLUMNS = (
    "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
    " AND attgenerated = '' ORDER BY attnum"
)


def _marked(name: str) -> str:
    """The id of a copy: the same whichever table names it."""
    return f"(left({name}::text, 24) || substr(md5({name}::text || copy), 1, 12))::uuid"


_TRACE = f"left({{0}}, 8) || lpad((right({{0}}, 7)::int + copy * {BASE})::text, 7, '0')"
_BILL = _marked("(x->>'bill_id')")
_PARTS = (
    f"(SELECT jsonb_agg(jsonb_build_object('bill_id', {_BILL}, 'amount_cents',"
    " (x->>'amount_cents')::bigint)) FROM jsonb_array_elements(t.{0}) AS x)"
)
# What is no id and must not be the same in two copies.
_OWN = {
    ("payments_payment", "reference"): "upper(substr(md5(t.reference || copy), 1, 10))",
    ("payments_payment", "check_code"): "upper(substr(md5(t.check_code || copy), 1, 16))",
    ("payments_payment", "key"): (
        f"(SELECT autopay_key({_marked('t.origin_id')}, d.due_on, d.processor_account, 1) FROM autopay_due d"
        " WHERE d.account_id = t.account_id AND d.order_id = t.origin_id)"
    ),
    ("payments_event", "object_ref"): f"{_marked('t.object_ref')}::text",
    ("payments_event", "body"): (
        "CASE WHEN t.body ? 'trace' THEN jsonb_build_object('trace', "
        + _TRACE.format("(t.body->>'trace')")
        + ") ELSE t.body END"
    ),
    ("autopay_due", "parts"): _PARTS.format("parts"),
    ("autopay_due", "taking"): _PARTS.format("taking"),
    ("ach_entry", "trace"): _TRACE.format("t.trace"),
    ("ach_entry", "sequence"): f"t.sequence + copy * {BASE}",
    ("ach_trace", "trace"): _TRACE.format("t.trace"),
    ("billing_lookup_key", "blind"): "substring(sha256(t.blind || int4send(copy)) FROM 1 FOR 16)",
    ("people_login", "email"): "copy || '-' || t.email",
    ("people_login", "email_key"): "copy || '-' || t.email_key",
    ("people_account", "number"): "t.number || '-' || copy",
    ("billing_bill", "number"): "t.number || '-' || copy",
}
# Names of payments by which others find them, and keys that were used: as the copies say.
_FOUND = """
    INSERT INTO core_idempotency (account_id, key, request_hash, payment_id, recorded_at)
    SELECT account_id, key, '', id, created_at FROM payments_payment ON CONFLICT DO NOTHING;
    INSERT INTO payments_object (provider, object_ref, account_id, payment_id)
    SELECT 'check', check_code, account_id, id FROM payments_payment
    UNION ALL SELECT 'attempt', id::text, account_id, payment_id FROM payments_attempt ON CONFLICT DO NOTHING;
    SELECT setval('ach_trace_sequence', (SELECT max(sequence) FROM ach_entry));"""


# Filled by the step `seal`, which holds the keys.
SEALED = """
    CREATE UNLOGGED TABLE later_sealed (account_id uuid, method_id uuid, kept bytea);
    GRANT ALL ON later_sealed TO PUBLIC"""


def planned(place: Place, count: int) -> str:
    """The database in which `count` members have automatic payment, and nothing is planned yet."""
    name = f"later{count}"
    if name not in place.made:
        say(f"{count:,} members with automatic payment")
        place.make(name, _base(place))
        _multiply(place, name, PLANNED, count, sealed=False)
    return name


def filed(place: Place, count: int) -> str:
    """The database in which so many debits of theirs were taken into a file that is not written yet."""
    name = f"filed{count}"
    if name not in place.made:
        say(f"{count:,} bank debits of automatic payment are in a file that waits to be written")
        place.make(name, _base_filed(place))
        _multiply(place, name, FILED, count, sealed=True)
    return name


def _base(place: Place) -> str:
    name = "later"
    if name not in place.made:
        place.make(name, "empty")
        folder = place.folder / name
        world.write(folder, bills())
        import_csv.run(place, name, folder)
        place.run(name, "-m", "bench.child", "later_child", "agree")
    return name


def _base_filed(place: Place) -> str:
    name = "laterfiled"
    if name not in place.made:
        place.make(name, _base(place))
        place.run(name, "-m", "bench.child", "later_child", "file")
    return name


def bills() -> Iterator[tuple[str, data.Row]]:
    """An account each with one person and one bill of one line, nothing paid yet."""
    day = "2026-03-02"
    for count in range(1, BASE + 1):
        region, state, prefix = data.REGIONS[count % len(data.REGIONS)]
        account, record, number = f"F5{count:07d}", f"5{count:08d}", f"H5{count:09d}"
        where = (f"{count} Example Street", "Sampleton", state, f"{prefix}01", f"later{count}@example.org")
        yield "accounts", (region, account, "Elena", "Maple", *where, "555-0100", "en", "000123", "001", "A1")
        yield "people", (region, account, record, "Elena", "Maple", "1980-06-15", "self")
        dates = (day, day, "2026-03-20", "2099-12-15")
        yield "bills", (region, account, number, "1", "hospital", "", record, "Dr. Grace Maple", *dates, "USD")
        amounts = map(data.plain, (PRICE + count, 0, 0, 0, 0, PRICE + count, 0, 0))
        yield "lines", (region, number, "1", day, "LOCAL", "1001", "Office visit", "1", *amounts)


def _multiply(place: Place, name: str, tables: Sequence[str], count: int, *, sealed: bool) -> None:
    if sealed:
        with place.connect("owner", name) as connection:
            connection.execute(SEALED)
        place.run(name, "-m", "bench.child", "later_child", "seal", str(count // BASE))
    with place.connect("admin", name) as connection:
        try:
            # Copies by one who may leave out what keys would check row by row, where that is allowed.
            connection.execute("SET session_replication_role = replica")
        except psycopg.errors.InsufficientPrivilege:
            pass
        multiply(connection, tables, count, sealed=sealed)


def multiply(connection: psycopg.Connection[Any], tables: Sequence[str], count: int, *, sealed: bool) -> None:
    """Have `count` members where there are BASE. `sealed`: their account numbers stand in the table of SEALED."""
    connection.execute("SET synchronous_commit = off")  # making a world is not what is measured
    times = count // BASE
    if sealed:
        connection.execute("ANALYZE later_sealed")
    if times > 1:
        # No figure here looks for a bill; a law asks that it could be found.
        named = "billing_lookup_key" not in tables and count <= CHECKED
        for table in (*tables, "billing_lookup_key") if named else tables:
            _copy(connection, table, times, sealed)
    if "payments_payment" in tables:
        connection.execute(_FOUND)
    if sealed:
        connection.execute("DROP TABLE later_sealed")
    connection.execute("SET synchronous_commit = on")
    connection.execute("VACUUM (ANALYZE)")


def _copy(connection: psycopg.Connection[Any], table: str, times: int, sealed: bool) -> None:
    columns = [row[0] for row in connection.execute(_COLUMNS, (table,)).fetchall()]
    chosen = ", ".join(_copied(table, column, sealed) for column in columns)
    numbers = (
        f" JOIN later_sealed s ON s.account_id = {_marked('t.account_id')} AND s.method_id = {_marked('t.id')}"
        if sealed and table == "methods_method"
        else ""
    )
    connection.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM {table} t"
        f" CROSS JOIN generate_series(1, {times - 1:d}) AS copy{numbers}"
    )


def _copied(table: str, column: str, sealed: bool) -> str:
    if sealed and (table, column) == ("methods_method", "account_sealed"):
        return "s.kept"
    if (table, column) in _OWN:
        return _OWN[table, column]
    return _marked(f"t.{column}") if column in IDS and column != "person_id" else _people(table, column)


def _people(table: str, column: str) -> str:
    """Who the bill and the access are about: the person's copy, or everybody, who is nobody in particular."""
    if column == "person_id" and table != "people_access":
        return _marked("t.person_id")
    return f"t.{column}"
