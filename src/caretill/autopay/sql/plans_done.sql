-- Schedules and plans that go on and have nothing left to take.
SELECT o.account_id, o.id, CASE WHEN EXISTS (
        SELECT 1 FROM autopay_due d WHERE d.account_id = o.account_id AND d.order_id = o.id
            AND d.state IN ('taken', 'not_needed')) THEN 'done' ELSE 'not_taken' END AS why
FROM autopay_order o
WHERE o.state = 'active' AND o.kind IN ('schedule', 'plan') AND NOT EXISTS (
    SELECT 1 FROM autopay_due d WHERE d.account_id = o.account_id AND d.order_id = o.id
        AND d.state IN ('waiting', 'taking', 'begun'))
ORDER BY o.account_id LIMIT %(most)s
