-- Bills of a member's accounts, of the people they may see. `opens`: whether their care is shown, not only what is owed.
SELECT b.account_id, b.id AS bill_id, b.region, b.number, b.payee, b.kind, b.person_id, b.provider_name,
    b.service_from, b.service_to, b.issue_date, b.due_date, b.currency,
    CASE WHEN b.private THEN b.person_id = ANY(%(opens_private)s) ELSE b.person_id = ANY(%(opens)s) END AS opens,
    coalesce(r.debits_posted - r.credits_posted, 0) AS open_cents,
    coalesce(r.debits_posted - r.credits_posted - r.credits_pending, 0) AS payable_cents,
    coalesce(r.credits_pending, 0) AS pending_cents,
    coalesce(r.debits_posted, 0) AS charged_cents,
    coalesce(c.credits_posted - c.debits_posted - c.debits_pending, 0) AS credit_cents,
    h.payment_id AS held_by, h.until AS held_until, h.why AS held_why,
    n.why AS said_why, n.until AS said_until, n.amount_cents AS said_cents
FROM billing_bill b
LEFT JOIN ledger_balance r ON r.account_id = b.account_id AND r.kind = 'receivable' AND r.ref = b.id
    AND r.currency = b.currency
LEFT JOIN ledger_balance c ON c.account_id = b.account_id AND c.kind = 'credit' AND c.ref = b.id
    AND c.currency = b.currency
LEFT JOIN payments_claim h ON h.account_id = b.account_id AND h.bill_id = b.id
LEFT JOIN LATERAL (SELECT why, until, amount_cents FROM payments_announced s
    WHERE s.account_id = b.account_id AND s.bill_id = b.id ORDER BY s.until DESC LIMIT 1) AS n ON true
WHERE b.account_id = ANY(%(accounts)s)
    AND (b.account_id = ANY(%(everybody)s) OR b.person_id = ANY(%(people)s))
