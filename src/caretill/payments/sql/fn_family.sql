-- A payment for bills of several accounts (money.md, Sharding). The payer's account forwards it; each account with a
-- bill in it has one share, moved by commands that are keyed by (account, payment): said again, they change nothing.
-- Each call locks rows of one account only: claims by bill, then balances by kind and ref.

-- Hold the bills of one account. p: payment_id, from_account_id, reference, region, currency, until, now, business_date,
-- parts [{bill_id, amount_cents}]. Answers reserved | booked | released (it was given up meanwhile: a release that came
-- first left its mark) | not_found | being_paid (with payment_id, bill_id, until) | above_owed; nothing stays of those.
CREATE OR REPLACE FUNCTION payments_share_reserve(p_account_id uuid, p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    v_payment uuid := (p->>'payment_id')::uuid;
    v_state text;
    legs jsonb;
BEGIN
    INSERT INTO payments_share (account_id, payment_id, from_account_id, reference, state, changed_at)
    VALUES (p_account_id, v_payment, (p->>'from_account_id')::uuid, p->>'reference', 'reserved', v_now)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        SELECT state INTO v_state FROM payments_share WHERE account_id = p_account_id AND payment_id = v_payment;
        RETURN jsonb_build_object('code', v_state);
    END IF;
    legs := payments_hold(p_account_id, v_payment, p, 'forwarded', v_now);
    PERFORM ledger_post(p_account_id, legs, v_payment, v_payment, p->>'currency', (p->>'business_date')::date, v_now);
    RETURN jsonb_build_object('code', 'reserved');
EXCEPTION
    WHEN SQLSTATE 'CT001' THEN
        RETURN payments_refused(p_account_id, SQLERRM, p->'parts');
    WHEN check_violation THEN
        RETURN jsonb_build_object('code', 'above_owed');
END $$;

-- Book what was reserved (p.to = booked: forwarded -> bill) or give it up (released). p: payment_id, from_account_id,
-- reference, to, now, business_date, journal_id. Answers the state it ended in: booked | released; missing where nothing
-- was reserved that could be booked.
CREATE OR REPLACE FUNCTION payments_share_end(p_account_id uuid, p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    v_date date := (p->>'business_date')::date;
    v_payment uuid := (p->>'payment_id')::uuid;
    v_booked boolean := p->>'to' = 'booked';
    v_state text;
    v_currency text;
    legs jsonb;
    part record;
BEGIN
    IF NOT v_booked THEN
        -- Given up before it was reserved: the mark keeps a reservation that is still on its way from holding anything.
        INSERT INTO payments_share (account_id, payment_id, from_account_id, reference, state, changed_at)
        VALUES (p_account_id, v_payment, (p->>'from_account_id')::uuid, p->>'reference', 'released', v_now)
        ON CONFLICT DO NOTHING;
    END IF;
    UPDATE payments_share SET state = p->>'to', changed_at = v_now
    WHERE account_id = p_account_id AND payment_id = v_payment AND state = 'reserved';
    IF NOT FOUND THEN
        SELECT state INTO v_state FROM payments_share WHERE account_id = p_account_id AND payment_id = v_payment;
        RETURN jsonb_build_object('code', coalesce(v_state, 'missing'));
    END IF;
    SELECT min(t.currency), jsonb_agg(jsonb_build_object(
        'transfer_id', core_uuid7(v_now), 'debit_kind', t.debit_kind, 'debit_ref', t.debit_ref,
        'credit_kind', t.credit_kind, 'credit_ref', t.credit_ref, 'amount_cents', t.amount_cents, 'code', 'payment',
        'phase', CASE WHEN v_booked THEN 'post' ELSE 'void' END, 'subject_id', t.subject_id, 'payee', t.payee,
        'target_id', t.transfer_id) ORDER BY t.subject_id) INTO v_currency, legs
    FROM ledger_transfer t
    WHERE t.account_id = p_account_id AND t.payment_id = v_payment AND t.phase = 'pending' AND t.debit_kind = 'forwarded';
    PERFORM ledger_post(p_account_id, legs, (p->>'journal_id')::uuid, v_payment, v_currency, v_date, v_now);
    DELETE FROM payments_claim WHERE account_id = p_account_id AND payment_id = v_payment;
    IF NOT v_booked THEN
        FOR part IN SELECT l.subject_id, l.payee FROM jsonb_to_recordset(legs) AS l(subject_id uuid, payee text) LOOP
            PERFORM ledger_settle(p_account_id, part.subject_id, part.payee, v_currency, v_date, v_now);
        END LOOP;
    END IF;
    RETURN jsonb_build_object('code', p->>'to');
END $$;

-- Give back what a refund takes from the bills of one account: first what a bill was credited beyond its need, then off
-- the bill. p: payment_id, refund_id (also the journal), code, parts [{bill_id, amount_cents}], now, business_date.
-- Answers refunded | repeat | missing.
CREATE OR REPLACE FUNCTION payments_share_refund(p_account_id uuid, p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_payment uuid := (p->>'payment_id')::uuid;
    v_now timestamptz := (p->>'now')::timestamptz;
    part record;
    spare bigint;
    legs jsonb := '[]';
    v_currency text;
BEGIN
    PERFORM 1 FROM payments_share
    WHERE account_id = p_account_id AND payment_id = v_payment AND state = 'booked' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('code', 'missing');
    END IF;
    IF EXISTS (SELECT 1 FROM ledger_transfer WHERE account_id = p_account_id AND payment_id = v_payment
               AND journal_id = (p->>'refund_id')::uuid AND credit_kind = 'forwarded') THEN
        RETURN jsonb_build_object('code', 'repeat');
    END IF;
    PERFORM 1 FROM ledger_balance b WHERE b.account_id = p_account_id AND b.ref IN (
        SELECT l.bill_id FROM jsonb_to_recordset(p->'parts') AS l(bill_id uuid)) ORDER BY b.kind, b.ref FOR UPDATE;
    FOR part IN
        SELECT l.bill_id, l.amount_cents, b.payee, b.currency
        FROM jsonb_to_recordset(p->'parts') AS l(bill_id uuid, amount_cents bigint)
        JOIN billing_bill b ON b.account_id = p_account_id AND b.id = l.bill_id ORDER BY l.bill_id
    LOOP
        v_currency := part.currency;
        SELECT credits_posted - debits_posted - debits_pending INTO spare FROM ledger_balance
        WHERE account_id = p_account_id AND kind = 'credit' AND ref = part.bill_id AND currency = part.currency;
        spare := least(part.amount_cents, greatest(coalesce(spare, 0), 0));
        legs := legs || (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'transfer_id', core_uuid7(v_now), 'debit_kind', x.kind, 'debit_ref', part.bill_id,
            'credit_kind', 'forwarded', 'credit_ref', v_payment, 'amount_cents', x.cents,
            'code', coalesce(p->>'code', 'refund'), 'phase', 'posted', 'subject_id', part.bill_id,
            'payee', part.payee)), '[]')
            FROM (VALUES ('credit', spare), ('receivable', part.amount_cents - spare)) AS x(kind, cents)
            WHERE x.cents > 0);
    END LOOP;
    PERFORM ledger_post(p_account_id, legs, (p->>'refund_id')::uuid, v_payment, v_currency,
        (p->>'business_date')::date, v_now);
    RETURN jsonb_build_object('code', 'refunded');
END $$;

-- In the payer's account: split what goes back over the bills and take it out of what was forwarded, into p_kind/p_ref.
-- Called under the lock of the payment. p: refund_id (of the refund, return or dispute), amount_cents, now, and first
-- [{bill_id, amount_cents}]: what to take first, and how much of it at most; the rest comes off the bills, the last first.
-- Answers {legs, rest}: `rest` is what the bills did not have any more.
CREATE OR REPLACE FUNCTION payments_give_back(p_account_id uuid, pay payments_payment, p jsonb, p_kind text, p_ref uuid)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    v_refund uuid := (p->>'refund_id')::uuid;
    rest bigint := (p->>'amount_cents')::bigint;
    taken bigint;
    part record;
BEGIN
    FOR part IN
        SELECT w.place, f.bill_id, f.to_account_id, f.amount_cents, f.payee, w.most
        FROM payments_forward f JOIN (
            SELECT 0 AS place, l.bill_id, l.amount_cents AS most
            FROM jsonb_to_recordset(coalesce(p->'first', '[]')) AS l(bill_id uuid, amount_cents bigint)
            UNION ALL
            SELECT 1, g.bill_id, g.amount_cents FROM payments_forward g
            WHERE g.account_id = p_account_id AND g.payment_id = pay.id
        ) AS w ON w.bill_id = f.bill_id
        WHERE f.account_id = p_account_id AND f.payment_id = pay.id ORDER BY w.place, f.bill_id DESC
    LOOP
        SELECT least(rest, part.most, part.amount_cents - coalesce(sum(amount_cents), 0)) INTO taken
        FROM payments_giveback
        WHERE account_id = p_account_id AND payment_id = pay.id AND bill_id = part.bill_id;
        IF taken > 0 THEN
            INSERT INTO payments_giveback AS g (account_id, refund_id, bill_id, payment_id, to_account_id,
                amount_cents, payee, done)
            VALUES (p_account_id, v_refund, part.bill_id, pay.id, part.to_account_id, taken, part.payee, false)
            ON CONFLICT (account_id, refund_id, bill_id) DO UPDATE SET amount_cents = g.amount_cents + taken;
            rest := rest - taken;
        END IF;
    END LOOP;
    UPDATE payments_attempt SET lease_until = v_now WHERE account_id = p_account_id AND payment_id = pay.id;
    RETURN jsonb_build_object('rest', rest, 'legs', (SELECT coalesce(jsonb_agg(jsonb_build_object(
        'transfer_id', core_uuid7(v_now), 'debit_kind', 'forwarded', 'debit_ref', pay.id, 'credit_kind', p_kind,
        'credit_ref', p_ref, 'amount_cents', b.cents, 'code', 'forward_back', 'phase', 'posted', 'subject_id', NULL,
        'payee', b.payee)), '[]')
        FROM (SELECT payee, sum(amount_cents) AS cents FROM payments_giveback
              WHERE account_id = p_account_id AND refund_id = v_refund GROUP BY payee ORDER BY payee) AS b));
END $$;

-- Note in the payer's account which shares and refunds are through; the lease falls once nothing is left to do.
-- p: payment_id, ended (booked | released), accounts [], refunds []. Answers done | more.
CREATE OR REPLACE FUNCTION payments_family_done(p_account_id uuid, p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_payment uuid := (p->>'payment_id')::uuid;
BEGIN
    PERFORM 1 FROM payments_payment WHERE account_id = p_account_id AND id = v_payment FOR UPDATE;
    UPDATE payments_forward SET state = p->>'ended'
    WHERE account_id = p_account_id AND payment_id = v_payment AND state = 'open'
        AND to_account_id IN (SELECT x::uuid FROM jsonb_array_elements_text(p->'accounts') AS x);
    UPDATE payments_giveback SET done = true
    WHERE account_id = p_account_id AND payment_id = v_payment AND NOT done
        AND refund_id IN (SELECT x::uuid FROM jsonb_array_elements_text(p->'refunds') AS x);
    UPDATE payments_attempt SET lease_until = NULL
    WHERE account_id = p_account_id AND payment_id = v_payment AND state = 'ended'
        AND NOT EXISTS (SELECT 1 FROM payments_forward f
            WHERE f.account_id = p_account_id AND f.payment_id = v_payment AND f.state = 'open')
        AND NOT EXISTS (SELECT 1 FROM payments_giveback g
            WHERE g.account_id = p_account_id AND g.payment_id = v_payment AND NOT g.done);
    RETURN jsonb_build_object('code', CASE WHEN FOUND THEN 'done' ELSE 'more' END);
END $$;
