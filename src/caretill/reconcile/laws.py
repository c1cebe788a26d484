"""What must hold of payouts and statements: each query returns nothing, or the rows that break it (money.md, Laws)."""

from __future__ import annotations

LAWS = {
    "10 clearing of a payment is zero once all of it is at the bank": """
        SELECT q.account_id, q.id, t.left_cents FROM payments_payment q
        JOIN (SELECT account_id, payment_id, sum(gross_cents) AS booked FROM reconcile_operation
              WHERE state = 'booked' GROUP BY 1, 2) AS o ON o.account_id = q.account_id AND o.payment_id = q.id
        JOIN LATERAL (
            SELECT coalesce(sum(CASE WHEN debit_kind = 'clearing' THEN amount_cents ELSE -amount_cents END), 0)
                    AS left_cents,
                coalesce(sum(CASE WHEN debit_kind = 'clearing' THEN amount_cents ELSE -amount_cents END)
                    FILTER (WHERE code NOT IN ('payout', 'fee')), 0) AS moved
            FROM ledger_transfer t WHERE t.account_id = q.account_id AND t.payment_id = q.id
                AND 'clearing' IN (t.debit_kind, t.credit_kind) AND t.phase IN ('posted', 'post')) AS t ON true
        WHERE o.booked = t.moved AND t.left_cents <> 0""",
    "10b a booked operation has its transfers, and they are what it says": """
        SELECT o.provider, o.payout_ref, o.number, o.net_cents, o.fee_cents, t.bank, t.fee
        FROM reconcile_operation o
        LEFT JOIN (SELECT account_id, journal_id, payment_id,
                sum(CASE WHEN debit_kind = 'bank' THEN amount_cents WHEN credit_kind = 'bank' THEN -amount_cents END)
                    AS bank,
                sum(CASE WHEN debit_kind = 'fee' THEN amount_cents WHEN credit_kind = 'fee' THEN -amount_cents END)
                    AS fee
            FROM ledger_transfer WHERE code IN ('payout', 'fee') GROUP BY 1, 2, 3) AS t
            ON t.account_id = o.account_id AND t.journal_id = o.journal_id AND t.payment_id = o.payment_id
        WHERE o.state = 'booked' AND (coalesce(t.bank, 0), coalesce(t.fee, 0)) <> (o.net_cents, o.fee_cents)""",
    "10c what came to the bank is of an operation": """
        SELECT t.account_id, t.transfer_id FROM ledger_transfer t
        LEFT JOIN reconcile_operation o ON o.account_id = t.account_id AND o.payment_id = t.payment_id
            AND o.journal_id = t.journal_id
        WHERE (t.code IN ('payout', 'fee') OR t.debit_kind IN ('bank', 'fee') OR t.credit_kind IN ('bank', 'fee'))
            AND o.journal_id IS NULL""",
    "10d only what is at the bank is booked, and its payment says since when": """
        SELECT o.provider, o.payout_ref, o.number, y.settled_on, q.settled_on AS told
        FROM reconcile_operation o
        JOIN reconcile_payout y ON y.provider = o.provider AND y.payout_ref = o.payout_ref
        JOIN payments_payment q ON q.account_id = o.account_id AND q.id = o.payment_id
        WHERE o.state = 'booked' AND (y.settled_on IS NULL OR o.kind = 'charge' AND q.settled_on IS NULL)""",
    "11f the operations of a payout's file are its totals": """
        SELECT y.provider, y.payout_ref, y.amount_cents, o.net, o.many FROM reconcile_payout y
        LEFT JOIN (SELECT provider, payout_ref, count(*) AS many, sum(gross_cents) AS gross, sum(fee_cents) AS fee,
                       sum(net_cents) AS net FROM reconcile_operation GROUP BY 1, 2) AS o
            ON o.provider = y.provider AND o.payout_ref = y.payout_ref
        WHERE CASE WHEN y.state = 'filed' THEN (coalesce(o.many, 0), coalesce(o.gross, 0), coalesce(o.fee, 0),
                coalesce(o.net, 0)) <> (y.count, y.gross_cents, y.fee_cents, y.amount_cents)
            ELSE o.many IS NOT NULL END""",
    "11g every line of a statement file has a disposition, and they are its totals": """
        SELECT f.sha256, f.lines, f.total_cents, l.many, l.total FROM reconcile_file f
        LEFT JOIN (SELECT s.sha256, count(*) AS many, sum(l.amount_cents) AS total FROM reconcile_line l
                   JOIN reconcile_statement s ON s.id = l.statement_id WHERE l.disposition <> '' GROUP BY 1) AS l
            ON l.sha256 = f.sha256
        LEFT JOIN (SELECT sha256, count(*) AS many, sum(lines) AS lines, sum(total_cents) AS total
                   FROM reconcile_statement GROUP BY 1) AS s ON s.sha256 = f.sha256
        WHERE (f.lines, f.total_cents) <> (coalesce(l.many, 0), coalesce(l.total, 0))
            OR (f.statements, f.lines, f.total_cents) <> (coalesce(s.many, 0), coalesce(s.lines, 0),
                coalesce(s.total, 0))""",
    "11h a payout's line of the bank is booked once and has its amount": """
        SELECT y.provider, y.payout_ref, l.id FROM reconcile_payout y
        LEFT JOIN reconcile_line l ON l.id = y.line_id
        WHERE y.line_id IS NOT NULL AND (l.id IS NULL OR l.disposition <> 'payout'
            OR (l.amount_cents, l.currency) <> (y.amount_cents, y.currency))
        UNION ALL
        SELECT '', '', l.id FROM reconcile_line l LEFT JOIN reconcile_payout y ON y.line_id = l.id
        WHERE l.disposition = 'payout' AND y.line_id IS NULL""",
    "12c one operation of a processor is booked once": """
        SELECT provider, kind, operation_ref, count(*) FROM reconcile_operation WHERE state = 'booked'
        GROUP BY 1, 2, 3 HAVING count(*) > 1""",
}
