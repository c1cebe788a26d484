-- All a bill page or paper shows, in one query: the same figures on screen, paper, telephone and API.
WITH bill AS (
    SELECT b.*, a.first_name AS payer_first, a.last_name AS payer_last, a.street, a.city, a.state, a.zip, a.language,
        a.number AS account_number, a.group_number, a.subgroup, a.bill_group, p.first_name, p.last_name,
        p.health_record_number, p.relation, p.birth_date
    FROM billing_bill b
    JOIN people_account a ON a.account_id = b.account_id
    LEFT JOIN people_person p ON p.account_id = b.account_id AND p.id = b.person_id
    WHERE b.account_id = %(account_id)s AND b.id = %(bill_id)s
), moved AS (
    SELECT
        coalesce(sum(CASE 'revenue' WHEN credit_kind THEN amount_cents WHEN debit_kind THEN -amount_cents END), 0) AS charged,
        coalesce(sum(CASE 'discount' WHEN debit_kind THEN amount_cents WHEN credit_kind THEN -amount_cents END), 0) AS discount,
        coalesce(sum(CASE 'plan' WHEN debit_kind THEN amount_cents WHEN credit_kind THEN -amount_cents END), 0) AS plan_paid,
        coalesce(sum(CASE 'write_off' WHEN debit_kind THEN amount_cents WHEN credit_kind THEN -amount_cents END), 0) AS written_off,
        coalesce(sum(CASE 'desk' WHEN debit_kind THEN amount_cents WHEN credit_kind THEN -amount_cents END), 0) AS desk_paid,
        coalesce(sum(CASE 'elsewhere' WHEN debit_kind THEN amount_cents WHEN credit_kind THEN -amount_cents END), 0) AS elsewhere_paid,
        coalesce(sum(CASE WHEN debit_kind IN ('clearing', 'forwarded', 'deposit', 'refund_payable') THEN amount_cents
                WHEN credit_kind IN ('clearing', 'forwarded', 'deposit', 'refund_payable', 'dispute_hold')
                    THEN -amount_cents END), 0)
            + coalesce(sum(amount_cents) FILTER (WHERE debit_kind = 'credit' AND debit_ref <> subject_id), 0)
            - coalesce(sum(amount_cents) FILTER (WHERE credit_kind = 'credit' AND credit_ref <> subject_id), 0) AS paid_here
    FROM ledger_transfer
    WHERE account_id = %(account_id)s AND subject_id = %(bill_id)s AND phase IN ('posted', 'post')
), lent AS (
    -- What this bill was credited beyond its need and was put on others: looked for only where credit of it was used.
    SELECT coalesce(sum(CASE 'credit' WHEN t.debit_kind THEN t.amount_cents ELSE -t.amount_cents END), 0) AS cents
    FROM ledger_balance c JOIN ledger_transfer t ON t.account_id = c.account_id AND t.subject_id <> c.ref
        AND t.phase = 'posted' AND (t.debit_kind = 'credit' AND t.debit_ref = c.ref
            OR t.credit_kind = 'credit' AND t.credit_ref = c.ref)
    WHERE c.account_id = %(account_id)s AND c.kind = 'credit' AND c.ref = %(bill_id)s AND c.debits_posted > 0
), held AS (
    SELECT coalesce(sum(debits_posted - credits_posted) FILTER (WHERE kind = 'receivable'), 0) AS open,
        coalesce(sum(credits_pending) FILTER (WHERE kind = 'receivable'), 0) AS pending,
        coalesce(sum(credits_posted - debits_posted) FILTER (WHERE kind = 'credit'), 0) AS credit
    FROM ledger_balance WHERE account_id = %(account_id)s AND ref = %(bill_id)s
)
SELECT jsonb_build_object(
    'account_id', b.account_id, 'bill_id', b.id, 'region', b.region, 'number', b.number, 'pay_code', b.pay_code,
    'kind', b.kind, 'payee', b.payee, 'provider_name', b.provider_name, 'service_from', b.service_from,
    'service_to', b.service_to, 'issue_date', b.issue_date, 'due_date', b.due_date, 'version', b.version,
    'currency', b.currency, 'private', b.private, 'changed_at', b.changed_at, 'language', b.language,
    'guarantor_first', b.payer_first, 'guarantor_last', b.payer_last,
    'patient_first', b.first_name, 'patient_last', b.last_name, 'account_number', b.account_number,
    'health_record_number', b.health_record_number, 'group_number', b.group_number, 'subgroup', b.subgroup,
    'bill_group', b.bill_group, 'zip', b.zip,
    'mail_to', jsonb_build_array(b.street, b.city || ', ' || b.state || ' ' || b.zip),
    'relation', b.relation, 'birth_date', b.birth_date, 'patient_mail', CASE WHEN b.private OR b.relation = 'child' THEN (
        SELECT jsonb_build_object('name', concat_ws(' ', l.first_name, l.last_name),
            'lines', jsonb_build_array(l.street, l.city || ', ' || l.state || ' ' || l.zip))
        FROM people_access x JOIN people_login l ON l.id = x.login_id
        WHERE x.account_id = b.account_id AND x.person_id = b.person_id AND x.level = 'own' AND x.ended_at IS NULL
            AND l.street <> '' AND NOT l.paperless ORDER BY x.given_at DESC, l.id LIMIT 1) END,
    'charged_cents', m.charged, 'discount_cents', m.discount, 'plan_paid_cents', m.plan_paid,
    'written_off_cents', m.written_off, 'desk_paid_cents', m.desk_paid, 'elsewhere_paid_cents', m.elsewhere_paid,
    'paid_here_cents', m.paid_here - e.cents, 'your_part_cents', m.charged - m.discount - m.plan_paid,
    'open_cents', h.open, 'pending_cents', h.pending, 'payable_cents', h.open - h.pending, 'credit_cents', h.credit,
    'lines', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('line_no', l.line_no, 'service_date', l.service_date,
            'code_system', l.code_system, 'code', l.code, 'text', l.text, 'units', trim_scale(l.units)::text,
            'charge_cents', l.charge_cents, 'discount_cents', l.discount_cents, 'plan_paid_cents', l.plan_paid_cents,
            'written_off_cents', l.written_off_cents, 'copay_cents', l.copay_cents,
            'deductible_cents', l.deductible_cents, 'coinsurance_cents', l.coinsurance_cents,
            'not_covered_cents', l.not_covered_cents) ORDER BY l.line_no), '[]')
        FROM billing_line l WHERE l.account_id = b.account_id AND l.bill_id = b.id),
    'changes', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('from_version', c.from_version, 'to_version', c.to_version,
            'at', c.recorded_at, 'deltas', c.deltas) ORDER BY c.id), '[]')
        FROM billing_change c WHERE c.account_id = b.account_id AND c.bill_id = b.id),
    'payments', (
        SELECT coalesce(jsonb_agg(x.entry ORDER BY x.day, x.entry->>'method'), '[]') FROM (
            SELECT o.paid_on AS day, jsonb_build_object('date', o.paid_on, 'kind',
                CASE o.method WHEN 'desk' THEN 'desk' ELSE 'elsewhere' END, 'method', o.method,
                'amount_cents', o.amount_cents) AS entry
            FROM billing_outside_payment o
            WHERE o.account_id = b.account_id AND o.bill_id = b.id AND o.amount_cents > 0
            UNION ALL
            SELECT t.business_date, jsonb_build_object('date', t.business_date, 'kind', t.kind, 'method', t.code,
                'amount_cents', sum(t.amount_cents))
            FROM (
                SELECT m.*, CASE WHEN m.code IN ('return', 'dispute_lost') THEN 'returned'
                    WHEN m.debit_kind = 'refund_payable' OR m.code = 'return_undone' THEN 'restored'
                    WHEN m.debit_kind = 'receivable' OR m.credit_kind IN ('clearing', 'forwarded', 'refund_payable')
                        THEN 'refund'
                    WHEN m.debit_kind = 'deposit' THEN 'deposit' ELSE 'here' END AS kind
                FROM ledger_transfer m
                WHERE m.account_id = b.account_id AND m.subject_id = b.id AND m.phase IN ('posted', 'post')
                    AND (m.debit_kind IN ('clearing', 'forwarded', 'deposit', 'refund_payable')
                         OR m.credit_kind IN ('clearing', 'forwarded', 'deposit', 'refund_payable', 'dispute_hold')
                         OR (m.debit_kind = 'credit' AND m.debit_ref <> m.subject_id)
                         OR (m.credit_kind = 'credit' AND m.credit_ref <> m.subject_id))
            ) AS t
            GROUP BY t.business_date, t.journal_id, t.code, t.kind
        ) AS x)
) AS figures
FROM bill b, moved m, lent e, held h
