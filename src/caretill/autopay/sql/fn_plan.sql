-- Planning automatic payment, thousands of orders at a time: one statement picks, one writes (money.md, Exactly once 8).

-- Plan the dues of up to `most` orders after (`after_account`, `after_order`). p: now, most, after_account, after_order,
-- accounts {region: {payee: processor account}}, slots [{due_on, method_kind, region, take_on, closes_at, days: [..]}]: the
-- days that may be planned now; `days` are the days of the month that fall on it.
-- What is planned: of an order with a day of the month, all that its scope owes; of one that takes some days before a
-- bill is due, the bills whose day it is. Never a bill that already waits in another due, nor one twice.
-- Answers {seen, planned, cents, above_cap, last_account, last_order}.
CREATE OR REPLACE FUNCTION autopay_plan_set(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    v_seen int;
    v_last_account uuid;
    v_last_order uuid;
    v_planned bigint;
    v_cents bigint;
    v_above bigint;
BEGIN
    CREATE TEMP TABLE IF NOT EXISTS autopay_slot (
        due_on date, method_kind text, region text, take_on date, closes_at timestamptz, days smallint[]
    ) ON COMMIT DELETE ROWS;
    CREATE TEMP TABLE IF NOT EXISTS autopay_payee (region text, payee text, processor_account text)
    ON COMMIT DELETE ROWS;
    CREATE TEMP TABLE IF NOT EXISTS autopay_picked (
        account_id uuid, order_id uuid, scope text, person_id uuid, bill_kind text, cap_cents bigint,
        days_before smallint, starts_on date, made_on date, region text, method_kind text
    ) ON COMMIT DELETE ROWS;
    CREATE TEMP TABLE IF NOT EXISTS autopay_day (
        account_id uuid, order_id uuid, due_on date, take_on date, closes_at timestamptz, bill_id uuid,
        processor_account text, cents bigint, due_date date
    ) ON COMMIT DELETE ROWS;
    TRUNCATE autopay_slot, autopay_payee, autopay_picked, autopay_day;
    INSERT INTO autopay_slot
    SELECT s.due_on, s.method_kind, s.region, s.take_on, s.closes_at,
        ARRAY(SELECT jsonb_array_elements_text(s.days)::smallint)
    FROM jsonb_to_recordset(p->'slots') AS s(due_on date, method_kind text, region text, take_on date,
        closes_at timestamptz, days jsonb);
    INSERT INTO autopay_payee
    SELECT r.key, a.key, a.value FROM jsonb_each(p->'accounts') AS r, jsonb_each_text(r.value) AS a;
    WITH next AS (
        SELECT o.account_id, o.id, o.scope, o.person_id, o.bill_kind, o.cap_cents, o.day, o.days_before, o.starts_on,
            (o.made_at AT TIME ZONE 'UTC')::date AS made_on, o.region, o.method_kind, o.state, o.kind
        FROM autopay_order o
        WHERE p->>'after_account' IS NULL
            OR (o.account_id, o.id) > ((p->>'after_account')::uuid, (p->>'after_order')::uuid)
        ORDER BY o.account_id, o.id LIMIT (p->>'most')::int
    ), picked AS (
        INSERT INTO autopay_picked
        SELECT n.account_id, n.id, n.scope, n.person_id, n.bill_kind, n.cap_cents, n.days_before, n.starts_on,
            n.made_on, n.region, n.method_kind
        FROM next n
        WHERE n.kind = 'autopay' AND n.state = 'active' AND (n.day IS NULL OR EXISTS (
            SELECT 1 FROM autopay_slot s WHERE s.region = n.region AND s.method_kind = n.method_kind
                AND s.due_on >= n.starts_on AND n.day = ANY(s.days)
                AND NOT EXISTS (SELECT 1 FROM autopay_due d WHERE d.account_id = n.account_id AND d.order_id = n.id
                                AND d.due_on = s.due_on)))
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM next), l.account_id, l.id INTO v_seen, v_last_account, v_last_order
    FROM (SELECT 1) AS always LEFT JOIN LATERAL (
        SELECT n.account_id, n.id FROM next n ORDER BY n.account_id DESC, n.id DESC LIMIT 1) AS l ON true;
    ANALYZE autopay_slot, autopay_payee, autopay_picked;
    INSERT INTO autopay_day
    SELECT DISTINCT ON (b.account_id, b.id) k.account_id, k.order_id, s.due_on, s.take_on, s.closes_at, b.id,
        y.processor_account, r.debits_posted - r.credits_posted - r.credits_pending, b.due_date
    FROM autopay_picked k
    JOIN autopay_order o ON o.account_id = k.account_id AND o.id = k.order_id
    JOIN billing_bill b ON b.account_id = k.account_id
        AND CASE k.scope WHEN 'person' THEN b.person_id = k.person_id WHEN 'kind' THEN b.kind = k.bill_kind ELSE true END
    JOIN ledger_balance r ON r.account_id = b.account_id AND r.kind = 'receivable' AND r.ref = b.id
        AND r.currency = b.currency AND r.debits_posted - r.credits_posted - r.credits_pending > 0
    JOIN autopay_slot s ON s.region = k.region AND s.method_kind = k.method_kind AND s.due_on >= k.starts_on
        AND CASE WHEN k.days_before IS NULL THEN o.day = ANY(s.days)
            -- What was due before the order was made is not taken by it.
            ELSE s.due_on = greatest(b.due_date - k.days_before, k.starts_on) AND b.due_date >= k.made_on END
    JOIN autopay_payee y ON y.region = b.region AND y.payee = b.payee
    WHERE b.region = k.region AND NOT EXISTS (
            SELECT 1 FROM autopay_due d WHERE d.account_id = b.account_id
                AND (d.state IN ('waiting', 'taking', 'begun') OR d.order_id = k.order_id
                    AND (d.due_on = s.due_on OR k.days_before IS NOT NULL))
                AND d.parts @> jsonb_build_array(jsonb_build_object('bill_id', b.id)))
        AND NOT EXISTS (SELECT 1 FROM autopay_due d WHERE d.account_id = k.account_id AND d.order_id = k.order_id
            AND d.due_on = s.due_on AND d.processor_account = y.processor_account)
    ORDER BY b.account_id, b.id, s.due_on, k.order_id;
    WITH made AS (
        INSERT INTO autopay_due (account_id, order_id, due_on, processor_account, kind, region, take_on, closes_at,
            parts, amount_cents, state, notice_put, code, changed_at)
        SELECT g.account_id, g.order_id, g.due_on, g.processor_account, 'autopay', k.region, g.take_on, g.closes_at,
            g.parts, g.cents,
            CASE WHEN sum(g.cents) OVER (PARTITION BY g.account_id, g.order_id, g.due_on) > k.cap_cents
                THEN 'above_cap' ELSE 'waiting' END, false, '', v_now
        FROM (
            SELECT y.account_id, y.order_id, y.due_on, y.processor_account, min(y.take_on) AS take_on,
                min(y.closes_at) AS closes_at, sum(y.cents)::bigint AS cents,
                jsonb_agg(jsonb_build_object('bill_id', y.bill_id, 'amount_cents', y.cents)
                    ORDER BY y.due_date, y.bill_id) AS parts
            FROM autopay_day y GROUP BY 1, 2, 3, 4) AS g
        JOIN autopay_picked k ON k.account_id = g.account_id AND k.order_id = g.order_id
        ORDER BY g.account_id, g.order_id, g.due_on
        ON CONFLICT DO NOTHING
        RETURNING amount_cents, state)
    SELECT count(*) FILTER (WHERE state = 'waiting'), coalesce(sum(amount_cents) FILTER (WHERE state = 'waiting'), 0),
        count(*) FILTER (WHERE state = 'above_cap') INTO v_planned, v_cents, v_above FROM made;
    RETURN jsonb_build_object('seen', v_seen, 'planned', v_planned, 'cents', v_cents, 'above_cap', v_above,
        'last_account', v_last_account, 'last_order', v_last_order);
END $$;
