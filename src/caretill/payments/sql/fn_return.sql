-- A bank debit that came back (money.md, ACH returns). Before it settled the payment fails and what was reserved is let
-- go; afterwards the payment stays what it was, its allocations are taken back the last first, and what had left us again
-- is owed by the payer (returned_item).
-- p: payment_id, return_id, amount_cents, code, source_ref (the line of the file: once), now, business_date, event_id,
--    journal_id, outbox_id, first [{bill_id, amount_cents}] (a family's bills that are credited beyond their need)
-- Answers returned | repeat | missing | above_captured, with reopened_cents, owed_back_cents, family.
CREATE OR REPLACE FUNCTION payments_return_apply(p_account_id uuid, p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    v_amount bigint := (p->>'amount_cents')::bigint;
    v_return uuid := (p->>'return_id')::uuid;
    pay payments_payment;
    kept payments_return;
    back jsonb;
    legs jsonb;
    owed bigint;
    said jsonb;
BEGIN
    SELECT * INTO pay FROM payments_payment WHERE account_id = p_account_id AND id = (p->>'payment_id')::uuid FOR UPDATE;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('code', 'missing');
    END IF;
    SELECT * INTO kept FROM payments_return WHERE account_id = p_account_id AND source_ref = p->>'source_ref';
    IF FOUND THEN
        RETURN jsonb_build_object('code', 'repeat', 'reopened_cents', 0, 'owed_back_cents', kept.owed_back_cents,
            'family', pay.family);
    END IF;
    IF pay.state NOT IN ('pending', 'unknown', 'succeeded') THEN
        RETURN jsonb_build_object('code', 'missing');
    END IF;
    IF pay.state <> 'succeeded' THEN
        IF v_amount <> pay.amount_cents THEN
            RETURN jsonb_build_object('code', 'above_captured');
        END IF;
        INSERT INTO payments_return (account_id, id, payment_id, amount_cents, code, state, source_ref,
            owed_back_cents, recorded_at, changed_at, business_date)
        VALUES (p_account_id, v_return, pay.id, v_amount, p->>'code', 'early', p->>'source_ref', 0, v_now, v_now,
            (p->>'business_date')::date);
        said := payments_record(p_account_id, p || jsonb_build_object('event', 'returned', 'provider', 'ach',
            'object_ref', pay.id, 'evidence', p->>'source_ref', 'failure_code', p->>'code',
            'body', jsonb_build_object('code', p->>'code')));
        IF said->>'code' <> 'applied' THEN
            RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'missing';
        END IF;
        PERFORM payments_tell(p_account_id, 'payment_returned', jsonb_build_object('payment_id', pay.id,
            'return_id', v_return), v_now);
        RETURN jsonb_build_object('code', 'returned', 'reopened_cents', v_amount, 'owed_back_cents', 0,
            'family', pay.family);
    END IF;
    IF v_amount <= 0 OR pay.returned_cents + v_amount > pay.captured_cents THEN
        RETURN jsonb_build_object('code', 'above_captured');
    END IF;
    -- Of what had been given back before there is nothing to take: places may hold money of others.
    owed := greatest(v_amount - payments_left(p_account_id, pay), 0);
    back := payments_take_back(p_account_id, pay, v_amount - owed, 'return', 'clearing', pay.id,
        p || jsonb_build_object('refund_id', v_return));
    owed := owed + (back->>'rest')::bigint;
    legs := back->'legs' || payments_owed_back(p_account_id, pay, owed, 'return', 'clearing', pay.id, v_now);
    INSERT INTO payments_return (account_id, id, payment_id, amount_cents, code, state, source_ref, owed_back_cents,
        recorded_at, changed_at, business_date)
    VALUES (p_account_id, v_return, pay.id, v_amount, p->>'code', 'applied', p->>'source_ref', owed, v_now, v_now,
        (p->>'business_date')::date);
    UPDATE payments_payment SET returned_cents = returned_cents + v_amount
    WHERE account_id = p_account_id AND id = pay.id;
    PERFORM ledger_post(p_account_id, legs, v_return, pay.id, pay.currency, (p->>'business_date')::date, v_now);
    IF NOT back ? 'plain' THEN
        PERFORM payments_settle_bills(p_account_id, pay, legs, (p->>'business_date')::date, v_now);
    END IF;
    PERFORM payments_note(p_account_id, pay, p || '{"provider": "ach"}', 'debit_returned', pay.id::text,
        p->>'source_ref', jsonb_build_object('code', p->>'code', 'amount_cents', v_amount));
    PERFORM payments_tell(p_account_id, 'payment_returned', jsonb_build_object('payment_id', pay.id,
        'return_id', v_return), v_now);
    RETURN jsonb_build_object('code', 'returned', 'reopened_cents', (back->>'bills')::bigint, 'owed_back_cents', owed,
        'family', pay.family);
EXCEPTION WHEN SQLSTATE 'CT001' THEN
    RETURN jsonb_build_object('code', SQLERRM);
END $$;

-- Money that had left us again when it was taken back: the payer owes it.
CREATE OR REPLACE FUNCTION payments_owed_back(p_account_id uuid, pay payments_payment, p_cents bigint, p_code text,
    p_kind text, p_ref uuid, p_now timestamptz) RETURNS jsonb LANGUAGE sql AS $$
    SELECT CASE WHEN p_cents > 0 THEN jsonb_build_array(jsonb_build_object(
        'transfer_id', core_uuid7(p_now), 'debit_kind', 'returned_item', 'debit_ref', pay.id, 'credit_kind', p_kind,
        'credit_ref', p_ref, 'amount_cents', p_cents, 'code', p_code, 'phase', 'posted', 'subject_id', NULL,
        'payee', payments_payee_of(p_account_id, pay.id))) ELSE '[]' END
$$;

-- The bank took a return back (dishonoured, and not contested): the money is ours after all, and goes where it was.
-- p: source_ref, now, business_date, journal_id, event_id, outbox_id. Answers undone | repeat | missing.
CREATE OR REPLACE FUNCTION payments_return_undo(p_account_id uuid, p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    pay payments_payment;
    kept payments_return;
    legs jsonb;
BEGIN
    SELECT q.* INTO pay FROM payments_payment q JOIN payments_return r
        ON r.account_id = q.account_id AND r.payment_id = q.id AND r.source_ref = p->>'source_ref'
    WHERE q.account_id = p_account_id FOR UPDATE OF q;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('code', 'missing');
    END IF;
    SELECT * INTO kept FROM payments_return WHERE account_id = p_account_id AND source_ref = p->>'source_ref';
    IF kept.state = 'undone' THEN
        RETURN jsonb_build_object('code', 'repeat', 'family', pay.family);
    END IF;
    UPDATE payments_return SET state = 'undone', changed_at = v_now WHERE account_id = p_account_id AND id = kept.id;
    IF kept.state = 'early' THEN
        -- The payment had failed and let everything go: money that comes after the end is the payer's credit.
        PERFORM payments_record(p_account_id, p || jsonb_build_object('payment_id', pay.id, 'event', 'succeeded',
            'provider', 'ach', 'object_ref', pay.id, 'evidence', 'undone:' || kept.source_ref,
            'amount_cents', kept.amount_cents));
        RETURN jsonb_build_object('code', 'undone', 'family', pay.family);
    END IF;
    UPDATE payments_payment SET returned_cents = returned_cents - kept.amount_cents
    WHERE account_id = p_account_id AND id = pay.id;
    legs := payments_put_back(p_account_id, pay, kept.id, 'return_undone', 'clearing', pay.id, v_now);
    PERFORM ledger_post(p_account_id, legs, (p->>'journal_id')::uuid, pay.id, pay.currency,
        (p->>'business_date')::date, v_now);
    PERFORM payments_settle_bills(p_account_id, pay, legs, (p->>'business_date')::date, v_now);
    PERFORM payments_note(p_account_id, pay, p || '{"provider": "ach"}', 'return_undone', pay.id::text,
        'undone:' || kept.source_ref, jsonb_build_object('code', kept.code, 'amount_cents', kept.amount_cents));
    RETURN jsonb_build_object('code', 'undone', 'family', pay.family);
END $$;
