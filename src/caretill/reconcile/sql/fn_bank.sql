-- Which lines of the bank are which payouts. p: now, today, early, late (days around the promised day).
-- Answers how many payouts were found to be at the bank. The caller holds the matcher's lock.
CREATE OR REPLACE FUNCTION reconcile_match_bank(p jsonb) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    v_found int := 0;
    v_rows int;
BEGIN
    CREATE TEMP TABLE IF NOT EXISTS bank_pair (
        provider varchar(40), payout_ref varchar(255), line_id uuid, booked_on date, how varchar(20)
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
        SELECT y.provider, y.payout_ref, l.id, l.booked_on,
            count(*) OVER (PARTITION BY y.provider, y.payout_ref) AS lines, count(*) OVER (PARTITION BY l.id) AS payouts
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

-- Book one set of matched operations of a payout that is at the bank, in the order of accounts.
-- p: provider, payout_ref, now, days {region: business date}, rows, after [account, payment, number] where the set
-- before ended. Answers {booked, after}; an operation that another worker holds is passed over.
CREATE OR REPLACE FUNCTION reconcile_book_payout(p jsonb) RETURNS jsonb LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    y reconcile_payout;
    v_rows int;
    v_done int;
    v_after jsonb;
BEGIN
    CREATE TEMP TABLE IF NOT EXISTS settling (
        place tid, number int, kind varchar(40), account_id uuid, payment_id uuid, net_cents bigint, fee_cents bigint,
        payee varchar(100), business_date date, journal_id uuid
    ) ON COMMIT DELETE ROWS;
    DELETE FROM settling;
    SELECT * INTO y FROM reconcile_payout WHERE provider = p->>'provider' AND payout_ref = p->>'payout_ref'
        AND settled_on IS NOT NULL AND state = 'filed';
    IF NOT FOUND THEN
        RETURN jsonb_build_object('booked', 0);
    END IF;
    INSERT INTO settling (place, number, kind, account_id, payment_id, net_cents, fee_cents, payee, business_date,
        journal_id)
    SELECT o.ctid, o.number, o.kind, o.account_id, o.payment_id, o.net_cents, o.fee_cents,
        coalesce((SELECT t.payee FROM ledger_transfer t WHERE t.account_id = o.account_id
            AND t.payment_id = o.payment_id AND t.debit_kind = 'clearing' LIMIT 1), ''),
        (p->'days'->>q.region)::date, core_uuid7(v_now)
    FROM (
        SELECT x.ctid, x.number, x.kind, x.account_id, x.payment_id, x.net_cents, x.fee_cents FROM reconcile_operation x
        WHERE x.state = 'matched' AND x.provider = y.provider AND x.payout_ref = y.payout_ref
            AND (x.account_id, x.payment_id, x.number) > ((p->'after'->>0)::uuid, (p->'after'->>1)::uuid,
                (p->'after'->>2)::int)
        ORDER BY x.account_id, x.payment_id, x.number LIMIT (p->>'rows')::int FOR UPDATE SKIP LOCKED
    ) AS o
    JOIN payments_payment q ON q.account_id = o.account_id AND q.id = o.payment_id;
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    IF v_rows = 0 THEN
        RETURN jsonb_build_object('booked', 0);
    END IF;
    SELECT jsonb_build_array(account_id, payment_id, number) INTO v_after FROM settling
    ORDER BY account_id DESC, payment_id DESC, number DESC LIMIT 1;
    -- What the processor kept and what it sent on, both out of clearing; what it took back goes in again.
    INSERT INTO ledger_transfer (account_id, transfer_id, debit_kind, debit_ref, credit_kind, credit_ref, amount_cents,
        currency, code, phase, journal_id, payment_id, payee, business_date, recorded_at)
    SELECT s.account_id, core_uuid7(v_now),
        CASE WHEN g.cents > 0 THEN g.kind ELSE 'clearing' END, CASE WHEN g.cents > 0 THEN g.ref ELSE s.payment_id END,
        CASE WHEN g.cents > 0 THEN 'clearing' ELSE g.kind END, CASE WHEN g.cents > 0 THEN s.payment_id ELSE g.ref END,
        abs(g.cents), y.currency, g.code, 'posted', s.journal_id, s.payment_id, s.payee, s.business_date, v_now
    FROM settling s, LATERAL (VALUES
        ('bank', md5(y.provider || ' ' || y.payout_ref)::uuid, s.net_cents, 'payout'),
        ('fee', md5(y.provider || ' ' || y.payout_ref)::uuid, s.fee_cents, 'fee')) AS g(kind, ref, cents, code)
    WHERE g.cents <> 0;
    UPDATE payments_payment q SET settled_on = y.settled_on FROM settling s
    WHERE s.kind = 'charge' AND q.account_id = s.account_id AND q.id = s.payment_id AND q.settled_on IS NULL;
    -- By place: the rows are locked, so they stay there; who has no statistics would look for each in all the others.
    UPDATE reconcile_operation o SET state = 'booked', journal_id = s.journal_id, booked_at = v_now FROM settling s
    WHERE o.ctid = s.place;
    GET DIAGNOSTICS v_done = ROW_COUNT;
    IF v_done <> v_rows THEN
        RAISE EXCEPTION 'of % operations of % % were still to be booked', v_rows, y.payout_ref, v_done;
    END IF;
    RETURN jsonb_build_object('booked', v_rows, 'after', v_after);
END $$;
