-- The latest open bill of each region that came from Synthea.
SELECT DISTINCT ON (b.region) b.region, b.kind, b.number AS bill_number, b.pay_code, a.number AS account_number,
    p.health_record_number, a.last_name, left(a.zip, 5) AS zip, a.group_number, a.subgroup, a.bill_group,
    o.debits_posted - o.credits_posted - o.credits_pending AS payable_cents
FROM billing_bill b
JOIN people_account a ON a.account_id = b.account_id
JOIN people_person p ON p.account_id = b.account_id AND p.id = b.person_id
JOIN ledger_balance o ON o.account_id = b.account_id AND o.kind = 'receivable' AND o.ref = b.id
WHERE b.source = 'synthea' AND o.debits_posted - o.credits_posted - o.credits_pending > 0
ORDER BY b.region, b.issue_date DESC, b.number
