"""The tables of the processor's file, and how a file of an earlier release becomes one of this."""

from __future__ import annotations

import sqlite3

VERSION = 2

TABLES = f"""
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS session (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, reference TEXT NOT NULL, statement_name TEXT NOT NULL,
    purpose TEXT NOT NULL DEFAULT 'pay' CHECK (purpose IN ('pay', 'save')), save INTEGER NOT NULL DEFAULT 0,
    amount_cents INTEGER NOT NULL, currency TEXT NOT NULL, language TEXT NOT NULL,
    return_url TEXT NOT NULL, cancel_url TEXT NOT NULL, created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,
    status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'complete', 'expired')),
    outcome TEXT NOT NULL DEFAULT 'unpaid'
        CHECK (outcome IN ('unpaid', 'processing', 'paid', 'declined', 'saved')),
    failure_code TEXT, tries INTEGER NOT NULL DEFAULT 0,
    card_brand TEXT, card_last4 TEXT CHECK (length(card_last4) = 4), card_facts TEXT, method TEXT,
    step_outcome TEXT, settle_ms INTEGER, settle_outcome TEXT,
    CHECK ((status = 'complete') = (outcome <> 'unpaid')),
    CHECK ((purpose = 'pay') = (amount_cents > 0)), CHECK (amount_cents >= 0)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS session_reference ON session (reference, created_ms);
CREATE INDEX IF NOT EXISTS session_open ON session (expires_ms) WHERE status = 'open';
CREATE INDEX IF NOT EXISTS session_settling ON session (settle_ms) WHERE outcome = 'processing';

CREATE TABLE IF NOT EXISTS attempt (
    seq INTEGER PRIMARY KEY, session TEXT NOT NULL, at_ms INTEGER NOT NULL, outcome TEXT NOT NULL,
    card_brand TEXT, card_last4 TEXT CHECK (length(card_last4) = 4)
);
CREATE INDEX IF NOT EXISTS attempt_session ON attempt (session);

CREATE TABLE IF NOT EXISTS method (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, card_brand TEXT NOT NULL, card_last4 TEXT NOT NULL,
    expiry_month INTEGER NOT NULL CHECK (expiry_month BETWEEN 1 AND 12), expiry_year INTEGER NOT NULL,
    funding TEXT NOT NULL, network_ref TEXT NOT NULL, off_session TEXT NOT NULL, renews INTEGER NOT NULL,
    refund_way TEXT NOT NULL, dispute_way TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'usable'
        CHECK (state IN ('usable', 'closed', 'forgotten')), created_ms INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS charge (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, session TEXT UNIQUE, method TEXT, reference TEXT NOT NULL,
    account TEXT NOT NULL, amount_cents INTEGER NOT NULL CHECK (amount_cents > 0), currency TEXT NOT NULL,
    refunded_cents INTEGER NOT NULL DEFAULT 0 CHECK (refunded_cents >= 0),
    disputed_cents INTEGER NOT NULL DEFAULT 0 CHECK (disputed_cents >= 0),
    voided INTEGER NOT NULL DEFAULT 0, refund_way TEXT NOT NULL DEFAULT '', created_ms INTEGER NOT NULL,
    CHECK (refunded_cents + disputed_cents <= amount_cents)
);
CREATE INDEX IF NOT EXISTS charge_reference ON charge (reference);

CREATE TABLE IF NOT EXISTS saved_charge (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, method TEXT NOT NULL, reference TEXT NOT NULL,
    account TEXT NOT NULL, amount_cents INTEGER NOT NULL CHECK (amount_cents > 0), currency TEXT NOT NULL,
    statement_name TEXT NOT NULL, initiator TEXT NOT NULL, reason TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('succeeded', 'processing', 'declined', 'requires_action')),
    failure_code TEXT, network_ref TEXT NOT NULL, card_brand TEXT NOT NULL, card_last4 TEXT NOT NULL,
    settle_outcome TEXT, created_ms INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS saved_charge_reference ON saved_charge (reference);
CREATE INDEX IF NOT EXISTS saved_charge_network ON saved_charge (network_ref);

CREATE TABLE IF NOT EXISTS refund (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, charge TEXT NOT NULL, reference TEXT NOT NULL,
    amount_cents INTEGER NOT NULL CHECK (amount_cents > 0), currency TEXT NOT NULL, created_ms INTEGER NOT NULL,
    status TEXT NOT NULL DEFAULT 'succeeded' CHECK (status IN ('succeeded', 'pending', 'failed')),
    failure_code TEXT, settle_outcome TEXT
);
CREATE INDEX IF NOT EXISTS refund_charge ON refund (charge);
CREATE INDEX IF NOT EXISTS refund_reference ON refund (reference);

CREATE TABLE IF NOT EXISTS dispute (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, charge TEXT NOT NULL, reference TEXT NOT NULL,
    account TEXT NOT NULL, amount_cents INTEGER NOT NULL CHECK (amount_cents > 0), currency TEXT NOT NULL,
    reason TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'won', 'lost')),
    fee_cents INTEGER NOT NULL, respond_ms INTEGER NOT NULL, created_ms INTEGER NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS dispute_open ON dispute (charge) WHERE status = 'open';

CREATE TABLE IF NOT EXISTS operation (
    seq INTEGER PRIMARY KEY, account TEXT NOT NULL, kind TEXT NOT NULL, object TEXT NOT NULL,
    charge TEXT NOT NULL DEFAULT '', reference TEXT NOT NULL DEFAULT '', gross_cents INTEGER NOT NULL,
    fee_cents INTEGER NOT NULL, currency TEXT NOT NULL, at_ms INTEGER NOT NULL, payout TEXT,
    UNIQUE (kind, object)
);
CREATE INDEX IF NOT EXISTS operation_waiting ON operation (account, at_ms) WHERE payout IS NULL;
CREATE INDEX IF NOT EXISTS operation_payout ON operation (payout) WHERE payout IS NOT NULL;

CREATE TABLE IF NOT EXISTS payout (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL,
    amount_cents INTEGER NOT NULL CHECK (amount_cents > 0), currency TEXT NOT NULL, count INTEGER NOT NULL,
    status TEXT NOT NULL DEFAULT 'in_transit' CHECK (status IN ('in_transit', 'paid')),
    created_ms INTEGER NOT NULL, arrives_on TEXT NOT NULL, bank_reference TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS task (
    id INTEGER PRIMARY KEY, due_ms INTEGER NOT NULL, what TEXT NOT NULL, object TEXT NOT NULL, detail TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS task_due ON task (due_ms, id);

CREATE TABLE IF NOT EXISTS kept_answer (
    key TEXT PRIMARY KEY, asked BLOB NOT NULL, status INTEGER NOT NULL, body BLOB NOT NULL, created_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS kept_answer_age ON kept_answer (created_ms);

CREATE TABLE IF NOT EXISTS event (
    id TEXT PRIMARY KEY, type TEXT NOT NULL, session TEXT, reference TEXT, body TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS delivery (
    id INTEGER PRIMARY KEY, event TEXT NOT NULL, kind TEXT NOT NULL, due_ms INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, behind INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'waiting'
);
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (due_ms, id) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS delivery_behind ON delivery (id) WHERE state = 'waiting' AND behind = 1;

CREATE TABLE IF NOT EXISTS fault (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, times_left INTEGER NOT NULL, ms INTEGER NOT NULL,
    session TEXT, reference TEXT, account TEXT
);

CREATE TABLE IF NOT EXISTS log (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, what TEXT NOT NULL, session TEXT, reference TEXT,
    account TEXT, key TEXT, charge TEXT, refund TEXT, amount_cents INTEGER, currency TEXT, event TEXT, detail TEXT,
    method TEXT, dispute TEXT, payout TEXT
);
CREATE TRIGGER IF NOT EXISTS log_keeps_its_rows BEFORE UPDATE ON log
BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;
CREATE TRIGGER IF NOT EXISTS log_loses_nothing BEFORE DELETE ON log
BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;
PRAGMA user_version = {VERSION};
"""

# Tables of the first release whose columns changed their rules: made anew, their rows carried over.
_REMADE = ("session", "charge", "refund", "event")
_LOG_GREW = ("method", "dispute", "payout")


def prepare(database: sqlite3.Connection) -> None:
    """Make the tables of a new file, or bring a file of an earlier release to this one: whole or not at all.

    Charges and refunds from before there were payouts are paid out with the next one, under today's fees.
    """
    [version] = database.execute("PRAGMA user_version").fetchone()
    if version >= VERSION:
        return
    # The last table: a file of the first release whose maker was killed may have the first tables and no more.
    whole = database.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'log'").fetchone()
    script = ["BEGIN IMMEDIATE;"]
    if whole is None:
        started = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        script += [f"DROP TABLE {name};" for (name,) in database.execute(started)]
        _run(database, [*script, TABLES, "COMMIT;"])
        return
    for table in _REMADE:
        script.append(f"ALTER TABLE {table} RENAME TO {table}_before;")
        indexes = "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL"
        script += [f"DROP INDEX {name};" for (name,) in database.execute(indexes, (table,))]
    script += [f"ALTER TABLE log ADD COLUMN {column} TEXT;" for column in _LOG_GREW]
    script.append(TABLES)
    for table in _REMADE:
        columns = ", ".join(row[1] for row in database.execute(f"PRAGMA table_info({table})"))
        script.append(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table}_before;")
        script.append(f"DROP TABLE {table}_before;")
    script.append(_PAID_BEFORE)
    _run(database, [*script, "COMMIT;"])


def _run(database: sqlite3.Connection, script: list[str]) -> None:
    try:
        database.executescript("\n".join(script))
    except sqlite3.Error:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


_PAID_BEFORE = """
INSERT INTO operation (account, kind, object, charge, reference, gross_cents, fee_cents, currency, at_ms)
    SELECT account, 'charge', id, id, reference, amount_cents, (amount_cents * 290 + 5000) / 10000 + 30, currency,
    created_ms FROM charge ORDER BY seq;
INSERT INTO operation (account, kind, object, charge, reference, gross_cents, fee_cents, currency, at_ms)
    SELECT charge.account, 'refund', refund.id, charge.id, refund.reference, -refund.amount_cents, 0, refund.currency,
    refund.created_ms FROM refund JOIN charge ON charge.id = refund.charge ORDER BY refund.seq;
"""
