-- One set of a feed becomes accounts, people, bills, lines and transfers. The caller filled the feed_* tables
-- (feed_tables.sql) in this transaction and commits it; problems are left in them with their reason.

-- Whose number is it? Every number is claimed in billing_lookup_key first; one that another account holds is a problem.
CREATE OR REPLACE FUNCTION billing_resolve_feed(p_inner bytea, p_outer bytea, p_now timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_half bytea := substring(uuid_send(core_uuid7(p_now)) FROM 1 FOR 8);
    v_from bigint := (-9223372036854775808) + core_chance();
BEGIN
    UPDATE feed_account SET blind = core_blind(p_inner, p_outer, concat_ws(E'\x1f', region, 'account_number', number));
    INSERT INTO billing_lookup_key (region, kind, blind, account_id, ref)
    SELECT region, 'account_number', blind, id, id
    FROM (SELECT region, blind, core_uuid7(p_now) AS id FROM feed_account ORDER BY region, blind OFFSET 0) AS f
    ON CONFLICT DO NOTHING;
    UPDATE feed_account f SET account_id = k.account_id FROM billing_lookup_key k
    WHERE k.region = f.region AND k.kind = 'account_number' AND k.blind = f.blind;

    UPDATE feed_person f SET
        blind = core_blind(p_inner, p_outer, concat_ws(E'\x1f', f.region, 'health_record_number', f.health_record_number)),
        account_id = a.account_id
    FROM (
        SELECT p.row, k.account_id FROM feed_person p LEFT JOIN billing_lookup_key k
        ON k.region = p.region AND k.kind = 'account_number'
            AND k.blind = core_blind(p_inner, p_outer, concat_ws(E'\x1f', p.region, 'account_number', p.account_number))
    ) AS a WHERE a.row = f.row;
    UPDATE feed_person SET problem = 'unknown_account' WHERE account_id IS NULL;
    INSERT INTO billing_lookup_key (region, kind, blind, account_id, ref)
    SELECT region, 'health_record_number', blind, account_id, core_uuid7(p_now)
    FROM feed_person WHERE problem IS NULL ORDER BY region, blind
    ON CONFLICT DO NOTHING;
    UPDATE feed_person f SET person_id = k.ref,
        problem = CASE WHEN k.account_id <> f.account_id THEN 'number_taken' END
    FROM billing_lookup_key k
    WHERE f.problem IS NULL AND k.region = f.region AND k.kind = 'health_record_number' AND k.blind = f.blind;
    PERFORM people_apply_feed(p_now);

    UPDATE feed_bill f SET blind = a.blind, account_id = a.account_id, person_id = a.person_id, digest = a.digest,
        problem = CASE WHEN a.account_id IS NULL THEN 'unknown_account' WHEN a.person_id IS NULL THEN 'unknown_person' END
    FROM (
        SELECT b.row, core_blind(p_inner, p_outer, concat_ws(E'\x1f', b.region, 'bill_number', b.number)) AS blind,
            k.account_id, CASE WHEN h.account_id = k.account_id THEN h.ref END AS person_id,
            sha256(convert_to(concat_ws(E'\x1f', b.account_number, b.kind, b.payee, b.health_record_number,
                b.provider_name, b.service_from, b.service_to, b.issue_date, b.due_date, b.currency)
                || coalesce(l.content, '')
                -- Only where it is so: the digests of all bills from before this column stay what they are.
                || CASE WHEN b.private THEN E'\x1d' || 'private' ELSE '' END, 'UTF8')) AS digest
        FROM feed_bill b
        LEFT JOIN (
            SELECT region, bill_number, string_agg(concat_ws(E'\x1f', '', line_no, service_date, code_system, code, text,
                units, charge_cents, discount_cents, plan_paid_cents, written_off_cents, copay_cents, deductible_cents,
                coinsurance_cents, not_covered_cents), E'\x1e' ORDER BY line_no) AS content
            FROM feed_line GROUP BY 1, 2
        ) AS l ON l.region = b.region AND l.bill_number = b.number
        LEFT JOIN billing_lookup_key k ON k.region = b.region AND k.kind = 'account_number'
            AND k.blind = core_blind(p_inner, p_outer, concat_ws(E'\x1f', b.region, 'account_number', b.account_number))
        LEFT JOIN billing_lookup_key h ON h.region = b.region AND h.kind = 'health_record_number'
            AND h.blind = core_blind(p_inner, p_outer,
                                     concat_ws(E'\x1f', b.region, 'health_record_number', b.health_record_number))
    ) AS a WHERE a.row = f.row;
    INSERT INTO billing_lookup_key (region, kind, blind, account_id, ref)
    SELECT region, 'bill_number', blind, account_id,
        core_uuid7_of(v_half, v_from, row_number() OVER (ORDER BY account_id, number))
    FROM feed_bill WHERE problem IS NULL ORDER BY region, blind
    ON CONFLICT DO NOTHING;
END $$;

-- What each bill is: new, newer, same, older, or the same version with other figures. One pass, since every pass writes
-- the whole row again. A new bill without a pay code gets one.
CREATE OR REPLACE FUNCTION billing_judge_feed() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE feed_bill f SET bill_id = j.bill_id, old_version = j.old_version, old_digest = j.old_digest,
        pay_code = coalesce(j.old_pay_code, nullif(f.pay_code, ''), core_pay_code(core_chance())),
        problem = CASE
            WHEN j.owner <> f.account_id THEN 'number_taken'
            WHEN f.version = j.old_version AND f.digest <> j.old_digest THEN 'same_version_differs' END,
        outcome = CASE
            WHEN j.owner <> f.account_id THEN NULL
            WHEN j.old_version IS NULL THEN 'new'
            WHEN f.version > j.old_version THEN 'newer'
            WHEN f.version < j.old_version THEN 'older'
            WHEN f.digest = j.old_digest THEN 'same' END
    FROM (
        SELECT b.row, k.account_id AS owner, k.ref AS bill_id, o.version AS old_version, o.digest AS old_digest,
            o.pay_code AS old_pay_code
        FROM feed_bill b
        JOIN billing_lookup_key k ON k.region = b.region AND k.kind = 'bill_number' AND k.blind = b.blind
        LEFT JOIN billing_bill o ON o.account_id = k.account_id AND o.id = k.ref
        WHERE b.problem IS NULL
    ) AS j WHERE j.row = f.row;
END $$;

-- Whose payments they are, and what each is. Its bill is in this set or an earlier one.
CREATE OR REPLACE FUNCTION billing_judge_payments(p_inner bytea, p_outer bytea) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM feed_payment) THEN
        RETURN;
    END IF;
    UPDATE feed_payment f SET account_id = a.account_id, bill_id = a.bill_id, old_version = a.old_version,
        old_amount = a.old_amount, old_method = a.old_method,
        problem = CASE
            WHEN a.bill_id IS NULL THEN 'unknown_bill'
            WHEN f.version = a.old_version AND (f.amount_cents, f.method) <> (a.old_amount, a.old_method)
                THEN 'same_version_differs' END,
        outcome = CASE
            WHEN a.bill_id IS NULL THEN NULL
            WHEN a.old_version IS NULL THEN 'new'
            WHEN f.version > a.old_version THEN 'newer'
            WHEN f.version < a.old_version THEN 'older'
            WHEN (f.amount_cents, f.method) = (a.old_amount, a.old_method) THEN 'same' END
    FROM (
        SELECT p.row, w.account_id, w.bill_id, o.version AS old_version, o.amount_cents AS old_amount,
            o.method AS old_method
        FROM feed_payment p
        LEFT JOIN feed_bill b ON b.region = p.region AND b.number = p.bill_number
        LEFT JOIN billing_lookup_key k ON b.outcome IS NULL AND k.region = p.region AND k.kind = 'bill_number'
            AND k.blind = core_blind(p_inner, p_outer, concat_ws(E'\x1f', p.region, 'bill_number', p.bill_number))
            AND coalesce(b.problem, 'same_version_differs') = 'same_version_differs'
        LEFT JOIN billing_bill e ON e.account_id = k.account_id AND e.id = k.ref
        LEFT JOIN LATERAL (SELECT CASE WHEN b.outcome IS NULL THEN e.account_id ELSE b.account_id END AS account_id,
            CASE WHEN b.outcome IS NULL THEN e.id ELSE b.bill_id END AS bill_id) AS w ON true
        LEFT JOIN billing_outside_payment o ON o.account_id = w.account_id AND o.bill_id = w.bill_id
            AND o.number = p.number
    ) AS a WHERE a.row = f.row;
END $$;

-- What the set raises (+) or lowers (-) on each bill, by code, against what stood before.
CREATE OR REPLACE FUNCTION billing_weigh_feed() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO feed_delta (account_id, bill_id, place, code, kind, raised)
    WITH sums AS (
        SELECT b.account_id, b.bill_id, l.charge_cents, l.discount_cents, l.plan_paid_cents, l.written_off_cents
        FROM feed_bill b JOIN feed_line l ON l.region = b.region AND l.bill_number = b.number
        WHERE b.outcome IN ('new', 'newer')
        UNION ALL
        SELECT b.account_id, b.bill_id, -l.charge_cents, -l.discount_cents, -l.plan_paid_cents, -l.written_off_cents
        FROM feed_bill b JOIN billing_line l ON l.account_id = b.account_id AND l.bill_id = b.bill_id
        WHERE b.outcome = 'newer'
    ), totals AS (
        SELECT account_id, bill_id, sum(charge_cents)::bigint AS charge, sum(discount_cents)::bigint AS discount,
            sum(plan_paid_cents)::bigint AS plan, sum(written_off_cents)::bigint AS write_off
        FROM sums GROUP BY 1, 2
    )
    SELECT t.account_id, t.bill_id, v.place, v.code, v.kind, v.raised
    FROM totals t, LATERAL (VALUES (1, 'charge', 'revenue', t.charge), (2, 'discount', 'discount', -t.discount),
        (3, 'plan_paid', 'plan', -t.plan), (4, 'written_off', 'write_off', -t.write_off)) AS v(place, code, kind, raised)
    WHERE v.raised <> 0;
    INSERT INTO feed_delta (account_id, bill_id, place, code, kind, raised)
    SELECT p.account_id, p.bill_id, v.place, v.code, v.kind, sum(v.raised)::bigint
    FROM feed_payment p, LATERAL (
        SELECT CASE p.method WHEN 'desk' THEN 5 ELSE 6 END,
            CASE p.method WHEN 'desk' THEN 'desk_paid' ELSE 'elsewhere_paid' END,
            CASE p.method WHEN 'desk' THEN 'desk' ELSE 'elsewhere' END, -p.amount_cents
        UNION ALL
        SELECT CASE p.old_method WHEN 'desk' THEN 5 ELSE 6 END,
            CASE p.old_method WHEN 'desk' THEN 'desk_paid' ELSE 'elsewhere_paid' END,
            CASE p.old_method WHEN 'desk' THEN 'desk' ELSE 'elsewhere' END, p.old_amount
        WHERE p.old_amount IS NOT NULL
    ) AS v(place, code, kind, raised)
    WHERE p.outcome IN ('new', 'newer') GROUP BY 1, 2, 3, 4, 5 HAVING sum(v.raised) <> 0;
END $$;

-- The legs: raises first; then what lowers, on the bill as far as it can be lowered (what is being paid counts), the
-- rest as visible credit; last, credit of the bill goes back onto it where there is need again.
CREATE OR REPLACE FUNCTION billing_legs_of_feed() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM ledger_balance b JOIN (SELECT DISTINCT account_id, bill_id FROM feed_delta) d
        ON b.account_id = d.account_id AND b.ref = d.bill_id
    ORDER BY b.account_id, b.kind, b.ref FOR UPDATE OF b;
    INSERT INTO feed_leg (account_id, bill_id, debit_kind, credit_kind, amount_cents, code)
    WITH sums AS (
        SELECT account_id, bill_id, sum(greatest(raised, 0))::bigint AS up, sum(least(raised, 0))::bigint AS down
        FROM feed_delta GROUP BY 1, 2
    ), bills AS (
        SELECT d.account_id, d.bill_id, d.up, d.down,
            coalesce(r.debits_posted - r.credits_posted - r.credits_pending, 0) AS room,
            coalesce(c.credits_posted - c.debits_posted - c.debits_pending, 0) AS spare
        FROM sums d
        LEFT JOIN ledger_balance r ON r.account_id = d.account_id AND r.kind = 'receivable' AND r.ref = d.bill_id
        LEFT JOIN ledger_balance c ON c.account_id = d.account_id AND c.kind = 'credit' AND c.ref = d.bill_id
    ), lowered AS (
        SELECT d.account_id, d.bill_id, d.code, d.kind, -d.raised AS amount, b.room + b.up AS room,
            coalesce(sum(-d.raised) OVER (PARTITION BY d.account_id, d.bill_id ORDER BY d.place
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::bigint AS before
        FROM feed_delta d JOIN bills b USING (account_id, bill_id) WHERE d.raised < 0
    ), split AS (
        SELECT account_id, bill_id, code, kind, amount, greatest(0, least(amount, room - before)) AS onto FROM lowered
    )
    SELECT account_id, bill_id, 'receivable', kind, raised, code FROM feed_delta WHERE raised > 0
    UNION ALL
    SELECT account_id, bill_id, kind, 'receivable', onto, code FROM split WHERE onto > 0
    UNION ALL
    SELECT account_id, bill_id, kind, 'credit', amount - onto, code FROM split WHERE amount > onto
    UNION ALL
    SELECT account_id, bill_id, 'credit', 'receivable', least(spare, room + up + down), 'credit_applied'
    FROM bills WHERE spare > 0 AND room + up + down > 0;
END $$;

CREATE OR REPLACE FUNCTION billing_post_feed(p jsonb, p_now timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_half bytea := substring(uuid_send(core_uuid7(p_now)) FROM 1 FOR 8);
    v_from bigint := (-9223372036854775808) + core_chance();
BEGIN
    INSERT INTO ledger_transfer (account_id, transfer_id, debit_kind, debit_ref, credit_kind, credit_ref, amount_cents,
        currency, code, phase, journal_id, subject_id, payment_id, target_id, payee, business_date, recorded_at)
    SELECT g.account_id, core_uuid7_of(v_half, v_from, row_number() OVER (ORDER BY g.account_id, g.bill_id)),
        g.debit_kind, g.bill_id, g.credit_kind, g.bill_id, g.amount_cents, b.currency, g.code, 'posted', (p->>'journal_id')::uuid, g.bill_id, NULL, NULL, b.payee,
        (p->'business_dates'->>b.region)::date, p_now
    FROM feed_leg g JOIN billing_bill b ON b.account_id = g.account_id AND b.id = g.bill_id;
    WITH sides AS (
        SELECT account_id, debit_kind AS kind, bill_id, amount_cents AS debit, 0::bigint AS credit FROM feed_leg
        WHERE debit_kind IN ('receivable', 'credit')
        UNION ALL
        SELECT account_id, credit_kind, bill_id, 0, amount_cents FROM feed_leg
        WHERE credit_kind IN ('receivable', 'credit')
    ), moved AS (
        SELECT s.account_id, s.kind, s.bill_id, b.currency, sum(s.debit)::bigint AS debit, sum(s.credit)::bigint AS credit
        FROM sides s JOIN billing_bill b ON b.account_id = s.account_id AND b.id = s.bill_id GROUP BY 1, 2, 3, 4
    ), updated AS (
        UPDATE ledger_balance o SET debits_posted = debits_posted + m.debit, credits_posted = credits_posted + m.credit,
            version = version + 1
        FROM moved m WHERE o.account_id = m.account_id AND o.kind = m.kind AND o.ref = m.bill_id
            AND o.currency = m.currency
        RETURNING o.account_id, o.kind, o.ref
    )
    INSERT INTO ledger_balance (account_id, kind, ref, currency, debits_posted, credits_posted, debits_pending,
        credits_pending, version)
    SELECT m.account_id, m.kind, m.bill_id, m.currency, m.debit, m.credit, 0, 0, 0 FROM moved m
    WHERE NOT EXISTS (SELECT 1 FROM updated u
                      WHERE u.account_id = m.account_id AND u.kind = m.kind AND u.ref = m.bill_id)
    ORDER BY m.account_id, m.kind, m.bill_id;
END $$;

-- p: source, now, journal_id, business_dates {region: date}, inner (hex), outer (hex): the padded keys of core.blind.
-- Answers {code: applied, accounts, people, bills: {new, newer, same, older}, payments: {...}, problems}.
CREATE OR REPLACE FUNCTION billing_apply_feed(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
BEGIN
    ANALYZE feed_account (row), feed_person (row), feed_bill (row, region, number), feed_line (region, bill_number),
        feed_payment (row);
    PERFORM billing_resolve_feed(decode(p->>'inner', 'hex'), decode(p->>'outer', 'hex'), v_now);
    PERFORM billing_judge_feed();
    PERFORM billing_judge_payments(decode(p->>'inner', 'hex'), decode(p->>'outer', 'hex'));
    PERFORM billing_weigh_feed();
    INSERT INTO billing_lookup_key (region, kind, blind, account_id, ref)
    SELECT region, 'pay_code', core_blind(decode(p->>'inner', 'hex'), decode(p->>'outer', 'hex'),
        concat_ws(E'\x1f', region, 'pay_code', pay_code)), account_id, bill_id
    FROM feed_bill WHERE outcome = 'new';
    INSERT INTO billing_change (account_id, id, bill_id, from_version, to_version, deltas, recorded_at)
    SELECT f.account_id, core_uuid7(v_now), f.bill_id, f.old_version, f.version,
        coalesce((SELECT jsonb_object_agg(d.code, d.raised) FROM feed_delta d
                  WHERE d.account_id = f.account_id AND d.bill_id = f.bill_id AND d.place <= 4), '{}'), v_now
    FROM feed_bill f WHERE f.outcome = 'newer';
    INSERT INTO billing_bill (account_id, id, region, number, pay_code, kind, payee, person_id, provider_name,
        service_from, service_to, issue_date, due_date, currency, version, digest, source, recorded_at, changed_at, private)
    SELECT account_id, bill_id, region, number, pay_code, kind, payee, person_id, provider_name, service_from,
        service_to, issue_date, due_date, currency, version, digest, p->>'source', v_now, v_now, private
    FROM feed_bill WHERE outcome = 'new' ORDER BY account_id, bill_id;
    UPDATE billing_bill b SET kind = f.kind, payee = f.payee, person_id = f.person_id,
        provider_name = f.provider_name, service_from = f.service_from, service_to = f.service_to,
        issue_date = f.issue_date, due_date = f.due_date, version = f.version, digest = f.digest, changed_at = v_now,
        private = f.private
    FROM feed_bill f WHERE f.outcome = 'newer' AND b.account_id = f.account_id AND b.id = f.bill_id;
    DELETE FROM billing_line l USING feed_bill f
    WHERE f.outcome = 'newer' AND l.account_id = f.account_id AND l.bill_id = f.bill_id;
    INSERT INTO billing_line (account_id, bill_id, line_no, service_date, code_system, code, text, units, charge_cents,
        discount_cents, plan_paid_cents, written_off_cents, copay_cents, deductible_cents, coinsurance_cents,
        not_covered_cents)
    SELECT f.account_id, f.bill_id, l.line_no, l.service_date, l.code_system, l.code, l.text, l.units, l.charge_cents,
        l.discount_cents, l.plan_paid_cents, l.written_off_cents, l.copay_cents, l.deductible_cents,
        l.coinsurance_cents, l.not_covered_cents
    FROM feed_bill f JOIN feed_line l ON l.region = f.region AND l.bill_number = f.number
    WHERE f.outcome IN ('new', 'newer') ORDER BY f.account_id, f.bill_id, l.line_no;
    INSERT INTO billing_outside_payment AS o (account_id, bill_id, number, version, paid_on, amount_cents, method,
        recorded_at)
    SELECT account_id, bill_id, number, version, paid_on, amount_cents, method, v_now
    FROM feed_payment WHERE outcome IN ('new', 'newer') ORDER BY account_id, bill_id, number
    ON CONFLICT (account_id, bill_id, number) DO UPDATE SET version = excluded.version, paid_on = excluded.paid_on,
        amount_cents = excluded.amount_cents, method = excluded.method, recorded_at = excluded.recorded_at;
    ANALYZE feed_delta (account_id, bill_id);
    PERFORM billing_legs_of_feed();
    PERFORM billing_post_feed(p, v_now);
    RETURN jsonb_build_object('code', 'applied',
        'bills', (SELECT coalesce(jsonb_object_agg(outcome, n), '{}') FROM
            (SELECT outcome, count(*) AS n FROM feed_bill WHERE outcome IS NOT NULL GROUP BY 1) AS o),
        'payments', (SELECT coalesce(jsonb_object_agg(outcome, n), '{}') FROM
            (SELECT outcome, count(*) AS n FROM feed_payment WHERE outcome IS NOT NULL GROUP BY 1) AS o),
        'problems', (SELECT count(*) FROM feed_account WHERE problem IS NOT NULL)
            + (SELECT count(*) FROM feed_person WHERE problem IS NOT NULL)
            + (SELECT count(*) FROM feed_bill WHERE problem IS NOT NULL)
            + (SELECT count(*) FROM feed_payment WHERE problem IS NOT NULL));
END $$;
