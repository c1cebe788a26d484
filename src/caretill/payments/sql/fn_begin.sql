-- Call 1 of money.md "Exactly once": key, claims, reservations, payment, attempt, event; all or nothing.
-- p: payment_id, attempt_id, event_id, key, request_hash (hex), reference, check_code, region, currency,
--    processor_account, payer_name, email, language, channel, visit (hex), gateway, request, business_date, now,
--    lease_until, expires_at, declined_since, declined_most, parts [{bill_id, amount_cents, transfer_id}],
--    forwards [{account_id, bill_id, amount_cents, payee}]: of a payment for several accounts every bill, and no parts;
--    they are held by payments_share_reserve afterwards, account by account.
-- Answers begun | repeat | key_conflict | being_paid | above_owed | not_found | too_many (cards were refused here).
CREATE OR REPLACE FUNCTION payments_begin(p_account_id uuid, p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    v_payment uuid := (p->>'payment_id')::uuid;
    kept core_idempotency;
    part record;
    held payments_claim;
    total bigint;
    legs jsonb := '[]';
BEGIN
    INSERT INTO core_idempotency (account_id, key, request_hash, payment_id, recorded_at)
    VALUES (p_account_id, (p->>'key')::uuid, decode(p->>'request_hash', 'hex'), v_payment, v_now)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        SELECT * INTO kept FROM core_idempotency WHERE account_id = p_account_id AND key = (p->>'key')::uuid;
        IF kept.request_hash <> decode(p->>'request_hash', 'hex') THEN
            RETURN jsonb_build_object('code', 'key_conflict', 'payment_id', kept.payment_id);
        END IF;
        RETURN jsonb_build_object('code', 'repeat', 'payment_id', kept.payment_id);
    END IF;
    IF (SELECT count(*) FROM payments_payment WHERE account_id = p_account_id AND state IN ('failed', 'voided')
            AND failure_code <> '' AND method_last4 <> ''
            AND changed_at > (p->>'declined_since')::timestamptz)
        >= (p->>'declined_most')::bigint THEN
        RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'too_many';
    END IF;
    SELECT coalesce(sum(f.amount_cents), 0) INTO total
    FROM jsonb_to_recordset(p->'forwards') AS f(amount_cents bigint);
    FOR part IN
        SELECT l.bill_id, l.amount_cents, l.transfer_id, b.payee, b.id AS found
        FROM jsonb_to_recordset(p->'parts') AS l(bill_id uuid, amount_cents bigint, transfer_id uuid)
        LEFT JOIN billing_bill b ON b.account_id = p_account_id AND b.id = l.bill_id
            AND b.region = p->>'region' AND b.currency = p->>'currency'
        ORDER BY l.bill_id
    LOOP
        IF part.found IS NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'not_found', DETAIL = part.bill_id;
        END IF;
        INSERT INTO payments_claim (account_id, bill_id, payment_id, why, until)
        VALUES (p_account_id, part.bill_id, v_payment, 'session', (p->>'expires_at')::timestamptz)
        ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'being_paid', DETAIL = part.bill_id;
        END IF;
        INSERT INTO payments_part (account_id, payment_id, bill_id, amount_cents, payee, transfer_id)
        VALUES (p_account_id, v_payment, part.bill_id, part.amount_cents, part.payee, part.transfer_id);
        total := total + part.amount_cents;
        legs := legs || jsonb_build_object(
            'transfer_id', part.transfer_id, 'debit_kind', 'clearing', 'debit_ref', v_payment,
            'credit_kind', 'receivable', 'credit_ref', part.bill_id, 'amount_cents', part.amount_cents,
            'code', 'payment', 'phase', 'pending', 'subject_id', part.bill_id, 'payee', part.payee);
    END LOOP;
    INSERT INTO payments_payment (account_id, id, state, key, reference, check_code, region, amount_cents, currency,
        processor_account, payer_name, email, language, channel, visit, failure_code, method_brand, method_last4,
        charge_ref, captured_cents, refunded_cents, business_date, created_at, changed_at, expires_at, family)
    VALUES (p_account_id, v_payment, 'submitting', (p->>'key')::uuid, p->>'reference', p->>'check_code', p->>'region',
        total, p->>'currency', p->>'processor_account', p->>'payer_name', p->>'email', p->>'language', p->>'channel',
        decode(p->>'visit', 'hex'), '', '', '', '', 0, 0, (p->>'business_date')::date, v_now, v_now,
        (p->>'expires_at')::timestamptz, coalesce(jsonb_array_length(p->'forwards'), 0) > 0);
    INSERT INTO payments_forward (account_id, payment_id, bill_id, to_account_id, amount_cents, payee, state)
    SELECT p_account_id, v_payment, f.bill_id, f.account_id, f.amount_cents, f.payee, 'open'
    FROM jsonb_to_recordset(p->'forwards') AS f(account_id uuid, bill_id uuid, amount_cents bigint, payee text);
    PERFORM ledger_post(p_account_id, legs, v_payment, v_payment, p->>'currency', (p->>'business_date')::date, v_now);
    INSERT INTO payments_attempt (account_id, id, payment_id, gateway, request, session_ref, session_url, state,
        lease_until, tries, created_at)
    VALUES (p_account_id, (p->>'attempt_id')::uuid, v_payment, p->>'gateway', p->'request', '', '', 'sending',
        (p->>'lease_until')::timestamptz, 1, v_now);
    INSERT INTO payments_event (account_id, id, payment_id, provider, object_ref, evidence, event, from_state,
        to_state, body, recorded_at)
    VALUES (p_account_id, (p->>'event_id')::uuid, v_payment, 'caretill', p->>'attempt_id', 'begun', 'begun', 'created',
        'submitting', jsonb_build_object('amount_cents', total), v_now);
    INSERT INTO payments_object (provider, object_ref, account_id, payment_id)
    VALUES ('check', p->>'check_code', p_account_id, v_payment), ('attempt', p->>'attempt_id', p_account_id, v_payment);
    RETURN jsonb_build_object('code', 'begun', 'payment_id', v_payment, 'amount_cents', total);
EXCEPTION
    WHEN SQLSTATE 'CT001' THEN
        IF SQLERRM = 'being_paid' THEN
            SELECT c.* INTO held FROM payments_claim c
            JOIN jsonb_to_recordset(p->'parts') AS l(bill_id uuid) ON l.bill_id = c.bill_id
            WHERE c.account_id = p_account_id ORDER BY c.until DESC LIMIT 1;
            RETURN jsonb_build_object('code', 'being_paid', 'payment_id', held.payment_id, 'bill_id', held.bill_id,
                'until', held.until);
        END IF;
        RETURN jsonb_build_object('code', SQLERRM);
    WHEN check_violation THEN
        RETURN jsonb_build_object('code', 'above_owed');
END $$;
