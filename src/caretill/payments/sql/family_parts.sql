-- Bills of one account in a payment of a family, as its page and receipt show them.
SELECT b.account_id, b.id AS bill_id, b.number AS bill_number, b.kind, b.payee, b.due_date,
    coalesce(o.debits_posted - o.credits_posted - o.credits_pending, 0) AS left_cents
FROM billing_bill b
LEFT JOIN ledger_balance o ON o.account_id = b.account_id AND o.kind = 'receivable' AND o.ref = b.id
    AND o.currency = b.currency
WHERE b.account_id = %(account_id)s AND b.id = ANY(%(bills)s)
