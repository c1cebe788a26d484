-- Call 2 of money.md "Exactly once" for many payments that succeeded, in one transaction: the effects of payments_record,
-- a statement a table. The caller made the tables of outcome_tables.sql. A payment stands in a set at most once.
-- p: now, outcomes [{place, account_id, payment_id, provider, object_ref, evidence, body, amount_cents, charge_ref,
--    method_brand, method_last4, business_date}]
-- Answers {code: recorded, applied, others: [{place, code: repeat | ignored | missing | alone (a payment of a family:
-- record it by itself), state}]}; raced, and nothing was
-- changed, where one of the payments moved meanwhile.
CREATE OR REPLACE FUNCTION payments_record_set(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    v_asked int := jsonb_array_length(p->'outcomes');
    v_found int;
    v_moving int;
    v_rows int;
    v_others jsonb := '[]';
BEGIN
    v_found := payments_judge_set(p);
    SELECT count(*) INTO v_moving FROM outcome WHERE to_state IS NOT NULL;
    IF v_moving < v_asked THEN
        v_others := payments_others_of_set(p);
    END IF;
    UPDATE payments_payment q SET state = o.to_state, changed_at = v_now, failure_code = '',
        method_brand = coalesce(o.method_brand, q.method_brand), method_last4 = coalesce(o.method_last4, q.method_last4),
        charge_ref = coalesce(o.charge_ref, q.charge_ref), captured_cents = o.amount_cents,
        business_date = o.business_date
    FROM outcome o
    WHERE o.to_state IS NOT NULL AND q.account_id = o.account_id AND q.id = o.payment_id AND q.state = o.from_state;
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    IF v_rows <> v_moving THEN
        RAISE EXCEPTION USING ERRCODE = 'CT003';
    END IF;
    INSERT INTO payments_event (account_id, id, payment_id, provider, object_ref, evidence, event, from_state,
        to_state, body, recorded_at)
    SELECT account_id, core_uuid7(v_now), payment_id, provider, object_ref, evidence, 'succeeded', from_state, to_state,
        coalesce(body, '{}'), v_now
    FROM outcome WHERE to_state IS NOT NULL;
    INSERT INTO payments_object (provider, object_ref, account_id, payment_id)
    SELECT provider, charge_ref, account_id, payment_id FROM outcome WHERE to_state IS NOT NULL AND charge_ref <> ''
    ON CONFLICT DO NOTHING;
    PERFORM payments_post_set(v_now);
    UPDATE payments_attempt a SET state = 'ended', lease_until = NULL FROM outcome o
    WHERE o.to_state IS NOT NULL AND a.account_id = o.account_id AND a.payment_id = o.payment_id;
    DELETE FROM payments_claim c USING outcome_leg l
    WHERE c.account_id = l.account_id AND c.bill_id = l.subject_id AND c.payment_id = l.payment_id;
    INSERT INTO core_outbox (account_id, id, topic, body, due_at, tries)
    SELECT account_id, core_uuid7(v_now),
        CASE WHEN from_state IN ('voided', 'failed') THEN 'late_payment' ELSE 'receipt_ready' END,
        jsonb_build_object('payment_id', payment_id), v_now, 0
    FROM outcome WHERE to_state IS NOT NULL;
    INSERT INTO core_outbox (account_id, id, topic, body, due_at, tries)
    SELECT o.account_id, core_uuid7(v_now), 'card_to_keep', jsonb_build_object('payment_id', o.payment_id), v_now, 0
    FROM outcome o JOIN payments_attempt a ON a.account_id = o.account_id AND a.payment_id = o.payment_id
    JOIN payments_payment q ON q.account_id = o.account_id AND q.id = o.payment_id AND q.login_id IS NOT NULL
    WHERE o.to_state IS NOT NULL AND (a.request->>'save')::boolean;
    RETURN jsonb_build_object('code', 'recorded', 'applied', v_moving, 'others', v_others);
EXCEPTION WHEN SQLSTATE 'CT003' OR unique_violation THEN
    RETURN jsonb_build_object('code', 'raced');
END $$;

-- Where each payment stands and where this leads, in the order in which they will be changed. Answers how many are ours.
-- Every join goes through an index: the tables are large, the set is small, and nobody keeps statistics of it.
CREATE OR REPLACE FUNCTION payments_judge_set(p jsonb) RETURNS int LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    v_found int;
BEGIN
    INSERT INTO outcome (place, account_id, payment_id, journal_id, provider, object_ref, evidence, body, amount_cents,
        charge_ref, method_brand, method_last4, business_date, currency, from_state, to_state)
    SELECT x.place, x.account_id, x.payment_id, core_uuid7((p->>'now')::timestamptz), x.provider, x.object_ref,
        x.evidence, x.body, x.amount_cents, x.charge_ref, x.method_brand, x.method_last4, x.business_date, q.currency,
        q.state, t.to_state
    FROM jsonb_to_recordset(p->'outcomes') AS x(place int, account_id uuid, payment_id uuid, provider text,
        object_ref text, evidence text, body jsonb, amount_cents bigint, charge_ref text, method_brand text,
        method_last4 text, business_date date)
    JOIN payments_payment q ON q.account_id = x.account_id AND q.id = x.payment_id
    LEFT JOIN payments_transition t ON t.from_state = q.state AND t.event = 'succeeded' AND NOT q.family
    ORDER BY x.account_id, x.payment_id;
    GET DIAGNOSTICS v_found = ROW_COUNT;
    RETURN v_found;
END $$;

-- Outcomes that change nothing, each with its reason.
CREATE OR REPLACE FUNCTION payments_others_of_set(p jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('place', x.place, 'state', coalesce(o.from_state, ''), 'code',
        CASE WHEN o.place IS NULL THEN 'missing' WHEN e.id IS NOT NULL THEN 'repeat'
             WHEN q.family THEN 'alone' ELSE 'ignored' END)), '[]')
    FROM jsonb_to_recordset(p->'outcomes') AS x(place int)
    LEFT JOIN outcome o ON o.place = x.place
    LEFT JOIN payments_event e ON e.account_id = o.account_id AND e.provider = o.provider
        AND e.object_ref = o.object_ref AND e.evidence = o.evidence
    LEFT JOIN payments_payment q ON q.account_id = o.account_id AND q.id = o.payment_id
    WHERE o.to_state IS NULL
$$;

-- The legs of the set: reservations are posted; a success after the end is booked as the payer's credit.
-- Balances are locked in the order (account, kind, ref): credit, deposit, receivable.
CREATE OR REPLACE FUNCTION payments_post_set(p_now timestamptz) RETURNS void LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    v_bills int;
    v_rows int;
BEGIN
    INSERT INTO outcome_leg (account_id, payment_id, journal_id, transfer_id, credit_kind, credit_ref, amount_cents,
        currency, code, phase, subject_id, target_id, payee, business_date)
    SELECT o.account_id, o.payment_id, o.journal_id, core_uuid7(p_now), 'receivable', r.bill_id, r.amount_cents,
        o.currency, 'payment', 'post', r.bill_id, r.transfer_id, r.payee, o.business_date
    FROM outcome o JOIN payments_part r ON r.account_id = o.account_id AND r.payment_id = o.payment_id
    WHERE o.to_state IS NOT NULL AND o.from_state NOT IN ('voided', 'failed');
    IF EXISTS (SELECT 1 FROM outcome WHERE to_state IS NOT NULL AND from_state IN ('voided', 'failed')) THEN
        PERFORM payments_late_legs(p_now);
    END IF;
    INSERT INTO outcome_leg (account_id, payment_id, journal_id, transfer_id, credit_kind, credit_ref, amount_cents,
        currency, code, phase, subject_id, target_id, payee, business_date)
    SELECT o.account_id, o.payment_id, o.journal_id, core_uuid7(p_now), 'deposit', o.account_id, q.deposit_cents,
        o.currency, 'deposit', 'posted', NULL, NULL, payments_payee_of(o.account_id, o.payment_id), o.business_date
    FROM outcome o JOIN payments_payment q ON q.account_id = o.account_id AND q.id = o.payment_id
    WHERE o.to_state IS NOT NULL AND o.from_state NOT IN ('voided', 'failed') AND q.deposit_cents > 0;
    INSERT INTO ledger_transfer (account_id, transfer_id, debit_kind, debit_ref, credit_kind, credit_ref, amount_cents,
        currency, code, phase, journal_id, subject_id, payment_id, target_id, payee, business_date, recorded_at)
    SELECT account_id, transfer_id, 'clearing', payment_id, credit_kind, credit_ref, amount_cents, currency, code,
        phase, journal_id, subject_id, payment_id, target_id, payee, business_date, p_now
    FROM outcome_leg;
    INSERT INTO ledger_resolution (account_id, target_id, action, transfer_id)
    SELECT account_id, target_id, 'end', transfer_id FROM outcome_leg WHERE phase = 'post';
    INSERT INTO ledger_balance AS b (account_id, kind, ref, currency, debits_posted, credits_posted, debits_pending,
        credits_pending, version)
    SELECT account_id, credit_kind, credit_ref, currency, 0, sum(amount_cents)::bigint, 0, 0, count(*)::int
    FROM outcome_leg WHERE phase = 'posted' GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3
    ON CONFLICT (account_id, kind, ref, currency) DO UPDATE SET
        credits_posted = b.credits_posted + excluded.credits_posted, version = b.version + excluded.version;
    SELECT count(*) INTO v_bills FROM
        (SELECT DISTINCT account_id, credit_ref, currency FROM outcome_leg WHERE phase = 'post') AS d;
    UPDATE ledger_balance b SET credits_posted = b.credits_posted + m.amount_cents,
        credits_pending = b.credits_pending - m.amount_cents, version = b.version + m.legs
    FROM (
        SELECT account_id, credit_ref, currency, sum(amount_cents)::bigint AS amount_cents, count(*)::int AS legs
        FROM outcome_leg WHERE phase = 'post' GROUP BY 1, 2, 3 ORDER BY 1, 2
    ) AS m
    WHERE b.account_id = m.account_id AND b.kind = 'receivable' AND b.ref = m.credit_ref AND b.currency = m.currency;
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    IF v_rows <> v_bills THEN
        RAISE EXCEPTION '% bills were being paid and % of them have a balance', v_bills, v_rows;
    END IF;
END $$;

CREATE OR REPLACE FUNCTION payments_late_legs(p_now timestamptz) RETURNS void LANGUAGE sql AS $$
    INSERT INTO outcome_leg (account_id, payment_id, journal_id, transfer_id, credit_kind, credit_ref, amount_cents,
        currency, code, phase, subject_id, target_id, payee, business_date)
    SELECT o.account_id, o.payment_id, o.journal_id, core_uuid7(p_now), 'credit', o.payment_id, o.amount_cents,
        o.currency, 'late_payment', 'posted', NULL, NULL, (
            SELECT payee FROM payments_part r WHERE r.account_id = o.account_id AND r.payment_id = o.payment_id LIMIT 1),
        o.business_date
    FROM outcome o WHERE o.to_state IS NOT NULL AND o.from_state IN ('voided', 'failed')
$$;
