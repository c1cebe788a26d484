-- Hold bills of one account for a payment: one claim and one reservation each, in the order of their numbers, so that two
-- who want the same bills wait for each other in one order. Called inside payments_begin and payments_share_reserve,
-- which take back everything where it raises CT001 (payments_refused puts the refusal into words).
-- p: region, currency, until | expires_at, parts [{bill_id, amount_cents, transfer_id?}]. Answers the legs of the
-- reservations, each with the payee of its bill; raises not_found | being_paid.
CREATE OR REPLACE FUNCTION payments_hold(p_account_id uuid, v_payment uuid, p jsonb, v_debit_kind text, v_now timestamptz)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    part record;
    legs jsonb := '[]';
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
        VALUES (p_account_id, part.bill_id, v_payment, 'session', coalesce(p->>'until', p->>'expires_at')::timestamptz)
        ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'being_paid', DETAIL = part.bill_id;
        END IF;
        legs := legs || jsonb_build_object(
            'transfer_id', coalesce(part.transfer_id, core_uuid7(v_now)), 'debit_kind', v_debit_kind,
            'debit_ref', v_payment, 'credit_kind', 'receivable', 'credit_ref', part.bill_id,
            'amount_cents', part.amount_cents, 'code', 'payment', 'phase', 'pending', 'subject_id', part.bill_id,
            'payee', part.payee);
    END LOOP;
    RETURN legs;
END $$;

-- The answer to a refusal: its code, and of a bill that is being paid who holds it and until when.
CREATE OR REPLACE FUNCTION payments_refused(p_account_id uuid, p_code text, p_parts jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    held payments_claim;
BEGIN
    IF p_code <> 'being_paid' THEN
        RETURN jsonb_build_object('code', p_code);
    END IF;
    SELECT c.* INTO held FROM payments_claim c
    JOIN jsonb_to_recordset(p_parts) AS l(bill_id uuid) ON l.bill_id = c.bill_id
    WHERE c.account_id = p_account_id ORDER BY c.until DESC LIMIT 1;
    RETURN jsonb_build_object('code', 'being_paid', 'payment_id', held.payment_id, 'bill_id', held.bill_id,
        'until', held.until);
END $$;
