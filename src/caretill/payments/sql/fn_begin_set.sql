-- Call 1 of money.md "Exactly once" for many payments from saved methods, in one transaction: the effects of
-- payments_begin, a statement a table. The caller made the tables of saved_tables.sql.
-- p: now, asks [{place, account_id, and what payments_begin is told}]; no bills of other accounts among them.
-- Answers {code: begun, answers: [{place, code, payment_id, amount_cents, why, until}]}: the codes of payments_begin, and
-- alone (begin it by itself: it was agreed to for one payment).
-- Locks in the order of accounts: keys, methods, mandates, claims, balances.
-- Every join goes through an index: the tables are large, the set is small, and nobody keeps statistics of it. Left to
-- itself the planner read every balance for each part of the set.
CREATE OR REPLACE FUNCTION payments_begin_set(p jsonb) RETURNS jsonb LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
BEGIN
    PERFORM payments_read_asks(p);
    PERFORM payments_judge_asks(v_now);
    PERFORM payments_hold_asks(v_now);
    DELETE FROM core_idempotency i USING asked a
    WHERE a.code NOT IN ('repeat', 'key_conflict') AND i.account_id = a.account_id AND i.key = a.key
        AND i.payment_id = a.payment_id;
    PERFORM payments_put_asks(v_now);
    RETURN jsonb_build_object('code', 'begun', 'answers', (SELECT coalesce(jsonb_agg(jsonb_build_object(
        'place', a.place, 'code', coalesce(a.code, 'begun'), 'why', a.held_why, 'until', a.held_until,
        'payment_id', CASE a.code WHEN 'being_paid' THEN a.holder_id ELSE a.payment_id END,
        'amount_cents', coalesce(a.total_cents, q.amount_cents, 0)) ORDER BY a.place), '[]')
        FROM asked a LEFT JOIN payments_payment q ON q.account_id = a.account_id AND q.id = a.payment_id));
END $$;

-- Into the tables of the set, and the keys: whose key began something before is `repeat` or `key_conflict`.
CREATE OR REPLACE FUNCTION payments_read_asks(p jsonb) RETURNS void LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO asked SELECT x.place, x.account_id, x.payment_id, x.attempt_id, x.key, decode(x.request_hash, 'hex'),
        x.reference, x.check_code, x.region, x.currency, x.processor_account, x.payer_name, x.email, x.language,
        x.channel, x.login_id, decode(x.visit, 'hex'), x.request, x.business_date, x.lease_until, x.expires_at,
        x.method_id, x.mandate_id, x.origin, x.origin_id, x.deposit_cents, x.deposit_payee, x.posts_on, x.why,
        x.in_name, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM jsonb_to_recordset(p->'asks') AS x(place int, account_id uuid, payment_id uuid, attempt_id uuid, key uuid,
        request_hash text, reference text, check_code text, region text, currency text, processor_account text,
        payer_name text, email text, language text, channel text, login_id uuid, visit text, request jsonb,
        business_date date, lease_until timestamptz, expires_at timestamptz, method_id uuid, mandate_id uuid,
        origin text, origin_id uuid, deposit_cents bigint, deposit_payee text, posts_on date, why text,
        in_name boolean);
    INSERT INTO asked_part SELECT x.place, x.account_id, x.payment_id, l.bill_id, l.amount_cents, l.transfer_id, b.payee
    FROM jsonb_to_recordset(p->'asks') AS x(place int, account_id uuid, payment_id uuid, region text, currency text,
        parts jsonb)
    CROSS JOIN LATERAL jsonb_to_recordset(x.parts) AS l(bill_id uuid, amount_cents bigint, transfer_id uuid)
    LEFT JOIN billing_bill b ON b.account_id = x.account_id AND b.id = l.bill_id AND b.region = x.region
        AND b.currency = x.currency;
    ANALYZE asked;
    ANALYZE asked_part;
    INSERT INTO core_idempotency (account_id, key, request_hash, payment_id, recorded_at)
    SELECT account_id, key, request_hash, payment_id, (p->>'now')::timestamptz FROM asked ORDER BY account_id, key
    ON CONFLICT DO NOTHING;
    UPDATE asked a SET payment_id = i.payment_id,
        code = CASE WHEN i.request_hash = a.request_hash THEN 'repeat' ELSE 'key_conflict' END
    FROM core_idempotency i
    WHERE i.account_id = a.account_id AND i.key = a.key AND i.payment_id <> a.payment_id;
END $$;

-- The methods and what was agreed, as payments_saved does it; bills that are not there; cheques that are waited for.
CREATE OR REPLACE FUNCTION payments_judge_asks(p_now timestamptz) RETURNS void LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    PERFORM 1 FROM (SELECT DISTINCT account_id, method_id FROM asked WHERE code IS NULL) AS a
    JOIN methods_method m ON m.account_id = a.account_id AND m.id = a.method_id
    ORDER BY m.account_id, m.id FOR SHARE OF m;
    PERFORM 1 FROM (SELECT DISTINCT account_id, mandate_id FROM asked WHERE code IS NULL) AS a
    JOIN methods_mandate m ON m.account_id = a.account_id AND m.id = a.mandate_id
    ORDER BY m.account_id, m.id FOR SHARE OF m;
    UPDATE asked a SET gateway = m.gateway, last4 = m.last4,
        brand = CASE m.kind WHEN 'bank' THEN 'bank' ELSE m.brand END,
        attempt = CASE m.kind WHEN 'bank' THEN 'queued' ELSE 'charging' END,
        request = CASE m.kind WHEN 'bank' THEN a.request ELSE a.request || jsonb_build_object(
            'method_ref', m.token_ref, 'network_ref', nullif(m.network_ref, '')) END,
        code = nullif(CASE g.kind WHEN 'once' THEN 'alone' ELSE payments_saved_verdict(m.kind, m.state, m.validation,
            a.mandate_id, g.id, g.sec_code, a.in_name) END, '')
    FROM asked o
    LEFT JOIN methods_method m ON m.account_id = o.account_id AND m.id = o.method_id
    LEFT JOIN methods_mandate g ON g.account_id = o.account_id AND g.id = o.mandate_id AND g.method_id = o.method_id
        AND g.ended_at IS NULL
    WHERE o.place = a.place AND a.code IS NULL;
    UPDATE asked a SET code = 'not_found' FROM asked_part r
    WHERE a.code IS NULL AND r.place = a.place AND r.payee IS NULL;
    UPDATE asked a SET code = 'being_paid', held_why = 'cheque', held_until = n.until
    FROM asked_part r JOIN payments_announced n ON n.account_id = r.account_id AND n.bill_id = r.bill_id
        AND n.why = 'cheque' AND n.until > p_now
    WHERE a.code IS NULL AND a.in_name AND r.place = a.place;
END $$;

-- Claims, then balances. What is taken in the payer's name is at most what is owed now.
CREATE OR REPLACE FUNCTION payments_hold_asks(p_now timestamptz) RETURNS void LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO payments_claim (account_id, bill_id, payment_id, why, until)
    SELECT r.account_id, r.bill_id, r.payment_id, a.why, a.expires_at
    FROM asked a JOIN asked_part r ON r.place = a.place WHERE a.code IS NULL
    ORDER BY r.account_id, r.bill_id, r.place ON CONFLICT DO NOTHING;
    UPDATE asked a SET code = 'being_paid', holder_id = c.payment_id, held_why = c.why, held_until = c.until
    FROM asked_part r JOIN payments_claim c ON c.account_id = r.account_id AND c.bill_id = r.bill_id
    WHERE a.code IS NULL AND r.place = a.place AND c.payment_id <> a.payment_id;
    PERFORM 1 FROM asked a JOIN asked_part r ON r.place = a.place
    JOIN ledger_balance b ON b.account_id = r.account_id AND b.kind = 'receivable' AND b.ref = r.bill_id
    WHERE a.code IS NULL ORDER BY b.account_id, b.ref FOR UPDATE OF b;
    UPDATE asked_part r SET amount_cents = least(r.amount_cents, coalesce((
        SELECT b.debits_posted - b.credits_posted - b.credits_pending FROM ledger_balance b
        WHERE b.account_id = r.account_id AND b.kind = 'receivable' AND b.ref = r.bill_id
            AND b.currency = a.currency), 0))
    FROM asked a WHERE a.place = r.place AND a.code IS NULL AND a.in_name;
    UPDATE asked a SET code = 'above_owed' FROM asked_part r
    LEFT JOIN ledger_balance b ON b.account_id = r.account_id AND b.kind = 'receivable' AND b.ref = r.bill_id
    WHERE a.code IS NULL AND NOT a.in_name AND r.place = a.place
        AND r.amount_cents > coalesce(b.debits_posted - b.credits_posted - b.credits_pending, 0);
    UPDATE asked a SET total_cents = s.cents
    FROM (SELECT o.place, o.deposit_cents + coalesce(sum(greatest(r.amount_cents, 0)), 0) AS cents,
              count(r.place) > 0 AND coalesce(sum(greatest(r.amount_cents, 0)), 0) = 0 AS nothing
          FROM asked o LEFT JOIN asked_part r ON r.place = o.place GROUP BY o.place, o.deposit_cents) AS s
    WHERE s.place = a.place AND a.code IS NULL AND s.cents > 0 AND NOT s.nothing;
    UPDATE asked SET code = 'above_owed' WHERE code IS NULL AND total_cents IS NULL;
    DELETE FROM payments_claim c USING asked a, asked_part r
    WHERE r.place = a.place AND (a.code IS NOT NULL OR r.amount_cents <= 0) AND c.account_id = r.account_id
        AND c.bill_id = r.bill_id AND c.payment_id = r.payment_id AND a.code IS DISTINCT FROM 'repeat';
    DELETE FROM asked_part r USING asked a WHERE r.place = a.place AND (a.code IS NOT NULL OR r.amount_cents <= 0);
END $$;

-- The rows of each payment that begins.
CREATE OR REPLACE FUNCTION payments_put_asks(p_now timestamptz) RETURNS void LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO payments_payment (account_id, id, state, key, reference, check_code, region, amount_cents, currency,
        processor_account, payer_name, email, language, channel, visit, failure_code, method_brand, method_last4,
        charge_ref, captured_cents, refunded_cents, business_date, created_at, changed_at, expires_at, login_id,
        deposit_cents, deposit_payee, method_id, mandate_id, origin, origin_id, posts_on)
    SELECT account_id, payment_id, 'submitting', key, reference, check_code, region, total_cents, currency,
        processor_account, payer_name, email, language, channel, visit, '', brand, last4, '', 0, 0, business_date,
        p_now, p_now, expires_at, login_id, deposit_cents, deposit_payee, method_id, mandate_id, origin, origin_id,
        posts_on
    FROM asked WHERE code IS NULL;
    INSERT INTO payments_part (account_id, payment_id, bill_id, amount_cents, payee, transfer_id)
    SELECT account_id, payment_id, bill_id, amount_cents, payee, transfer_id FROM asked_part;
    INSERT INTO ledger_transfer (account_id, transfer_id, debit_kind, debit_ref, credit_kind, credit_ref, amount_cents,
        currency, code, phase, journal_id, subject_id, payment_id, target_id, payee, business_date, recorded_at)
    SELECT r.account_id, r.transfer_id, 'clearing', r.payment_id, 'receivable', r.bill_id, r.amount_cents, a.currency,
        'payment', 'pending', r.payment_id, r.bill_id, r.payment_id, NULL, r.payee, a.business_date, p_now
    FROM asked_part r JOIN asked a ON a.place = r.place;
    UPDATE ledger_balance b SET credits_pending = b.credits_pending + m.amount_cents, version = b.version + 1
    FROM (SELECT r.account_id, r.bill_id, r.amount_cents, a.currency FROM asked_part r JOIN asked a ON a.place = r.place
          ORDER BY 1, 2) AS m
    WHERE b.account_id = m.account_id AND b.kind = 'receivable' AND b.ref = m.bill_id AND b.currency = m.currency;
    INSERT INTO payments_attempt (account_id, id, payment_id, gateway, request, session_ref, session_url, state,
        lease_until, tries, created_at)
    SELECT account_id, attempt_id, payment_id, gateway, request || jsonb_build_object('amount_cents', total_cents), '',
        '', attempt, CASE attempt WHEN 'queued' THEN p_now + interval '10 years' ELSE lease_until END, 1, p_now
    FROM asked WHERE code IS NULL;
    INSERT INTO payments_event (account_id, id, payment_id, provider, object_ref, evidence, event, from_state,
        to_state, body, recorded_at)
    SELECT account_id, core_uuid7(p_now), payment_id, 'caretill', attempt_id, 'begun', 'begun', 'created',
        'submitting', jsonb_build_object('amount_cents', total_cents), p_now
    FROM asked WHERE code IS NULL;
    INSERT INTO payments_object (provider, object_ref, account_id, payment_id)
    SELECT 'check', check_code, account_id, payment_id FROM asked WHERE code IS NULL
    UNION ALL SELECT 'attempt', attempt_id::text, account_id, payment_id FROM asked WHERE code IS NULL;
END $$;
