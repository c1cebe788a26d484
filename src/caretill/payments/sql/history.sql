-- Every amount that moved on some accounts, by bill and then by entry; what a viewer's reach leaves out is not there.
-- What was paid, given back and returned here is what the ledger says moved through clearing; desk and elsewhere as the feed says.
-- What one account forwarded to another counts there, at the bill it was for.
-- The accounts stand beside the reach as well: what the planner does not see it takes for many, and reads whole tables.
WITH reach AS (
    SELECT * FROM jsonb_to_recordset(%(reach)s::jsonb) AS r(account_id uuid, everybody boolean, people uuid[])
), moved AS (
    SELECT t.account_id, 'payment' AS kind, t.payment_id AS id, t.payment_id, t.subject_id AS bill_id,
        sum(t.amount_cents)::bigint AS amount_cents, sum(t.amount_cents)::bigint AS paid_cents,
        0::bigint AS refunded_cents, max(t.business_date) AS day, max(t.recorded_at) AS at
    FROM reach r JOIN ledger_transfer t ON t.account_id = r.account_id
    WHERE t.account_id = ANY(%(accounts)s::uuid[]) AND t.payment_id IS NOT NULL AND t.phase IN ('posted', 'post') AND t.debit_kind IN ('clearing', 'forwarded')
        AND t.credit_kind IN ('receivable', 'credit', 'deposit') AND t.code <> 'return_undone'
    GROUP BY t.account_id, t.payment_id, t.subject_id
    UNION ALL
    SELECT t.account_id, CASE WHEN t.code IN ('return', 'dispute_lost') THEN 'returned' ELSE 'refund' END,
        t.journal_id, t.payment_id, t.subject_id, sum(t.amount_cents)::bigint, 0,
        sum(t.amount_cents)::bigint, max(t.business_date), max(t.recorded_at)
    FROM reach r JOIN ledger_transfer t ON t.account_id = r.account_id
    WHERE t.account_id = ANY(%(accounts)s::uuid[]) AND t.payment_id IS NOT NULL AND t.phase IN ('posted', 'post')
        AND t.credit_kind IN ('clearing', 'forwarded', 'refund_payable', 'dispute_hold')
        AND t.debit_kind IN ('receivable', 'credit', 'deposit', 'returned_item')
    GROUP BY t.account_id, t.code IN ('return', 'dispute_lost'), t.journal_id, t.payment_id, t.subject_id
    UNION ALL
    -- What went out and came back again, and returns that the bank took back.
    SELECT t.account_id, 'restored', t.journal_id, t.payment_id, t.subject_id, sum(t.amount_cents)::bigint, 0,
        -sum(t.amount_cents)::bigint, max(t.business_date), max(t.recorded_at)
    FROM reach r JOIN ledger_transfer t ON t.account_id = r.account_id
    WHERE t.account_id = ANY(%(accounts)s::uuid[]) AND t.payment_id IS NOT NULL AND t.phase = 'posted'
        AND (t.debit_kind = 'refund_payable' AND t.credit_kind <> 'clearing' OR t.code = 'return_undone')
    GROUP BY t.account_id, t.journal_id, t.payment_id, t.subject_id
    UNION ALL
    SELECT o.account_id, CASE o.method WHEN 'desk' THEN 'desk' ELSE 'elsewhere' END,
        md5(o.bill_id || o.number)::uuid, NULL, o.bill_id, o.amount_cents, o.amount_cents, 0, o.paid_on, o.recorded_at
    FROM reach r JOIN billing_outside_payment o ON o.account_id = r.account_id
    WHERE o.account_id = ANY(%(accounts)s::uuid[]) AND o.amount_cents > 0
    UNION ALL
    SELECT s.bill_account, CASE a.state WHEN 'failed' THEN 'failed' ELSE 'on_its_way' END, a.id, a.id, s.bill_id,
        s.amount_cents, 0, 0, a.business_date, a.created_at
    FROM reach r JOIN payments_payment a ON a.account_id = r.account_id
    JOIN LATERAL (
        SELECT p.account_id AS bill_account, p.bill_id, p.amount_cents FROM payments_part p
        WHERE p.account_id = a.account_id AND p.payment_id = a.id
        UNION ALL
        SELECT f.to_account_id, f.bill_id, f.amount_cents FROM payments_forward f
        WHERE f.account_id = a.account_id AND f.payment_id = a.id
            AND (a.state <> 'succeeded' OR f.state = 'open' AND NOT EXISTS (
                SELECT 1 FROM payments_share h
                WHERE h.account_id = f.to_account_id AND h.payment_id = f.payment_id AND h.state = 'booked'))
    ) AS s ON true
    -- A family's payment that went through is on its way to each bill until that bill's account has booked it.
    WHERE a.account_id = ANY(%(accounts)s::uuid[])
        AND (a.state IN ('submitting', 'requires_action', 'pending', 'unknown', 'failed')
            OR (a.state = 'succeeded' AND a.family))
), parts AS (
    SELECT m.*, b.number AS bill_number, b.payee, b.region, b.private, b.person_id, p.first_name, p.last_name,
        p.birth_date, p.relation
    FROM moved m
    JOIN reach r ON r.account_id = m.account_id
    LEFT JOIN billing_bill b ON b.account_id = m.account_id AND b.id = m.bill_id
    LEFT JOIN people_person p ON p.account_id = b.account_id AND p.id = b.person_id
    WHERE (r.everybody OR b.person_id = ANY(r.people))
        AND (%(person)s::uuid IS NULL OR b.person_id = %(person)s::uuid)
        AND (%(year)s::int IS NULL OR extract(year FROM m.day) = %(year)s::int)
        AND (%(kinds)s::text[] IS NULL OR m.kind = ANY(%(kinds)s::text[]))
), entries AS (
    SELECT e.*, coalesce(a.reference, (SELECT s.reference FROM payments_share s
            WHERE s.account_id = ANY(%(accounts)s::uuid[]) AND s.payment_id = e.payment_id LIMIT 1), '') AS reference, CASE WHEN a.help_id IS NULL THEN coalesce(a.method_brand, '') ELSE '' END AS method_brand,
        CASE WHEN a.help_id IS NULL THEN coalesce(a.method_last4, '') ELSE '' END AS method_last4,
        CASE WHEN a.help_id IS NULL THEN '' ELSE a.payer_name END AS helper
    FROM (
        SELECT kind, id, payment_id, max(day) AS day, max(at) AS at, sum(amount_cents)::bigint AS amount_cents,
            sum(paid_cents)::bigint AS paid_cents, sum(refunded_cents)::bigint AS refunded_cents,
            array_agg(amount_cents) AS amounts, array_agg(bill_number) AS numbers,
            jsonb_agg(jsonb_build_object('account_id', account_id, 'bill_id', bill_id, 'bill_number', bill_number,
                'payee', payee, 'person_id', person_id, 'first_name', first_name, 'last_name', last_name,
                'amount_cents', amount_cents) ORDER BY bill_number, bill_id) AS parts
        FROM parts GROUP BY kind, id, payment_id
    ) AS e
    LEFT JOIN payments_payment a ON a.account_id = ANY(%(accounts)s::uuid[]) AND a.id = e.payment_id
    WHERE NOT %(finding)s
        OR e.amount_cents = %(cents)s::bigint OR %(cents)s::bigint = ANY(e.amounts)
        OR EXISTS (SELECT 1 FROM jsonb_to_recordset(%(days)s::jsonb) AS d(since date, until date)
                   WHERE e.day BETWEEN d.since AND d.until)
        OR %(number)s <> '' AND (a.check_code = %(number)s
            OR EXISTS (SELECT 1 FROM unnest(e.numbers || a.reference) AS n
                       WHERE position(%(number)s IN regexp_replace(upper(n), '[^A-Z0-9]', '', 'g')) > 0))
)
