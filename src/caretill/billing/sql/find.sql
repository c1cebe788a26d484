-- One statement for a hit and for every kind of miss: the facts are compared here and nothing leaves without a match.
SELECT k.account_id, c.kind, k.ref, coalesce(p.id, b.person_id) AS person_id
FROM unnest(%(kinds)s::text[], %(blinds)s::bytea[]) WITH ORDINALITY AS c(kind, blind, place)
JOIN billing_lookup_key k ON k.region = %(region)s AND k.kind = c.kind AND k.blind = c.blind
JOIN people_account a ON a.account_id = k.account_id
LEFT JOIN billing_bill b ON b.account_id = k.account_id AND b.id = k.ref
LEFT JOIN people_person p ON p.account_id = k.account_id AND p.id = coalesce(b.person_id, k.ref)
WHERE (%(last_norm)s::text IS NULL OR a.last_norm = %(last_norm)s OR p.last_norm = %(last_norm)s
       OR (c.kind = 'account_number' AND EXISTS (
            SELECT 1 FROM people_person q WHERE q.account_id = a.account_id AND q.last_norm = %(last_norm)s)))
    AND (%(zip)s::text IS NULL OR left(a.zip, 5) = %(zip)s)
    AND (%(health_record_number)s::text IS NULL OR p.health_record_number = %(health_record_number)s)
    AND (%(group_number)s::text IS NULL OR a.group_number = %(group_number)s)
    AND (%(subgroup)s::text IS NULL OR a.subgroup = %(subgroup)s)
    AND (%(bill_group)s::text IS NULL OR a.bill_group = %(bill_group)s)
    AND (%(account_number)s::text IS NULL OR a.number = %(account_number)s)
ORDER BY c.place LIMIT 1
