-- What each bill of a payment got, what came back from it, and the lines it is for; whose, by whom, and when. A family's
-- payment has bills in several accounts.
WITH parts AS (
    SELECT r.account_id, r.bill_id, r.amount_cents FROM payments_part r
    WHERE r.account_id = %(account_id)s AND r.payment_id = %(payment_id)s
    UNION ALL
    SELECT f.to_account_id, f.bill_id, f.amount_cents FROM payments_forward f
    WHERE f.account_id = %(account_id)s AND f.payment_id = %(payment_id)s
)
SELECT b.account_id, b.id AS bill_id, b.number AS bill_number, b.payee, b.region, b.private, b.provider_name,
    b.person_id, p.first_name, p.last_name, p.birth_date, p.relation, r.amount_cents,
    back.refunded_cents, back.gone_cents,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('line_no', l.line_no, 'service_date', l.service_date, 'text', l.text,
            'charge_cents', l.charge_cents,
            'share_cents', l.charge_cents - l.discount_cents - l.plan_paid_cents - l.written_off_cents)
            ORDER BY l.line_no), '[]')
        FROM billing_line l WHERE l.account_id = b.account_id AND l.bill_id = b.id) AS lines
FROM parts r
JOIN billing_bill b ON b.account_id = r.account_id AND b.id = r.bill_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(CASE WHEN t.code = 'return_undone' OR t.code IN ('return', 'dispute_lost') THEN 0
            WHEN t.debit_kind = 'refund_payable' THEN -t.amount_cents
            WHEN t.credit_kind IN ('clearing', 'forwarded', 'refund_payable') THEN t.amount_cents END), 0)::bigint
            AS refunded_cents,
        coalesce(sum(CASE t.code WHEN 'return_undone' THEN -t.amount_cents WHEN 'return' THEN t.amount_cents
            WHEN 'dispute_lost' THEN t.amount_cents END), 0)::bigint AS gone_cents
    FROM ledger_transfer t WHERE t.account_id = r.account_id AND t.payment_id = %(payment_id)s
        AND t.subject_id = r.bill_id AND t.phase IN ('posted', 'post')
) AS back
JOIN people_person p ON p.account_id = b.account_id AND p.id = b.person_id
ORDER BY b.due_date, b.id
