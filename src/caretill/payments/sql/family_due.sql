-- What of a payment for several accounts is still to be done: the shares of other accounts that are neither booked nor
-- released, and refunds that have not reached every bill. `booked` says that its money was forwarded.
SELECT jsonb_build_object(
    'state', p.state, 'region', p.region, 'reference', p.reference, 'currency', p.currency, 'until', p.expires_at,
    'booked', EXISTS (SELECT 1 FROM ledger_transfer t
        WHERE t.account_id = p.account_id AND t.payment_id = p.id AND t.code = 'forward'),
    'shares', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('account_id', s.to_account_id, 'parts', s.parts)
            ORDER BY s.to_account_id), '[]')
        FROM (SELECT f.to_account_id, jsonb_agg(jsonb_build_object('bill_id', f.bill_id, 'amount_cents', f.amount_cents)
                  ORDER BY f.bill_id) AS parts
              FROM payments_forward f
              WHERE f.account_id = p.account_id AND f.payment_id = p.id AND f.state = 'open'
              GROUP BY f.to_account_id) AS s),
    'refunds', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('refund_id', s.refund_id, 'account_id', s.to_account_id,
            'parts', s.parts, 'code', CASE
                WHEN EXISTS (SELECT 1 FROM payments_return r WHERE r.account_id = p.account_id AND r.id = s.refund_id)
                    THEN 'return'
                WHEN EXISTS (SELECT 1 FROM payments_dispute d WHERE d.account_id = p.account_id AND d.id = s.refund_id)
                    THEN 'dispute_lost'
                ELSE 'refund' END) ORDER BY s.refund_id, s.to_account_id), '[]')
        FROM (SELECT g.refund_id, g.to_account_id, jsonb_agg(jsonb_build_object('bill_id', g.bill_id,
                  'amount_cents', g.amount_cents) ORDER BY g.bill_id) AS parts
              FROM payments_giveback g
              WHERE g.account_id = p.account_id AND g.payment_id = p.id AND NOT g.done
              GROUP BY g.refund_id, g.to_account_id) AS s)
) AS due
FROM payments_payment p WHERE p.account_id = %(account_id)s AND p.id = %(payment_id)s
