-- Planning automatic payment, thousands of orders at a time: one statement picks, one writes (money.md, Exactly once 8).

-- Which orders of the next `most` may take something, and on which days. p as autopay_plan_set. A row an order and day:
-- of an order with a day of the month, that day alone; of one that follows its bills' due dates, its earliest day.
CREATE OR REPLACE FUNCTION autopay_pick(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_answer jsonb;
BEGIN
    CREATE TEMP TABLE IF NOT EXISTS autopay_slot (
        due_on date, method_kind varchar(20), region varchar(100), take_on date, closes_at timestamptz
    ) ON COMMIT DELETE ROWS;
    CREATE TEMP TABLE IF NOT EXISTS autopay_picked (
        account_id uuid, order_id uuid, scope varchar(20), person_id uuid, bill_kind varchar(40), cap_cents bigint,
        region varchar(100), method_kind varchar(20), days_before smallint, starts_on date, made_on date, due_on date, take_on date,
        closes_at timestamptz
    ) ON COMMIT DELETE ROWS;
    INSERT INTO autopay_slot
    SELECT s.due_on, s.method_kind, s.region, s.take_on, s.closes_at
    FROM jsonb_to_recordset(p->'slots') AS s(due_on date, method_kind text, region text, take_on date,
        closes_at timestamptz);
    ANALYZE autopay_slot;
    WITH next AS (
        SELECT o.* FROM autopay_order o
        WHERE (o.account_id, o.id) > (
                coalesce((p->>'after_account')::uuid, '00000000-0000-0000-0000-000000000000'),
                coalesce((p->>'after_order')::uuid, '00000000-0000-0000-0000-000000000000'))
            AND o.account_id >= coalesce((p->>'from_account')::uuid, '00000000-0000-0000-0000-000000000000')
            AND o.account_id < coalesce((p->>'until_account')::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        ORDER BY o.account_id, o.id LIMIT (p->>'most')::int
    ), wishes AS (
        SELECT s.region, s.method_kind, d.day::smallint AS day, s.due_on, s.take_on, s.closes_at
        FROM jsonb_to_recordset(p->'slots') AS s(due_on date, method_kind text, region text, take_on date,
            closes_at timestamptz, days jsonb), jsonb_array_elements_text(s.days) AS d(day)
    ), picked AS (
        INSERT INTO autopay_picked
        SELECT n.account_id, n.id, n.scope, n.person_id, n.bill_kind, n.cap_cents, n.region, n.method_kind,
            n.days_before,
            -- A bill that came too late for its day is planned for today, and taken once its notice is old enough.
            CASE WHEN n.day IS NULL THEN greatest(n.starts_on, (
                SELECT min(t.due_on) FROM autopay_slot t WHERE t.region = n.region)) ELSE n.starts_on END,
            (n.made_at AT TIME ZONE 'UTC')::date, w.due_on, w.take_on, w.closes_at
        FROM next n LEFT JOIN wishes w
            ON w.region = n.region AND w.method_kind = n.method_kind AND w.day = n.day AND w.due_on >= n.starts_on
        WHERE n.kind = 'autopay' AND n.state = 'active' AND (n.day IS NULL OR w.due_on IS NOT NULL)
        RETURNING 1
    )
    SELECT jsonb_build_object('seen', (SELECT count(*) FROM next), 'last_account', l.account_id, 'last_order', l.id)
    INTO v_answer FROM (SELECT 1) AS always LEFT JOIN LATERAL (
        SELECT n.account_id, n.id FROM next n ORDER BY n.account_id DESC, n.id DESC LIMIT 1) AS l ON true;
    ANALYZE autopay_picked;
    RETURN v_answer;
END $$;

-- Write the dues of what was picked. A bill is left to the order that was there first, never planned twice, and never
-- while it waits in another due. A few rows of each of many accounts: from the orders, by the accounts' keys, never by a
-- whole table; OFFSET 0 keeps it so.
CREATE OR REPLACE FUNCTION autopay_write_dues(p_accounts jsonb, p_now timestamptz) RETURNS jsonb LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
DECLARE
    v_answer jsonb;
BEGIN
    WITH due AS (
        SELECT k.account_id, k.order_id, coalesce(k.due_on, s.due_on) AS due_on, k.region, k.cap_cents,
            min(coalesce(k.take_on, s.take_on)) AS take_on, min(coalesce(k.closes_at, s.closes_at)) AS closes_at,
            b.processor_account, sum(b.cents)::bigint AS cents,
            jsonb_agg(jsonb_build_object('bill_id', b.id, 'amount_cents', b.cents) ORDER BY b.due_date, b.id) AS parts
        FROM (SELECT * FROM autopay_picked ORDER BY account_id, order_id OFFSET 0) AS k
        CROSS JOIN LATERAL (
            SELECT b.id, b.due_date, b.person_id, b.kind, p_accounts->b.region->>b.payee AS processor_account,
                r.debits_posted - r.credits_posted - r.credits_pending AS cents
            FROM billing_bill b
            JOIN ledger_balance r ON r.account_id = k.account_id AND r.kind = 'receivable' AND r.ref = b.id
                AND r.currency = b.currency AND r.debits_posted - r.credits_posted - r.credits_pending > 0
            WHERE b.account_id = k.account_id AND b.region = k.region
                AND CASE k.scope WHEN 'person' THEN b.person_id = k.person_id
                    WHEN 'kind' THEN b.kind = k.bill_kind ELSE true END
            OFFSET 0) AS b
        -- What was due before the order was made is not taken by one that follows due dates.
        LEFT JOIN LATERAL (
            SELECT t.due_on, t.take_on, t.closes_at FROM autopay_slot t
            WHERE k.due_on IS NULL AND t.region = k.region AND t.method_kind = k.method_kind
                AND t.due_on = greatest(b.due_date - k.days_before, k.starts_on) AND b.due_date >= k.made_on
            OFFSET 0) AS s ON true
        WHERE coalesce(k.due_on, s.due_on) IS NOT NULL AND b.processor_account IS NOT NULL
            -- Scalar, so that each is asked of one account by its key.
            AND (SELECT 1 FROM autopay_due d WHERE d.account_id = k.account_id
                    AND (d.order_id = k.order_id AND d.due_on = coalesce(k.due_on, s.due_on)
                        OR (d.state IN ('waiting', 'taking', 'begun') OR d.order_id = k.order_id AND k.due_on IS NULL)
                            AND d.parts @> jsonb_build_array(jsonb_build_object('bill_id', b.id))) LIMIT 1) IS NULL
            AND (SELECT 1 FROM autopay_order o WHERE o.account_id = k.account_id AND o.id < k.order_id
                    AND o.kind = 'autopay' AND o.state = 'active'
                    AND CASE o.scope WHEN 'person' THEN b.person_id = o.person_id
                        WHEN 'kind' THEN b.kind = o.bill_kind ELSE true END LIMIT 1) IS NULL
        GROUP BY k.account_id, k.order_id, coalesce(k.due_on, s.due_on), b.processor_account, k.region, k.cap_cents
    ), made AS (
        INSERT INTO autopay_due (account_id, order_id, due_on, processor_account, kind, region, take_on, closes_at,
            parts, amount_cents, state, notice_put, code, changed_at)
        SELECT g.account_id, g.order_id, g.due_on, g.processor_account, 'autopay', g.region, g.take_on, g.closes_at,
            g.parts, g.cents, CASE WHEN g.cap_cents IS NOT NULL AND (
                SELECT sum(e.cents) FROM due e WHERE e.account_id = g.account_id AND e.order_id = g.order_id
                    AND e.due_on = g.due_on) > g.cap_cents THEN 'above_cap' ELSE 'waiting' END, false, '', p_now
        FROM due g
        ON CONFLICT DO NOTHING
        RETURNING amount_cents, state)
    SELECT jsonb_build_object('planned', count(*) FILTER (WHERE state = 'waiting'),
        'cents', coalesce(sum(amount_cents) FILTER (WHERE state = 'waiting'), 0),
        'above_cap', count(*) FILTER (WHERE state = 'above_cap')) INTO v_answer FROM made;
    RETURN v_answer;
END $$;

-- Plan the dues of up to `most` orders after (`after_account`, `after_order`). p: now, most, after_account, after_order,
-- from_account and until_account (a part of all: from here on, up to there), accounts {region: {payee: processor account}}, slots [{due_on, method_kind, region, take_on, closes_at, days: [..]}]: the
-- days that may be planned now; `days` are the days of the month that fall on it.
-- What is planned: of an order with a day of the month, all that its scope owes; of one that takes some days before a
-- bill is due, the bills whose day it is. Answers {seen, planned, cents, above_cap, last_account, last_order}.
CREATE OR REPLACE FUNCTION autopay_plan_set(p jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT autopay_pick(p) || autopay_write_dues(p->'accounts', (p->>'now')::timestamptz)
$$;
