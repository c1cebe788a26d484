-- Whether a link to help still pays this much of these bills. It locks the link, so that two who help at once are counted
-- one after the other and never pay more than was asked. Called inside payments_begin, before a bill is held.
-- Raises CT001: help_ended (taken back, too old, not there) | not_found (a bill it is not for) | above_owed.
CREATE OR REPLACE FUNCTION payments_help_take(p_account_id uuid, v_help uuid, p_parts jsonb, v_now timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    link payments_help;
    v_cents bigint;
BEGIN
    SELECT * INTO link FROM payments_help WHERE account_id = p_account_id AND id = v_help FOR UPDATE;
    IF NOT FOUND OR link.taken_back_at IS NOT NULL OR link.ends_at <= v_now THEN
        RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'help_ended';
    END IF;
    IF EXISTS (SELECT 1 FROM jsonb_to_recordset(p_parts) AS l(bill_id uuid)
               WHERE NOT l.bill_id::text IN (SELECT part->>'bill_id' FROM jsonb_array_elements(link.parts) AS part)) THEN
        RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'not_found';
    END IF;
    SELECT coalesce(sum(l.amount_cents), 0) INTO v_cents FROM jsonb_to_recordset(p_parts) AS l(amount_cents bigint);
    IF payments_helped(p_account_id, v_help) + v_cents > link.asked_cents THEN
        RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'above_owed';
    END IF;
END $$;

-- What was paid by a link, or is being paid, in cents; what was sent back counts no more.
CREATE OR REPLACE FUNCTION payments_helped(p_account_id uuid, v_help uuid) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(p.amount_cents - p.refunded_cents), 0)::bigint FROM payments_payment p
    WHERE p.account_id = p_account_id AND p.help_id = v_help AND p.state NOT IN ('failed', 'voided')
$$;
