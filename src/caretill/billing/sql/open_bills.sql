-- What a guest may see of the bills in their scope: payee, dates, what is owed. Numbers and care stay closed.
SELECT b.account_id, b.id AS bill_id, b.region, b.payee, b.kind, b.due_date, b.currency, b.number, b.version,
    a.first_name, a.last_name,
    coalesce(r.debits_posted - r.credits_posted, 0) AS open_cents,
    coalesce(r.debits_posted - r.credits_posted - r.credits_pending, 0) AS payable_cents,
    coalesce(r.credits_pending, 0) AS pending_cents,
    coalesce(r.debits_posted, 0) AS charged_cents,
    coalesce(c.credits_posted - c.debits_posted, 0) AS credit_cents,
    h.payment_id AS held_by, h.until AS held_until, h.why AS held_why,
    n.why AS said_why, n.until AS said_until, n.amount_cents AS said_cents
FROM billing_bill b
JOIN people_account a ON a.account_id = b.account_id
LEFT JOIN ledger_balance r ON r.account_id = b.account_id AND r.kind = 'receivable' AND r.ref = b.id
    AND r.currency = b.currency
LEFT JOIN ledger_balance c ON c.account_id = b.account_id AND c.kind = 'credit' AND c.ref = b.id
    AND c.currency = b.currency
LEFT JOIN LATERAL (SELECT payment_id, until, why FROM payments_claim p
    WHERE p.account_id = b.account_id AND p.bill_id = b.id) AS h ON true
LEFT JOIN LATERAL (SELECT why, until, amount_cents FROM payments_announced s
    WHERE s.account_id = b.account_id AND s.bill_id = b.id ORDER BY s.until DESC LIMIT 1) AS n ON true
WHERE b.account_id = %(account_id)s
