-- Money of a payment goes back: which ledger accounts hold it now, and the legs that take it out of them. What nobody
-- used yet goes first, then what was put on bills, the last first. Refunds, returned debits and lost disputes share this.

-- Where the money of a payment stands: its own legs, and its credit that was put on bills since. `room` is how much can
-- be taken there. What was forwarded to bills of other accounts is not here (payments_give_back).
CREATE OR REPLACE FUNCTION payments_places(p_account_id uuid, pay payments_payment)
RETURNS TABLE (kind text, ref uuid, payee text, subject_id uuid, room bigint, place int, last_at timestamptz)
LANGUAGE sql AS $$
    WITH bills AS (
        SELECT r.bill_id, r.payee FROM payments_part r WHERE r.account_id = p_account_id AND r.payment_id = pay.id
    ), own AS (
        SELECT t.credit_kind AS kind, t.credit_ref AS ref, t.payee, t.subject_id, t.amount_cents AS cents, t.recorded_at
        FROM ledger_transfer t
        WHERE t.account_id = p_account_id AND t.payment_id = pay.id AND t.phase IN ('posted', 'post')
            AND t.credit_kind IN ('receivable', 'credit', 'deposit') AND t.debit_kind <> 'forwarded'
        UNION ALL
        SELECT t.debit_kind, t.debit_ref, t.payee, t.subject_id, -t.amount_cents, NULL
        FROM ledger_transfer t
        WHERE t.account_id = p_account_id AND t.payment_id = pay.id AND t.phase IN ('posted', 'post')
            AND t.debit_kind IN ('receivable', 'credit', 'deposit') AND t.credit_kind <> 'forwarded'
        UNION ALL
        SELECT 'credit', b.bill_id, b.payee, b.bill_id, 0, NULL FROM bills b
    ), loose AS (
        -- Credit of this payment, or of its bills, that was put on other bills, and what of that was undone.
        SELECT 'receivable', t.credit_ref, t.payee, t.subject_id, t.amount_cents, t.recorded_at FROM ledger_transfer t
        WHERE t.account_id = p_account_id AND t.payment_id IS NULL AND t.phase = 'posted' AND t.debit_kind = 'credit'
            AND t.credit_kind = 'receivable' AND t.credit_ref <> t.debit_ref
            AND (t.debit_ref = pay.id OR t.debit_ref IN (SELECT bill_id FROM bills))
        UNION ALL
        SELECT 'receivable', t.debit_ref, t.payee, t.subject_id, -t.amount_cents, NULL FROM ledger_transfer t
        WHERE t.account_id = p_account_id AND t.payment_id IS NULL AND t.phase = 'posted' AND t.credit_kind = 'credit'
            AND t.debit_kind = 'receivable' AND t.credit_ref <> t.debit_ref
            AND (t.credit_ref = pay.id OR t.credit_ref IN (SELECT bill_id FROM bills))
    ), moved AS (
        SELECT x.kind, x.ref, max(x.payee) AS payee, (array_agg(x.subject_id))[1] AS subject_id, sum(x.cents)::bigint AS net,
            max(x.recorded_at) AS last_at
        FROM (SELECT * FROM own UNION ALL SELECT * FROM loose) AS x GROUP BY x.kind, x.ref
    )
    SELECT m.kind, m.ref, m.payee, m.subject_id,
        greatest(CASE m.kind
            WHEN 'credit' THEN b.credits_posted - b.debits_posted - b.debits_pending
            WHEN 'deposit' THEN least(m.net, b.credits_posted - b.debits_posted - b.debits_pending)
            ELSE m.net END, 0),
        CASE WHEN m.kind = 'credit' AND m.ref = pay.id THEN 1 WHEN m.kind = 'credit' THEN 2 WHEN m.kind = 'deposit' THEN 3
             ELSE 4 END,
        m.last_at
    FROM moved m
    JOIN ledger_balance b ON b.account_id = p_account_id AND b.kind = m.kind AND b.ref = m.ref AND b.currency = pay.currency
$$;

-- The legs that take p_amount of a payment's money out of its places and into p_kind/p_ref. Called under the lock of the
-- payment; locks the balances of its places in the order of the ledger. p: as payments_give_back, for a family's payment;
-- only (credit | deposit): nothing but what stands there.
-- Answers {legs, rest, bills (cents that open bills again), plain}: `rest` is what is no longer there; of a plain one no
-- bill has credit of its own that would go back onto it.
CREATE OR REPLACE FUNCTION payments_take_back(p_account_id uuid, pay payments_payment, p_amount bigint, p_code text,
    p_kind text, p_ref uuid, p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    rest bigint := p_amount;
    bills bigint := 0;
    taken bigint;
    src record;
    legs jsonb := '[]';
    given jsonb;
BEGIN
    legs := payments_whole_back(p_account_id, pay, p_amount, p_code, p_kind, p_ref, v_now);
    IF legs IS NOT NULL AND p->>'only' IS NULL THEN
        RETURN jsonb_build_object('legs', legs, 'rest', 0, 'bills', p_amount, 'plain', true);
    END IF;
    legs := '[]';
    PERFORM 1 FROM ledger_balance b
    WHERE b.account_id = p_account_id AND b.currency = pay.currency
        AND (b.kind, b.ref) IN (SELECT l.kind, l.ref FROM payments_places(p_account_id, pay) AS l)
    ORDER BY b.kind, b.ref FOR UPDATE;
    FOR src IN
        SELECT * FROM payments_places(p_account_id, pay) AS l
        WHERE l.room > 0 AND (p->>'only' IS NULL OR l.kind = p->>'only')
        ORDER BY l.place, l.last_at DESC NULLS LAST, l.ref DESC
    LOOP
        taken := least(rest, src.room);
        IF taken > 0 THEN
            legs := legs || jsonb_build_object(
                'transfer_id', core_uuid7(v_now), 'debit_kind', src.kind, 'debit_ref', src.ref, 'credit_kind', p_kind,
                'credit_ref', p_ref, 'amount_cents', taken, 'code', p_code, 'phase', 'posted',
                'subject_id', src.subject_id, 'payee', src.payee);
            rest := rest - taken;
            bills := bills + CASE src.kind WHEN 'receivable' THEN taken ELSE 0 END;
        END IF;
    END LOOP;
    IF rest > 0 AND pay.family AND p->>'only' IS NULL AND EXISTS (SELECT 1 FROM ledger_transfer t
            WHERE t.account_id = p_account_id AND t.payment_id = pay.id AND t.code = 'forward') THEN
        given := payments_give_back(p_account_id, pay, p || jsonb_build_object('amount_cents', rest), p_kind, p_ref);
        legs := legs || (given->'legs');
        bills := bills + rest - (given->>'rest')::bigint;
        rest := (given->>'rest')::bigint;
    END IF;
    RETURN jsonb_build_object('legs', legs, 'rest', rest, 'bills', bills);
END $$;

-- The same of all of a payment that is on its bills as it was booked, which most returned debits are: no credit ever came
-- of it or of its bills, and nothing went back. Its legs, the last bill first; null where it is not as plain as that.
CREATE OR REPLACE FUNCTION payments_whole_back(p_account_id uuid, pay payments_payment, p_amount bigint, p_code text,
    p_kind text, p_ref uuid, p_now timestamptz) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    IF pay.family OR pay.deposit_cents > 0 OR pay.refunded_cents > 0 OR pay.returned_cents > 0 OR pay.lost_cents > 0
            OR p_amount <> pay.captured_cents OR p_amount <> pay.amount_cents OR EXISTS (
                SELECT 1 FROM ledger_balance b WHERE b.account_id = p_account_id AND b.kind = 'credit'
                    AND b.ref IN (SELECT pay.id UNION ALL SELECT r.bill_id FROM payments_part r
                                  WHERE r.account_id = p_account_id AND r.payment_id = pay.id)) THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT jsonb_agg(jsonb_build_object(
        'transfer_id', core_uuid7(p_now), 'debit_kind', 'receivable', 'debit_ref', r.bill_id, 'credit_kind', p_kind,
        'credit_ref', p_ref, 'amount_cents', r.amount_cents, 'code', p_code, 'phase', 'posted',
        'subject_id', r.bill_id, 'payee', r.payee) ORDER BY r.bill_id DESC)
        FROM payments_part r WHERE r.account_id = p_account_id AND r.payment_id = pay.id);
END $$;

-- The mirror: what a journal took out of places goes back into them, out of p_kind/p_ref; what a bill no longer needs, or
-- was forwarded, becomes the payer's credit. Called under the lock of the payment. Answers the legs.
CREATE OR REPLACE FUNCTION payments_put_back(p_account_id uuid, pay payments_payment, p_journal uuid, p_code text,
    p_kind text, p_ref uuid, p_now timestamptz) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    was record;
    back bigint;
    loose bigint := 0;
    legs jsonb := '[]';
BEGIN
    PERFORM 1 FROM ledger_balance b
    WHERE b.account_id = p_account_id AND b.currency = pay.currency AND (b.kind, b.ref) IN (
        SELECT t.debit_kind, t.debit_ref FROM ledger_transfer t
        WHERE t.account_id = p_account_id AND t.payment_id = pay.id AND t.journal_id = p_journal
            AND t.credit_kind <> 'forwarded')
    ORDER BY b.kind, b.ref FOR UPDATE;
    FOR was IN
        SELECT t.debit_kind AS kind, t.debit_ref AS ref, max(t.payee) AS payee, (array_agg(t.subject_id))[1] AS subject_id,
            sum(t.amount_cents)::bigint AS cents, max(b.debits_posted - b.credits_posted - b.credits_pending) AS owed
        FROM ledger_transfer t
        LEFT JOIN ledger_balance b ON b.account_id = t.account_id AND b.kind = t.debit_kind AND b.ref = t.debit_ref
            AND b.currency = t.currency AND b.kind IN ('receivable', 'returned_item')
        WHERE t.account_id = p_account_id AND t.payment_id = pay.id AND t.journal_id = p_journal
            -- A share of the payer's own account has the same journal: it stays as it is.
            AND t.credit_kind <> 'forwarded'
        GROUP BY t.debit_kind, t.debit_ref ORDER BY t.debit_kind, t.debit_ref
    LOOP
        back := CASE WHEN was.kind IN ('receivable', 'returned_item') THEN least(was.cents, greatest(was.owed, 0))
                     WHEN was.kind IN ('credit', 'deposit') THEN was.cents ELSE 0 END;
        loose := loose + was.cents - back;
        IF back > 0 THEN
            legs := legs || jsonb_build_object(
                'transfer_id', core_uuid7(p_now), 'debit_kind', p_kind, 'debit_ref', p_ref, 'credit_kind', was.kind,
                'credit_ref', was.ref, 'amount_cents', back, 'code', p_code, 'phase', 'posted',
                'subject_id', was.subject_id, 'payee', was.payee);
        END IF;
    END LOOP;
    IF loose > 0 THEN
        legs := legs || jsonb_build_object(
            'transfer_id', core_uuid7(p_now), 'debit_kind', p_kind, 'debit_ref', p_ref, 'credit_kind', 'credit',
            'credit_ref', pay.id, 'amount_cents', loose, 'code', p_code, 'phase', 'posted', 'subject_id', NULL,
            'payee', payments_payee_of(p_account_id, pay.id));
    END IF;
    RETURN legs;
END $$;

-- Bills that legs opened again, or credit that came onto one: what a bill is credited by itself goes back onto it.
CREATE OR REPLACE FUNCTION payments_settle_bills(p_account_id uuid, pay payments_payment, p_legs jsonb, p_day date,
    p_now timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    bill record;
BEGIN
    FOR bill IN
        SELECT DISTINCT l.subject_id, l.payee FROM jsonb_to_recordset(p_legs) AS l(subject_id uuid, payee text)
        WHERE l.subject_id IS NOT NULL ORDER BY 1
    LOOP
        PERFORM ledger_settle(p_account_id, bill.subject_id, bill.payee, pay.currency, p_day, p_now);
    END LOOP;
END $$;

-- How much of a payment may still be given back: what was captured less what went, where that was not owed back to us.
CREATE OR REPLACE FUNCTION payments_left(p_account_id uuid, pay payments_payment) RETURNS bigint LANGUAGE sql AS $$
    SELECT pay.captured_cents - pay.refunded_cents - pay.returned_cents - pay.lost_cents
        + coalesce((SELECT sum(r.owed_back_cents) FROM payments_return r
            WHERE r.account_id = p_account_id AND r.payment_id = pay.id AND r.state = 'applied'), 0)::bigint
        + coalesce((SELECT sum(d.owed_back_cents) FROM payments_dispute d
            WHERE d.account_id = p_account_id AND d.payment_id = pay.id AND d.state = 'lost'), 0)::bigint
$$;

-- What happened to a payment beside its states: kept once, the payment stays where it is.
CREATE OR REPLACE FUNCTION payments_note(p_account_id uuid, pay payments_payment, p jsonb, p_event text, p_object text,
    p_evidence text, p_body jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO payments_event (account_id, id, payment_id, provider, object_ref, evidence, event, from_state,
        to_state, body, recorded_at)
    VALUES (p_account_id, core_uuid7((p->>'now')::timestamptz), pay.id, coalesce(p->>'provider', 'caretill'), p_object,
        p_evidence, p_event, pay.state, pay.state, p_body, (p->>'now')::timestamptz)
    ON CONFLICT DO NOTHING;
    UPDATE payments_payment SET changed_at = (p->>'now')::timestamptz WHERE account_id = p_account_id AND id = pay.id;
$$;

CREATE OR REPLACE FUNCTION payments_tell(p_account_id uuid, p_topic text, p_body jsonb, p_now timestamptz)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO core_outbox (account_id, id, topic, body, due_at, tries)
    VALUES (p_account_id, core_uuid7(p_now), p_topic, p_body, p_now, 0);
$$;
