-- Put money that stands on an account onto a bill: at most what is asked, what is there and what is owed; never onto a
-- bill that somebody is paying. It is taken from the payments that put it there, the oldest first, and only from those
-- that reached the processor account of the bill's payee. p: bill_id, amount_cents (null: all), processor_account,
-- key (also the journal), now, business_date. Answers applied | repeat | nothing | being_paid | missing, applied_cents.
CREATE OR REPLACE FUNCTION payments_deposit_apply(p_account_id uuid, p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz := (p->>'now')::timestamptz;
    bill billing_bill;
    rest bigint;
    applied bigint := 0;
    taken bigint;
    src record;
BEGIN
    SELECT * INTO bill FROM billing_bill WHERE account_id = p_account_id AND id = (p->>'bill_id')::uuid;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('code', 'missing', 'applied_cents', 0);
    END IF;
    PERFORM 1 FROM ledger_balance WHERE account_id = p_account_id AND currency = bill.currency
        AND (kind, ref) IN (('deposit', p_account_id), ('receivable', bill.id)) ORDER BY kind, ref FOR UPDATE;
    SELECT coalesce(sum(amount_cents), 0) INTO applied FROM ledger_transfer
    WHERE account_id = p_account_id AND subject_id = bill.id AND journal_id = (p->>'key')::uuid
        AND code = 'deposit_applied';
    IF applied > 0 THEN
        RETURN jsonb_build_object('code', 'repeat', 'applied_cents', applied);
    END IF;
    IF EXISTS (SELECT 1 FROM payments_claim WHERE account_id = p_account_id AND bill_id = bill.id) THEN
        RETURN jsonb_build_object('code', 'being_paid', 'applied_cents', 0);
    END IF;
    SELECT least((p->>'amount_cents')::bigint, debits_posted - credits_posted - credits_pending) INTO rest
    FROM ledger_balance WHERE account_id = p_account_id AND kind = 'receivable' AND ref = bill.id
        AND currency = bill.currency;
    FOR src IN SELECT * FROM payments_deposits(p_account_id, bill.currency, p->>'processor_account') ORDER BY id LOOP
        taken := least(rest, src.cents);
        EXIT WHEN coalesce(taken, 0) <= 0;
        PERFORM ledger_post(p_account_id, jsonb_build_array(jsonb_build_object(
            'transfer_id', core_uuid7(v_now), 'debit_kind', 'deposit', 'debit_ref', p_account_id,
            'credit_kind', 'receivable', 'credit_ref', bill.id, 'amount_cents', taken, 'code', 'deposit_applied',
            'phase', 'posted', 'subject_id', bill.id, 'payee', bill.payee)),
            (p->>'key')::uuid, src.id, bill.currency, (p->>'business_date')::date, v_now);
        rest := rest - taken;
        applied := applied + taken;
    END LOOP;
    RETURN jsonb_build_object('code', CASE WHEN applied > 0 THEN 'applied' ELSE 'nothing' END, 'applied_cents', applied);
END $$;

-- What each payment still has on the account; of one processor account, or of all.
CREATE OR REPLACE FUNCTION payments_deposits(p_account_id uuid, p_currency text, p_processor text)
RETURNS TABLE (id uuid, cents bigint, processor_account text) LANGUAGE sql STABLE AS $$
    SELECT q.id, t.cents, q.processor_account
    FROM (SELECT x.payment_id, sum(CASE WHEN x.credit_kind = 'deposit' THEN x.amount_cents ELSE -x.amount_cents END)::bigint
              AS cents
          FROM ledger_transfer x
          WHERE x.account_id = p_account_id AND 'deposit' IN (x.debit_kind, x.credit_kind) AND x.phase IN ('posted', 'post')
              AND x.payment_id IS NOT NULL AND x.currency = p_currency GROUP BY x.payment_id) AS t
    JOIN payments_payment q ON q.account_id = p_account_id AND q.id = t.payment_id
    WHERE t.cents > 0 AND (p_processor IS NULL OR q.processor_account = p_processor)
$$;
