-- Payouts as the processor lists them. What was told once stays; a status only goes forward; a changed amount is noted.
-- p: provider, now, payouts [{payout_ref, processor_account, amount_cents, currency, count, status, created_at,
--    arrives_on, bank_name}] in the order of the list. Answers how many were new. The caller holds the list's lock.
CREATE OR REPLACE FUNCTION reconcile_list(p jsonb) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    v_last bigint;
    v_new int;
BEGIN
    SELECT coalesce(max(place), 0) INTO v_last FROM reconcile_payout WHERE provider = p->>'provider';
    UPDATE reconcile_payout r SET status = 'paid', changed_at = v_now
    FROM jsonb_to_recordset(p->'payouts') AS t(payout_ref text, status text)
    WHERE r.provider = p->>'provider' AND r.payout_ref = t.payout_ref AND t.status = 'paid' AND r.status <> 'paid';
    UPDATE reconcile_payout r SET fault = 'changed at the processor: ' || t.amount_cents, changed_at = v_now
    FROM jsonb_to_recordset(p->'payouts') AS t(payout_ref text, amount_cents bigint)
    WHERE r.provider = p->>'provider' AND r.payout_ref = t.payout_ref AND r.amount_cents <> t.amount_cents
        AND r.fault = '';
    INSERT INTO reconcile_payout (provider, payout_ref, place, processor_account, amount_cents, currency, count, status,
        created_at, arrives_on, bank_name, state, fault, file_sha256, gross_cents, fee_cents, matched_by, listed_at,
        changed_at)
    SELECT p->>'provider', t.payout_ref, v_last + t.place, t.processor_account, t.amount_cents, t.currency, t.count,
        t.status, t.created_at, t.arrives_on, t.bank_name, 'listed', '', '', 0, 0, '', v_now, v_now
    FROM ROWS FROM (jsonb_to_recordset(p->'payouts') AS (payout_ref text, processor_account text, amount_cents bigint,
        currency text, count int, status text, created_at timestamptz, arrives_on date, bank_name text))
        WITH ORDINALITY AS t(payout_ref, processor_account, amount_cents, currency, count, status, created_at,
            arrives_on, bank_name, place)
    ON CONFLICT (provider, payout_ref) DO NOTHING;
    GET DIAGNOSTICS v_new = ROW_COUNT;
    RETURN v_new;
END $$;

-- What each operation of a payout is here. Looks at all that are not booked; answers how many changed.
-- p: provider. A charge is ours by its name at the processor; all else belongs to one of our charges.
CREATE OR REPLACE FUNCTION reconcile_match_operations(p jsonb) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    v_rows int;
BEGIN
    CREATE TEMP TABLE IF NOT EXISTS operation_judged (
        provider varchar(40), payout_ref varchar(255), number int, account_id uuid, payment_id uuid, state varchar(40),
        known_cents bigint
    ) ON COMMIT DELETE ROWS;
    DELETE FROM operation_judged;
    INSERT INTO operation_judged (provider, payout_ref, number, account_id, payment_id, state, known_cents)
    SELECT o.provider, o.payout_ref, o.number, j.account_id, j.payment_id,
        CASE
            WHEN o.kind = 'fee' THEN 'own_fee'
            WHEN EXISTS (SELECT 1 FROM reconcile_operation b
                JOIN reconcile_payout z ON z.provider = b.provider AND z.payout_ref = b.payout_ref
                WHERE b.provider = o.provider AND b.kind = o.kind AND b.operation_ref = o.operation_ref
                    AND z.place < o.place) THEN 'repeat'
            WHEN j.payment_id IS NULL OR q.id IS NULL THEN 'missing_here'
            WHEN o.currency <> q.currency THEN 'other_amount'
            WHEN o.kind = 'charge' AND q.state <> 'succeeded' THEN 'not_yet'
            WHEN o.kind = 'charge' AND q.charge_ref <> o.operation_ref THEN 'missing_here'
            WHEN o.kind = 'charge' THEN
                CASE WHEN q.captured_cents = o.gross_cents THEN 'matched' ELSE 'other_amount' END
            WHEN o.kind = 'refund' AND r.id IS NULL THEN 'missing_here'
            WHEN o.kind = 'refund' AND r.state <> 'succeeded' THEN 'not_yet'
            WHEN o.kind = 'refund' THEN CASE WHEN r.amount_cents = -o.gross_cents THEN 'matched' ELSE 'other_amount' END
            WHEN d.id IS NULL THEN 'missing_here'
            WHEN o.kind = 'dispute_reversal' AND d.state <> 'won' THEN 'not_yet'
            WHEN d.amount_cents = abs(o.gross_cents) THEN 'matched'
            ELSE 'other_amount' END,
        CASE o.kind WHEN 'charge' THEN q.captured_cents WHEN 'refund' THEN -r.amount_cents
            WHEN 'dispute' THEN -d.amount_cents WHEN 'dispute_reversal' THEN d.amount_cents END
    FROM (SELECT x.*, y.currency, y.place FROM reconcile_operation x
          JOIN reconcile_payout y ON y.provider = x.provider AND y.payout_ref = x.payout_ref
          WHERE x.provider = p->>'provider' AND x.state NOT IN ('booked', 'matched', 'own_fee')) AS o
    LEFT JOIN payments_object j ON j.provider = o.provider AND j.object_ref = o.charge_ref AND o.charge_ref <> ''
    LEFT JOIN payments_payment q ON q.account_id = j.account_id AND q.id = j.payment_id
    LEFT JOIN payments_refund r ON o.kind = 'refund' AND r.account_id = j.account_id
        AND r.payment_id = j.payment_id AND r.refund_ref = o.operation_ref
    LEFT JOIN payments_dispute d ON o.kind IN ('dispute', 'dispute_reversal') AND d.account_id = j.account_id
        AND d.payment_id = j.payment_id AND d.dispute_ref = o.operation_ref;
    UPDATE reconcile_operation o SET account_id = g.account_id, payment_id = g.payment_id, state = g.state,
        known_cents = g.known_cents
    FROM operation_judged g
    WHERE o.provider = g.provider AND o.payout_ref = g.payout_ref AND o.number = g.number AND o.state <> 'booked'
        AND (o.state, o.payment_id, o.known_cents) IS DISTINCT FROM (g.state, g.payment_id, g.known_cents);
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    RETURN v_rows;
END $$;
