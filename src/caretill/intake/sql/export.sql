-- The five tables of the documented CSV, each as one row of text columns, in the order of accounts. `-- name` begins one.
-- accounts
SELECT region, number AS account_number, first_name AS guarantor_first_name, last_name AS guarantor_last_name, street,
    city, state, zip, email, phone, language, group_number, subgroup, bill_group
FROM people_account ORDER BY region COLLATE "C", number COLLATE "C"
-- people
SELECT a.region, a.number AS account_number, p.health_record_number, p.first_name, p.last_name, p.birth_date, p.relation
FROM people_person p JOIN people_account a USING (account_id)
ORDER BY a.region COLLATE "C", a.number COLLATE "C", p.health_record_number COLLATE "C"
-- bills
SELECT b.region, a.number AS account_number, b.number AS bill_number, b.version, b.kind, b.payee, p.health_record_number,
    b.provider_name, b.service_from, b.service_to, b.issue_date, b.due_date, b.pay_code, b.currency, l.line_count,
    CASE WHEN b.private THEN 'yes' ELSE 'no' END AS private
FROM billing_bill b
JOIN people_account a USING (account_id)
JOIN people_person p ON p.account_id = b.account_id AND p.id = b.person_id
JOIN (SELECT account_id, bill_id, count(*) AS line_count FROM billing_line GROUP BY 1, 2) AS l
    ON l.account_id = b.account_id AND l.bill_id = b.id
ORDER BY b.region COLLATE "C", a.number COLLATE "C", b.number COLLATE "C"
-- lines
SELECT b.region, b.number AS bill_number, l.line_no AS line_number, l.service_date, l.code_system, l.code,
    l.text AS description, trim_scale(l.units) AS units, intake_dollars(l.charge_cents) AS charge,
    intake_dollars(l.discount_cents) AS discount, intake_dollars(l.plan_paid_cents) AS plan_paid,
    intake_dollars(l.copay_cents) AS copay, intake_dollars(l.deductible_cents) AS deductible,
    intake_dollars(l.coinsurance_cents) AS coinsurance, intake_dollars(l.not_covered_cents) AS not_covered,
    intake_dollars(l.written_off_cents) AS written_off
FROM billing_line l
JOIN billing_bill b ON b.account_id = l.account_id AND b.id = l.bill_id
JOIN people_account a ON a.account_id = l.account_id
ORDER BY b.region COLLATE "C", a.number COLLATE "C", b.number COLLATE "C", l.line_no
-- payments
SELECT b.region, b.number AS bill_number, o.number AS payment_number, o.version, o.paid_on AS date,
    intake_dollars(o.amount_cents) AS amount, o.method
FROM billing_outside_payment o
JOIN billing_bill b ON b.account_id = o.account_id AND b.id = o.bill_id
JOIN people_account a ON a.account_id = o.account_id
ORDER BY b.region COLLATE "C", a.number COLLATE "C", b.number COLLATE "C", o.number COLLATE "C"
