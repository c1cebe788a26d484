-- Money the processor gave back: first out of the payer's credit of that payment, then out of what the bill was
-- credited beyond its need, then off the bills, the last first, which opens them again.
-- p: payment_id, refund_id, refund_ref, amount_cents, reason, now, business_date, journal_id, event_id, outbox_id, first
-- What a family paid is taken out of what was forwarded, in the parts of payments_give_back.
-- Answers refunded | repeat | above_captured | missing.
CREATE OR REPLACE FUNCTION payments_refund(p_account_id uuid, p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    v_amount bigint := (p->>'amount_cents')::bigint;
    rest bigint := v_amount;
    taken bigint;
    pay payments_payment;
    src record;
    legs jsonb := '[]';
BEGIN
    SELECT * INTO pay FROM payments_payment WHERE account_id = p_account_id AND id = (p->>'payment_id')::uuid FOR UPDATE;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('code', 'missing');
    END IF;
    INSERT INTO payments_refund (account_id, id, payment_id, amount_cents, state, refund_ref, reason, recorded_at,
        business_date)
    VALUES (p_account_id, (p->>'refund_id')::uuid, pay.id, v_amount, 'succeeded', p->>'refund_ref',
        coalesce(p->>'reason', ''), v_now, (p->>'business_date')::date)
    ON CONFLICT (account_id, refund_ref) DO NOTHING;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('code', 'repeat', 'refunded_cents', pay.refunded_cents);
    END IF;
    UPDATE payments_payment SET refunded_cents = refunded_cents + v_amount, changed_at = v_now
    WHERE account_id = p_account_id AND id = pay.id AND refunded_cents + v_amount <= captured_cents;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'above_captured';
    END IF;
    IF pay.family AND EXISTS (SELECT 1 FROM ledger_transfer
            WHERE account_id = p_account_id AND payment_id = pay.id AND code = 'forward') THEN
        legs := payments_give_back(p_account_id, pay, p);
        rest := 0;
    END IF;
    FOR src IN
        SELECT b.kind, b.ref, t.payee, t.subject_id,
            CASE b.kind WHEN 'credit' THEN b.credits_posted - b.debits_posted - b.debits_pending
                        ELSE t.net END AS room, t.net
        FROM (
            SELECT credit_kind AS kind, credit_ref AS ref, payee, subject_id, sum(amount_cents) AS net, max(place) AS place
            FROM (
                SELECT credit_kind, credit_ref, payee, subject_id, amount_cents, 1 AS place FROM ledger_transfer
                WHERE account_id = p_account_id AND payment_id = pay.id AND debit_kind = 'clearing'
                    AND phase IN ('posted', 'post')
                UNION ALL
                SELECT debit_kind, debit_ref, payee, subject_id, -amount_cents, 1 FROM ledger_transfer
                WHERE account_id = p_account_id AND payment_id = pay.id AND credit_kind = 'clearing'
                    AND phase IN ('posted', 'post')
                UNION ALL
                SELECT 'credit', bill_id, payee, bill_id, amount_cents, 0 FROM payments_part
                WHERE account_id = p_account_id AND payment_id = pay.id
            ) AS moved GROUP BY 1, 2, 3, 4
        ) AS t
        JOIN ledger_balance b ON b.account_id = p_account_id AND b.kind = t.kind AND b.ref = t.ref
            AND b.currency = pay.currency
        ORDER BY b.kind, t.place DESC, b.ref DESC FOR UPDATE OF b
    LOOP
        taken := least(rest, greatest(src.room, 0));
        IF taken > 0 THEN
            legs := legs || jsonb_build_object(
                'transfer_id', core_uuid7(v_now), 'debit_kind', src.kind, 'debit_ref', src.ref,
                'credit_kind', 'clearing', 'credit_ref', pay.id, 'amount_cents', taken, 'code', 'refund',
                'phase', 'posted', 'subject_id', src.subject_id, 'payee', src.payee);
            rest := rest - taken;
        END IF;
    END LOOP;
    IF rest > 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'above_captured';
    END IF;
    PERFORM ledger_post(p_account_id, legs, (p->>'journal_id')::uuid, pay.id, pay.currency,
        (p->>'business_date')::date, v_now);
    INSERT INTO payments_event (account_id, id, payment_id, provider, object_ref, evidence, event, from_state,
        to_state, body, recorded_at)
    VALUES (p_account_id, (p->>'event_id')::uuid, pay.id, coalesce(p->>'provider', 'caretill'), p->>'refund_ref',
        'refunded', 'refunded', pay.state, pay.state, jsonb_build_object('amount_cents', v_amount), v_now)
    ON CONFLICT DO NOTHING;
    INSERT INTO core_outbox (account_id, id, topic, body, due_at, tries)
    VALUES (p_account_id, (p->>'outbox_id')::uuid, 'refund_made', jsonb_build_object('payment_id', pay.id), v_now, 0);
    RETURN jsonb_build_object('code', 'refunded', 'refunded_cents', pay.refunded_cents + v_amount);
EXCEPTION WHEN SQLSTATE 'CT001' THEN
    RETURN jsonb_build_object('code', SQLERRM);
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
