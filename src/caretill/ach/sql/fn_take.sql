-- Takes waiting debits into a file, up to `most` at a time, in the order of accounts; a transaction each.
-- p: file_id, now, day, odfi, standard_on, soonest_on, same_day_most_cents (0: none), after_account, after_id, most
-- Answers seen (0: the queue is at its end), taken, cents, debited [{account_id, mandate_id, day}],
-- last_account, last_id, and others: those that no file will
-- take [{account_id, payment_id, region, why: method_gone | mandate_ended | not_validated |
-- paid_meanwhile | again_too_late}] or that wait (`waits`: their
-- account is still being proved; debits from the web are not made before, ACH-3).
-- The caller made the table of take_tables.sql. Locks: payments, methods, mandates, each in the order of accounts.
CREATE OR REPLACE FUNCTION ach_take_set(p jsonb) RETURNS jsonb LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    v_seen int;
    v_last record;
BEGIN
    INSERT INTO ach_due (account_id, attempt_id, payment_id, method_id, mandate_id, amount_cents, reference, region,
        posts_on, key)
    SELECT a.account_id, a.id, q.id, q.method_id, q.mandate_id, q.amount_cents, q.reference, q.region, q.posts_on, q.key
    FROM payments_attempt a JOIN payments_payment q ON q.account_id = a.account_id AND q.id = a.payment_id
    WHERE a.gateway = 'ach' AND a.state = 'queued' AND q.state = 'submitting'
        AND q.posts_on <= (p->>'standard_on')::date
        AND (a.account_id, a.id) > ((p->>'after_account')::uuid, (p->>'after_id')::uuid)
    ORDER BY a.account_id, a.id LIMIT (p->>'most')::int FOR UPDATE OF q SKIP LOCKED;
    GET DIAGNOSTICS v_seen = ROW_COUNT;
    SELECT account_id, attempt_id INTO v_last FROM ach_due ORDER BY account_id DESC, attempt_id DESC LIMIT 1;
    PERFORM ach_judge_due(p);
    PERFORM ach_put_due(p, v_now);
    RETURN jsonb_build_object('seen', v_seen, 'last_account', v_last.account_id, 'last_id', v_last.attempt_id,
        'taken', (SELECT count(*) FROM ach_due WHERE why = ''),
        'debited', (SELECT coalesce(jsonb_agg(jsonb_build_object('account_id', account_id, 'mandate_id', mandate_id,
            'day', effective_on)), '[]') FROM ach_due WHERE why = ''),
        'cents', (SELECT coalesce(sum(amount_cents), 0) FROM ach_due WHERE why = ''),
        'others', (SELECT coalesce(jsonb_agg(jsonb_build_object('account_id', account_id, 'payment_id', payment_id,
            'region', region, 'why', why)), '[]') FROM ach_due WHERE why <> ''));
END $$;

-- Why one is not taken, and what the entry of one that is will say.
CREATE OR REPLACE FUNCTION ach_judge_due(p jsonb) RETURNS void LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    PERFORM 1 FROM (SELECT DISTINCT account_id, method_id FROM ach_due) AS d
    JOIN methods_method m ON m.account_id = d.account_id AND m.id = d.method_id
    ORDER BY m.account_id, m.id FOR SHARE OF m;
    PERFORM 1 FROM (SELECT DISTINCT account_id, mandate_id FROM ach_due) AS d
    JOIN methods_mandate g ON g.account_id = d.account_id AND g.id = d.mandate_id
    ORDER BY g.account_id, g.id FOR SHARE OF g;
    UPDATE ach_due d SET
        why = CASE
            WHEN m.id IS NULL OR m.kind <> 'bank' OR m.account_sealed IS NULL OR m.state IN ('disabled', 'deleted')
                THEN CASE m.validation WHEN 'failed' THEN 'not_validated' ELSE 'method_gone' END
            WHEN g.id IS NULL OR g.ended_at IS NOT NULL OR g.sec_code = '' THEN 'mandate_ended'
            WHEN m.validation = 'failed' THEN 'not_validated'
            -- Presented again: the identical amount, within its days (ACH-5).
            WHEN n.amount_cents <> o.amount_cents THEN 'paid_meanwhile'
            WHEN n.not_after < greatest(o.posts_on, (p->>'standard_on')::date) THEN 'again_too_late'
            WHEN m.validation <> 'valid' AND g.sec_code = 'WEB' THEN 'waits'
            ELSE '' END,
        sec_code = g.sec_code,
        transaction_code = CASE m.account_type WHEN 'savings' THEN 37 ELSE 27 END,
        mark = CASE WHEN g.sec_code NOT IN ('WEB', 'TEL') THEN '' WHEN g.kind = 'once' THEN 'S' ELSE 'R' END,
        validation = m.validation,
        payee = payments_payee_of(o.account_id, o.payment_id),
        entry_id = core_uuid7((p->>'now')::timestamptz),
        first_id = n.first_id,
        presentment = coalesce(n.presentment, 1),
        effective_on = greatest(o.posts_on, CASE WHEN o.amount_cents <= (p->>'same_day_most_cents')::bigint
            THEN (p->>'soonest_on')::date ELSE (p->>'standard_on')::date END)
    FROM ach_due o
    LEFT JOIN methods_method m ON m.account_id = o.account_id AND m.id = o.method_id
    LEFT JOIN methods_mandate g ON g.account_id = o.account_id AND g.id = o.mandate_id AND g.method_id = o.method_id
    LEFT JOIN ach_again n ON n.account_id = o.account_id AND n.key = o.key
    WHERE d.account_id = o.account_id AND d.payment_id = o.payment_id;
END $$;

-- The entries, their trace numbers, the payments' step, the day of the mandates' last debit.
CREATE OR REPLACE FUNCTION ach_put_due(p jsonb, p_now timestamptz) RETURNS void LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    UPDATE ach_due SET sequence = nextval('ach_trace_sequence') WHERE why = '';
    INSERT INTO ach_entry (account_id, id, file_id, batch, sequence, trace, kind, place, payment_id, method_id, mandate_id,
        payee, reference, sec_code, description, transaction_code, mark, amount_cents, effective_on, presentment,
        first_id, validation, state, filed_at, filed_on, return_code)
    SELECT account_id, entry_id, (p->>'file_id')::uuid, ach_batch(payee, sec_code,
            CASE WHEN presentment > 1 THEN 'RETRY PYMT' ELSE p->>'description' END, effective_on, transaction_code),
        sequence, (p->>'odfi') || lpad(sequence::text, 7, '0'),
        'debit', 0, payment_id, method_id, mandate_id, payee, reference, sec_code,
        CASE WHEN presentment > 1 THEN 'RETRY PYMT' ELSE p->>'description' END, transaction_code, mark, amount_cents,
        effective_on, presentment, coalesce(first_id, entry_id), validation, 'filed', p_now, (p->>'day')::date, ''
    FROM ach_due WHERE why = '';
    INSERT INTO ach_trace (trace, file_id, account_id, entry_id)
    SELECT (p->>'odfi') || lpad(sequence::text, 7, '0'), (p->>'file_id')::uuid, account_id, entry_id
    FROM ach_due WHERE why = '';
    PERFORM payments_filed_set(jsonb_build_object('now', p_now, 'filed', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('account_id', account_id, 'payment_id', payment_id,
            'posts_on', effective_on, 'trace', (p->>'odfi') || lpad(sequence::text, 7, '0'))), '[]') FROM ach_due WHERE why = '')));
END $$;

-- Entries of one batch have the same number here; two batches may share one, and are told apart when they are written.
CREATE OR REPLACE FUNCTION ach_batch(p_payee text, p_sec_code text, p_description text, p_effective_on date,
    p_transaction_code int) RETURNS int LANGUAGE sql IMMUTABLE AS $$
    SELECT hashtext(concat_ws('|', p_payee, p_sec_code, p_description, p_effective_on - date '2000-01-01',
        (p_transaction_code % 10 >= 5)::int))
$$;
