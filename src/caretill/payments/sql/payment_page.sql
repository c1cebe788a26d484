-- All that a payment's pages and receipt show, in one query.
SELECT jsonb_build_object(
    'account_id', p.account_id, 'payment_id', p.id, 'state', p.state, 'reference', p.reference,
    'check_code', p.check_code, 'region', p.region, 'amount_cents', p.amount_cents, 'currency', p.currency,
    'payer_name', p.payer_name, 'email', p.email, 'language', p.language, 'failure_code', p.failure_code,
    'method_brand', p.method_brand, 'method_last4', p.method_last4, 'captured_cents', p.captured_cents,
    'refunded_cents', p.refunded_cents, 'business_date', p.business_date, 'created_at', p.created_at,
    'expires_at', p.expires_at, 'promised_at', p.promised_at, 'returned_at', p.returned_at,
    'visit', encode(p.visit, 'hex'), 'key', p.key, 'help_id', p.help_id,
    'gateway', t.gateway, 'method_id', p.method_id, 'mandate_id', p.mandate_id, 'origin', p.origin,
    'posts_on', p.posts_on, 'settled_on', p.settled_on, 'deposit_cents', p.deposit_cents, 'deposit_payee', p.deposit_payee,
    'session_url', t.session_url, 'late', EXISTS (
        SELECT 1 FROM payments_event e WHERE e.account_id = p.account_id AND e.payment_id = p.id
            AND e.from_state IN ('voided', 'failed') AND e.event = 'succeeded'),
    'guarantor_first', a.first_name, 'guarantor_last', a.last_name,
    'family', p.family, 'parts', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('account_id', b.account_id, 'bill_id', b.id, 'bill_number', b.number, 'kind', b.kind, 'payee', b.payee,
            'amount_cents', r.amount_cents,
            'left_cents', coalesce(o.debits_posted - o.credits_posted - o.credits_pending, 0)) ORDER BY b.due_date, b.id), '[]')
        FROM payments_part r
        JOIN billing_bill b ON b.account_id = r.account_id AND b.id = r.bill_id
        LEFT JOIN ledger_balance o ON o.account_id = b.account_id AND o.kind = 'receivable' AND o.ref = b.id
            AND o.currency = b.currency
        WHERE r.account_id = p.account_id AND r.payment_id = p.id),
    'returned_cents', p.returned_cents, 'lost_cents', p.lost_cents,
    'refunds', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'kind', r.kind, 'state', r.state,
            'amount_cents', r.amount_cents, 'at', r.recorded_at, 'changed_at', coalesce(r.changed_at, r.recorded_at),
            'not_before', r.not_before, 'failure_code', r.failure_code) ORDER BY r.id), '[]')
        FROM payments_refund r WHERE r.account_id = p.account_id AND r.payment_id = p.id),
    'returns', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('code', r.code, 'state', r.state, 'amount_cents', r.amount_cents,
            'at', r.recorded_at, 'owed_back_cents', r.owed_back_cents) ORDER BY r.id), '[]')
        FROM payments_return r WHERE r.account_id = p.account_id AND r.payment_id = p.id),
    'disputes', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('state', d.state, 'amount_cents', d.amount_cents,
            'at', d.opened_at, 'changed_at', d.changed_at, 'owed_back_cents', d.owed_back_cents) ORDER BY d.id), '[]')
        FROM payments_dispute d WHERE d.account_id = p.account_id AND d.payment_id = p.id),
    'events', (
        SELECT jsonb_agg(jsonb_build_object('event', e.event, 'from', e.from_state, 'to', e.to_state,
            'at', e.recorded_at) ORDER BY e.id)
        FROM payments_event e WHERE e.account_id = p.account_id AND e.payment_id = p.id)
) AS figures
FROM payments_payment p
JOIN people_account a ON a.account_id = p.account_id
LEFT JOIN payments_attempt t ON t.account_id = p.account_id AND t.payment_id = p.id
WHERE p.account_id = %(account_id)s AND p.id = %(payment_id)s
