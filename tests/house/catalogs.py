"""The rules of what is not code: the keys of tables, tables of a moment, and the words in every language."""

from __future__ import annotations

import re
import string
from typing import Any

import psycopg

from caretill import ROOT

# Tables that are not sharded by billing account, each for its reason.
UNSHARDED = {
    "ach_chunk": "pieces of a file to the bank: second group, keyed by file",
    "ach_file": "files to the bank hold entries of all accounts: second group",
    "ach_returned_file": "files from the bank: second group, keyed by digest",
    "ach_returned_line": "lines of a file from the bank name a trace number, no account: second group",
    "ach_trace": "leads from a trace number to the account: second group",
    "autopay_feed": "of a login: second group, keyed by login",
    "autopay_run": "one run takes dues of all accounts: second group",
    "billing_lookup_key": "leads from what is printed on paper to the account: second group, keyed by blind index",
    "core_function": "which function files are in place: filled by migrate",
    "core_throttle": "counts guesses before an account is known",
    "django_migrations": "which migrations ran: filled by migrate",
    "intake_delivery": "files that came in: second group, keyed by file",
    "intake_document": "papers people sent in: a guest has no account; second group, found by receipt number",
    "intake_posting_file": "files that went out: second group, numbered by day",
    "intake_refused": "rows of a file that could not go in: they may have no account",
    "intake_set": "how far a file got: second group, keyed by file",
    "intake_stage_account": "rows of a file being read, before their account is known",
    "intake_stage_bill": "rows of a file being read, before their account is known",
    "intake_stage_due": "rows of a file being read, before their account is known",
    "intake_stage_flaw": "rows of a file being read, before their account is known",
    "intake_stage_line": "rows of a file being read, before their account is known",
    "intake_stage_payment": "rows of a file being read, before their account is known",
    "intake_stage_person": "rows of a file being read, before their account is known",
    "intake_turn": "who reads files just now: one row",
    "methods_pause": "payees of which too many debits came back: of no account",
    "payments_callback": "inbox of the processor's callbacks: second group, keyed by provider and event",
    "payments_object": "leads from a processor's object to the account: second group",
    "people_access": "leads from a login to the accounts: second group, keyed by login",
    "people_change": "of a login: second group, keyed by login",
    "people_consent": "of a login: second group, keyed by login",
    "people_device": "of a login: second group, keyed by login",
    "people_factor": "of a login: second group, found by passkey",
    "people_login": "who signs in: second group, found by mail address",
    "people_signed_in": "of a login: second group, keyed by cookie",
    "people_topic": "of a login: second group, keyed by login",
    "reconcile_file": "statement files of the bank: second group, keyed by their bytes",
    "reconcile_line": "what the bank says moved: nobody's account until it is matched",
    "reconcile_note": "what a person said of a difference",
    "reconcile_operation": "what a payout is made of: second group, keyed by the processor's payout",
    "reconcile_payout": "transfers to the bank, each of many accounts: second group, keyed by the processor's payout",
    "reconcile_statement": "what the bank says of our own accounts",
    "payments_transition": "the state machine: reference table, filled by migrate",
}
KEYS = """
    SELECT c.relname AS table_name, i.relname AS key_name,
           (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = x.indkey[0]) AS first_column
    FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
    WHERE x.indisunique AND c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
    UNION ALL
    SELECT c.relname, con.conname,
           (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = con.conkey[1])
    FROM pg_constraint con JOIN pg_class c ON c.oid = con.conrelid
    WHERE con.contype = 'f' AND c.relnamespace = 'public'::regnamespace
    ORDER BY 1, 2
"""
KEYLESS = """
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
      AND NOT EXISTS (SELECT 1 FROM pg_constraint con WHERE con.conrelid = c.oid AND con.contype = 'p')
"""


def key_faults(connection: psycopg.Connection[Any]) -> list[str]:
    """Keys of sharded tables that do not start with `account_id`, tables without a key, and exceptions nobody needs."""
    rows = connection.execute(KEYS).fetchall()
    keyless = [row[0] for row in connection.execute(KEYLESS).fetchall()]
    found = [f"{table}: no primary key" for table in keyless if table not in UNSHARDED]
    for table, key, first in rows:
        if table not in UNSHARDED and first != "account_id":
            found.append(f"{table}: {key} starts with {first or 'an expression'}, not with account_id")
    there = {row[0] for row in rows} | set(keyless)
    return found + [f"{table}: listed as unsharded and not there" for table in UNSHARDED.keys() - there]


# Every commit that touched one of these tables empties all of its session's. That takes 0.01 ms a table, and 0.3 ms for
# each index and each place for long values (which a column of type text has, and one of a bounded varchar has not).
# Those that a worker has and that may be slow, each for its reason; the feed's are dropped with their connection.
HEAVY = {
    "asked": "keeps the request as it came, and is looked up by place",
    "asked_part": "is looked up by place",
    "autopay_claimed": "keeps which bills are taken",
    "bank_stage": "keeps a bank's own words",
    "outcome": "keeps the processor's answer as it came",
}
_MOMENT = re.compile(
    r"CREATE TEMP TABLE IF NOT EXISTS (\w+) \([^;]*?\)\s*ON COMMIT DELETE ROWS(;\s*CREATE INDEX [^;]* ON \1 [^;]*)?"
)
_SLOW = """
    SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r'
        AND (reltoastrelid <> 0 OR relhasindex) ORDER BY relname
"""


def moment_tables() -> dict[str, str]:
    """What makes the tables that empty themselves at each commit: name -> statement, all of the source."""
    files = sorted(path for kind in ("*.sql", "*.py") for path in (ROOT / "src" / "caretill").rglob(kind))
    return {found[1]: found[0] for path in files for found in _MOMENT.finditer(path.read_text(encoding="utf-8"))}


def heavy_tables(connection: psycopg.Connection[Any], statements: list[str]) -> set[str]:
    """Those of these that cost each commit of their session much."""
    with connection.transaction(force_rollback=True):
        for statement in statements:
            connection.execute(statement)
        return {row[0] for row in connection.execute(_SLOW)}


def placeholders(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def word_faults(catalogues: dict[str, dict[str, str]]) -> list[str]:
    """Keys a language lacks, empty texts, placeholders that differ. `catalogues`: language -> key -> text."""
    first, *others = sorted(catalogues)
    found = [
        f"{key} ({language}): empty"
        for language, texts in catalogues.items()
        for key, text in texts.items()
        if not text.strip()
    ]
    for other in others:
        ours, theirs = catalogues[first], catalogues[other]
        found += [f"{key}: not in {other}" for key in sorted(ours.keys() - theirs.keys())]
        found += [f"{key}: not in {first}" for key in sorted(theirs.keys() - ours.keys())]
        for key in sorted(ours.keys() & theirs.keys()):
            if placeholders(ours[key]) != placeholders(theirs[key]):
                found.append(f"{key}: other placeholders in {other} than in {first}")
    return found
