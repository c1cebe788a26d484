-- Many returned debits in one transaction: the effects of payments_return_apply, a statement a table, for those that are
-- plain: settled, whole, on bills of one account as they were booked, no credit of theirs, nothing given back before. The
-- caller made the table of return_tables.sql, and gives each payment once.
-- p: now, rows [{account_id, payment_id, return_id, amount_cents, code, source_ref, business_date}]
-- Answers {code: booked, plain: [return_id]}; of the others nothing was done.
CREATE OR REPLACE FUNCTION payments_return_set(p jsonb) RETURNS jsonb LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    v_bills int;
    v_rows int;
BEGIN
    INSERT INTO back_line (account_id, payment_id, return_id, amount_cents, code, source_ref, business_date, plain)
    SELECT x.account_id, x.payment_id, x.return_id, x.amount_cents, x.code, x.source_ref, x.business_date, false
    FROM jsonb_to_recordset(p->'rows') AS x(account_id uuid, payment_id uuid, return_id uuid, amount_cents bigint,
        code text, source_ref text, business_date date) ORDER BY x.account_id, x.payment_id;
    PERFORM 1 FROM back_line l JOIN payments_payment q ON q.account_id = l.account_id AND q.id = l.payment_id
    ORDER BY q.account_id, q.id FOR UPDATE OF q;
    UPDATE back_line l SET plain = true, currency = q.currency
    FROM payments_payment q
    WHERE q.account_id = l.account_id AND q.id = l.payment_id AND q.state = 'succeeded' AND NOT q.family
        AND q.deposit_cents = 0 AND q.refunded_cents = 0 AND q.returned_cents = 0 AND q.lost_cents = 0
        AND l.amount_cents = q.captured_cents AND l.amount_cents = q.amount_cents
        AND NOT EXISTS (SELECT 1 FROM payments_return r
            WHERE r.account_id = l.account_id AND r.source_ref = l.source_ref)
        AND NOT EXISTS (SELECT 1 FROM ledger_balance b WHERE b.account_id = l.account_id AND b.kind = 'credit'
            AND b.ref IN (SELECT l.payment_id UNION ALL SELECT t.bill_id FROM payments_part t
                WHERE t.account_id = l.account_id AND t.payment_id = l.payment_id));
    INSERT INTO payments_return (account_id, id, payment_id, amount_cents, code, state, source_ref, owed_back_cents,
        recorded_at, changed_at, business_date)
    SELECT account_id, return_id, payment_id, amount_cents, code, 'applied', source_ref, 0, v_now, v_now, business_date
    FROM back_line WHERE plain;
    UPDATE payments_payment q SET returned_cents = q.returned_cents + l.amount_cents, changed_at = v_now
    FROM back_line l WHERE l.plain AND q.account_id = l.account_id AND q.id = l.payment_id;
    INSERT INTO ledger_transfer (account_id, transfer_id, debit_kind, debit_ref, credit_kind, credit_ref, amount_cents,
        currency, code, phase, journal_id, subject_id, payment_id, target_id, payee, business_date, recorded_at)
    SELECT l.account_id, core_uuid7(v_now), 'receivable', t.bill_id, 'clearing', l.payment_id, t.amount_cents,
        l.currency, 'return', 'posted', l.return_id, t.bill_id, l.payment_id, NULL, t.payee, l.business_date, v_now
    FROM back_line l JOIN payments_part t ON t.account_id = l.account_id AND t.payment_id = l.payment_id WHERE l.plain;
    SELECT count(*) INTO v_bills FROM (SELECT DISTINCT t.account_id, t.bill_id FROM back_line l
        JOIN payments_part t ON t.account_id = l.account_id AND t.payment_id = l.payment_id WHERE l.plain) AS d;
    UPDATE ledger_balance b SET debits_posted = b.debits_posted + m.cents, version = b.version + m.legs
    FROM (SELECT t.account_id, t.bill_id, l.currency, sum(t.amount_cents)::bigint AS cents, count(*)::int AS legs
          FROM back_line l JOIN payments_part t ON t.account_id = l.account_id AND t.payment_id = l.payment_id
          WHERE l.plain GROUP BY 1, 2, 3 ORDER BY 1, 2) AS m
    WHERE b.account_id = m.account_id AND b.kind = 'receivable' AND b.ref = m.bill_id AND b.currency = m.currency;
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    IF v_rows <> v_bills THEN
        RAISE EXCEPTION '% bills were paid and % of them have a balance', v_bills, v_rows;
    END IF;
    INSERT INTO payments_event (account_id, id, payment_id, provider, object_ref, evidence, event, from_state,
        to_state, body, recorded_at)
    SELECT account_id, core_uuid7(v_now), payment_id, 'ach', payment_id::text, source_ref, 'debit_returned', 'succeeded',
        'succeeded', jsonb_build_object('code', code, 'amount_cents', amount_cents), v_now
    FROM back_line WHERE plain;
    INSERT INTO core_outbox (account_id, id, topic, body, due_at, tries)
    SELECT account_id, core_uuid7(v_now), 'payment_returned',
        jsonb_build_object('payment_id', payment_id, 'return_id', return_id), v_now, 0
    FROM back_line WHERE plain;
    RETURN jsonb_build_object('code', 'booked',
        'plain', (SELECT coalesce(jsonb_agg(return_id), '[]') FROM back_line WHERE plain));
END $$;
