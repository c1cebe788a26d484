-- One set of a staged delivery: into the feed tables of billing, and afterwards what became of it.

-- p: delivery, files, payees {region: {kind: payee}}, inner, outer (hex). Rows that say what is known already are not
-- handed on. Answers how many of those there were.
CREATE OR REPLACE FUNCTION intake_fill_accounts(p_set int, p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_same bigint;
BEGIN
    INSERT INTO feed_account (row, region, number, first_name, last_name, last_norm, street, city, state, zip, email,
        phone, language, group_number, subgroup, bill_group)
    SELECT s.row, s.region, s.number, coalesce(s.first_name, ''), s.last_name, s.last_norm, coalesce(s.street, ''),
        coalesce(s.city, ''), coalesce(s.state, ''), s.zip, coalesce(s.email, ''), coalesce(s.phone, ''),
        coalesce(s.language, 'en'), coalesce(s.group_number, ''), coalesce(s.subgroup, ''), coalesce(s.bill_group, '')
    FROM intake_turn t JOIN intake_stage_account s ON s.row = t.row
    WHERE t.stage = 'accounts' AND t.set_no = p_set;
    UPDATE feed_account SET blind = core_blind(decode(p->>'inner', 'hex'), decode(p->>'outer', 'hex'),
                                               concat_ws(E'\x1f', region, 'account_number', number));
    DELETE FROM feed_account f USING billing_lookup_key k, people_account a
    WHERE k.region = f.region AND k.kind = 'account_number' AND k.blind = f.blind AND a.account_id = k.account_id
        AND (a.first_name, a.last_name, a.last_norm, a.street, a.city, a.state, a.zip, a.email, a.phone, a.language,
             a.group_number, a.subgroup, a.bill_group)
            = (f.first_name, f.last_name, f.last_norm, f.street, f.city, f.state, f.zip, f.email, f.phone, f.language,
               f.group_number, f.subgroup, f.bill_group);
    GET DIAGNOSTICS v_same = ROW_COUNT;
    RETURN jsonb_build_object('unchanged', v_same);
END $$;

CREATE OR REPLACE FUNCTION intake_fill_people(p_set int, p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_same bigint;
BEGIN
    INSERT INTO feed_person (row, region, account_number, health_record_number, first_name, last_name, last_norm,
        birth_date, relation)
    SELECT s.row, s.region, s.account_number, s.health_record_number, s.first_name, s.last_name, s.last_norm,
        s.birth_date, s.relation
    FROM intake_turn t JOIN intake_stage_person s ON s.row = t.row
    WHERE t.stage = 'people' AND t.set_no = p_set;
    UPDATE feed_person SET blind = core_blind(decode(p->>'inner', 'hex'), decode(p->>'outer', 'hex'),
        concat_ws(E'\x1f', region, 'health_record_number', health_record_number));
    DELETE FROM feed_person f USING billing_lookup_key k, people_person o, people_account a
    WHERE k.region = f.region AND k.kind = 'health_record_number' AND k.blind = f.blind
        AND o.account_id = k.account_id AND o.id = k.ref AND a.account_id = k.account_id
        AND a.number = f.account_number
        AND (o.first_name, o.last_name, o.last_norm, o.relation)
            = (f.first_name, f.last_name, f.last_norm, f.relation)
        AND o.birth_date IS NOT DISTINCT FROM f.birth_date;
    GET DIAGNOSTICS v_same = ROW_COUNT;
    RETURN jsonb_build_object('unchanged', v_same);
END $$;

CREATE OR REPLACE FUNCTION intake_fill_bills(p_set int, p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_again bigint := 0;
BEGIN
    INSERT INTO feed_bill (row, region, account_number, number, pay_code, kind, payee, health_record_number,
        provider_name, service_from, service_to, issue_date, due_date, currency, version, private)
    SELECT s.row, s.region, s.account_number, s.number, s.pay_code, s.kind,
        coalesce(s.payee, p->'payees'->s.region->>s.kind), s.health_record_number, s.provider_name, s.service_from,
        s.service_to, s.issue_date, coalesce(s.due_date, d.due_date), s.currency, s.version,
        coalesce(s.private, false)
    FROM intake_turn t JOIN intake_stage_bill s ON s.row = t.row
    LEFT JOIN intake_stage_due d ON s.due_date IS NULL AND d.region = s.region AND d.kind = s.kind
        AND d.issue_date = s.issue_date
    WHERE t.stage = 'bills' AND t.set_no = p_set;
    PERFORM intake_fetch_lines(p_set);
    INSERT INTO feed_payment (row, region, bill_number, number, version, paid_on, amount_cents, method)
    SELECT s.row, s.region, s.bill_number, s.number, s.version, s.paid_on, s.amount_cents, s.method
    FROM intake_turn t JOIN intake_stage_payment s ON s.row = t.row
    WHERE t.stage = 'bill_payments' AND t.set_no = p_set;
    IF EXISTS (SELECT 1 FROM feed_line GROUP BY region, bill_number, line_no HAVING count(*) > 1) THEN
        DELETE FROM feed_line l USING (
            SELECT region, bill_number, line_no, min(row) AS first FROM feed_line GROUP BY 1, 2, 3
            HAVING count(*) > 1 AND count(DISTINCT to_jsonb(feed_line) - 'row') = 1
        ) AS again
        WHERE l.region = again.region AND l.bill_number = again.bill_number AND l.line_no = again.line_no
            AND l.row > again.first;
        GET DIAGNOSTICS v_again = ROW_COUNT;
    END IF;
    RETURN jsonb_build_object('repeated_lines', v_again, 'refused_lines', intake_weed_set(p, p_set));
END $$;

-- Lines are fetched through their index: a plan that reads all of them for every set would grow with the square.
CREATE OR REPLACE FUNCTION intake_fetch_lines(p_set int) RETURNS void LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    INSERT INTO feed_line (row, region, bill_number, line_no, service_date, code_system, code, text, units, charge_cents,
        discount_cents, plan_paid_cents, written_off_cents, copay_cents, deductible_cents, coinsurance_cents,
        not_covered_cents)
    SELECT l.row, l.region, l.bill_number, l.line_no, l.service_date, coalesce(l.code_system, ''), coalesce(l.code, ''),
        l.text, l.units, l.charge_cents, l.discount_cents, l.plan_paid_cents, l.written_off_cents, l.copay_cents,
        l.deductible_cents, l.coinsurance_cents, l.not_covered_cents
    FROM intake_turn t JOIN intake_stage_bill s ON s.row = t.row
    JOIN intake_stage_line l ON l.region = s.region AND l.bill_number = s.number
    WHERE t.stage = 'bills' AND t.set_no = p_set;
END $$;

-- Bills of the set that cannot go in; they leave the feed tables with their lines. Answers how many lines left.
CREATE OR REPLACE FUNCTION intake_weed_set(p jsonb, p_set int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_count bigint := 0;
BEGIN
    WITH lines AS (
        SELECT region, bill_number, count(*) AS n, count(DISTINCT line_no) AS numbers,
            bool_or(discount_cents + written_off_cents > charge_cents) AS above
        FROM feed_line GROUP BY 1, 2
    ), counted AS (
        SELECT s.region, s.number, s.line_count FROM intake_turn t JOIN intake_stage_bill s ON s.row = t.row
        WHERE t.stage = 'bills' AND t.set_no = p_set AND s.line_count IS NOT NULL
    )
    UPDATE feed_bill b SET problem = CASE
            WHEN l.n IS NULL THEN 'no_lines'
            WHEN l.n > l.numbers OR l.above THEN 'line_refused'
            WHEN c.line_count <> l.n THEN 'line_count_differs' END
    FROM feed_bill x
    LEFT JOIN lines l ON l.region = x.region AND l.bill_number = x.number
    LEFT JOIN counted c ON c.region = x.region AND c.number = x.number
    WHERE x.row = b.row AND (l.n IS NULL OR l.n > l.numbers OR l.above OR c.line_count <> l.n);
    PERFORM intake_check_pay_codes(p);
    IF NOT EXISTS (SELECT 1 FROM feed_bill WHERE problem IS NOT NULL) THEN
        RETURN 0;
    END IF;
    INSERT INTO intake_refused (delivery_id, file, row, field, reason, table_name, value)
    SELECT (p->>'delivery')::uuid, intake_file(p->'files', l.row), l.row % 10000000000,
        CASE WHEN l.discount_cents + l.written_off_cents > l.charge_cents THEN 'discount' ELSE '' END,
        CASE WHEN l.discount_cents + l.written_off_cents > l.charge_cents THEN 'above_charge'
            WHEN count(*) OVER (PARTITION BY l.region, l.bill_number, l.line_no) > 1 THEN 'duplicate_in_file'
            ELSE 'bill_refused' END,
        'lines', l.bill_number
    FROM feed_line l JOIN feed_bill b ON b.region = l.region AND b.number = l.bill_number
    WHERE b.problem IS NOT NULL ON CONFLICT DO NOTHING;
    INSERT INTO intake_refused (delivery_id, file, row, field, reason, table_name, value)
    SELECT (p->>'delivery')::uuid, intake_file(p->'files', row), row % 10000000000,
        CASE WHEN problem LIKE 'pay_code%' THEN 'pay_code' ELSE '' END, problem, 'bills', number
    FROM feed_bill WHERE problem IS NOT NULL ON CONFLICT DO NOTHING;
    DELETE FROM feed_line l USING feed_bill b
    WHERE b.problem IS NOT NULL AND b.region = l.region AND b.number = l.bill_number;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    DELETE FROM feed_bill WHERE problem IS NOT NULL;
    RETURN v_count;
END $$;

-- A pay code that a feed brings must be the bill's own, and nobody else's.
CREATE OR REPLACE FUNCTION intake_check_pay_codes(p jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_inner bytea := decode(p->>'inner', 'hex');
    v_outer bytea := decode(p->>'outer', 'hex');
BEGIN
    IF NOT EXISTS (SELECT 1 FROM feed_bill WHERE pay_code IS NOT NULL) THEN
        RETURN;
    END IF;
    UPDATE feed_bill f SET problem = CASE WHEN b.pay_code IS NULL THEN 'pay_code_taken' ELSE 'pay_code_differs' END
    FROM feed_bill x
    LEFT JOIN billing_lookup_key n ON n.region = x.region AND n.kind = 'bill_number'
        AND n.blind = core_blind(v_inner, v_outer, concat_ws(E'\x1f', x.region, 'bill_number', x.number))
    LEFT JOIN billing_bill b ON b.account_id = n.account_id AND b.id = n.ref
    LEFT JOIN billing_lookup_key c ON c.region = x.region AND c.kind = 'pay_code'
        AND c.blind = core_blind(v_inner, v_outer, concat_ws(E'\x1f', x.region, 'pay_code', x.pay_code))
    WHERE x.row = f.row AND x.problem IS NULL AND x.pay_code IS NOT NULL
        AND (b.pay_code <> x.pay_code OR (b.pay_code IS NULL AND c.ref IS NOT NULL));
END $$;

-- Payments of bills that are not in this delivery.
CREATE OR REPLACE FUNCTION intake_fill_payments(p_set int, p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO feed_payment (row, region, bill_number, number, version, paid_on, amount_cents, method)
    SELECT s.row, s.region, s.bill_number, s.number, s.version, s.paid_on, s.amount_cents, s.method
    FROM intake_turn t JOIN intake_stage_payment s ON s.row = t.row
    WHERE t.stage = 'payments' AND t.set_no = p_set;
    RETURN '{}';
END $$;
