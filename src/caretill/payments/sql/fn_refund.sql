-- Money given back on purpose: a child operation of a payment, with states and two calls around the processor.

-- Call 1: take it out of where the payment's money stands and owe it (refund_payable). p: payment_id, refund_id, key,
-- amount_cents, reason, kind (refund | void), lease_until, not_before, first, now, business_date; of a refund that the
-- processor made by itself: there (true), refund_ref, provider.
-- Answers asked | repeat (with what stands) | key_conflict (another refund has that key) | missing | above_captured | dispute_open.
CREATE OR REPLACE FUNCTION payments_refund_ask(p_account_id uuid, p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    v_amount bigint := (p->>'amount_cents')::bigint;
    v_refund uuid := (p->>'refund_id')::uuid;
    v_there boolean := coalesce((p->>'there')::boolean, false);
    pay payments_payment;
    kept payments_refund;
    back jsonb;
BEGIN
    SELECT * INTO pay FROM payments_payment WHERE account_id = p_account_id AND id = (p->>'payment_id')::uuid FOR UPDATE;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('code', 'missing');
    END IF;
    SELECT * INTO kept FROM payments_refund r WHERE r.account_id = p_account_id
        AND (r.key = (p->>'key')::uuid OR r.refund_ref = nullif(p->>'refund_ref', ''));
    IF FOUND AND (kept.payment_id <> pay.id OR kept.amount_cents <> v_amount) THEN
        RETURN jsonb_build_object('code', 'key_conflict', 'refund_id', kept.id);
    END IF;
    IF kept.id IS NOT NULL THEN
        RETURN jsonb_build_object('code', 'repeat', 'refund_id', kept.id, 'state', kept.state,
            'failure_code', kept.failure_code, 'refunded_cents', pay.refunded_cents, 'family', pay.family);
    END IF;
    IF pay.state <> 'succeeded' THEN
        RETURN jsonb_build_object('code', 'missing');
    END IF;
    IF v_amount <= 0 OR v_amount > payments_left(p_account_id, pay) THEN
        RETURN jsonb_build_object('code', 'above_captured');
    END IF;
    IF NOT v_there AND EXISTS (SELECT 1 FROM payments_dispute d
            WHERE d.account_id = p_account_id AND d.payment_id = pay.id AND d.state = 'open') THEN
        RETURN jsonb_build_object('code', 'dispute_open');
    END IF;
    back := payments_take_back(p_account_id, pay, v_amount, 'refund', 'refund_payable', v_refund, p);
    IF (back->>'rest')::bigint > 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'above_captured';
    END IF;
    INSERT INTO payments_refund (account_id, id, payment_id, amount_cents, state, refund_ref, reason, kind, not_before,
        recorded_at, business_date, key, changed_at, lease_until, tries, failure_code)
    VALUES (p_account_id, v_refund, pay.id, v_amount, 'submitting', coalesce(p->>'refund_ref', ''),
        coalesce(p->>'reason', ''), coalesce(p->>'kind', 'refund'), (p->>'not_before')::date, v_now,
        (p->>'business_date')::date, (p->>'key')::uuid, v_now, (p->>'lease_until')::timestamptz, 0, '');
    UPDATE payments_payment SET refunded_cents = refunded_cents + v_amount
    WHERE account_id = p_account_id AND id = pay.id;
    PERFORM ledger_post(p_account_id, back->'legs', v_refund, pay.id, pay.currency, (p->>'business_date')::date, v_now);
    PERFORM payments_settle_bills(p_account_id, pay, back->'legs', (p->>'business_date')::date, v_now);
    PERFORM payments_note(p_account_id, pay, p, 'refund_asked', v_refund::text, 'asked',
        jsonb_build_object('amount_cents', v_amount));
    RETURN jsonb_build_object('code', 'asked', 'refund_id', v_refund, 'state', 'submitting',
        'refunded_cents', pay.refunded_cents + v_amount, 'reopened_cents', (back->>'bills')::bigint,
        'family', pay.family);
EXCEPTION WHEN SQLSTATE 'CT001' THEN
    RETURN jsonb_build_object('code', SQLERRM);
END $$;

-- Call 2: what became of it. p: refund_id, to (pending | unknown | succeeded | failed (it becomes the payer's credit) |
-- refused (nothing was done there: it goes back where it was)), refund_ref, provider, failure_code, lease_until, now,
-- business_date, journal_id. Nothing leads out of succeeded and failed; pending never goes back to unknown.
-- Answers applied | repeat | missing, with the state.
CREATE OR REPLACE FUNCTION payments_refund_end(p_account_id uuid, p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    v_to text := p->>'to';
    v_day date := (p->>'business_date')::date;
    v_ended boolean := v_to IN ('succeeded', 'failed', 'refused');
    pay payments_payment;
    back payments_refund;
    legs jsonb;
BEGIN
    SELECT q.* INTO pay FROM payments_payment q JOIN payments_refund r
        ON r.account_id = q.account_id AND r.payment_id = q.id AND r.id = (p->>'refund_id')::uuid
    WHERE q.account_id = p_account_id FOR UPDATE OF q;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('code', 'missing');
    END IF;
    SELECT * INTO back FROM payments_refund WHERE account_id = p_account_id AND id = (p->>'refund_id')::uuid;
    IF back.state IN ('succeeded', 'failed') OR back.state = 'pending' AND v_to = 'unknown' THEN
        RETURN jsonb_build_object('code', 'repeat', 'state', back.state, 'failure_code', back.failure_code,
            'refunded_cents', pay.refunded_cents);
    END IF;
    UPDATE payments_refund SET state = CASE v_to WHEN 'refused' THEN 'failed' ELSE v_to END, changed_at = v_now,
        refund_ref = coalesce(nullif(p->>'refund_ref', ''), refund_ref),
        failure_code = coalesce(CASE v_to WHEN 'refused' THEN 'refused:' ELSE '' END || (p->>'failure_code'), failure_code),
        lease_until = CASE WHEN v_ended THEN NULL ELSE (p->>'lease_until')::timestamptz END
    WHERE account_id = p_account_id AND id = back.id;
    IF v_ended THEN
        legs := CASE v_to WHEN 'refused' THEN
                payments_put_back(p_account_id, pay, back.id, 'refund_refused', 'refund_payable', back.id, v_now)
            ELSE jsonb_build_array(jsonb_build_object(
                'transfer_id', core_uuid7(v_now), 'debit_kind', 'refund_payable', 'debit_ref', back.id,
                'credit_kind', CASE v_to WHEN 'succeeded' THEN 'clearing' ELSE 'credit' END, 'credit_ref', pay.id,
                'amount_cents', back.amount_cents,
                'code', CASE v_to WHEN 'succeeded' THEN 'refund_sent' ELSE 'refund_failed' END, 'phase', 'posted',
                'subject_id', NULL, 'payee', payments_payee_of(p_account_id, pay.id))) END;
        IF v_to <> 'succeeded' THEN
            UPDATE payments_payment SET refunded_cents = refunded_cents - back.amount_cents
            WHERE account_id = p_account_id AND id = pay.id;
        END IF;
        PERFORM ledger_post(p_account_id, legs, (p->>'journal_id')::uuid, pay.id, pay.currency, v_day, v_now);
        PERFORM payments_settle_bills(p_account_id, pay, legs, v_day, v_now);
        -- Whoever asked hears a refusal at once; later somebody must be told.
        IF v_to <> 'refused' OR p ? 'tell' THEN
            PERFORM payments_tell(p_account_id, CASE v_to WHEN 'succeeded' THEN 'refund_made' ELSE 'refund_failed' END,
                jsonb_build_object('payment_id', pay.id, 'refund_id', back.id), v_now);
        END IF;
    END IF;
    IF v_to <> back.state THEN
        PERFORM payments_note(p_account_id, pay, p,
            CASE v_to WHEN 'succeeded' THEN CASE back.kind WHEN 'void' THEN 'taken_back' ELSE 'refunded' END
                ELSE 'refund_' || v_to END, back.id::text, v_to,
            jsonb_build_object('amount_cents', back.amount_cents, 'failure_code', coalesce(p->>'failure_code', '')));
    END IF;
    SELECT refunded_cents INTO pay.refunded_cents FROM payments_payment WHERE account_id = p_account_id AND id = pay.id;
    RETURN jsonb_build_object('code', 'applied', 'state', CASE v_to WHEN 'refused' THEN 'failed' ELSE v_to END,
        'refunded_cents', pay.refunded_cents);
END $$;

-- Put the payer's credit onto a bill. p: from_ref, bill_id, amount_cents, now, business_date, journal_id, transfer_id.
-- Answers allocated | floor (less credit or less owed than that) | missing.
CREATE OR REPLACE FUNCTION payments_allocate(p_account_id uuid, p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_bill record;
BEGIN
    SELECT payee, currency INTO v_bill FROM billing_bill
    WHERE account_id = p_account_id AND id = (p->>'bill_id')::uuid;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('code', 'missing');
    END IF;
    PERFORM ledger_post(p_account_id, jsonb_build_array(jsonb_build_object(
        'transfer_id', p->>'transfer_id', 'debit_kind', 'credit', 'debit_ref', p->>'from_ref',
        'credit_kind', 'receivable', 'credit_ref', p->>'bill_id', 'amount_cents', (p->>'amount_cents')::bigint,
        'code', 'allocation', 'phase', 'posted', 'subject_id', p->>'bill_id', 'payee', v_bill.payee)),
        (p->>'journal_id')::uuid, NULL, v_bill.currency, (p->>'business_date')::date, (p->>'now')::timestamptz);
    RETURN jsonb_build_object('code', 'allocated');
EXCEPTION WHEN check_violation THEN
    RETURN jsonb_build_object('code', 'floor');
END $$;

-- Put credit of one or several refs onto a bill. p: bill_id, key (also the journal), sources [{ref, amount_cents}], now,
-- business_date. Answers applied | repeat | nothing (less credit or less owed than that) | missing, applied_cents.
CREATE OR REPLACE FUNCTION payments_credit_apply(p_account_id uuid, p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    bill billing_bill;
    before bigint;
BEGIN
    SELECT * INTO bill FROM billing_bill WHERE account_id = p_account_id AND id = (p->>'bill_id')::uuid;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('code', 'missing', 'applied_cents', 0);
    END IF;
    PERFORM 1 FROM ledger_balance b WHERE b.account_id = p_account_id AND b.currency = bill.currency
        AND (b.kind, b.ref) IN (SELECT 'credit', s.ref FROM jsonb_to_recordset(p->'sources') AS s(ref uuid)
            UNION ALL SELECT 'receivable', bill.id) ORDER BY b.kind, b.ref FOR UPDATE;
    SELECT sum(amount_cents) INTO before FROM ledger_transfer
    WHERE account_id = p_account_id AND subject_id = bill.id AND journal_id = (p->>'key')::uuid
        AND code = 'allocation';
    IF before > 0 THEN
        RETURN jsonb_build_object('code', 'repeat', 'applied_cents', before);
    END IF;
    PERFORM ledger_post(p_account_id, (SELECT jsonb_agg(jsonb_build_object(
        'transfer_id', core_uuid7((p->>'now')::timestamptz), 'debit_kind', 'credit', 'debit_ref', s.ref,
        'credit_kind', 'receivable', 'credit_ref', bill.id, 'amount_cents', s.amount_cents, 'code', 'allocation',
        'phase', 'posted', 'subject_id', bill.id, 'payee', bill.payee) ORDER BY s.ref)
        FROM jsonb_to_recordset(p->'sources') AS s(ref uuid, amount_cents bigint)),
        (p->>'key')::uuid, NULL, bill.currency, (p->>'business_date')::date, (p->>'now')::timestamptz);
    RETURN jsonb_build_object('code', 'applied', 'applied_cents',
        (SELECT sum(s.amount_cents) FROM jsonb_to_recordset(p->'sources') AS s(amount_cents bigint)));
EXCEPTION WHEN check_violation THEN
    RETURN jsonb_build_object('code', 'nothing', 'applied_cents', 0);
END $$;
