-- The floor of returns: the rows that stand and change after debits that had settled came back, a statement a table,
-- and nothing asked first. `told` names lines of a file that was read: which entry, which code.
CREATE OR REPLACE FUNCTION bare.return_set(p_from int, p_most int, p_now timestamptz) RETURNS int LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    v_rows int;
BEGIN
    CREATE TEMP TABLE IF NOT EXISTS back (
        sha256 bytea, line int, code text, account_id uuid, entry_id uuid, payment_id uuid, method_id uuid,
        bill_id uuid, amount_cents bigint, payee text, first_id uuid, return_id uuid
    ) ON COMMIT DELETE ROWS;
    INSERT INTO back
    SELECT t.sha256, t.line, t.code, e.account_id, e.id, e.payment_id, e.method_id, r.bill_id, e.amount_cents, r.payee,
        e.first_id, core_uuid7(p_now)
    FROM bare.told t
    JOIN bare.ach_trace n ON n.trace = t.trace
    JOIN bare.ach_entry e ON e.account_id = n.account_id AND e.id = n.entry_id
    JOIN bare.payments_part r ON r.account_id = e.account_id AND r.payment_id = e.payment_id
    WHERE t.place >= p_from AND t.place < p_from + p_most;
    UPDATE bare.ach_entry e SET state = 'returned', return_code = b.code, returned_on = p_now::date,
        returned_by = encode(b.sha256, 'hex') || ':' || b.line
    FROM back b WHERE e.account_id = b.account_id AND e.id = b.entry_id;
    INSERT INTO bare.payments_return (account_id, id, payment_id, amount_cents, code, state, source_ref,
        owed_back_cents, recorded_at, changed_at, business_date)
    SELECT account_id, return_id, payment_id, amount_cents, code, 'applied', entry_id || ':return', 0, p_now, p_now,
        p_now::date FROM back;
    UPDATE bare.payments_payment q SET returned_cents = returned_cents + b.amount_cents
    FROM back b WHERE q.account_id = b.account_id AND q.id = b.payment_id;
    INSERT INTO bare.ledger_transfer (account_id, transfer_id, debit_kind, debit_ref, credit_kind, credit_ref,
        amount_cents, currency, code, phase, journal_id, subject_id, payment_id, target_id, payee, business_date,
        recorded_at)
    SELECT account_id, core_uuid7(p_now), 'receivable', bill_id, 'clearing', payment_id, amount_cents, 'USD', 'return',
        'posted', return_id, bill_id, payment_id, NULL, payee, p_now::date, p_now FROM back;
    UPDATE bare.ledger_balance l SET debits_posted = debits_posted + b.amount_cents, version = version + 1
    FROM back b WHERE l.account_id = b.account_id AND l.kind = 'receivable' AND l.ref = b.bill_id;
    INSERT INTO bare.payments_event (account_id, id, payment_id, provider, object_ref, evidence, event, from_state,
        to_state, body, recorded_at)
    SELECT account_id, core_uuid7(p_now), payment_id, 'ach', payment_id::text, entry_id || ':bare',
        'debit_returned', 'succeeded', 'succeeded', jsonb_build_object('code', code), p_now FROM back;
    INSERT INTO bare.core_outbox (account_id, id, topic, body, due_at, tries)
    SELECT account_id, core_uuid7(p_now), 'payment_returned', jsonb_build_object('payment_id', payment_id, 'return_id',
        return_id), p_now, 0 FROM back;
    INSERT INTO bare.ach_again (account_id, id, first_id, key, amount_cents, from_payment_id, presentment, not_before,
        not_after, state, why, recorded_at, changed_at)
    SELECT account_id, entry_id, first_id, core_uuid7(p_now), amount_cents, payment_id, 2, p_now::date, p_now::date,
        'waiting', '', p_now, p_now FROM back WHERE code IN ('R01', 'R09');
    UPDATE bare.methods_method m SET state = 'disabled', why = b.code, changed_at = p_now
    FROM back b WHERE b.code NOT IN ('R01', 'R09') AND m.account_id = b.account_id AND m.id = b.method_id;
    UPDATE bare.ach_returned_line l SET disposition = 'applied', reason = 'returned', account_id = b.account_id,
        entry_id = b.entry_id, reopened_cents = b.amount_cents, decided_at = p_now
    FROM back b WHERE l.sha256 = b.sha256 AND l.line = b.line;
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    RETURN v_rows;
END $$;
