-- A Synthea export becomes the rows of the documented CSV, in the staging tables. What means what: docs/operate/import.md.

-- A number made of a name: the first 60 bits of SHA-256 of `what:id`. The same wherever and whenever it is made.
CREATE OR REPLACE FUNCTION intake_made_number(p_what text, p_id text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ('x0' || substr(encode(sha256(convert_to(p_what || ':' || p_id, 'UTF8')), 'hex'), 1, 15))::bit(64)::bigint
$$;

-- So many digits of it.
CREATE OR REPLACE FUNCTION intake_made_digits(p_what text, p_id text, p_width int) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT lpad((intake_made_number(p_what, p_id) % (10 ^ p_width)::numeric::bigint)::text, p_width, '0')
$$;

-- Patients become an account and a person each. p: regions {slug: [zip prefixes]}.
CREATE OR REPLACE FUNCTION intake_map_patients(p jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_regions text[] := ARRAY(SELECT key FROM jsonb_object_keys(p->'regions') AS key ORDER BY key COLLATE "C");
BEGIN
    DROP TABLE IF EXISTS made_patient;
    CREATE TEMP TABLE made_patient AS
    SELECT r.row, r.id, v_regions[1 + intake_made_number('region', r.id) % cardinality(v_regions)] AS region,
        'F' || intake_made_digits('account', r.id, 8) AS account_number,
        intake_made_digits('health_record', r.id, 9) AS health_record_number,
        coalesce(c.payer_id, '') AS payer_id, coalesce(c.ownership, '') AS ownership, c.owner_name
    FROM raw_patient r LEFT JOIN (
        SELECT DISTINCT ON (patient_id) patient_id, payer_id, ownership, owner_name FROM raw_coverage
        ORDER BY patient_id, start DESC, row DESC
    ) AS c ON c.patient_id = r.id;
    INSERT INTO intake_stage_account (row, region, number, first_name, last_name, street, city, state, zip, language,
        group_number, subgroup, bill_group)
    SELECT r.row, m.region, m.account_number,
        CASE WHEN o.other THEN regexp_replace(m.owner_name, '\s*\S+$', '') ELSE r.first_name END,
        CASE WHEN o.other THEN substring(m.owner_name FROM '\S+$') ELSE r.last_name END,
        r.street, r.city, coalesce(p->'states'->>lower(r.state), ''),
        coalesce(r.zip, (p->'regions'->m.region->>(intake_made_number('zip', r.id)
                            % jsonb_array_length(p->'regions'->m.region))::int)
                        || intake_made_digits('zip', r.id, 2)),
        'en', intake_made_digits('group', m.payer_id, 6), intake_made_digits('subgroup', r.id, 3),
        chr(65 + (intake_made_number('bill_group', r.id) % 26)::int) || intake_made_digits('bill_group', r.id, 1)
    FROM raw_patient r JOIN made_patient m USING (row),
        LATERAL (SELECT m.ownership IN ('Guardian', 'Spouse') AND m.owner_name IS NOT NULL AS other) AS o;
    INSERT INTO intake_stage_person (row, region, account_number, health_record_number, first_name, last_name,
        birth_date, relation)
    SELECT r.row, m.region, m.account_number, m.health_record_number, r.first_name, r.last_name, r.birth_date,
        CASE WHEN m.owner_name IS NULL THEN 'self' WHEN m.ownership = 'Guardian' THEN 'child'
            WHEN m.ownership = 'Spouse' THEN 'spouse' ELSE 'self' END
    FROM raw_patient r JOIN made_patient m USING (row);
END $$;

-- Claims become bills. p: shift_days, version.
CREATE OR REPLACE FUNCTION intake_map_claims(p_delivery uuid, p jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_shift int := (p->>'shift_days')::int;
BEGIN
    DROP TABLE IF EXISTS made_bill;
    CREATE TEMP TABLE made_bill AS
    SELECT c.row, c.id, m.region, m.account_number, m.health_record_number, k.kind,
        CASE k.kind WHEN 'hospital' THEN 'H' WHEN 'pharmacy' THEN 'R' ELSE 'P' END
            || intake_made_digits('bill', c.id, 10) AS number
    FROM raw_claim c JOIN made_patient m ON m.id = c.patient_id
    LEFT JOIN (
        SELECT DISTINCT t.claim_id FROM raw_transaction t JOIN (SELECT DISTINCT code FROM raw_medication) AS d USING (code)
        WHERE t.type = 'CHARGE'
    ) AS pharmacy ON pharmacy.claim_id = c.id,
        LATERAL (SELECT CASE WHEN pharmacy.claim_id IS NOT NULL THEN 'pharmacy' WHEN c.type_id = '2' THEN 'hospital'
                 ELSE 'professional' END AS kind) AS k;
    CREATE INDEX ON made_bill (id);
    ANALYZE made_bill;
    INSERT INTO intake_stage_bill (row, region, account_number, number, version, kind, health_record_number,
        provider_name, service_from, service_to, issue_date, pay_code, currency)
    SELECT c.row, b.region, b.account_number, b.number, (p->>'version')::bigint, b.kind, b.health_record_number,
        coalesce(CASE b.kind WHEN 'professional' THEN coalesce(v.name, o.name) ELSE coalesce(o.name, v.name) END,
                 'Care provider'),
        coalesce(e.start, c.service_date) + v_shift,
        greatest(e.stop, e.start, c.service_date) + v_shift,
        coalesce(c.billed_on, c.service_date) + v_shift,
        core_pay_code(intake_made_number('pay_code', c.id)), 'USD'
    FROM raw_claim c JOIN made_bill b USING (row)
    LEFT JOIN raw_encounter e ON e.id = c.encounter_id
    LEFT JOIN raw_organization o ON o.id = e.organization_id
    LEFT JOIN raw_provider v ON v.id = coalesce(c.provider_id, e.provider_id);
    INSERT INTO intake_stage_flaw (region, bill_number, row)
    SELECT b.region, b.number, f.row FROM intake_stage_flaw f JOIN made_bill b ON b.id = f.bill_number
    WHERE f.region = '';
    INSERT INTO intake_refused (delivery_id, file, row, field, reason, table_name, value)
    SELECT p_delivery, intake_file(p->'files', c.row), c.row % 10000000000, 'patientid', 'unknown_patient', 'claims',
        c.patient_id
    FROM raw_claim c WHERE NOT EXISTS (SELECT 1 FROM made_patient m WHERE m.id = c.patient_id) ON CONFLICT DO NOTHING;
    INSERT INTO intake_refused (delivery_id, file, row, field, reason, table_name, value)
    SELECT p_delivery, intake_file(p->'files', t.row), t.row % 10000000000, 'claimid', 'unknown_claim',
        'claims_transactions', t.claim_id
    FROM raw_transaction t WHERE NOT EXISTS (SELECT 1 FROM made_bill b WHERE b.id = t.claim_id) ON CONFLICT DO NOTHING;
END $$;

-- Transactions become lines and payments. A transaction belongs to the charge before it in its claim.
CREATE OR REPLACE FUNCTION intake_map_transactions(p jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_shift int := (p->>'shift_days')::int;
BEGIN
    INSERT INTO intake_stage_line (row, region, bill_number, line_no, service_date, code_system, code, text, units,
        charge_cents, discount_cents, plan_paid_cents, copay_cents, deductible_cents, coinsurance_cents,
        not_covered_cents, written_off_cents)
    WITH placed AS (
        SELECT t.*, greatest(1, count(*) FILTER (WHERE type = 'CHARGE')
            OVER (PARTITION BY claim_id ORDER BY place, row)) AS line_no
        FROM raw_transaction t
    ), paid AS (
        SELECT claim_id, line_no, sum(adjustment_cents) FILTER (WHERE type = 'ADJUSTMENT') AS discount,
            sum(payment_cents) FILTER (WHERE type = 'PAYMENT' AND method = 'ECHECK') AS plan,
            sum(payment_cents) FILTER (WHERE type = 'PAYMENT' AND method = 'COPAY') AS copay,
            sum(amount_cents) FILTER (WHERE type = 'TRANSFERIN' AND transfer_type = 'p') AS patient
        FROM placed GROUP BY 1, 2
    )
    SELECT c.row, b.region, b.number, c.line_no, c.on_date + v_shift,
        CASE WHEN c.code IS NULL THEN NULL WHEN b.kind = 'pharmacy' THEN 'RxNorm' WHEN length(c.code) <= 3 THEN 'CVX'
            ELSE 'SNOMED CT' END,
        c.code, coalesce(c.notes, c.code, 'Service'), round(coalesce(c.units, 1), 3), coalesce(c.amount_cents, 0),
        coalesce(s.discount, 0), coalesce(s.plan, 0), coalesce(s.copay, 0), 0,
        CASE WHEN s.plan > 0 THEN coalesce(s.patient, 0) ELSE 0 END,
        CASE WHEN s.plan > 0 THEN 0 ELSE coalesce(s.patient, 0) END
            + CASE WHEN c.transfer_type = 'p' THEN coalesce(c.amount_cents, 0) ELSE 0 END,
        0
    FROM placed c JOIN made_bill b ON b.id = c.claim_id
    JOIN paid s ON s.claim_id = c.claim_id AND s.line_no = c.line_no
    WHERE c.type = 'CHARGE';
    INSERT INTO intake_stage_payment (row, region, bill_number, number, version, paid_on, amount_cents, method)
    SELECT t.row, b.region, b.number,
        CASE t.method WHEN 'COPAY' THEN 'D' ELSE 'P' END
            || row_number() OVER (PARTITION BY t.claim_id, t.method = 'COPAY' ORDER BY t.place, t.row),
        (p->>'version')::bigint, t.on_date + v_shift, t.payment_cents,
        CASE t.method WHEN 'COPAY' THEN 'desk' WHEN 'CASH' THEN 'cash' WHEN 'CHECK' THEN 'check' WHEN 'CC' THEN 'card'
            ELSE 'other' END
    FROM raw_transaction t JOIN made_bill b ON b.id = t.claim_id
    WHERE t.type = 'PAYMENT' AND t.payment_cents > 0
        AND (t.method = 'COPAY' OR ((p->>'patient_payments')::boolean AND t.method IS DISTINCT FROM 'ECHECK'));
END $$;
