-- Which lines of the bank are which payouts. p: now, today, early, late (days around the promised day).
-- Answers how many payouts were found to be at the bank. The caller holds the matcher's lock.
CREATE OR REPLACE FUNCTION reconcile_match_bank(p jsonb) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    v_found int := 0;
    v_rows int;
BEGIN
    CREATE TEMP TABLE IF NOT EXISTS bank_pair (
        provider text, payout_ref text, line_id uuid, booked_on date, how text
    ) ON COMMIT DELETE ROWS;
    DELETE FROM bank_pair;
    -- By name: the first line that names a payout and has its amount.
    INSERT INTO bank_pair (provider, payout_ref, line_id, booked_on, how)
    SELECT DISTINCT ON (provider, payout_ref) provider, payout_ref, id, booked_on, 'name' FROM (
        SELECT DISTINCT ON (l.id) y.provider, y.payout_ref, y.place, l.id, l.booked_on
        FROM reconcile_payout y JOIN (
            SELECT x.id, x.booked_on, x.amount_cents, x.currency, unnest(x.names) AS name FROM reconcile_line x
            WHERE x.disposition = 'open'
        ) AS l ON l.name = y.bank_name AND l.amount_cents = y.amount_cents AND l.currency = y.currency
        WHERE y.line_id IS NULL AND y.bank_name <> '' ORDER BY l.id, y.place
    ) AS named ORDER BY provider, payout_ref, booked_on, id;
    -- By amount: only where one line and one payout have no other to go with, and the line names no payout at all.
    INSERT INTO bank_pair (provider, payout_ref, line_id, booked_on, how)
    SELECT provider, payout_ref, id, booked_on, 'amount' FROM (
        SELECT y.provider, y.payout_ref, l.id, l.booked_on, count(*) OVER (PARTITION BY y.provider, y.payout_ref) AS lines,
            count(*) OVER (PARTITION BY l.id) AS payouts
        FROM reconcile_payout y JOIN reconcile_line l ON l.disposition = 'open' AND l.amount_cents = y.amount_cents
            AND l.currency = y.currency AND l.booked_on BETWEEN y.arrives_on - (p->>'early')::int
                AND y.arrives_on + (p->>'late')::int
        WHERE y.line_id IS NULL AND NOT EXISTS (SELECT 1 FROM bank_pair b WHERE b.line_id = l.id
                OR (b.provider, b.payout_ref) = (y.provider, y.payout_ref))
            AND NOT EXISTS (SELECT 1 FROM reconcile_payout z WHERE z.bank_name = ANY(l.names) AND z.bank_name <> '')
    ) AS alike WHERE lines = 1 AND payouts = 1;
    UPDATE reconcile_line l SET disposition = 'payout' FROM bank_pair b WHERE l.id = b.line_id;
    -- A day on which the processor's word was believed stays: it is what the payer was told.
    UPDATE reconcile_payout y SET line_id = b.line_id, matched_by = b.how, changed_at = v_now,
        settled_on = coalesce(y.settled_on, b.booked_on)
    FROM bank_pair b WHERE y.provider = b.provider AND y.payout_ref = b.payout_ref;
    GET DIAGNOSTICS v_found = ROW_COUNT;
    -- Who reads no statements has only the processor's word.
    IF NOT EXISTS (SELECT 1 FROM reconcile_statement WHERE kind = 'update') THEN
        UPDATE reconcile_payout SET settled_on = arrives_on, matched_by = 'processor', changed_at = v_now
        WHERE settled_on IS NULL AND status = 'paid' AND arrives_on <= (p->>'today')::date;
        GET DIAGNOSTICS v_rows = ROW_COUNT;
        v_found := v_found + v_rows;
    END IF;
    RETURN v_found;
END $$;

-- Book one set of matched operations of payouts that are at the bank; answers how many.
-- p: now, days {region: business date}, rows. An operation that another worker holds is passed over.
CREATE OR REPLACE FUNCTION reconcile_book_set(p jsonb) RETURNS int LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    v_rows int;
BEGIN
    CREATE TEMP TABLE IF NOT EXISTS settling (
        provider text, payout_ref text, number int, kind text, account_id uuid, payment_id uuid, net_cents bigint,
        fee_cents bigint, currency text, payee text, bank_ref uuid, business_date date, settled_on date, journal_id uuid
    ) ON COMMIT DELETE ROWS;
    DELETE FROM settling;
    INSERT INTO settling (provider, payout_ref, number, kind, account_id, payment_id, net_cents, fee_cents, currency,
        payee, bank_ref, business_date, settled_on, journal_id)
    SELECT o.provider, o.payout_ref, o.number, o.kind, o.account_id, o.payment_id, o.net_cents, o.fee_cents, y.currency,
        coalesce((SELECT t.payee FROM ledger_transfer t WHERE t.account_id = o.account_id
            AND t.payment_id = o.payment_id AND t.debit_kind = 'clearing' ORDER BY t.transfer_id LIMIT 1), ''), md5(y.provider || ' ' || y.payout_ref)::uuid,
        (p->'days'->>q.region)::date, y.settled_on, core_uuid7(v_now)
    FROM reconcile_operation o
    JOIN reconcile_payout y ON y.provider = o.provider AND y.payout_ref = o.payout_ref
    JOIN payments_payment q ON q.account_id = o.account_id AND q.id = o.payment_id
    WHERE o.state = 'matched' AND y.settled_on IS NOT NULL AND y.state = 'filed'
    ORDER BY o.account_id, o.payment_id LIMIT (p->>'rows')::int
    FOR UPDATE OF o SKIP LOCKED;
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    IF v_rows = 0 THEN
        RETURN 0;
    END IF;
    -- What the processor kept and what it sent on, both out of clearing; what it took back goes in again.
    INSERT INTO ledger_transfer (account_id, transfer_id, debit_kind, debit_ref, credit_kind, credit_ref, amount_cents,
        currency, code, phase, journal_id, payment_id, payee, business_date, recorded_at)
    SELECT s.account_id, core_uuid7(v_now),
        CASE WHEN g.cents > 0 THEN g.kind ELSE 'clearing' END, CASE WHEN g.cents > 0 THEN g.ref ELSE s.payment_id END,
        CASE WHEN g.cents > 0 THEN 'clearing' ELSE g.kind END, CASE WHEN g.cents > 0 THEN s.payment_id ELSE g.ref END,
        abs(g.cents), s.currency, g.code, 'posted', s.journal_id, s.payment_id, s.payee, s.business_date, v_now
    FROM settling s, LATERAL (VALUES ('bank', s.bank_ref, s.net_cents, 'payout'), ('fee', s.bank_ref, s.fee_cents, 'fee'))
        AS g(kind, ref, cents, code)
    WHERE g.cents <> 0;
    UPDATE payments_payment q SET settled_on = s.settled_on FROM settling s
    WHERE s.kind = 'charge' AND q.account_id = s.account_id AND q.id = s.payment_id AND q.settled_on IS NULL;
    UPDATE reconcile_operation o SET state = 'booked', journal_id = s.journal_id, booked_at = v_now FROM settling s
    WHERE o.provider = s.provider AND o.payout_ref = s.payout_ref AND o.number = s.number;
    RETURN v_rows;
END $$;
