-- The ledger's own verbs. Callers hold no other lock of the ledger; rows are locked in the order (kind, ref).

-- Move one guarded balance. Unguarded kinds have no row: they are sums of transfers. A floor broken raises
-- check_violation of ledger_balance_floor, and the caller's work is undone with it.
CREATE OR REPLACE FUNCTION ledger_touch(
    p_account_id uuid, p_kind text, p_ref uuid, p_currency text,
    p_debit bigint, p_credit bigint, p_debit_pending bigint, p_credit_pending bigint
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF p_kind NOT IN ('receivable', 'credit', 'deposit', 'refund_payable', 'dispute_hold', 'returned_item') THEN
        RETURN;
    END IF;
    FOR attempt IN 1..2 LOOP
        UPDATE ledger_balance SET
            debits_posted = debits_posted + p_debit,
            credits_posted = credits_posted + p_credit,
            debits_pending = debits_pending + p_debit_pending,
            credits_pending = credits_pending + p_credit_pending,
            version = version + 1
        WHERE account_id = p_account_id AND kind = p_kind AND ref = p_ref AND currency = p_currency;
        EXIT WHEN FOUND;
        INSERT INTO ledger_balance (account_id, kind, ref, currency, debits_posted, credits_posted,
                                    debits_pending, credits_pending, version)
        VALUES (p_account_id, p_kind, p_ref, p_currency, 0, 0, 0, 0, 0)
        ON CONFLICT DO NOTHING;
    END LOOP;
END $$;

-- Write the legs of one journal. A leg: transfer_id, debit_kind, debit_ref, credit_kind, credit_ref, amount_cents, code,
-- phase, subject_id, payee, target_id. `post` and `void` legs end the pending transfer they name, once.
CREATE OR REPLACE FUNCTION ledger_post(
    p_account_id uuid, p_legs jsonb, p_journal_id uuid, p_payment_id uuid, p_currency text,
    p_business_date date, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    leg record;
    posted bigint;
    pending bigint;
BEGIN
    IF jsonb_array_length(p_legs) > 1 THEN
        PERFORM 1 FROM ledger_balance b
        WHERE b.account_id = p_account_id AND b.currency = p_currency AND (b.kind, b.ref) IN (
            SELECT l.debit_kind, l.debit_ref
            FROM jsonb_to_recordset(p_legs) AS l(debit_kind text, debit_ref uuid)
            UNION SELECT l.credit_kind, l.credit_ref
            FROM jsonb_to_recordset(p_legs) AS l(credit_kind text, credit_ref uuid))
        ORDER BY b.kind, b.ref FOR UPDATE;
    END IF;
    FOR leg IN
        SELECT * FROM jsonb_to_recordset(p_legs) AS l(
            transfer_id uuid, debit_kind text, debit_ref uuid, credit_kind text, credit_ref uuid,
            amount_cents bigint, code text, phase text, subject_id uuid, payee text, target_id uuid)
    LOOP
        INSERT INTO ledger_transfer (account_id, transfer_id, debit_kind, debit_ref, credit_kind, credit_ref,
            amount_cents, currency, code, phase, journal_id, subject_id, payment_id, target_id, payee,
            business_date, recorded_at)
        VALUES (p_account_id, leg.transfer_id, leg.debit_kind, leg.debit_ref, leg.credit_kind, leg.credit_ref,
            leg.amount_cents, p_currency, leg.code, leg.phase, p_journal_id, leg.subject_id, p_payment_id,
            leg.target_id, leg.payee, p_business_date, p_now);
        IF leg.phase IN ('post', 'void') THEN
            INSERT INTO ledger_resolution (account_id, target_id, action, transfer_id)
            VALUES (p_account_id, leg.target_id, 'end', leg.transfer_id);
        END IF;
        posted := CASE WHEN leg.phase IN ('posted', 'post') THEN leg.amount_cents ELSE 0 END;
        pending := CASE leg.phase WHEN 'pending' THEN leg.amount_cents WHEN 'posted' THEN 0 ELSE -leg.amount_cents END;
        PERFORM ledger_touch(p_account_id, leg.debit_kind, leg.debit_ref, p_currency, posted, 0, pending, 0);
        PERFORM ledger_touch(p_account_id, leg.credit_kind, leg.credit_ref, p_currency, 0, posted, 0, pending);
    END LOOP;
END $$;

-- Reverse one posted transfer, once: the same amount, sides swapped. A broken floor refuses it.
-- p: transfer_id, new_id, journal_id, business_date, now. Answers reversed | repeat | missing | floor.
CREATE OR REPLACE FUNCTION ledger_reverse(p_account_id uuid, p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    was ledger_transfer;
BEGIN
    SELECT * INTO was FROM ledger_transfer
    WHERE account_id = p_account_id AND transfer_id = (p->>'transfer_id')::uuid AND phase IN ('posted', 'post');
    IF NOT FOUND THEN
        RETURN jsonb_build_object('code', 'missing');
    END IF;
    INSERT INTO ledger_resolution (account_id, target_id, action, transfer_id)
    VALUES (p_account_id, was.transfer_id, 'reverse', (p->>'new_id')::uuid) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('code', 'repeat');
    END IF;
    PERFORM ledger_post(p_account_id, jsonb_build_array(jsonb_build_object(
        'transfer_id', p->>'new_id', 'debit_kind', was.credit_kind, 'debit_ref', was.credit_ref,
        'credit_kind', was.debit_kind, 'credit_ref', was.debit_ref, 'amount_cents', was.amount_cents,
        'code', 'reversal', 'phase', 'posted', 'subject_id', was.subject_id, 'payee', was.payee,
        'target_id', was.transfer_id)),
        (p->>'journal_id')::uuid, was.payment_id, was.currency, (p->>'business_date')::date, (p->>'now')::timestamptz);
    RETURN jsonb_build_object('code', 'reversed', 'amount_cents', was.amount_cents);
EXCEPTION WHEN check_violation THEN
    RETURN jsonb_build_object('code', 'floor');
END $$;

-- What a bill was credited beyond its need goes back onto it as soon as there is need again (a void, a higher version).
CREATE OR REPLACE FUNCTION ledger_settle(
    p_account_id uuid, p_bill_id uuid, p_payee text, p_currency text, p_business_date date, p_now timestamptz
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    spare bigint;
    need bigint;
BEGIN
    SELECT credits_posted - debits_posted - debits_pending INTO spare FROM ledger_balance
    WHERE account_id = p_account_id AND kind = 'credit' AND ref = p_bill_id AND currency = p_currency FOR UPDATE;
    IF coalesce(spare, 0) <= 0 THEN
        RETURN 0;
    END IF;
    SELECT debits_posted - credits_posted - credits_pending INTO need FROM ledger_balance
    WHERE account_id = p_account_id AND kind = 'receivable' AND ref = p_bill_id AND currency = p_currency FOR UPDATE;
    spare := least(spare, coalesce(need, 0));
    IF spare > 0 THEN
        PERFORM ledger_post(p_account_id, jsonb_build_array(jsonb_build_object(
            'transfer_id', core_uuid7(p_now), 'debit_kind', 'credit', 'debit_ref', p_bill_id,
            'credit_kind', 'receivable', 'credit_ref', p_bill_id, 'amount_cents', spare, 'code', 'credit_applied',
            'phase', 'posted', 'subject_id', p_bill_id, 'payee', p_payee)),
            core_uuid7(p_now), NULL, p_currency, p_business_date, p_now);
    END IF;
    RETURN spare;
END $$;
