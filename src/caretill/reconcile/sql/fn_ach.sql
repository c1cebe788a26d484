-- Our own files of bank debits, and what came back of them, as payouts of the provider `ach`: one for each day on which
-- entries of a file settle, one for each file of returns. Answers how many are new. The caller holds the matcher's
-- lock. p: now.
CREATE OR REPLACE FUNCTION reconcile_list_ach(p jsonb) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    v_file record;
    v_last bigint;
    v_new int;
BEGIN
    CREATE TEMP TABLE IF NOT EXISTS ach_told (
        payout_ref varchar(255), file_id uuid, sha256 varchar(64), amount_cents bigint, count int,
        created_at timestamptz, arrives_on date, bank_name varchar(100)
    ) ON COMMIT DELETE ROWS;
    DELETE FROM ach_told;
    -- File by file: few are new, and each has very many entries.
    FOR v_file IN SELECT id, name, sha256, sent_at FROM ach_file f WHERE f.state = 'sent' AND NOT EXISTS (
        SELECT 1 FROM reconcile_payout y WHERE y.provider = 'ach' AND y.file_sha256 = encode(f.sha256, 'hex'))
    LOOP
        INSERT INTO ach_told (payout_ref, file_id, sha256, amount_cents, count, created_at, arrives_on, bank_name)
        SELECT v_file.name || ' ' || e.effective_on, v_file.id, encode(v_file.sha256, 'hex'),
            sum(CASE e.kind WHEN 'debit' THEN e.amount_cents ELSE -e.amount_cents END), count(*), v_file.sent_at,
            e.effective_on, upper(regexp_replace(v_file.name, '[^A-Za-z0-9]', '', 'g'))
        FROM ach_entry e WHERE e.file_id = v_file.id AND e.payment_id IS NOT NULL AND e.state <> 'dropped'
        GROUP BY e.effective_on;
    END LOOP;
    INSERT INTO ach_told (payout_ref, sha256, amount_cents, count, created_at, arrives_on, bank_name)
    SELECT 'returned ' || left(encode(r.sha256, 'hex'), 16), encode(r.sha256, 'hex'),
        sum(CASE l.kind WHEN 'dishonoured' THEN l.amount_cents ELSE -l.amount_cents END), count(*), r.received_at,
        (r.received_at AT TIME ZONE 'America/New_York')::date, ''
    FROM ach_returned_file r JOIN ach_returned_line l ON l.sha256 = r.sha256 AND l.amount_cents > 0
        AND (l.kind = 'return' OR l.kind IN ('dishonoured', 'contested') AND l.disposition = 'applied')
    WHERE r.state = 'done' AND NOT EXISTS (SELECT 1 FROM reconcile_payout y
        WHERE y.provider = 'ach' AND y.file_sha256 = encode(r.sha256, 'hex'))
    GROUP BY r.sha256;
    SELECT coalesce(max(place), 0) INTO v_last FROM reconcile_payout WHERE provider = 'ach';
    INSERT INTO reconcile_payout (provider, payout_ref, place, processor_account, amount_cents, currency, count, status,
        created_at, arrives_on, bank_name, state, fault, file_sha256, gross_cents, fee_cents, matched_by, listed_at,
        changed_at)
    SELECT 'ach', payout_ref, v_last + row_number() OVER (ORDER BY created_at, arrives_on, payout_ref), '',
        amount_cents, 'USD', count, 'paid', created_at, arrives_on, bank_name, 'filed', '', sha256,
        amount_cents, 0, '', v_now, v_now
    FROM ach_told;
    GET DIAGNOSTICS v_new = ROW_COUNT;
    IF v_new > 0 THEN
        INSERT INTO reconcile_operation (provider, payout_ref, number, kind, operation_ref, charge_ref, reference,
            gross_cents, fee_cents, net_cents, at, state, account_id, payment_id)
        SELECT 'ach', t.payout_ref, e.sequence, CASE e.kind WHEN 'debit' THEN 'charge' ELSE 'credit' END, e.id::text,
            e.trace, e.reference, m.cents, 0, m.cents, t.created_at, 'new', e.account_id, e.payment_id
        FROM ach_told t JOIN ach_entry e ON e.file_id = t.file_id AND e.effective_on = t.arrives_on
            AND e.payment_id IS NOT NULL AND e.state <> 'dropped',
            LATERAL (SELECT CASE e.kind WHEN 'debit' THEN e.amount_cents ELSE -e.amount_cents END AS cents) AS m;
        INSERT INTO reconcile_operation (provider, payout_ref, number, kind, operation_ref, charge_ref, reference,
            gross_cents, fee_cents, net_cents, at, state)
        SELECT 'ach', t.payout_ref, l.line, CASE l.kind WHEN 'dishonoured' THEN 'return_undone' ELSE 'return' END,
            encode(l.sha256, 'hex') || ':' || l.line, l.trace, l.code, m.cents, 0, m.cents, t.created_at, 'new'
        FROM ach_told t JOIN ach_returned_line l ON l.sha256 = decode(t.sha256, 'hex') AND t.file_id IS NULL AND l.amount_cents > 0
            AND (l.kind = 'return' OR l.kind IN ('dishonoured', 'contested') AND l.disposition = 'applied'),
            LATERAL (SELECT CASE l.kind WHEN 'dishonoured' THEN l.amount_cents ELSE -l.amount_cents END AS cents) AS m;
    END IF;
    RETURN v_new;
END $$;

-- What became of them here. A debit is booked once its payment has ended, also where it came back before it settled:
-- then its return takes the same amount out again. Answers how many changed.
CREATE OR REPLACE FUNCTION reconcile_match_ach() RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    v_rows int;
    v_more int;
BEGIN
    UPDATE reconcile_operation o
    SET state = CASE WHEN q.state IN ('succeeded', 'failed') THEN 'matched' ELSE 'not_yet' END
    FROM payments_payment q
    WHERE o.provider = 'ach' AND o.kind IN ('charge', 'credit') AND o.state IN ('new', 'not_yet')
        AND q.account_id = o.account_id AND q.id = o.payment_id
        AND o.state <> CASE WHEN q.state IN ('succeeded', 'failed') THEN 'matched' ELSE 'not_yet' END;
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    UPDATE reconcile_operation o SET account_id = g.account_id, payment_id = g.payment_id, state = g.state
    FROM (
        SELECT x.provider, x.payout_ref, x.number, e.account_id, e.payment_id,
            CASE l.disposition WHEN 'repeat' THEN 'repeat' WHEN 'applied' THEN
                CASE WHEN e.payment_id IS NULL THEN 'own_fee' ELSE 'matched' END
                ELSE 'missing_here' END AS state
        FROM reconcile_operation x
        JOIN reconcile_payout y ON y.provider = x.provider AND y.payout_ref = x.payout_ref
        JOIN ach_returned_line l ON l.sha256 = decode(y.file_sha256, 'hex') AND l.line = x.number
        LEFT JOIN ach_entry e ON e.account_id = l.account_id AND e.id = l.entry_id
        WHERE x.provider = 'ach' AND x.kind IN ('return', 'return_undone')
            AND x.state NOT IN ('booked', 'matched', 'own_fee')
    ) AS g
    WHERE o.provider = g.provider AND o.payout_ref = g.payout_ref AND o.number = g.number AND o.state <> g.state;
    GET DIAGNOSTICS v_more = ROW_COUNT;
    RETURN v_rows + v_more;
END $$;
