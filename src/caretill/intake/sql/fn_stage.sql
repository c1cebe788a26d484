-- Staging of one delivery: emptied, indexed, and planned into sets.

-- These two run as the owner, who alone may truncate and index.
CREATE OR REPLACE FUNCTION intake_clear() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DROP INDEX IF EXISTS intake_stage_line_bill;
    DROP INDEX IF EXISTS intake_stage_payment_bill;
    DROP INDEX IF EXISTS intake_stage_bill_number;
    TRUNCATE intake_stage_account, intake_stage_person, intake_stage_bill, intake_stage_line, intake_stage_payment,
        intake_stage_flaw, intake_stage_due, intake_turn;
END $$;

CREATE OR REPLACE FUNCTION intake_index() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    CREATE INDEX IF NOT EXISTS intake_stage_bill_number ON intake_stage_bill (region, number);
    CREATE INDEX IF NOT EXISTS intake_stage_line_bill ON intake_stage_line (region, bill_number);
    CREATE INDEX IF NOT EXISTS intake_stage_payment_bill ON intake_stage_payment (region, bill_number);
    ANALYZE intake_stage_account, intake_stage_person, intake_stage_bill, intake_stage_line, intake_stage_payment,
        intake_stage_flaw;
END $$;

-- The name of the file a staged row came from.
CREATE OR REPLACE FUNCTION intake_file(p_files jsonb, p_row bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT p_files ->> (p_row / 10000000000)::int
$$;

-- Rows of one table whose key stands more than once: the same row again is left out, other figures refuse them all.
CREATE OR REPLACE FUNCTION intake_twice(p_delivery uuid, p_files jsonb, p_stage text, p_table text, p_key text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format($q$
        WITH twice AS (SELECT %1$s FROM %2$I GROUP BY %1$s HAVING count(*) > 1),
        judged AS (
            SELECT %1$s, min(row) AS first, count(DISTINCT to_jsonb(s) - 'row') AS forms
            FROM %2$I s JOIN twice USING (%1$s) GROUP BY %1$s
        ), left_out AS (
            SELECT s.row, j.forms FROM %2$I s JOIN judged j USING (%1$s) WHERE j.forms > 1 OR s.row > j.first
        ), refused AS (
            INSERT INTO intake_refused (delivery_id, file, row, field, reason, table_name, value)
            SELECT $1, intake_file($2, row), row %% 10000000000, '', 'duplicate_in_file', $3, ''
            FROM left_out WHERE forms > 1 ON CONFLICT DO NOTHING
        )
        INSERT INTO intake_turn (stage, set_no, row)
        SELECT $3, CASE WHEN forms > 1 THEN -1 ELSE -2 END, row FROM left_out
    $q$, p_key, p_table) USING p_delivery, p_files, p_stage;
END $$;

-- Bills that cannot go in as they stand in the files.
CREATE OR REPLACE FUNCTION intake_weed_bills(p_delivery uuid, p_files jsonb) RETURNS void LANGUAGE sql AS $$
    WITH codes AS (
        SELECT region, pay_code FROM intake_stage_bill b WHERE pay_code IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM intake_turn t WHERE t.stage = 'bills' AND t.set_no < 0 AND t.row = b.row)
        GROUP BY 1, 2 HAVING count(*) > 1
    ), faults AS (
        SELECT row, 'service_to' AS field, 'before_service_from' AS reason, service_to::text AS value
        FROM intake_stage_bill WHERE service_to < service_from
        UNION ALL
        SELECT row, 'due_date', 'before_issue_date', due_date::text FROM intake_stage_bill WHERE due_date < issue_date
        UNION ALL
        SELECT row, 'pay_code', 'pay_code_taken', pay_code FROM intake_stage_bill JOIN codes USING (region, pay_code)
        UNION ALL
        SELECT b.row, '', 'line_refused', 'line ' || min(f.row % 10000000000)
        FROM intake_stage_flaw f JOIN intake_stage_bill b ON b.region = f.region AND b.number = f.bill_number
        GROUP BY b.row
    ), refused AS (
        INSERT INTO intake_refused (delivery_id, file, row, field, reason, table_name, value)
        SELECT p_delivery, intake_file(p_files, row), row % 10000000000, field, reason, 'bills', value FROM faults
        ON CONFLICT DO NOTHING
    )
    INSERT INTO intake_turn (stage, set_no, row) SELECT DISTINCT 'bills', -1, row FROM faults
$$;

-- Cut what is staged into sets, in the order of accounts. The same files give the same sets, so a delivery that was
-- stopped goes on where it stood. Answers {sets: {stage: how many}, repeated: {stage: rows}, print: of the sets}.
CREATE OR REPLACE FUNCTION intake_plan(p_delivery uuid, p_files jsonb, p_size int) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM intake_twice(p_delivery, p_files, 'accounts', 'intake_stage_account', 'region, number');
    PERFORM intake_twice(p_delivery, p_files, 'people', 'intake_stage_person', 'region, health_record_number');
    PERFORM intake_twice(p_delivery, p_files, 'bills', 'intake_stage_bill', 'region, number');
    PERFORM intake_twice(p_delivery, p_files, 'payments', 'intake_stage_payment', 'region, bill_number, number');
    PERFORM intake_weed_bills(p_delivery, p_files);
    INSERT INTO intake_turn (stage, set_no, row)
    SELECT 'accounts', (row_number() OVER (ORDER BY region, number) - 1) / p_size, row FROM intake_stage_account s
    WHERE NOT EXISTS (SELECT 1 FROM intake_turn t WHERE t.stage = 'accounts' AND t.set_no < 0 AND t.row = s.row);
    INSERT INTO intake_turn (stage, set_no, row)
    SELECT 'people', (row_number() OVER (ORDER BY region, account_number, health_record_number) - 1) / p_size, row
    FROM intake_stage_person s
    WHERE NOT EXISTS (SELECT 1 FROM intake_turn t WHERE t.stage = 'people' AND t.set_no < 0 AND t.row = s.row);
    INSERT INTO intake_turn (stage, set_no, row)
    SELECT 'bills', (row_number() OVER (ORDER BY region, account_number, number) - 1) / p_size, row
    FROM intake_stage_bill s
    WHERE NOT EXISTS (SELECT 1 FROM intake_turn t WHERE t.stage = 'bills' AND t.set_no < 0 AND t.row = s.row);
    ANALYZE intake_turn;
    INSERT INTO intake_turn (stage, set_no, row)
    SELECT CASE WHEN b.row IS NULL THEN 'payments' ELSE 'bill_payments' END,
        coalesce(b.set_no,
            (row_number() OVER (PARTITION BY b.row IS NULL ORDER BY s.region, s.bill_number, s.number) - 1) / p_size),
        s.row
    FROM intake_stage_payment s LEFT JOIN (
        SELECT x.region, x.number, t.set_no, t.row FROM intake_stage_bill x JOIN intake_turn t USING (row)
        WHERE t.stage = 'bills' AND t.set_no >= 0
    ) AS b ON b.region = s.region AND b.number = s.bill_number
    WHERE NOT EXISTS (SELECT 1 FROM intake_turn t WHERE t.stage = 'payments' AND t.set_no < 0 AND t.row = s.row);
    RETURN (
        SELECT jsonb_build_object(
            'sets', coalesce((SELECT jsonb_object_agg(stage, n) FROM (SELECT stage, max(set_no) + 1 AS n FROM intake_turn
                WHERE set_no >= 0 GROUP BY 1) AS m), '{}'),
            'repeated', coalesce((SELECT jsonb_object_agg(stage, n) FROM (SELECT stage, count(*) AS n FROM intake_turn
                WHERE set_no = -2 GROUP BY 1) AS r), '{}'),
            'print', (SELECT md5(concat(count(*), ' ', sum(hashtextextended(stage, row * 1000003 + set_no))))
                FROM intake_turn)));
END $$;

-- At the end: lines that no set took. Their bill was refused, or is not in this delivery at all.
CREATE OR REPLACE FUNCTION intake_refuse_orphans(p_delivery uuid, p_files jsonb) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_count bigint;
BEGIN
    INSERT INTO intake_refused (delivery_id, file, row, field, reason, table_name, value)
    SELECT p_delivery, intake_file(p_files, l.row), l.row % 10000000000, '',
        CASE WHEN EXISTS (SELECT 1 FROM intake_stage_bill b WHERE b.region = l.region AND b.number = l.bill_number)
                OR EXISTS (SELECT 1 FROM intake_stage_flaw f
                           WHERE f.region = l.region AND f.bill_number = l.bill_number)
            THEN 'bill_refused' ELSE 'bill_not_in_delivery' END,
        'lines', l.bill_number
    FROM intake_stage_line l
    WHERE NOT EXISTS (
        SELECT 1 FROM intake_stage_bill b JOIN intake_turn t ON t.stage = 'bills' AND t.set_no >= 0 AND t.row = b.row
        WHERE b.region = l.region AND b.number = l.bill_number)
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END $$;
