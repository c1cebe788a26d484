-- Call 2 of money.md "Exactly once": evidence, compare-and-set of the state, post or void, outbox; one transaction.
-- p: payment_id, event_id, event, provider, object_ref, evidence, body, now, business_date, journal_id, outbox_id and
--    by event: session_ref, session_url, expires_at, lease_until, amount_cents, charge_ref, method_brand,
--    method_last4, failure_code, promised_at
-- Answers applied | repeat | ignored (no such step from here) | missing, each with the state.
CREATE OR REPLACE FUNCTION payments_record(p_account_id uuid, p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    v_payment uuid := (p->>'payment_id')::uuid;
    pay payments_payment;
    v_to text;
BEGIN
    FOR attempt IN 1..5 LOOP
        SELECT * INTO pay FROM payments_payment WHERE account_id = p_account_id AND id = v_payment;
        IF NOT FOUND THEN
            RETURN jsonb_build_object('code', 'missing');
        END IF;
        IF EXISTS (SELECT 1 FROM payments_event WHERE account_id = p_account_id AND provider = p->>'provider'
                   AND object_ref = p->>'object_ref' AND evidence = p->>'evidence') THEN
            -- Whoever told it first may have committed since the payment was read: only a second look is what is so.
            SELECT * INTO pay FROM payments_payment WHERE account_id = p_account_id AND id = v_payment;
            RETURN jsonb_build_object('code', 'repeat', 'state', pay.state);
        END IF;
        SELECT to_state INTO v_to FROM payments_transition WHERE from_state = pay.state AND event = p->>'event';
        IF NOT FOUND THEN
            RETURN jsonb_build_object('code', 'ignored', 'state', pay.state);
        END IF;
        UPDATE payments_payment SET
            state = v_to,
            changed_at = v_now,
            failure_code = coalesce(p->>'failure_code', CASE WHEN v_to = 'succeeded' THEN '' ELSE failure_code END),
            method_brand = coalesce(p->>'method_brand', method_brand),
            method_last4 = coalesce(p->>'method_last4', method_last4),
            charge_ref = coalesce(p->>'charge_ref', charge_ref),
            captured_cents = CASE WHEN v_to = 'succeeded' THEN (p->>'amount_cents')::bigint ELSE captured_cents END,
            business_date = CASE WHEN v_to = 'succeeded' THEN (p->>'business_date')::date ELSE business_date END,
            expires_at = coalesce((p->>'expires_at')::timestamptz, expires_at),
            promised_at = CASE WHEN v_to = 'unknown' THEN coalesce(promised_at, (p->>'promised_at')::timestamptz)
                               ELSE promised_at END,
            returned_at = CASE WHEN p ? 'returned' THEN coalesce(returned_at, v_now) ELSE returned_at END
        WHERE account_id = p_account_id AND id = v_payment AND state = pay.state;
        EXIT WHEN FOUND;
        IF attempt = 5 THEN
            RAISE EXCEPTION 'payment % moves faster than it can be recorded', v_payment;
        END IF;
    END LOOP;
    INSERT INTO payments_event (account_id, id, payment_id, provider, object_ref, evidence, event, from_state,
        to_state, body, recorded_at)
    VALUES (p_account_id, (p->>'event_id')::uuid, v_payment, p->>'provider', p->>'object_ref', p->>'evidence',
        p->>'event', pay.state, v_to, coalesce(p->'body', '{}'), v_now)
    ON CONFLICT (account_id, provider, object_ref, evidence) DO NOTHING;
    IF NOT FOUND THEN
        -- The same evidence came twice at once and the other was first: what this call changed is undone.
        RAISE EXCEPTION USING ERRCODE = 'CT002';
    END IF;
    IF coalesce(p->>'charge_ref', '') <> '' THEN
        INSERT INTO payments_object (provider, object_ref, account_id, payment_id)
        VALUES (p->>'provider', p->>'charge_ref', p_account_id, v_payment) ON CONFLICT DO NOTHING;
    END IF;
    IF v_to = 'requires_action' AND coalesce(p->>'session_ref', '') <> '' THEN
        UPDATE payments_attempt SET session_ref = p->>'session_ref', session_url = p->>'session_url', state = 'open',
            lease_until = (p->>'lease_until')::timestamptz
        WHERE account_id = p_account_id AND payment_id = v_payment;
        INSERT INTO payments_object (provider, object_ref, account_id, payment_id)
        VALUES (p->>'provider', p->>'session_ref', p_account_id, v_payment) ON CONFLICT DO NOTHING;
    ELSIF v_to IN ('succeeded', 'failed', 'voided') THEN
        PERFORM payments_finish(p_account_id, pay, v_to, p);
        IF p->>'event' = 'withdrawn' AND p ? 'failure_code' THEN
            INSERT INTO core_outbox (account_id, id, topic, body, due_at, tries)
            VALUES (p_account_id, (p->>'outbox_id')::uuid, 'payment_returned',
                jsonb_build_object('payment_id', v_payment), v_now, 0);
        END IF;
    ELSIF p ? 'lease_until' THEN
        UPDATE payments_attempt SET lease_until = (p->>'lease_until')::timestamptz
        WHERE account_id = p_account_id AND payment_id = v_payment AND state <> 'ended';
    END IF;
    RETURN jsonb_build_object('code', 'applied', 'state', v_to, 'from_state', pay.state, 'family', pay.family);
EXCEPTION WHEN SQLSTATE 'CT002' THEN
    SELECT * INTO pay FROM payments_payment WHERE account_id = p_account_id AND id = v_payment;
    RETURN jsonb_build_object('code', 'repeat', 'state', pay.state);
END $$;

-- The end of a payment: its reservations are posted or voided, its claims fall, its receipt is told.
-- A success after the end (its reservations are gone) is booked as the payer's credit and told to the office.
-- What a family paid is forwarded, and the attempt keeps a lease: somebody must bring it to the bills.
CREATE OR REPLACE FUNCTION payments_finish(p_account_id uuid, pay payments_payment, p_to text, p jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    v_date date := (p->>'business_date')::date;
    v_late boolean := pay.state IN ('voided', 'failed');
    legs jsonb;
    part record;
    v_keep boolean;
BEGIN
    IF v_late THEN
        legs := jsonb_build_array(jsonb_build_object(
            'transfer_id', core_uuid7(v_now), 'debit_kind', 'clearing', 'debit_ref', pay.id, 'credit_kind', 'credit',
            'credit_ref', pay.id, 'amount_cents', (p->>'amount_cents')::bigint, 'code', 'late_payment',
            'phase', 'posted', 'subject_id', NULL, 'payee',
            payments_payee_of(p_account_id, pay.id)));
    ELSIF pay.family THEN
        legs := CASE p_to WHEN 'succeeded' THEN payments_forward_legs(p_account_id, pay.id, v_now) ELSE '[]' END;
    ELSE
        SELECT jsonb_agg(jsonb_build_object(
            'transfer_id', core_uuid7(v_now), 'debit_kind', 'clearing', 'debit_ref', pay.id,
            'credit_kind', 'receivable', 'credit_ref', bill_id, 'amount_cents', amount_cents, 'code', 'payment',
            'phase', CASE p_to WHEN 'succeeded' THEN 'post' ELSE 'void' END, 'subject_id', bill_id, 'payee', payee,
            'target_id', transfer_id) ORDER BY bill_id) INTO legs
        FROM payments_part WHERE account_id = p_account_id AND payment_id = pay.id;
    END IF;
    IF pay.deposit_cents > 0 AND p_to = 'succeeded' AND NOT v_late THEN
        legs := coalesce(legs, '[]') || jsonb_build_object(
            'transfer_id', core_uuid7(v_now), 'debit_kind', 'clearing', 'debit_ref', pay.id, 'credit_kind', 'deposit',
            'credit_ref', p_account_id, 'amount_cents', pay.deposit_cents, 'code', 'deposit', 'phase', 'posted',
            'subject_id', NULL, 'payee', payments_payee_of(p_account_id, pay.id));
    END IF;
    PERFORM ledger_post(p_account_id, coalesce(legs, '[]'), (p->>'journal_id')::uuid, pay.id, pay.currency, v_date, v_now);
    UPDATE payments_attempt SET state = 'ended', lease_until = CASE WHEN pay.family THEN v_now END
    WHERE account_id = p_account_id AND payment_id = pay.id
    RETURNING coalesce((request->>'save')::boolean, false) INTO v_keep;
    -- Of a family's payment each share lets its own claims go, together with what was reserved.
    DELETE FROM payments_claim WHERE account_id = p_account_id AND payment_id = pay.id AND NOT pay.family;
    IF p_to = 'succeeded' THEN
        INSERT INTO core_outbox (account_id, id, topic, body, due_at, tries)
        VALUES (p_account_id, (p->>'outbox_id')::uuid, CASE WHEN v_late THEN 'late_payment' ELSE 'receipt_ready' END,
            jsonb_build_object('payment_id', pay.id), v_now, 0);
        IF v_keep AND pay.login_id IS NOT NULL THEN
            INSERT INTO core_outbox (account_id, id, topic, body, due_at, tries)
            VALUES (p_account_id, core_uuid7(v_now), 'card_to_keep', jsonb_build_object('payment_id', pay.id), v_now, 0);
        END IF;
    ELSE
        FOR part IN SELECT bill_id, payee FROM payments_part
                    WHERE account_id = p_account_id AND payment_id = pay.id ORDER BY bill_id LOOP
            PERFORM ledger_settle(p_account_id, part.bill_id, part.payee, pay.currency, v_date, v_now);
        END LOOP;
    END IF;
END $$;

-- Whom a payment as a whole is booked to: whom its deposit pays, else the payee of its first bill.
CREATE OR REPLACE FUNCTION payments_payee_of(p_account_id uuid, p_payment_id uuid) RETURNS text LANGUAGE sql AS $$
    SELECT payee FROM (
        SELECT NULL::uuid AS bill_id, deposit_payee AS payee FROM payments_payment
        WHERE account_id = p_account_id AND id = p_payment_id AND deposit_payee <> ''
        UNION ALL
        SELECT bill_id, payee FROM payments_part WHERE account_id = p_account_id AND payment_id = p_payment_id
        UNION ALL
        SELECT bill_id, payee FROM payments_forward WHERE account_id = p_account_id AND payment_id = p_payment_id
    ) AS x ORDER BY bill_id NULLS FIRST LIMIT 1
$$;

-- clearing -> forwarded, a leg for each payee.
CREATE OR REPLACE FUNCTION payments_forward_legs(p_account_id uuid, p_payment_id uuid, p_now timestamptz)
RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_agg(jsonb_build_object(
        'transfer_id', core_uuid7(p_now), 'debit_kind', 'clearing', 'debit_ref', p_payment_id,
        'credit_kind', 'forwarded', 'credit_ref', p_payment_id, 'amount_cents', f.cents, 'code', 'forward',
        'phase', 'posted', 'subject_id', NULL, 'payee', f.payee))
    FROM (SELECT payee, sum(amount_cents) AS cents FROM payments_forward
          WHERE account_id = p_account_id AND payment_id = p_payment_id GROUP BY payee ORDER BY payee) AS f
$$;
