-- Payments of a member's accounts that have not ended: what their trackers need. Only those whose bills they all see.
SELECT jsonb_build_object(
    'account_id', p.account_id, 'payment_id', p.id, 'state', p.state, 'reference', p.reference, 'region', p.region,
    'amount_cents', p.amount_cents, 'created_at', p.created_at, 'expires_at', p.expires_at,
    'promised_at', p.promised_at, 'returned_at', p.returned_at, 'visit', encode(p.visit, 'hex'),
    'gateway', (SELECT t.gateway FROM payments_attempt t WHERE t.account_id = p.account_id AND t.payment_id = p.id),
    'method_id', p.method_id, 'posts_on', p.posts_on, 'late', false, 'helped', p.help_id IS NOT NULL, 'payees', (
        SELECT jsonb_agg(DISTINCT t.payee) FROM payments_part t WHERE t.account_id = p.account_id AND t.payment_id = p.id),
    'events', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('event', e.event, 'to', e.to_state, 'at', e.recorded_at)
            ORDER BY e.id), '[]')
        FROM payments_event e WHERE e.account_id = p.account_id AND e.payment_id = p.id)
) AS figures
FROM payments_payment p
WHERE p.account_id = ANY(%(accounts)s) AND p.state = ANY(%(holding)s)
    AND (p.account_id = ANY(%(everybody)s) OR NOT p.family AND p.deposit_cents = 0 AND NOT EXISTS (
        SELECT 1 FROM payments_part t LEFT JOIN billing_bill b ON b.account_id = t.account_id AND b.id = t.bill_id
        WHERE t.account_id = p.account_id AND t.payment_id = p.id AND NOT coalesce(b.person_id = ANY(%(people)s), false)))
ORDER BY p.id DESC LIMIT %(most)s
