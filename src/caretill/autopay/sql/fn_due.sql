-- Taking what is due: a set is claimed, its payments begin elsewhere under keys made here, and what came of it is kept.

-- The key of the payment of a due, for its n-th try: the same for ever, so nothing is taken twice (law 16). As
-- `autopay.keys.of_due`; a test compares the two.
CREATE OR REPLACE FUNCTION autopay_key(
    p_order_id uuid, p_due_on date, p_processor_account text, p_try int
) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT encode(set_byte(set_byte(d, 6, get_byte(d, 6) & 15 | 128), 8, get_byte(d, 8) & 63 | 128), 'hex')::uuid
    FROM (SELECT substring(sha256(convert_to(concat_ws(E'\x1f', 'autopay due', p_order_id, to_char(p_due_on, 'YYYY-MM-DD'),
        p_processor_account, p_try), 'UTF8')) FROM 1 FOR 16) AS d) AS o
$$;

-- Whether a login may still pay for everybody whose bills these are. Rights that ended end what was set up with them.
-- A guest, who is nobody, had the bills in hand when they chose them, and has no rights to lose.
CREATE OR REPLACE FUNCTION autopay_may_pay(
    p_account_id uuid, p_login_id uuid, p_parts jsonb, p_now timestamptz
) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT p_login_id = '00000000-0000-0000-0000-000000000000' OR EXISTS (
        SELECT 1 FROM people_access a WHERE a.login_id = p_login_id AND a.account_id = p_account_id
            AND a.person_id = '00000000-0000-0000-0000-000000000000' AND a.level IN ('holder', 'manage', 'pay')
            AND (a.ended_at IS NULL OR a.ended_at > p_now))
    OR NOT EXISTS (
        SELECT 1 FROM jsonb_array_elements(p_parts) AS t
        LEFT JOIN billing_bill b ON b.account_id = p_account_id AND b.id = (t->>'bill_id')::uuid
        WHERE NOT EXISTS (SELECT 1 FROM people_access a WHERE a.login_id = p_login_id AND a.account_id = p_account_id
            AND a.person_id = b.person_id AND a.level IN ('own', 'manage', 'pay')
            AND (a.ended_at IS NULL OR a.ended_at > p_now)))
$$;

-- Claim up to `most` dues that have closed, the first first: from here on they are taken, before it they could
-- be cancelled; the row's state decides. What is asked of a bill is at most what is owed and not being paid now.
-- p: kinds [..], until (not after now), now, most, run_id. Whatever is claimed is not found again: it is being taken, has
-- ended, or closes another day.
-- Answers {rows, ended, causes, claimed}: rows to begin; `ended` had nothing to take, or nobody who may, by their causes.
CREATE OR REPLACE FUNCTION autopay_claim(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    v_rows jsonb;
    v_ended int;
    v_causes jsonb;
    v_claimed int;
BEGIN
    -- Most often nothing has closed: then nothing is made, locked or emptied.
    IF NOT EXISTS (SELECT 1 FROM autopay_due c
        WHERE c.state = 'waiting' AND c.closes_at <= (p->>'until')::timestamptz AND p->'kinds' ? c.kind) THEN
        RETURN '{"rows": [], "ended": 0, "causes": {}, "claimed": 0}';
    END IF;
    CREATE TEMP TABLE IF NOT EXISTS autopay_claimed (
        account_id uuid, order_id uuid, due_on date, processor_account text, state text, code text, taking jsonb
    ) ON COMMIT DELETE ROWS;
    DELETE FROM autopay_claimed;
    INSERT INTO autopay_claimed
    SELECT d.account_id, d.order_id, d.due_on, d.processor_account, 'taking', '', NULL
    FROM (
        SELECT * FROM autopay_due w
        WHERE w.state = 'waiting' AND w.closes_at <= (p->>'until')::timestamptz
            AND p->'kinds' ? w.kind
            AND (w.kind <> 'autopay' OR w.noticed_on + 10 <= w.take_on)
        ORDER BY w.closes_at, w.account_id LIMIT (p->>'most')::int FOR UPDATE SKIP LOCKED) AS d;
    GET DIAGNOSTICS v_claimed = ROW_COUNT;
    UPDATE autopay_claimed c SET
        taking = t.taking,
        state = CASE WHEN o.state <> 'active' OR o.method_id IS NULL
                OR NOT autopay_may_pay(d.account_id, o.login_id, d.parts, v_now) THEN 'stopped'
            WHEN t.taking IS NULL THEN CASE WHEN t.held THEN 'waiting' ELSE 'not_needed' END ELSE 'taking' END,
        code = CASE WHEN o.state <> 'active' OR o.method_id IS NULL THEN 'order_ended'
            WHEN NOT autopay_may_pay(d.account_id, o.login_id, d.parts, v_now) THEN 'access_ended'
            WHEN t.taking IS NULL THEN CASE WHEN t.held THEN 'being_paid' ELSE 'paid' END ELSE '' END
    FROM autopay_due d JOIN autopay_order o ON o.account_id = d.account_id AND o.id = d.order_id,
        LATERAL (
            SELECT jsonb_agg(jsonb_build_object('bill_id', e.bill_id, 'amount_cents', e.cents) ORDER BY e.place)
                FILTER (WHERE e.cents > 0) AS taking, coalesce(bool_or(e.held), false) AS held
            FROM (
                SELECT (x.part->>'bill_id')::uuid AS bill_id, x.place, least((x.part->>'amount_cents')::bigint,
                        greatest(r.debits_posted - r.credits_posted - r.credits_pending, 0)) AS cents,
                    r.credits_pending > 0 AS held
                FROM jsonb_array_elements(d.parts) WITH ORDINALITY AS x(part, place)
                JOIN ledger_balance r ON r.account_id = d.account_id AND r.kind = 'receivable'
                    AND r.ref = (x.part->>'bill_id')::uuid) AS e) AS t
    WHERE d.account_id = c.account_id AND d.order_id = c.order_id AND d.due_on = c.due_on
        AND d.processor_account = c.processor_account;
    UPDATE autopay_due d SET state = c.state, code = c.code, taking = c.taking, changed_at = v_now,
        tries = d.tries + CASE WHEN c.state = 'taking' THEN 1 ELSE 0 END,
        taking_at = CASE WHEN c.state = 'taking' THEN v_now ELSE d.taking_at END,
        run_id = CASE WHEN c.state = 'waiting' THEN d.run_id ELSE (p->>'run_id')::uuid END,
        -- Somebody else is paying it: look again tomorrow, should that come to nothing.
        closes_at = CASE WHEN c.state = 'waiting' THEN v_now + interval '1 day' ELSE d.closes_at END
    FROM autopay_claimed c
    WHERE d.account_id = c.account_id AND d.order_id = c.order_id AND d.due_on = c.due_on
        AND d.processor_account = c.processor_account;
    SELECT coalesce(sum(n), 0), coalesce(jsonb_object_agg(g.code, n), '{}') INTO v_ended, v_causes
    FROM (SELECT c.code, count(*) AS n FROM autopay_claimed c WHERE c.state <> 'taking' GROUP BY 1) AS g;
    SELECT coalesce(jsonb_agg(autopay_row(d, o) ORDER BY d.account_id, d.order_id, d.due_on), '[]') INTO v_rows
    FROM autopay_claimed c
    JOIN autopay_due d ON d.account_id = c.account_id AND d.order_id = c.order_id AND d.due_on = c.due_on
        AND d.processor_account = c.processor_account
    JOIN autopay_order o ON o.account_id = c.account_id AND o.id = c.order_id
    WHERE c.state = 'taking';
    RETURN jsonb_build_object('rows', v_rows, 'ended', v_ended, 'causes', v_causes, 'claimed', v_claimed);
END $$;

-- A due that is being taken, with all that its payment needs.
CREATE OR REPLACE FUNCTION autopay_row(d autopay_due, o autopay_order) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('account_id', d.account_id, 'order_id', d.order_id, 'due_on', d.due_on,
        'processor_account', d.processor_account, 'kind', d.kind, 'region', d.region, 'take_on', d.take_on,
        'tries', d.tries, 'taking', d.taking, 'key', autopay_key(d.order_id, d.due_on, d.processor_account, d.tries),
        'login_id', o.login_id, 'method_account_id', o.method_account_id, 'method_id', o.method_id,
        'method_kind', o.method_kind, 'mandate_id', o.mandate_id, 'payer_name', o.payer_name, 'email', o.email,
        'language', o.language)
$$;

-- What a run that died left between its claim and its payments: the same rows as autopay_claim, to begin again.
-- p: before (claimed by then), most.
CREATE OR REPLACE FUNCTION autopay_left(p jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('rows', coalesce(jsonb_agg(x.told ORDER BY x.account_id), '[]')) FROM (
        SELECT d.account_id, autopay_row(d, o) AS told
        FROM autopay_due d JOIN autopay_order o ON o.account_id = d.account_id AND o.id = d.order_id
        WHERE d.state = 'taking' AND d.taking_at <= (p->>'before')::timestamptz
        ORDER BY d.account_id LIMIT (p->>'most')::int) AS x
$$;

-- Keep what came of a set that was claimed. p: now, rows [{account_id, order_id, due_on, processor_account, try, state,
-- code, payment_id, closes_at, take_on}]. Only a due that is still in that try moves: twice is the same as once.
CREATE OR REPLACE FUNCTION autopay_settle(p jsonb) RETURNS jsonb LANGUAGE sql AS $$
    WITH moved AS (
        UPDATE autopay_due d SET state = r.state, code = r.code, payment_id = coalesce(r.payment_id, d.payment_id),
            closes_at = coalesce(r.closes_at, d.closes_at), take_on = coalesce(r.take_on, d.take_on),
            first_on = CASE WHEN r.state = 'begun' THEN coalesce(d.first_on, d.take_on) ELSE d.first_on END,
            -- What had no effect was no try: its key is used again.
            tries = d.tries - CASE WHEN r.state = 'waiting' THEN 1 ELSE 0 END, changed_at = (p->>'now')::timestamptz
        FROM jsonb_to_recordset(p->'rows') AS r(account_id uuid, order_id uuid, due_on date, processor_account text,
            try int, state text, code text, payment_id uuid, closes_at timestamptz, take_on date)
        WHERE d.account_id = r.account_id AND d.order_id = r.order_id AND d.due_on = r.due_on
            AND d.processor_account = r.processor_account AND d.tries = r.try AND d.state = 'taking'
        RETURNING 1)
    SELECT jsonb_build_object('moved', (SELECT count(*) FROM moved))
$$;

-- Look at the next `most` dues that were begun, in the order of accounts, after the account `after` (or null): those
-- whose payment succeeded are taken. By keys, row by row: most of a million wait for their banks, and stay so.
-- p: now, most, after. Answers {taken, cents, over, last}: `over` are [account, order] of payments that came to nothing,
-- `last` the account to go on after, null at the end.
CREATE OR REPLACE FUNCTION autopay_follow(p jsonb) RETURNS jsonb LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
DECLARE
    v_answer jsonb;
BEGIN
    WITH part AS MATERIALIZED (
        SELECT d.account_id, d.order_id, d.due_on, d.processor_account, d.payment_id FROM autopay_due d
        WHERE d.state = 'begun'
            AND d.account_id > coalesce((p->>'after')::uuid, '00000000-0000-0000-0000-000000000000')
        ORDER BY d.account_id LIMIT (p->>'most')::int
    ), stands AS (
        SELECT e.account_id, e.order_id, e.due_on, e.processor_account, q.state, q.captured_cents
        FROM part e JOIN autopay_order o ON o.account_id = e.account_id AND o.id = e.order_id
        CROSS JOIN LATERAL (SELECT y.state, y.captured_cents FROM payments_payment y
            WHERE y.account_id = o.method_account_id AND y.id = e.payment_id OFFSET 0) AS q
        WHERE q.state IN ('succeeded', 'failed', 'voided')
    ), ended AS (
        SELECT d.account_id, d.order_id, d.due_on, d.processor_account, s.captured_cents FROM stands s
        JOIN autopay_due d ON d.account_id = s.account_id AND d.order_id = s.order_id AND d.due_on = s.due_on
            AND d.processor_account = s.processor_account
        WHERE s.state = 'succeeded' AND d.state = 'begun' FOR UPDATE OF d SKIP LOCKED
    ), moved AS (
        UPDATE autopay_due d SET state = 'taken', taken_cents = e.captured_cents, code = '',
            changed_at = (p->>'now')::timestamptz
        FROM ended e WHERE d.account_id = e.account_id AND d.order_id = e.order_id AND d.due_on = e.due_on
            AND d.processor_account = e.processor_account
        RETURNING d.account_id, d.order_id, d.taken_cents
    ), again AS (
        UPDATE autopay_plan n SET missed = 0 FROM moved m
        WHERE n.account_id = m.account_id AND n.id = m.order_id AND n.missed > 0)
    SELECT jsonb_build_object('taken', (SELECT count(*) FROM moved),
        'cents', (SELECT coalesce(sum(taken_cents), 0) FROM moved),
        'over', (SELECT coalesce(jsonb_agg(jsonb_build_array(account_id, order_id)), '[]') FROM stands
            WHERE state <> 'succeeded'),
        'last', (SELECT CASE WHEN count(*) >= (p->>'most')::int THEN max(account_id::text) END FROM part)) INTO v_answer;
    RETURN v_answer;
END $$;

-- Which of the next `most` orders after (`after_account`, `after_order`) end: their mandate is gone, which somebody else
-- ended (a bank, a card that was taken away); every right of their maker to pay; or they have nothing left to take.
-- p: now, most, after_account, after_order. Answers {found: [{account_id, id, why: method | access | done | not_taken}],
-- last: [account, order], null at the end}.
CREATE OR REPLACE FUNCTION autopay_to_end(p jsonb) RETURNS jsonb LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
DECLARE
    v_answer jsonb;
BEGIN
    WITH part AS MATERIALIZED (
        SELECT o.account_id, o.id, o.kind, o.login_id, o.state, o.method_account_id, o.mandate_id FROM autopay_order o
        WHERE (o.account_id, o.id) > (coalesce((p->>'after_account')::uuid, '00000000-0000-0000-0000-000000000000'),
            coalesce((p->>'after_order')::uuid, '00000000-0000-0000-0000-000000000000'))
        ORDER BY o.account_id, o.id LIMIT (p->>'most')::int
    ), stands AS (
        SELECT o.account_id, o.id, o.kind <> 'autopay' AND o.state = 'active' AND (SELECT 1 FROM autopay_due d
                WHERE d.account_id = o.account_id AND d.order_id = o.id AND d.state IN ('waiting', 'taking', 'begun')
                LIMIT 1) IS NULL AS over,
            (SELECT m.ended_at FROM methods_mandate m
                WHERE m.account_id = o.method_account_id AND m.id = o.mandate_id) IS NOT NULL AS unagreed,
            -- A guest, who is nobody, has no rights to lose.
            o.login_id = '00000000-0000-0000-0000-000000000000' OR (SELECT 1 FROM people_access a
                WHERE a.login_id = o.login_id AND a.account_id = o.account_id AND a.level <> 'see'
                    AND (a.ended_at IS NULL OR a.ended_at > (p->>'now')::timestamptz) LIMIT 1) IS NOT NULL AS allowed
        FROM part o WHERE o.state <> 'ended' OFFSET 0)
    SELECT jsonb_build_object(
        'found', (SELECT coalesce(jsonb_agg(jsonb_build_object('account_id', s.account_id, 'id', s.id, 'why',
            CASE WHEN s.over THEN CASE WHEN EXISTS (SELECT 1 FROM autopay_due d WHERE d.account_id = s.account_id
                    AND d.order_id = s.id AND d.state IN ('taken', 'not_needed')) THEN 'done' ELSE 'not_taken' END
                WHEN s.unagreed THEN 'method' ELSE 'access' END) ORDER BY s.account_id, s.id), '[]')
            FROM stands s WHERE s.over OR s.unagreed OR NOT s.allowed),
        'last', (SELECT jsonb_build_array(account_id, id) FROM part ORDER BY account_id DESC, id DESC LIMIT 1)
            ) || CASE WHEN (SELECT count(*) FROM part) < (p->>'most')::int THEN '{"last": null}'::jsonb ELSE '{}' END
    INTO v_answer;
    RETURN v_answer;
END $$;
