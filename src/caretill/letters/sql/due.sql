-- Bills whose latest version has no statement yet, after a given one, and the number of the statement to make.
SELECT b.account_id, b.id,
    1 + coalesce((SELECT max(s.number) FROM letters_statement s
                  WHERE s.account_id = b.account_id AND s.bill_id = b.id), 0) AS number
FROM billing_bill b
WHERE (b.account_id, b.id) > (%s, %s)
    AND NOT EXISTS (SELECT 1 FROM letters_statement s
                    WHERE s.account_id = b.account_id AND s.bill_id = b.id AND s.version = b.version)
ORDER BY b.account_id, b.id
LIMIT %s
