-- Begun dues whose payment failed or was voided, and whether the processor said that this card may never be tried again.
SELECT d.account_id, d.order_id, d.due_on, d.processor_account, d.kind, d.region, d.tries, d.first_on, d.payment_id,
    d.amount_cents, o.login_id, o.method_kind, q.state AS payment_state, q.failure_code,
    (SELECT (e.body->>'hard')::boolean FROM payments_event e WHERE e.account_id = q.account_id AND e.payment_id = q.id
        AND e.event = 'declined' ORDER BY e.id DESC LIMIT 1) AS hard
FROM autopay_due d JOIN autopay_order o ON o.account_id = d.account_id AND o.id = d.order_id
JOIN payments_payment q ON q.account_id = o.method_account_id AND q.id = d.payment_id AND q.state IN ('failed', 'voided')
WHERE d.state = 'begun' ORDER BY d.account_id LIMIT %(most)s
