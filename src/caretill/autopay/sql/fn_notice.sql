-- Put the notices of planned dues into the outbox, one for each order and day: whoever reads it makes the mail.
-- p: now, most. Answers {put}: how many dues it is about.
CREATE OR REPLACE FUNCTION autopay_put_notices(p jsonb) RETURNS jsonb LANGUAGE sql AS $$
    WITH chosen AS (
        SELECT d.account_id, d.order_id, d.due_on, d.processor_account FROM autopay_due d
        WHERE NOT d.notice_put ORDER BY d.account_id LIMIT (p->>'most')::int FOR UPDATE SKIP LOCKED
    ), told AS (
        UPDATE autopay_due d SET notice_put = true FROM chosen c
        WHERE d.account_id = c.account_id AND d.order_id = c.order_id AND d.due_on = c.due_on
            AND d.processor_account = c.processor_account
        RETURNING d.account_id, d.order_id, d.due_on
    ), put AS (
        INSERT INTO core_outbox (account_id, id, topic, body, due_at, tries)
        SELECT o.login_id, core_uuid7((p->>'now')::timestamptz), 'autopay_notice', jsonb_build_object(
            'account_id', t.account_id, 'order_id', t.order_id, 'due_on', t.due_on), (p->>'now')::timestamptz, 0
        FROM (SELECT DISTINCT account_id, order_id, due_on FROM told) AS t
        JOIN autopay_order o ON o.account_id = t.account_id AND o.id = t.order_id
        RETURNING 1)
    SELECT jsonb_build_object('put', (SELECT count(*) FROM told))
$$;
