-- Every difference between ledger, processor and bank: key, kind, since, theirs and ours in cents, currency, about.
-- A note of a person takes it off the list.
WITH found AS (
    -- Operations at the processor that are not ours, or not as we have them.
    SELECT 'operation ' || o.provider || ' ' || o.payout_ref || ' ' || o.number AS key,
        CASE o.state WHEN 'own_fee' THEN 'fee_unexpected' WHEN 'repeat' THEN 'paid_out_twice'
            WHEN 'not_yet' THEN 'not_booked_here' ELSE o.state END AS kind,
        o.at::date AS since, CASE o.kind WHEN 'fee' THEN o.net_cents ELSE o.gross_cents END AS theirs_cents,
        CASE WHEN o.state IN ('other_amount', 'not_yet') THEN o.known_cents END AS ours_cents, y.currency,
        concat_ws(' ', o.kind, o.operation_ref, 'payout', o.payout_ref, q.reference) AS about
    FROM reconcile_operation o
    JOIN reconcile_payout y ON y.provider = o.provider AND y.payout_ref = o.payout_ref
    LEFT JOIN payments_payment q ON q.account_id = o.account_id AND q.id = o.payment_id
    WHERE o.state IN ('missing_here', 'other_amount', 'repeat', 'own_fee')
        OR o.state = 'not_yet' AND o.at < %(today)s::date - %(patience)s::int
    UNION ALL
    -- Fees above what was agreed.
    SELECT 'fee ' || o.provider || ' ' || o.payout_ref || ' ' || o.number, 'fee_unexpected', o.at::date, o.fee_cents,
        f.agreed_cents, y.currency, concat_ws(' ', o.kind, o.operation_ref, 'payout', o.payout_ref)
    FROM reconcile_operation o
    JOIN reconcile_payout y ON y.provider = o.provider AND y.payout_ref = o.payout_ref,
        LATERAL (SELECT CASE o.kind
            WHEN 'charge' THEN (o.gross_cents * %(basis_points)s + 9999) / 10000 + %(fixed_cents)s
            WHEN 'dispute' THEN %(dispute_cents)s ELSE 0 END AS agreed_cents) AS f
    WHERE %(fees_known)s AND o.kind <> 'fee' AND o.fee_cents > f.agreed_cents AND o.provider <> 'ach'
    UNION ALL
    -- What we took or gave back and no payout ever named. A charge that was taken back whole on its day never will be.
    SELECT 'payment ' || q.account_id || ' ' || q.id, 'missing_at_processor', q.business_date, NULL, q.captured_cents,
        q.currency, concat_ws(' ', 'charge', q.charge_ref, q.reference)
    FROM payments_payment q
    JOIN payments_attempt a ON a.account_id = q.account_id AND a.payment_id = q.id
    JOIN (SELECT provider, min(created_at)::date AS first, max(created_at)::date AS last FROM reconcile_payout
          WHERE state = 'filed' GROUP BY 1) AS w ON w.provider = a.gateway
        AND q.business_date BETWEEN w.first AND w.last - %(patience)s::int
    WHERE q.state = 'succeeded' AND q.settled_on IS NULL AND q.captured_cents <> q.refunded_cents
        AND q.business_date < %(today)s::date - %(patience)s::int
        AND NOT EXISTS (SELECT 1 FROM reconcile_operation o WHERE o.account_id = q.account_id AND o.payment_id = q.id
            AND o.kind = 'charge')
    UNION ALL
    SELECT 'refund ' || r.account_id || ' ' || r.id, 'missing_at_processor', r.business_date, NULL, -r.amount_cents,
        q.currency, concat_ws(' ', 'refund', r.refund_ref, q.reference)
    FROM payments_refund r
    JOIN payments_payment q ON q.account_id = r.account_id AND q.id = r.payment_id
    JOIN reconcile_operation c ON c.account_id = q.account_id AND c.payment_id = q.id AND c.kind = 'charge'
    WHERE r.state = 'succeeded' AND r.business_date < %(today)s::date - %(patience)s::int
        AND r.business_date < (SELECT max(created_at)::date - %(patience)s::int FROM reconcile_payout y
            WHERE y.provider = c.provider AND y.state = 'filed')
        AND NOT EXISTS (SELECT 1 FROM reconcile_operation o WHERE o.provider = c.provider AND o.kind = 'refund'
            AND o.operation_ref = r.refund_ref)
    UNION ALL
    SELECT 'dispute ' || d.account_id || ' ' || d.id, 'missing_at_processor', d.business_date, NULL, -d.amount_cents,
        q.currency, concat_ws(' ', 'dispute', d.dispute_ref, q.reference)
    FROM payments_dispute d
    JOIN payments_payment q ON q.account_id = d.account_id AND q.id = d.payment_id
    JOIN reconcile_operation c ON c.account_id = q.account_id AND c.payment_id = q.id AND c.kind = 'charge'
    WHERE d.business_date < %(today)s::date - %(patience)s::int
        AND d.business_date < (SELECT max(created_at)::date - %(patience)s::int FROM reconcile_payout y
            WHERE y.provider = c.provider AND y.state = 'filed')
        AND NOT EXISTS (SELECT 1 FROM reconcile_operation o WHERE o.provider = c.provider AND o.kind = 'dispute'
            AND o.operation_ref = d.dispute_ref)
    UNION ALL
    -- Payouts without a file that can be believed, changed behind our back, or not at the bank when they should be.
    SELECT 'payout ' || provider || ' ' || payout_ref, CASE WHEN state = 'filed' THEN 'payout_changed'
            ELSE 'payout_file' END, created_at::date, amount_cents, NULL, currency,
        concat_ws(' ', payout_ref, nullif(fault, ''))
    FROM reconcile_payout
    WHERE fault <> '' OR state = 'listed' AND listed_at < %(now)s::timestamptz - interval '1 day'
    UNION ALL
    SELECT 'bank ' || provider || ' ' || payout_ref, 'payout_not_at_bank', arrives_on, NULL, amount_cents, currency,
        concat_ws(' ', 'payout', payout_ref, bank_name, processor_account)
    FROM reconcile_payout WHERE settled_on IS NULL AND arrives_on <= %(late)s::date
    UNION ALL
    -- Money at the bank that nobody has explained.
    SELECT 'line ' || l.id, CASE WHEN n.payout_ref IS NULL THEN 'suspense' WHEN n.line_id IS NULL THEN 'other_at_bank'
            ELSE 'at_bank_twice' END, l.booked_on, l.amount_cents, n.amount_cents, l.currency,
        concat_ws(' ', 'account', s.last4, l.code, nullif(l.bank_ref, ''), nullif(left(l.text, 80), ''), n.payout_ref)
    FROM reconcile_line l JOIN reconcile_statement s ON s.id = l.statement_id
    LEFT JOIN LATERAL (SELECT y.payout_ref, y.line_id, y.amount_cents FROM reconcile_payout y
        WHERE y.bank_name = ANY(l.names) AND y.bank_name <> '' ORDER BY y.place LIMIT 1) AS n ON true
    WHERE l.disposition = 'open'
    UNION ALL
    -- Statements that do not add up, do not follow each other, or that the bank took back.
    SELECT 'statement ' || id, CASE WHEN kind = 'update' THEN 'statement_gap' ELSE 'bank_correction' END, day,
        gap_cents, NULL, currency, concat_ws(' ', 'account', last4, statement_ref)
    FROM reconcile_statement WHERE kind = 'update' AND gap_cents <> 0 OR kind IN ('deletion', 'correction')
    UNION ALL
    SELECT 'before ' || id, 'statement_missing', day, opened_cents, before_cents, currency,
        concat_ws(' ', 'account', last4, statement_ref)
    FROM (
        SELECT id, day, opened_cents, currency, last4, statement_ref, lag(closed_cents) OVER (
            PARTITION BY bank_account, currency ORDER BY day, first_id) AS before_cents
        FROM (
            SELECT DISTINCT ON (bank_account, currency, statement_ref, day, opened_cents, closed_cents) id, day,
                opened_cents, closed_cents, currency, last4, statement_ref, bank_account, id AS first_id
            FROM reconcile_statement WHERE kind = 'update' AND opened_cents IS NOT NULL AND closed_cents IS NOT NULL
            ORDER BY bank_account, currency, statement_ref, day, opened_cents, closed_cents, id
        ) AS once
    ) AS row_by_row WHERE before_cents <> opened_cents
)
SELECT f.key, f.kind, f.since, f.theirs_cents, f.ours_cents, f.currency, f.about, n.because
FROM found f LEFT JOIN reconcile_note n ON n.key = f.key
ORDER BY f.since, f.kind, f.key
