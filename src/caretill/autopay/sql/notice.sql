-- The dues of an order on one day that were not told yet, locked.
SELECT d.region, d.take_on, d.closes_at, d.amount_cents, d.state, o.method_kind, o.login_id, o.language, o.tell_also,
    o.cap_cents
FROM autopay_due d JOIN autopay_order o ON o.account_id = d.account_id AND o.id = d.order_id
WHERE d.account_id = %s AND d.order_id = %s AND d.due_on = %s AND d.state IN ('waiting', 'above_cap')
    AND d.noticed_on IS NULL AND o.state = 'active'
ORDER BY d.processor_account FOR UPDATE OF d
