-- Orders that go on and whose mandate somebody else ended (a bank, a card that was taken away), or whose maker lost every
-- right to pay on the account.
SELECT o.account_id, o.id, o.login_id, o.kind, CASE WHEN m.ended_at IS NOT NULL THEN 'method' ELSE 'access' END AS why
FROM autopay_order o
LEFT JOIN methods_mandate m ON m.account_id = o.method_account_id AND m.id = o.mandate_id
WHERE o.state <> 'ended' AND (m.ended_at IS NOT NULL OR NOT EXISTS (
    SELECT 1 FROM people_access a WHERE a.login_id = o.login_id AND a.account_id = o.account_id AND a.level <> 'see'
        AND (a.ended_at IS NULL OR a.ended_at > %(now)s)))
ORDER BY o.account_id LIMIT %(most)s
