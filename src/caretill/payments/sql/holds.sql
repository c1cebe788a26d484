-- Who holds these bills: claims with their payments (one of another account is named by its share), then what is said.
SELECT c.bill_id, 0 AS place, c.until, p.posts_on, c.payment_id,
    CASE WHEN p.state = 'unknown' THEN 'unknown' ELSE c.why END AS why,
    coalesce((SELECT sum(t.amount_cents) FROM ledger_transfer t
        WHERE t.account_id = c.account_id AND t.payment_id = c.payment_id AND t.subject_id = c.bill_id
            AND t.phase = 'pending'), 0)::bigint AS amount_cents
FROM payments_claim c
LEFT JOIN payments_share s ON s.account_id = c.account_id AND s.payment_id = c.payment_id
LEFT JOIN payments_payment p ON p.account_id = coalesce(s.from_account_id, c.account_id) AND p.id = c.payment_id
WHERE c.account_id = %(account_id)s AND c.bill_id = ANY(%(bills)s)
UNION ALL
SELECT a.bill_id, CASE a.why WHEN 'run' THEN 1 ELSE 2 END, a.until, NULL, NULL, a.why, a.amount_cents
FROM payments_announced a
WHERE a.account_id = %(account_id)s AND a.bill_id = ANY(%(bills)s) AND a.until > %(now)s
ORDER BY bill_id, place
