-- What happened lately on a member's accounts: payments that went through, money sent back, payments at a desk.
-- A helper's card is the helper's own affair: their name alone is told.
-- A payment at a desk tells the day of the care, so it shows only where the care is open.
SELECT * FROM (
    (SELECT 'here' AS kind, p.account_id, p.id AS payment_id, p.business_date AS day, p.changed_at AS at,
        p.captured_cents AS amount_cents, CASE WHEN p.help_id IS NULL THEN p.method_brand ELSE '' END AS method_brand,
        CASE WHEN p.help_id IS NULL THEN p.method_last4 ELSE '' END AS method_last4,
        CASE WHEN p.help_id IS NULL THEN '' ELSE p.payer_name END AS helper
    FROM payments_payment p
    WHERE p.account_id = ANY(%(accounts)s) AND p.state = 'succeeded' AND (p.account_id = ANY(%(everybody)s)
        OR NOT p.family AND p.deposit_cents = 0 AND NOT EXISTS (
            SELECT 1 FROM payments_part t LEFT JOIN billing_bill b ON b.account_id = t.account_id AND b.id = t.bill_id
            WHERE t.account_id = p.account_id AND t.payment_id = p.id
                AND NOT coalesce(b.person_id = ANY(%(people)s), false)))
    ORDER BY p.business_date DESC, p.id DESC LIMIT %(most)s)
    UNION ALL
    (SELECT 'refund', r.account_id, r.payment_id, r.business_date, r.recorded_at, r.amount_cents,
        CASE WHEN p.help_id IS NULL THEN p.method_brand ELSE '' END,
        CASE WHEN p.help_id IS NULL THEN p.method_last4 ELSE '' END, ''
    FROM payments_refund r JOIN payments_payment p ON p.account_id = r.account_id AND p.id = r.payment_id
        AND p.account_id = ANY(%(accounts)s)
    WHERE r.account_id = ANY(%(accounts)s) AND r.state <> 'failed' AND (r.account_id = ANY(%(everybody)s) OR NOT p.family AND p.deposit_cents = 0 AND NOT EXISTS (
            SELECT 1 FROM payments_part t LEFT JOIN billing_bill b ON b.account_id = t.account_id AND b.id = t.bill_id
            WHERE t.account_id = r.account_id AND t.payment_id = r.payment_id
                AND NOT coalesce(b.person_id = ANY(%(people)s), false)))
    ORDER BY r.business_date DESC, r.id DESC LIMIT %(most)s)
    UNION ALL
    (SELECT 'returned', r.account_id, r.payment_id, r.business_date, r.at, r.amount_cents,
        CASE WHEN p.help_id IS NULL THEN p.method_brand ELSE '' END,
        CASE WHEN p.help_id IS NULL THEN p.method_last4 ELSE '' END, ''
    FROM (SELECT account_id, payment_id, id, business_date, recorded_at AS at, amount_cents FROM payments_return
          WHERE account_id = ANY(%(accounts)s) AND state <> 'undone'
          UNION ALL
          SELECT account_id, payment_id, id, changed_at::date, changed_at, amount_cents FROM payments_dispute
          WHERE account_id = ANY(%(accounts)s) AND state = 'lost') AS r
    JOIN payments_payment p ON p.account_id = r.account_id AND p.id = r.payment_id
        AND p.account_id = ANY(%(accounts)s)
    WHERE (r.account_id = ANY(%(everybody)s) OR NOT p.family AND p.deposit_cents = 0 AND NOT EXISTS (
            SELECT 1 FROM payments_part t LEFT JOIN billing_bill b ON b.account_id = t.account_id AND b.id = t.bill_id
            WHERE t.account_id = r.account_id AND t.payment_id = r.payment_id
                AND NOT coalesce(b.person_id = ANY(%(people)s), false)))
    ORDER BY r.business_date DESC, r.id DESC LIMIT %(most)s)
    UNION ALL
    (SELECT CASE o.method WHEN 'desk' THEN 'desk' ELSE 'elsewhere' END, o.account_id, NULL, o.paid_on, o.recorded_at,
        o.amount_cents, '', '', ''
    FROM billing_outside_payment o JOIN billing_bill b ON b.account_id = o.account_id AND b.id = o.bill_id
    WHERE o.account_id = ANY(%(accounts)s) AND o.amount_cents > 0
        AND (b.account_id = ANY(%(everybody)s) OR b.person_id = ANY(%(people)s))
        AND CASE WHEN b.private THEN b.person_id = ANY(%(opens_private)s) ELSE b.person_id = ANY(%(opens)s) END
    ORDER BY o.paid_on DESC, o.number DESC LIMIT %(most)s)
) AS happened
ORDER BY day DESC, at DESC LIMIT %(most)s
