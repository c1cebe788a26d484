-- Hold bills of one account for a payment: one claim and one reservation each, in the order of their numbers, so that two
-- who want the same bills wait for each other in one order. Called inside payments_begin and payments_share_reserve,
-- which take back everything where it raises CT001 (payments_refused puts the refusal into words).
-- p: region, currency, why, until | expires_at, in_name, parts [{bill_id, amount_cents, transfer_id?}]. Answers the legs
-- of the reservations, each with the payee of its bill; raises not_found | being_paid, and above_owed where in_name
-- (each part is at most what is owed now) leaves nothing.
CREATE OR REPLACE FUNCTION payments_hold(p_account_id uuid, v_payment uuid, p jsonb, v_debit_kind text, v_now timestamptz)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    part record;
    legs jsonb := '[]';
    v_name boolean := coalesce((p->>'in_name')::boolean, false);
    v_cents bigint;
BEGIN
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
        VALUES (p_account_id, part.bill_id, v_payment, coalesce(p->>'why', 'session'),
            coalesce(p->>'until', p->>'expires_at')::timestamptz)
        ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'being_paid', DETAIL = part.bill_id;
        END IF;
        v_cents := part.amount_cents;
        IF v_name THEN
            IF EXISTS (SELECT 1 FROM payments_announced a WHERE a.account_id = p_account_id
                       AND a.bill_id = part.bill_id AND a.why = 'cheque' AND a.until > v_now) THEN
                RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'awaited', DETAIL = part.bill_id;
            END IF;
            -- Claims are taken before balances, and both in the order of bills: nobody waits in a circle.
            SELECT least(v_cents, r.debits_posted - r.credits_posted - r.credits_pending) INTO v_cents
            FROM ledger_balance r WHERE r.account_id = p_account_id AND r.kind = 'receivable' AND r.ref = part.bill_id
                AND r.currency = p->>'currency' FOR UPDATE;
            IF coalesce(v_cents, 0) <= 0 THEN
                DELETE FROM payments_claim WHERE account_id = p_account_id AND bill_id = part.bill_id;
                CONTINUE;
            END IF;
        END IF;
        legs := legs || jsonb_build_object(
            'transfer_id', coalesce(part.transfer_id, core_uuid7(v_now)), 'debit_kind', v_debit_kind,
            'debit_ref', v_payment, 'credit_kind', 'receivable', 'credit_ref', part.bill_id,
            'amount_cents', v_cents, 'code', 'payment', 'phase', 'pending', 'subject_id', part.bill_id,
            'payee', part.payee);
    END LOOP;
    IF v_name AND legs = '[]' AND jsonb_array_length(p->'parts') > 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'above_owed';
    END IF;
    RETURN legs;
END $$;

-- The answer to a refusal: its code, and of a bill that is being paid who holds it and until when.
CREATE OR REPLACE FUNCTION payments_refused(p_account_id uuid, p_code text, p_parts jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    held payments_claim;
    said payments_announced;
BEGIN
    IF p_code = 'awaited' THEN
        SELECT a.* INTO said FROM payments_announced a
        JOIN jsonb_to_recordset(p_parts) AS l(bill_id uuid) ON l.bill_id = a.bill_id
        WHERE a.account_id = p_account_id AND a.why = 'cheque' ORDER BY a.until DESC LIMIT 1;
        RETURN jsonb_build_object('code', 'being_paid', 'payment_id', NULL, 'bill_id', said.bill_id, 'why', 'cheque',
            'until', said.until);
    END IF;
    IF p_code <> 'being_paid' THEN
        RETURN jsonb_build_object('code', p_code);
    END IF;
    SELECT c.* INTO held FROM payments_claim c
    JOIN jsonb_to_recordset(p_parts) AS l(bill_id uuid) ON l.bill_id = c.bill_id
    WHERE c.account_id = p_account_id ORDER BY c.until DESC LIMIT 1;
    RETURN jsonb_build_object('code', 'being_paid', 'payment_id', held.payment_id, 'bill_id', held.bill_id,
        'why', held.why, 'until', held.until);
END $$;
