-- Everybody who was cared for on these accounts.
SELECT p.account_id, p.id, p.first_name, p.last_name, p.relation, p.birth_date, a.region
FROM people_person p JOIN people_account a ON a.account_id = p.account_id
WHERE p.account_id = ANY(%(accounts)s)
ORDER BY p.relation <> 'self', p.birth_date, p.id
