"""What must hold of money that went back: refunds, returned debits, disputes, deposits (money.md, Laws 6, 7, 20)."""

from __future__ import annotations

LAWS = {
    "6 captured covers what was given back, returned and lost": """
        SELECT p.account_id, p.id, p.captured_cents, p.refunded_cents, p.returned_cents, p.lost_cents
        FROM payments_payment p
        LEFT JOIN (SELECT account_id, payment_id, sum(amount_cents) AS cents FROM payments_refund
                   WHERE state <> 'failed' GROUP BY 1, 2) g ON g.account_id = p.account_id AND g.payment_id = p.id
        LEFT JOIN (SELECT account_id, payment_id, sum(amount_cents) AS cents, sum(owed_back_cents) AS owed
                   FROM payments_return WHERE state = 'applied' GROUP BY 1, 2) r
            ON r.account_id = p.account_id AND r.payment_id = p.id
        LEFT JOIN (SELECT account_id, payment_id, sum(amount_cents) AS cents, sum(owed_back_cents) AS owed
                   FROM payments_dispute WHERE state = 'lost' GROUP BY 1, 2) d
            ON d.account_id = p.account_id AND d.payment_id = p.id
        WHERE p.refunded_cents <> coalesce(g.cents, 0) OR p.returned_cents <> coalesce(r.cents, 0)
            OR p.lost_cents <> coalesce(d.cents, 0) OR p.returned_cents > p.captured_cents
            OR p.captured_cents + coalesce(r.owed, 0) + coalesce(d.owed, 0)
                < p.refunded_cents + p.returned_cents + p.lost_cents""",
    # What was paid out stands in bank, fee and suspense: law 10 is about those.
    "7 clearing of a payment is captured less what went back": """
        SELECT p.account_id, p.id, t.net FROM payments_payment p
        JOIN (SELECT account_id, payment_id, sum(CASE WHEN debit_kind = 'clearing' THEN amount_cents
                  ELSE -amount_cents END) AS net
              FROM ledger_transfer WHERE 'clearing' IN (debit_kind, credit_kind) AND phase IN ('posted', 'post')
                  AND debit_kind NOT IN ('bank', 'fee', 'suspense') AND credit_kind NOT IN ('bank', 'fee', 'suspense')
              GROUP BY 1, 2) t ON t.account_id = p.account_id AND t.payment_id = p.id
        LEFT JOIN (SELECT account_id, payment_id, sum(amount_cents) AS cents FROM payments_refund
                   WHERE state = 'succeeded' GROUP BY 1, 2) g ON g.account_id = p.account_id AND g.payment_id = p.id
        LEFT JOIN (SELECT account_id, payment_id, sum(amount_cents) AS cents FROM payments_dispute
                   WHERE state <> 'won' GROUP BY 1, 2) d ON d.account_id = p.account_id AND d.payment_id = p.id
        WHERE t.net <> p.captured_cents - coalesce(g.cents, 0) - p.returned_cents - coalesce(d.cents, 0)""",
    "20 every return has its reversal": """
        SELECT r.account_id, r.id, r.state, r.amount_cents, coalesce(t.cents, 0) AS legs
        FROM payments_return r
        LEFT JOIN (SELECT account_id, journal_id, sum(amount_cents) AS cents,
                       sum(amount_cents) FILTER (WHERE debit_kind = 'returned_item') AS owed
                   FROM ledger_transfer WHERE credit_kind = 'clearing' AND code IN ('return', 'forward_back')
                   GROUP BY 1, 2) t ON t.account_id = r.account_id AND t.journal_id = r.id
        WHERE CASE r.state WHEN 'early' THEN t.cents IS NOT NULL
                WHEN 'applied' THEN coalesce(t.cents, 0) <> r.amount_cents OR coalesce(t.owed, 0) <> r.owed_back_cents
                ELSE coalesce(t.cents, r.amount_cents) <> r.amount_cents END
        UNION ALL
        SELECT p.account_id, p.id, 'undone', p.returned_cents, coalesce(t.back, 0) FROM payments_payment p
        JOIN (SELECT account_id, payment_id, sum(amount_cents) AS all_cents FROM payments_return
              WHERE state IN ('applied', 'undone') GROUP BY 1, 2) r
            ON r.account_id = p.account_id AND r.payment_id = p.id
        LEFT JOIN (SELECT account_id, payment_id, sum(amount_cents) FILTER (WHERE code = 'return_undone') AS back,
                       bool_or(code = 'late_payment') AS late
                   FROM ledger_transfer WHERE code IN ('return_undone', 'late_payment') GROUP BY 1, 2) t
            ON t.account_id = p.account_id AND t.payment_id = p.id
        WHERE r.all_cents - coalesce(t.back, 0) <> p.returned_cents AND NOT coalesce(t.late, false)""",
    "20b what a refund took is owed until it is gone": """
        SELECT r.account_id, r.id, r.state, r.amount_cents, coalesce(b.held, 0) AS held, coalesce(t.asked, 0) AS asked
        FROM payments_refund r
        LEFT JOIN (SELECT account_id, ref, credits_posted - debits_posted AS held FROM ledger_balance
                   WHERE kind = 'refund_payable') b ON b.account_id = r.account_id AND b.ref = r.id
        LEFT JOIN (SELECT account_id, credit_ref, sum(amount_cents) AS asked FROM ledger_transfer
                   WHERE credit_kind = 'refund_payable' GROUP BY 1, 2) t
            ON t.account_id = r.account_id AND t.credit_ref = r.id
        -- Those without a key are older than their states: their money went straight out.
        WHERE r.key IS NOT NULL AND (coalesce(t.asked, 0) <> r.amount_cents OR coalesce(b.held, 0)
            <> CASE WHEN r.state IN ('succeeded', 'failed') THEN 0 ELSE r.amount_cents END)
        UNION ALL
        SELECT b.account_id, b.ref, 'nobody', 0, b.credits_posted - b.debits_posted, 0 FROM ledger_balance b
        LEFT JOIN payments_refund r ON r.account_id = b.account_id AND r.id = b.ref
        WHERE b.kind = 'refund_payable' AND r.id IS NULL""",
    "20c a dispute holds its money while it is open": """
        SELECT d.account_id, d.id, d.state, d.amount_cents, coalesce(b.held, 0) AS held, coalesce(t.lost, 0) AS lost
        FROM payments_dispute d
        LEFT JOIN (SELECT account_id, ref, debits_posted - credits_posted AS held FROM ledger_balance
                   WHERE kind = 'dispute_hold') b ON b.account_id = d.account_id AND b.ref = d.id
        LEFT JOIN (SELECT account_id, credit_ref, sum(amount_cents) AS lost,
                       sum(amount_cents) FILTER (WHERE debit_kind = 'returned_item') AS owed FROM ledger_transfer
                   WHERE credit_kind = 'dispute_hold' AND code IN ('dispute_lost', 'forward_back') GROUP BY 1, 2) t
            ON t.account_id = d.account_id AND t.credit_ref = d.id
        WHERE coalesce(b.held, 0) <> CASE d.state WHEN 'open' THEN d.amount_cents ELSE 0 END
            OR coalesce(t.lost, 0) <> CASE d.state WHEN 'lost' THEN d.amount_cents ELSE 0 END
            OR coalesce(t.owed, 0) <> d.owed_back_cents""",
    "20d a deposit is what each payment put there less what was taken": """
        SELECT account_id, sum(held) AS held, sum(net) AS net, min(least) AS least FROM (
            SELECT account_id, credits_posted - debits_posted AS held, 0 AS net, 0 AS least, ref <> account_id AS odd
            FROM ledger_balance WHERE kind = 'deposit'
            UNION ALL
            SELECT account_id, 0, net, net, false FROM (
                SELECT account_id, payment_id, sum(CASE WHEN credit_kind = 'deposit' THEN amount_cents
                    ELSE -amount_cents END) AS net
                FROM ledger_transfer WHERE 'deposit' IN (debit_kind, credit_kind) AND phase IN ('posted', 'post')
                    AND payment_id IS NOT NULL GROUP BY 1, 2) AS x
        ) AS both_sides GROUP BY 1 HAVING sum(held) <> sum(net) OR min(least) < 0 OR bool_or(odd)""",
    "20e a refund under way belongs to somebody who will finish it": """
        SELECT r.account_id, r.id, r.state FROM payments_refund r
        JOIN payments_attempt a ON a.account_id = r.account_id AND a.payment_id = r.payment_id
        WHERE r.state IN ('submitting', 'unknown', 'pending') AND r.lease_until IS NULL AND a.gateway <> 'ach'
        UNION ALL
        SELECT account_id, id, state FROM payments_dispute WHERE (state = 'open') <> (ask_at IS NOT NULL)""",
}
