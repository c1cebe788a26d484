-- What became of one set: rows sent back with a reason, counts, figures. Written in the transaction that applied it.

-- Rows that billing sent back. The lines of a bill go back with it.
CREATE OR REPLACE FUNCTION intake_note_refused(p jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO intake_refused (delivery_id, file, row, field, reason, table_name, value)
    SELECT (p->>'delivery')::uuid, intake_file(p->'files', r.row), r.row % 10000000000, r.field, r.problem, r.stage,
        r.value
    FROM (
        SELECT row, 'account_number' AS field, problem, 'accounts' AS stage, number AS value FROM feed_account
        WHERE problem IS NOT NULL
        UNION ALL
        SELECT row, CASE problem WHEN 'number_taken' THEN 'health_record_number' ELSE 'account_number' END, problem,
            'people', CASE problem WHEN 'number_taken' THEN health_record_number ELSE account_number END
        FROM feed_person WHERE problem IS NOT NULL
        UNION ALL
        SELECT row,
            CASE problem WHEN 'unknown_account' THEN 'account_number' WHEN 'unknown_person' THEN 'health_record_number'
                WHEN 'number_taken' THEN 'bill_number' ELSE 'version' END,
            problem, 'bills',
            CASE problem WHEN 'unknown_account' THEN account_number WHEN 'unknown_person' THEN health_record_number
                WHEN 'number_taken' THEN number ELSE version::text END
        FROM feed_bill WHERE problem IS NOT NULL
        UNION ALL
        SELECT l.row, '', 'bill_refused', 'lines', l.bill_number
        FROM feed_line l JOIN feed_bill b ON b.region = l.region AND b.number = l.bill_number
        WHERE b.problem IS NOT NULL
        UNION ALL
        SELECT row, CASE problem WHEN 'unknown_bill' THEN 'bill_number' ELSE 'version' END, problem, 'payments',
            CASE problem WHEN 'unknown_bill' THEN bill_number ELSE version::text END
        FROM feed_payment WHERE problem IS NOT NULL
    ) AS r ON CONFLICT DO NOTHING
$$;

-- What stands in the bills of the set that are as this delivery has them, in cents; what is open and in credit now.
CREATE OR REPLACE FUNCTION intake_figures() RETURNS jsonb LANGUAGE sql AS $$
    WITH bills AS (
        SELECT account_id, bill_id, region, number, kind FROM feed_bill WHERE outcome IN ('new', 'newer', 'same')
    ), lines AS (
        SELECT count(*) AS lines, sum(charge_cents) AS charged, sum(plan_paid_cents) AS insurance,
            sum(discount_cents + written_off_cents) AS adjusted,
            sum(copay_cents + deductible_cents + coinsurance_cents + not_covered_cents) AS patient,
            count(*) FILTER (WHERE copay_cents + deductible_cents + coinsurance_cents + not_covered_cents
                > charge_cents - discount_cents - plan_paid_cents) AS above
        FROM bills b JOIN feed_line l ON l.region = b.region AND l.bill_number = b.number
    ), payments AS (
        SELECT count(*) AS payments, sum(amount_cents) AS paid,
            sum(amount_cents) FILTER (WHERE method = 'desk') AS desk
        FROM feed_payment WHERE outcome IN ('new', 'newer', 'same')
    ), stands AS (
        SELECT count(*) FILTER (WHERE open > 0) AS open_bills, sum(open) AS open,
            count(*) FILTER (WHERE credit > 0) AS credit_bills, sum(credit) AS credit
        FROM (
            SELECT sum(o.debits_posted - o.credits_posted) FILTER (WHERE o.kind = 'receivable') AS open,
                sum(o.credits_posted - o.debits_posted) FILTER (WHERE o.kind = 'credit') AS credit
            FROM bills b JOIN ledger_balance o ON o.account_id = b.account_id AND o.ref = b.bill_id
                AND o.kind IN ('receivable', 'credit')
            GROUP BY b.account_id, b.bill_id
        ) AS each
    )
    SELECT jsonb_build_object(
        'bills', (SELECT count(*) FROM bills),
        'hospital', (SELECT count(*) FROM bills WHERE kind = 'hospital'),
        'professional', (SELECT count(*) FROM bills WHERE kind = 'professional'),
        'pharmacy', (SELECT count(*) FROM bills WHERE kind = 'pharmacy'),
        'lines', l.lines, 'charged_cents', coalesce(l.charged, 0), 'insurance_paid_cents', coalesce(l.insurance, 0),
        'adjusted_cents', coalesce(l.adjusted, 0), 'patient_cents', coalesce(l.patient, 0),
        'parts_above_lines', l.above,
        'payments', p.payments, 'payments_cents', coalesce(p.paid, 0), 'desk_paid_cents', coalesce(p.desk, 0),
        'open_bills', s.open_bills, 'open_cents', coalesce(s.open, 0),
        'credit_bills', s.credit_bills, 'credit_cents', coalesce(s.credit, 0))
    FROM lines l, payments p, stands s
$$;

-- Rows of the set by table and outcome: applied, unchanged, older. p_filled is what the filling function answered.
CREATE OR REPLACE FUNCTION intake_counts(p_stage text, p_filled jsonb) RETURNS jsonb LANGUAGE sql AS $$
    WITH outcomes AS (
        SELECT 'accounts' AS stage, 'applied' AS outcome, count(*) AS n FROM feed_account WHERE problem IS NULL
        UNION ALL SELECT 'people', 'applied', count(*) FROM feed_person WHERE problem IS NULL
        UNION ALL SELECT p_stage, 'unchanged', (p_filled->>'unchanged')::bigint WHERE p_filled ? 'unchanged'
        UNION ALL SELECT 'lines', 'unchanged', (p_filled->>'repeated_lines')::bigint WHERE p_filled ? 'repeated_lines'
        UNION ALL SELECT 'bills', outcome, count(*) FROM feed_bill WHERE outcome IS NOT NULL GROUP BY 2
        UNION ALL SELECT 'lines', b.outcome, count(*)
            FROM feed_line l JOIN feed_bill b ON b.region = l.region AND b.number = l.bill_number
            WHERE b.outcome IS NOT NULL GROUP BY 2
        UNION ALL SELECT 'payments', outcome, count(*) FROM feed_payment WHERE outcome IS NOT NULL GROUP BY 2
    ), named AS (
        SELECT stage, CASE outcome WHEN 'new' THEN 'applied' WHEN 'newer' THEN 'applied' WHEN 'same' THEN 'unchanged'
            ELSE outcome END AS outcome, sum(n)::bigint AS n
        FROM outcomes GROUP BY 1, 2
    )
    SELECT coalesce(jsonb_object_agg(stage, by_outcome), '{}')
    FROM (SELECT stage, jsonb_object_agg(outcome, n) AS by_outcome FROM named WHERE n > 0 GROUP BY 1) AS tables
$$;

-- Note a set as done: {tables: {table: {outcome: rows}}, figures, lines: how many staged lines it took}.
CREATE OR REPLACE FUNCTION intake_note_set(p_stage text, p_set int, p_filled jsonb, p jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_counts jsonb;
BEGIN
    PERFORM intake_note_refused(p);
    v_counts := jsonb_build_object('tables', intake_counts(p_stage, p_filled), 'figures', intake_figures(),
        'lines', (SELECT count(*) FROM feed_line) + coalesce((p_filled->>'repeated_lines')::bigint, 0)
            + coalesce((p_filled->>'refused_lines')::bigint, 0));
    INSERT INTO intake_set (delivery_id, stage, number, counts, recorded_at)
    VALUES ((p->>'delivery')::uuid, p_stage, p_set, v_counts, (p->>'now')::timestamptz);
    RETURN v_counts;
END $$;
