-- Of these orders, begun dues whose payment failed or was voided, and whether the processor said that this card may never
-- be tried again.
SELECT d.account_id, d.order_id, d.due_on, d.processor_account, d.kind, d.region, d.tries, d.first_on, d.payment_id,
    d.amount_cents, o.login_id, o.method_kind, q.state AS payment_state, q.failure_code,
    (SELECT (e.body->>'hard')::boolean FROM payments_event e WHERE e.account_id = q.account_id AND e.payment_id = q.id
        AND e.event = 'declined' ORDER BY e.id DESC LIMIT 1) AS hard
FROM unnest(%(accounts)s::uuid[], %(orders)s::uuid[]) AS w(account_id, order_id)
JOIN autopay_due d ON d.account_id = w.account_id AND d.order_id = w.order_id AND d.state = 'begun'
JOIN autopay_order o ON o.account_id = d.account_id AND o.id = d.order_id
JOIN payments_payment q ON q.account_id = o.method_account_id AND q.id = d.payment_id AND q.state IN ('failed', 'voided')
ORDER BY d.account_id, d.order_id, d.due_on, d.processor_account
