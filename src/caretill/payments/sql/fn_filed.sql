-- Bank debits that a file has taken: from here on they cannot be taken back (payments.charge.withdraw).
-- The caller holds the rows of payments_payment, and wrote each trace number in the same transaction.
-- p: now, filed [{account_id, payment_id, trace, posts_on (the day the file asks for)}]. Answers how many moved; all of them, or it raises.
CREATE OR REPLACE FUNCTION payments_filed_set(p jsonb) RETURNS int LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    v_moved int;
BEGIN
    UPDATE payments_payment q SET state = t.to_state, changed_at = v_now, posts_on = x.posts_on
    FROM jsonb_to_recordset(p->'filed') AS x(account_id uuid, payment_id uuid, posts_on date), payments_transition t
    WHERE q.account_id = x.account_id AND q.id = x.payment_id AND t.from_state = q.state AND t.event = 'filed';
    GET DIAGNOSTICS v_moved = ROW_COUNT;
    IF v_moved <> jsonb_array_length(p->'filed') THEN
        RAISE EXCEPTION '% debits were to be filed and % of them waited', jsonb_array_length(p->'filed'), v_moved;
    END IF;
    UPDATE payments_attempt a SET state = 'filed'
    FROM jsonb_to_recordset(p->'filed') AS x(account_id uuid, payment_id uuid)
    WHERE a.account_id = x.account_id AND a.payment_id = x.payment_id;
    INSERT INTO payments_event (account_id, id, payment_id, provider, object_ref, evidence, event, from_state, to_state,
        body, recorded_at)
    SELECT x.account_id, core_uuid7(v_now), x.payment_id, 'ach', x.payment_id::text, 'filed', 'filed', 'submitting',
        'pending', jsonb_build_object('trace', x.trace), v_now
    FROM jsonb_to_recordset(p->'filed') AS x(account_id uuid, payment_id uuid, trace text);
    RETURN v_moved;
END $$;

-- Debits whose file went later than planned, and those that settle on a day the file did not ask for: the payer reads
-- the day on which it will be so. p: moved [{account_id, payment_id, posts_on}]. Answers how many.
CREATE OR REPLACE FUNCTION payments_post_later(p jsonb) RETURNS int LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    v_moved int;
BEGIN
    UPDATE payments_payment q SET posts_on = x.posts_on
    FROM jsonb_to_recordset(p->'moved') AS x(account_id uuid, payment_id uuid, posts_on date)
    WHERE q.account_id = x.account_id AND q.id = x.payment_id AND q.state = 'pending';
    GET DIAGNOSTICS v_moved = ROW_COUNT;
    RETURN v_moved;
END $$;
