-- A charge that the cardholder's bank took back for now. While it is open its money stands in dispute_hold and the bills
-- stay paid; won, it comes back; lost, it is taken out of where the payment's money stands, like a returned debit.
-- p: payment_id, dispute_id, dispute_ref (the processor's), status (open | won | lost), amount_cents, fee_cents, reason,
--    respond_by, opened_at, ask_at, first, provider, now, business_date, journal_id
-- Answers opened | won | lost | repeat | missing, with family; reopened_cents and owed_back_cents where lost. One that
-- is heard of only when it is over is opened first. Nothing leads out of won and lost.
CREATE OR REPLACE FUNCTION payments_dispute_said(p_account_id uuid, p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    v_day date := (p->>'business_date')::date;
    v_code text := 'repeat';
    pay payments_payment;
    kept payments_dispute;
    ended jsonb := '{}';
BEGIN
    SELECT * INTO pay FROM payments_payment WHERE account_id = p_account_id AND id = (p->>'payment_id')::uuid FOR UPDATE;
    IF NOT FOUND OR pay.state <> 'succeeded' THEN
        RETURN jsonb_build_object('code', 'missing');
    END IF;
    SELECT * INTO kept FROM payments_dispute WHERE account_id = p_account_id AND dispute_ref = p->>'dispute_ref';
    IF NOT FOUND THEN
        INSERT INTO payments_dispute (account_id, id, payment_id, dispute_ref, amount_cents, fee_cents, state,
            owed_back_cents, ask_at, reason, respond_by, opened_at, changed_at, business_date)
        VALUES (p_account_id, (p->>'dispute_id')::uuid, pay.id, p->>'dispute_ref', (p->>'amount_cents')::bigint,
            (p->>'fee_cents')::bigint, 'open', 0, (p->>'ask_at')::timestamptz, p->>'reason',
            (p->>'respond_by')::timestamptz, (p->>'opened_at')::timestamptz, v_now, v_day)
        RETURNING * INTO kept;
        PERFORM ledger_post(p_account_id, jsonb_build_array(jsonb_build_object(
            'transfer_id', core_uuid7(v_now), 'debit_kind', 'dispute_hold', 'debit_ref', kept.id,
            'credit_kind', 'clearing', 'credit_ref', pay.id, 'amount_cents', kept.amount_cents, 'code', 'dispute',
            'phase', 'posted', 'subject_id', NULL, 'payee', payments_payee_of(p_account_id, pay.id))),
            kept.id, pay.id, pay.currency, v_day, v_now);
        PERFORM payments_note(p_account_id, pay, p, 'dispute_opened', kept.dispute_ref, 'opened',
            jsonb_build_object('amount_cents', kept.amount_cents));
        PERFORM payments_tell(p_account_id, 'dispute_opened', jsonb_build_object('payment_id', pay.id,
            'dispute_id', kept.id), v_now);
        v_code := 'opened';
    END IF;
    IF kept.state = 'open' AND p->>'status' IN ('won', 'lost') THEN
        v_code := p->>'status';
        ended := payments_dispute_end(p_account_id, pay, kept, p);
    ELSE
        UPDATE payments_dispute SET ask_at = (p->>'ask_at')::timestamptz,
            respond_by = coalesce((p->>'respond_by')::timestamptz, respond_by)
        WHERE account_id = p_account_id AND id = kept.id AND state = 'open';
    END IF;
    RETURN ended || jsonb_build_object('code', v_code, 'dispute_id', kept.id, 'family', pay.family);
END $$;

CREATE OR REPLACE FUNCTION payments_dispute_end(p_account_id uuid, pay payments_payment, kept payments_dispute, p jsonb)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    v_day date := (p->>'business_date')::date;
    v_to text := p->>'status';
    owed bigint := 0;
    back jsonb := '{"bills": 0}';
    legs jsonb;
BEGIN
    IF v_to = 'won' THEN
        legs := jsonb_build_array(jsonb_build_object(
            'transfer_id', core_uuid7(v_now), 'debit_kind', 'clearing', 'debit_ref', pay.id,
            'credit_kind', 'dispute_hold', 'credit_ref', kept.id, 'amount_cents', kept.amount_cents,
            'code', 'dispute_won', 'phase', 'posted', 'subject_id', NULL,
            'payee', payments_payee_of(p_account_id, pay.id)));
    ELSE
        owed := greatest(kept.amount_cents - payments_left(p_account_id, pay), 0);
        back := payments_take_back(p_account_id, pay, kept.amount_cents - owed, 'dispute_lost', 'dispute_hold', kept.id,
            p || jsonb_build_object('refund_id', kept.id));
        owed := owed + (back->>'rest')::bigint;
        legs := back->'legs' || payments_owed_back(p_account_id, pay, owed, 'dispute_lost', 'dispute_hold', kept.id,
            v_now);
        UPDATE payments_payment SET lost_cents = lost_cents + kept.amount_cents
        WHERE account_id = p_account_id AND id = pay.id;
    END IF;
    UPDATE payments_dispute SET state = v_to, owed_back_cents = owed, ask_at = NULL, changed_at = v_now
    WHERE account_id = p_account_id AND id = kept.id;
    PERFORM ledger_post(p_account_id, legs, (p->>'journal_id')::uuid, pay.id, pay.currency, v_day, v_now);
    PERFORM payments_settle_bills(p_account_id, pay, legs, v_day, v_now);
    PERFORM payments_note(p_account_id, pay, p, 'dispute_' || v_to, kept.dispute_ref, v_to,
        jsonb_build_object('amount_cents', kept.amount_cents));
    PERFORM payments_tell(p_account_id, 'dispute_' || v_to, jsonb_build_object('payment_id', pay.id,
        'dispute_id', kept.id), v_now);
    RETURN jsonb_build_object('reopened_cents', (back->>'bills')::bigint, 'owed_back_cents', owed);
END $$;
