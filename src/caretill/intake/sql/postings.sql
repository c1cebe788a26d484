-- What was paid here on one day, for the billing system: an amount above zero lowers what is owed, or adds to the payer's
-- credit; one below zero takes that back. The window only spares the index of times; the day is the business date.
SELECT a.region, a.number AS account_number, b.number AS bill_number, t.payee,
    CASE WHEN t.code IN ('late_payment', 'overpayment', 'deposit') THEN 'unapplied'
        WHEN t.code IN ('allocation', 'deposit_applied') THEN 'allocation'
        WHEN t.code IN ('refund', 'return', 'reversal', 'payment') THEN t.code
        WHEN t.code = 'dispute_lost' THEN 'dispute' ELSE 'restored' END AS kind,
    CASE WHEN t.credit_kind = 'receivable' OR (t.credit_kind IN ('credit', 'deposit', 'returned_item')
            AND t.debit_kind IN ('clearing', 'refund_payable'))
        THEN t.amount_cents ELSE -t.amount_cents END AS amount_cents,
    t.currency, coalesce(p.reference, s.reference) AS reference, t.transfer_id,
    CASE t.code WHEN 'reversal' THEN t.target_id END AS reverses
FROM ledger_transfer t
JOIN people_account a ON a.account_id = t.account_id
LEFT JOIN billing_bill b ON b.account_id = t.account_id AND b.id = t.subject_id
LEFT JOIN payments_payment p ON p.account_id = t.account_id AND p.id = t.payment_id
LEFT JOIN payments_share s ON s.account_id = t.account_id AND s.payment_id = t.payment_id AND p.id IS NULL
WHERE t.business_date = %(day)s AND t.phase IN ('posted', 'post')
    AND t.code IN ('payment', 'late_payment', 'overpayment', 'deposit', 'allocation', 'deposit_applied', 'refund',
        'refund_failed', 'refund_refused', 'return', 'return_undone', 'dispute_lost', 'reversal')
    AND t.recorded_at BETWEEN %(day)s::date - interval '3 days' AND %(day)s::date + interval '4 days'
ORDER BY t.recorded_at, t.account_id, t.transfer_id
