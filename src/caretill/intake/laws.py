"""What must hold of deliveries and posting files: each query returns nothing, or the rows that break it."""

from __future__ import annotations

LAWS = {
    "11 every row of a delivery has a disposition": """
        SELECT d.id, t.key AS table_name, t.value FROM intake_delivery d, jsonb_each(d.summary->'tables') AS t
        WHERE d.state = 'done' AND (t.value->>'read')::bigint <> (t.value->>'applied')::bigint
            + (t.value->>'unchanged')::bigint + (t.value->>'older')::bigint + (t.value->>'rejected')::bigint""",
    "11b what was refused is kept": """
        SELECT d.id, d.summary->>'rejected' AS rejected, count(DISTINCT (r.file, r.row, r.table_name)) AS kept
        FROM intake_delivery d LEFT JOIN intake_refused r ON r.delivery_id = d.id
        WHERE d.state = 'done' GROUP BY d.id
        HAVING (d.summary->>'rejected')::bigint <> count(DISTINCT (r.file, r.row, r.table_name))
            FILTER (WHERE r.row IS NOT NULL)""",
    "11c posting files are numbered without gaps, a day each": """
        SELECT number, business_date FROM (
            SELECT number, business_date, row_number() OVER (ORDER BY number) AS place,
                min(business_date) OVER () AS first, min(number) OVER () AS start FROM intake_posting_file
        ) AS f WHERE start <> 1 OR number <> place OR business_date <> first + (place - 1)::int""",
    "11d a posting file's totals are its day's transfers, which do not change": """
        SELECT f.number, f.rows, f.credit_cents - f.debit_cents AS told, coalesce(t.rows, 0) AS now_rows,
            coalesce(t.net, 0) AS now_net
        FROM intake_posting_file f LEFT JOIN (
            SELECT business_date, count(*) AS rows,
                sum(CASE WHEN credit_kind = 'receivable' OR (credit_kind IN ('credit', 'deposit', 'returned_item')
                        AND debit_kind IN ('clearing', 'refund_payable'))
                    THEN amount_cents ELSE -amount_cents END) AS net
            FROM ledger_transfer WHERE phase IN ('posted', 'post')
                AND code IN ('payment', 'late_payment', 'overpayment', 'deposit', 'allocation', 'deposit_applied',
                    'refund', 'refund_failed', 'refund_refused', 'return', 'return_undone', 'dispute_lost', 'reversal')
            GROUP BY 1
        ) AS t USING (business_date)
        WHERE f.rows <> coalesce(t.rows, 0) OR f.credit_cents - f.debit_cents <> coalesce(t.net, 0)""",
    "11e the bytes of a posting file are those that left": """
        SELECT number FROM intake_posting_file WHERE encode(sha256(body), 'hex') <> sha256""",
}
