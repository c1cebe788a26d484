-- Call 1 of money.md "Exactly once": key, claims, reservations, payment, attempt, event; all or nothing.
-- p: payment_id, attempt_id, event_id, key, request_hash (hex), reference, check_code, region, currency,
--    processor_account, payer_name, email, language, channel, visit (hex), gateway, request, business_date, now,
--    lease_until, expires_at, declined_since, declined_most, declined_by_helpers, help_id (of a helper's),
--    parts [{bill_id, amount_cents, transfer_id}],
--    forwards [{account_id, bill_id, amount_cents, payee}]: of a payment for several accounts every bill, and no parts;
--    they are held by payments_share_reserve afterwards, account by account,
--    login_id, agreed (to have the card kept: from where), deposit_cents, deposit_payee: what of it goes on the account;
--    of a saved method (payments_saved): method_id, mandate_id, origin, origin_id, posts_on, why, in_name (nobody is
--    there: each part is at most what is owed now, and a cheque that is in the post is waited for).
-- Answers begun | repeat | key_conflict | being_paid | above_owed | not_found | help_ended | too_many (cards were
-- refused here) | method_gone | not_validated | mandate_ended.
CREATE OR REPLACE FUNCTION payments_begin(p_account_id uuid, p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    v_payment uuid := (p->>'payment_id')::uuid;
    kept core_idempotency;
    declined record;
    total bigint;
    legs jsonb;
    v_deposit bigint := coalesce((p->>'deposit_cents')::bigint, 0);
    saved jsonb := '{}';
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
    SELECT count(*) AS by_all, count(*) FILTER (WHERE help_id IS NOT NULL) AS by_helpers INTO declined
    FROM payments_payment WHERE account_id = p_account_id AND state IN ('failed', 'voided')
        AND failure_code <> '' AND method_last4 <> '' AND method_id IS NULL AND changed_at > (p->>'declined_since')::timestamptz;
    IF declined.by_all >= (p->>'declined_most')::bigint OR p->>'help_id' IS NOT NULL
            AND declined.by_helpers >= (p->>'declined_by_helpers')::bigint THEN
        RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'too_many';
    END IF;
    IF p->>'method_id' IS NOT NULL THEN
        saved := payments_saved(p_account_id, p);
    END IF;
    SELECT v_deposit + coalesce(sum(f.amount_cents), 0) INTO total
    FROM jsonb_to_recordset(p->'forwards') AS f(amount_cents bigint);
    IF p->>'help_id' IS NOT NULL THEN
        PERFORM payments_help_take(p_account_id, (p->>'help_id')::uuid, p->'parts', v_now);
    END IF;
    legs := payments_hold(p_account_id, v_payment, p, 'clearing', v_now);
    INSERT INTO payments_part (account_id, payment_id, bill_id, amount_cents, payee, transfer_id)
    SELECT p_account_id, v_payment, l.subject_id, l.amount_cents, l.payee, l.transfer_id
    FROM jsonb_to_recordset(legs) AS l(subject_id uuid, amount_cents bigint, payee text, transfer_id uuid);
    total := total + (SELECT coalesce(sum(l.amount_cents), 0) FROM jsonb_to_recordset(legs) AS l(amount_cents bigint));
    INSERT INTO payments_payment (account_id, id, state, key, reference, check_code, region, amount_cents, currency,
        processor_account, payer_name, email, language, channel, visit, failure_code, method_brand, method_last4,
        charge_ref, captured_cents, refunded_cents, business_date, created_at, changed_at, expires_at, family,
        help_id, login_id, deposit_cents, deposit_payee, method_id, mandate_id, origin, origin_id, posts_on)
    VALUES (p_account_id, v_payment, 'submitting', (p->>'key')::uuid, p->>'reference', p->>'check_code', p->>'region',
        total, p->>'currency', p->>'processor_account', p->>'payer_name', p->>'email', p->>'language', p->>'channel',
        decode(p->>'visit', 'hex'), '', coalesce(saved->>'brand', ''), coalesce(saved->>'last4', ''), '', 0, 0,
        (p->>'business_date')::date, v_now, v_now, (p->>'expires_at')::timestamptz,
        coalesce(jsonb_array_length(p->'forwards'), 0) > 0, (p->>'help_id')::uuid, (p->>'login_id')::uuid, v_deposit,
        coalesce(p->>'deposit_payee', ''), (p->>'method_id')::uuid, (p->>'mandate_id')::uuid,
        coalesce(p->>'origin', ''), (p->>'origin_id')::uuid,
        CASE WHEN saved->>'attempt' = 'queued' THEN (p->>'posts_on')::date END);
    INSERT INTO payments_forward (account_id, payment_id, bill_id, to_account_id, amount_cents, payee, state)
    SELECT p_account_id, v_payment, f.bill_id, f.account_id, f.amount_cents, f.payee, 'open'
    FROM jsonb_to_recordset(p->'forwards') AS f(account_id uuid, bill_id uuid, amount_cents bigint, payee text);
    PERFORM ledger_post(p_account_id, legs, v_payment, v_payment, p->>'currency', (p->>'business_date')::date, v_now);
    INSERT INTO payments_attempt (account_id, id, payment_id, gateway, request, session_ref, session_url, state,
        lease_until, tries, created_at)
    VALUES (p_account_id, (p->>'attempt_id')::uuid, v_payment, coalesce(saved->>'gateway', p->>'gateway'),
        CASE WHEN saved ? 'request' THEN p->'request' || (saved->'request') || jsonb_build_object('amount_cents', total)
             ELSE p->'request' END,
        '', '', coalesce(saved->>'attempt', 'sending'),
        CASE WHEN saved->>'attempt' = 'queued' THEN v_now + interval '10 years'
             ELSE (p->>'lease_until')::timestamptz END, 1, v_now);
    INSERT INTO payments_event (account_id, id, payment_id, provider, object_ref, evidence, event, from_state,
        to_state, body, recorded_at)
    VALUES (p_account_id, (p->>'event_id')::uuid, v_payment, 'caretill', p->>'attempt_id', 'begun', 'begun', 'created',
        'submitting', jsonb_strip_nulls(jsonb_build_object('amount_cents', total, 'agreed', p->'agreed')), v_now);
    INSERT INTO payments_object (provider, object_ref, account_id, payment_id)
    VALUES ('check', p->>'check_code', p_account_id, v_payment), ('attempt', p->>'attempt_id', p_account_id, v_payment);
    RETURN jsonb_build_object('code', 'begun', 'payment_id', v_payment, 'amount_cents', total,
        'attempt', coalesce(saved->>'attempt', 'sending'));
EXCEPTION
    WHEN SQLSTATE 'CT001' THEN
        RETURN payments_refused(p_account_id, SQLERRM, p->'parts');
    WHEN check_violation THEN
        RETURN jsonb_build_object('code', 'above_owed');
END $$;
