-- Statements issued since a moment, after a given one, in the order of their keys.
SELECT s.account_id, s.id, s.number, b.region, b.number AS bill_number, b.private, p.relation,
    p.birth_date
FROM letters_statement s JOIN billing_bill b ON b.account_id = s.account_id AND b.id = s.bill_id
LEFT JOIN people_person p ON p.account_id = b.account_id AND p.id = b.person_id
WHERE s.issued_at >= %s AND (s.account_id, s.id) > (%s, %s)
ORDER BY s.account_id, s.id LIMIT %s
