CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS session (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, reference TEXT NOT NULL, statement_name TEXT NOT NULL,
    amount_cents INTEGER NOT NULL CHECK (amount_cents > 0), currency TEXT NOT NULL, language TEXT NOT NULL,
    return_url TEXT NOT NULL, cancel_url TEXT NOT NULL, created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,
    status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'complete', 'expired')),
    outcome TEXT NOT NULL DEFAULT 'unpaid' CHECK (outcome IN ('unpaid', 'processing', 'paid', 'declined')),
    failure_code TEXT, tries INTEGER NOT NULL DEFAULT 0,
    card_brand TEXT, card_last4 TEXT CHECK (length(card_last4) = 4),
    step_outcome TEXT, settle_ms INTEGER, settle_outcome TEXT,
    CHECK ((status = 'complete') = (outcome <> 'unpaid'))
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS session_reference ON session (reference, created_ms);
CREATE INDEX IF NOT EXISTS session_open ON session (expires_ms) WHERE status = 'open';
CREATE INDEX IF NOT EXISTS session_settling ON session (settle_ms) WHERE outcome = 'processing';

CREATE TABLE IF NOT EXISTS attempt (
    seq INTEGER PRIMARY KEY, session TEXT NOT NULL, at_ms INTEGER NOT NULL, outcome TEXT NOT NULL,
    card_brand TEXT, card_last4 TEXT CHECK (length(card_last4) = 4)
);
CREATE INDEX IF NOT EXISTS attempt_session ON attempt (session);

CREATE TABLE IF NOT EXISTS charge (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, session TEXT NOT NULL UNIQUE, reference TEXT NOT NULL,
    account TEXT NOT NULL, amount_cents INTEGER NOT NULL CHECK (amount_cents > 0), currency TEXT NOT NULL,
    refunded_cents INTEGER NOT NULL DEFAULT 0 CHECK (refunded_cents BETWEEN 0 AND amount_cents),
    created_ms INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS charge_reference ON charge (reference);

CREATE TABLE IF NOT EXISTS refund (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, charge TEXT NOT NULL, reference TEXT NOT NULL,
    amount_cents INTEGER NOT NULL CHECK (amount_cents > 0), currency TEXT NOT NULL, created_ms INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS refund_charge ON refund (charge);

CREATE TABLE IF NOT EXISTS kept_answer (
    key TEXT PRIMARY KEY, asked BLOB NOT NULL, status INTEGER NOT NULL, body BLOB NOT NULL, created_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS kept_answer_age ON kept_answer (created_ms);

CREATE TABLE IF NOT EXISTS event (
    id TEXT PRIMARY KEY, type TEXT NOT NULL, session TEXT NOT NULL, reference TEXT NOT NULL, body TEXT NOT NULL
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
    account TEXT, key TEXT, charge TEXT, refund TEXT, amount_cents INTEGER, currency TEXT, event TEXT, detail TEXT
);
CREATE TRIGGER IF NOT EXISTS log_keeps_its_rows BEFORE UPDATE ON log
BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;
CREATE TRIGGER IF NOT EXISTS log_loses_nothing BEFORE DELETE ON log
BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;

-- A file as the first release left it: one session paid and given back in part, one that ran out.
INSERT INTO session (id, account, reference, statement_name, amount_cents, currency, language, return_url, cancel_url,
    created_ms, expires_ms, status, outcome, card_brand, card_last4)
    VALUES ('cs_1', 'acct', 'attempt-1', 'Larkspur', 14000, 'USD', 'en', 'https://m.test/r', 'https://m.test/c',
    1772600000000, 1772601800000, 'complete', 'paid', 'Visa', '4242');
INSERT INTO session (id, account, reference, statement_name, amount_cents, currency, language, return_url, cancel_url,
    created_ms, expires_ms, status) VALUES ('cs_2', 'acct', 'attempt-2', 'Larkspur', 500, 'USD', 'en', 'https://m.test/r',
    'https://m.test/c', 1772600000000, 1772601800000, 'expired');
INSERT INTO charge (id, session, reference, account, amount_cents, currency, refunded_cents, created_ms)
    VALUES ('ch_1', 'cs_1', 'attempt-1', 'acct', 14000, 'USD', 4000, 1772600000000);
INSERT INTO refund (id, charge, reference, amount_cents, currency, created_ms)
    VALUES ('re_1', 'ch_1', 'refund-1', 4000, 'USD', 1772600001000);
INSERT INTO event VALUES ('evt_1', 'session.completed', 'cs_1', 'attempt-1', '{}');
INSERT INTO log (at_ms, what, session) VALUES (1772600000000, 'session.created', 'cs_1');
