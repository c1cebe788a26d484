-- Whether bills of one account could be held now: how much of each may be paid, and who holds it.
SELECT b.id AS bill_id, b.payee, coalesce(r.debits_posted - r.credits_posted - r.credits_pending, 0) AS payable_cents,
    c.payment_id, c.until
FROM billing_bill b
LEFT JOIN ledger_balance r ON r.account_id = b.account_id AND r.kind = 'receivable' AND r.ref = b.id
    AND r.currency = b.currency
LEFT JOIN payments_claim c ON c.account_id = b.account_id AND c.bill_id = b.id
WHERE b.account_id = %(account_id)s AND b.id = ANY(%(bills)s) AND b.region = %(region)s AND b.currency = 'USD'
