-- Whether a link to help still pays this much of these bills. It locks the link, so that two who help at once are counted
-- one after the other and never pay more than was asked, for each bill and in all. Called inside payments_begin, before a
-- bill is held. Raises CT001: help_ended (taken back, too old, not there) | not_found (a bill it is not for, or none: a
-- link pays bills of its own account alone) | above_owed.
CREATE OR REPLACE FUNCTION payments_help_take(p_account_id uuid, v_help uuid, p_parts jsonb, v_now timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    link payments_help;
    v_cents bigint;
    v_helped jsonb;
BEGIN
    SELECT * INTO link FROM payments_help WHERE account_id = p_account_id AND id = v_help FOR UPDATE;
    IF NOT FOUND OR link.taken_back_at IS NOT NULL OR link.ends_at <= v_now THEN
        RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'help_ended';
    END IF;
    IF jsonb_array_length(p_parts) = 0 OR EXISTS (SELECT 1 FROM jsonb_to_recordset(p_parts) AS l(bill_id uuid)
               WHERE NOT l.bill_id::text IN (SELECT part->>'bill_id' FROM jsonb_array_elements(link.parts) AS part)) THEN
        RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'not_found';
    END IF;
    SELECT coalesce(sum(l.amount_cents), 0) INTO v_cents FROM jsonb_to_recordset(p_parts) AS l(amount_cents bigint);
    v_helped := payments_helped_bills(p_account_id, v_help);
    IF payments_helped(p_account_id, v_help) + v_cents > link.asked_cents OR EXISTS (
            SELECT 1 FROM jsonb_to_recordset(p_parts) AS l(bill_id text, amount_cents bigint)
            JOIN jsonb_to_recordset(link.parts) AS asked(bill_id text, amount_cents bigint) USING (bill_id)
            WHERE l.amount_cents + coalesce((v_helped->>bill_id)::bigint, 0) > asked.amount_cents) THEN
        RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'above_owed';
    END IF;
END $$;

-- What was paid by a link, or is being paid, in cents; what was sent back counts no more.
CREATE OR REPLACE FUNCTION payments_helped(p_account_id uuid, v_help uuid) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(p.amount_cents - p.refunded_cents), 0)::bigint FROM payments_payment p
    WHERE p.account_id = p_account_id AND p.help_id = v_help AND p.state NOT IN ('failed', 'voided')
$$;

-- The same by bill, {bill: cents}; what was sent back counts no more for the bill that it came off.
CREATE OR REPLACE FUNCTION payments_helped_bills(p_account_id uuid, v_help uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(jsonb_object_agg(bill_id, cents), '{}') FROM (
        SELECT t.bill_id, greatest(0, sum(t.amount_cents - coalesce(back.cents, 0)))::bigint AS cents
        FROM payments_payment p JOIN payments_part t ON t.account_id = p.account_id AND t.payment_id = p.id
        LEFT JOIN LATERAL (
            SELECT sum(l.amount_cents) AS cents FROM ledger_transfer l
            WHERE p.refunded_cents > 0 AND l.account_id = p.account_id AND l.payment_id = p.id AND l.code = 'refund'
                AND l.subject_id = t.bill_id) AS back ON true
        WHERE p.account_id = p_account_id AND p.help_id = v_help AND p.state NOT IN ('failed', 'voided')
        GROUP BY t.bill_id
    ) AS each
$$;
