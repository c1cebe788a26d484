-- Whom a viewer may choose, and the day of the first care of any of them.
WITH reach AS (
    SELECT * FROM jsonb_to_recordset(%(reach)s::jsonb) AS r(account_id uuid, everybody boolean, people uuid[])
)
SELECT p.id, p.first_name, p.last_name, f.since
FROM reach r
JOIN people_person p ON p.account_id = ANY(%(accounts)s::uuid[]) AND p.account_id = r.account_id AND (r.everybody OR p.id = ANY(r.people))
JOIN LATERAL (
    SELECT min(b.service_from) AS since FROM billing_bill b WHERE b.account_id = p.account_id AND b.person_id = p.id
) AS f ON f.since IS NOT NULL
ORDER BY p.first_name, p.last_name, p.id
