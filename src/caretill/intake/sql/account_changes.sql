-- Changes of profiles with the billing accounts that the login answers for, or is a person of, in the order they were made.
SELECT c.id, c.made_at, c.login_id, c.field, c.old, c.new, a.region, a.number
FROM people_change c
JOIN people_access x ON x.login_id = c.login_id AND x.level IN ('holder', 'own') AND x.given_at <= c.made_at
    AND (x.ended_at IS NULL OR x.ended_at > c.made_at)
JOIN people_account a ON a.account_id = x.account_id
WHERE c.field = ANY(%(fields)s) AND c.made_at <= %(until)s
    AND (%(since)s::timestamptz IS NULL OR (c.made_at, c.id) > (%(since)s::timestamptz, %(after)s::uuid))
GROUP BY c.login_id, c.id, a.account_id
ORDER BY c.made_at, c.id, a.region, a.number
