-- Payments of plans that are paid by hand, whose day is over: what was to be paid by then, and what was.
SELECT d.account_id, d.order_id, d.due_on, d.processor_account, d.region, d.tries, d.amount_cents, o.login_id,
    o.method_kind, (
        SELECT sum(e.amount_cents) FROM autopay_due e WHERE e.account_id = d.account_id AND e.order_id = d.order_id
            AND e.state <> 'failed' AND (e.take_on, e.processor_account) <= (d.take_on, d.processor_account)
    )::bigint AS scheduled_cents, p.total_cents - (
        SELECT coalesce(sum(least((t->>'amount_cents')::bigint, r.debits_posted - r.credits_posted)), 0)
        FROM jsonb_array_elements(p.bills) AS t LEFT JOIN ledger_balance r ON r.account_id = p.account_id
            AND r.kind = 'receivable' AND r.ref = (t->>'bill_id')::uuid
    )::bigint AS paid_cents
FROM autopay_due d
JOIN autopay_order o ON o.account_id = d.account_id AND o.id = d.order_id AND o.method_id IS NULL AND o.state = 'active'
JOIN autopay_plan p ON p.account_id = o.account_id AND p.id = o.id
WHERE d.kind = 'plan' AND d.state = 'waiting' AND d.take_on < %(today)s
ORDER BY d.account_id, d.take_on, d.processor_account LIMIT %(most)s
