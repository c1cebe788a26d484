-- The floor of a set: the rows that payments_record_set writes and changes, and nothing asked first.
CREATE OR REPLACE FUNCTION bare.record_set(p jsonb) RETURNS int LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    v_rows int;
BEGIN
    INSERT INTO outcome (place, account_id, payment_id, journal_id, provider, object_ref, evidence, body, amount_cents,
        charge_ref, method_brand, method_last4, business_date)
    SELECT x.place, x.account_id, x.payment_id, core_uuid7(v_now), x.provider, x.object_ref, x.evidence, x.body,
        x.amount_cents, x.charge_ref, x.method_brand, x.method_last4, x.business_date
    FROM jsonb_to_recordset(p->'outcomes') AS x(place int, account_id uuid, payment_id uuid, provider text,
        object_ref text, evidence text, body jsonb, amount_cents bigint, charge_ref text, method_brand text,
        method_last4 text, business_date date);
    UPDATE bare.payments_payment q SET state = 'succeeded', changed_at = v_now, failure_code = '',
        method_brand = coalesce(o.method_brand, q.method_brand),
        method_last4 = coalesce(o.method_last4, q.method_last4), charge_ref = coalesce(o.charge_ref, q.charge_ref),
        captured_cents = o.amount_cents, business_date = o.business_date
    FROM outcome o WHERE q.account_id = o.account_id AND q.id = o.payment_id;
    INSERT INTO bare.payments_event (account_id, id, payment_id, provider, object_ref, evidence, event, from_state,
        to_state, body, recorded_at)
    SELECT account_id, core_uuid7(v_now), payment_id, provider, object_ref, evidence, 'succeeded', 'requires_action',
        'succeeded', body, v_now
    FROM outcome;
    INSERT INTO bare.payments_object (provider, object_ref, account_id, payment_id)
    SELECT provider, charge_ref, account_id, payment_id FROM outcome WHERE charge_ref <> '';
    INSERT INTO outcome_leg (account_id, payment_id, journal_id, transfer_id, credit_ref, amount_cents, target_id, payee,
        business_date)
    SELECT o.account_id, o.payment_id, o.journal_id, core_uuid7(v_now), r.bill_id, r.amount_cents, r.transfer_id,
        r.payee, o.business_date
    FROM outcome o JOIN bare.payments_part r ON r.account_id = o.account_id AND r.payment_id = o.payment_id;
    INSERT INTO bare.ledger_transfer (account_id, transfer_id, debit_kind, debit_ref, credit_kind, credit_ref,
        amount_cents, currency, code, phase, journal_id, subject_id, payment_id, target_id, payee, business_date,
        recorded_at)
    SELECT account_id, transfer_id, 'clearing', payment_id, 'receivable', credit_ref, amount_cents, 'USD', 'payment',
        'post', journal_id, credit_ref, payment_id, target_id, payee, business_date, v_now
    FROM outcome_leg;
    INSERT INTO bare.ledger_resolution (account_id, target_id, action, transfer_id)
    SELECT account_id, target_id, 'end', transfer_id FROM outcome_leg;
    UPDATE bare.ledger_balance b SET credits_posted = credits_posted + l.amount_cents,
        credits_pending = credits_pending - l.amount_cents, version = version + 1
    FROM outcome_leg l
    WHERE b.account_id = l.account_id AND b.kind = 'receivable' AND b.ref = l.credit_ref AND b.currency = 'USD';
    UPDATE bare.payments_attempt a SET state = 'ended', lease_until = NULL FROM outcome o
    WHERE a.account_id = o.account_id AND a.payment_id = o.payment_id;
    DELETE FROM bare.payments_claim c USING outcome_leg l
    WHERE c.account_id = l.account_id AND c.bill_id = l.credit_ref;
    INSERT INTO bare.core_outbox (account_id, id, topic, body, due_at, tries)
    SELECT account_id, core_uuid7(v_now), 'receipt_ready', jsonb_build_object('payment_id', payment_id), v_now, 0
    FROM outcome;
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    RETURN v_rows;
END $$;
