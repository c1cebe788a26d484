-- Statements of the bills that a viewer's reach covers, newest first; whose bill it is, and whether its care is private.
WITH reach AS (
    SELECT * FROM jsonb_to_recordset(%(reach)s::jsonb) AS r(account_id uuid, everybody boolean, people uuid[])
), told AS (
    SELECT s.account_id, s.id, s.bill_id, s.number AS statement_number, s.issued_at AS at,
        (s.figures->>'statement_date')::date AS day, (s.figures->>'payable_cents')::bigint AS amount_cents,
        b.number AS bill_number, b.payee, b.kind AS bill_kind, b.region, b.private, b.person_id, b.due_date,
        p.first_name, p.last_name, p.birth_date, p.relation
    FROM reach r
    JOIN billing_bill b ON b.account_id = ANY(%(accounts)s::uuid[]) AND b.account_id = r.account_id AND (r.everybody OR b.person_id = ANY(r.people))
    JOIN letters_statement s ON s.account_id = b.account_id AND s.bill_id = b.id
    JOIN people_person p ON p.account_id = b.account_id AND p.id = b.person_id
    WHERE (%(statement)s::uuid IS NULL OR s.id = %(statement)s::uuid)
)
SELECT * FROM told
WHERE (%(person)s::uuid IS NULL OR person_id = %(person)s::uuid)
    AND (%(year)s::int IS NULL OR extract(year FROM day) = %(year)s::int)
    AND (NOT %(finding)s
        OR amount_cents = %(cents)s::bigint
        OR EXISTS (SELECT 1 FROM jsonb_to_recordset(%(days)s::jsonb) AS d(since date, until date)
                   WHERE day BETWEEN d.since AND d.until)
        OR %(number)s <> '' AND position(%(number)s IN regexp_replace(upper(bill_number), '[^A-Z0-9]', '', 'g')) > 0)
    AND (%(before_day)s::date IS NULL
        OR (day, at, id) < (%(before_day)s::date, %(before_at)s::timestamptz, %(before_id)s::uuid))
ORDER BY day DESC, at DESC, id DESC
LIMIT %(most)s
