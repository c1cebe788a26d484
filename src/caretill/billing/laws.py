"""What must hold of bills: each query returns nothing, or the rows that break it (money.md, Laws)."""

from __future__ import annotations

LAWS = {
    "8 a bill's lines are its charge transfers": """
        SELECT b.account_id, b.id, coalesce(l.charged, 0) AS lines, coalesce(t.charged, 0) AS transfers
        FROM billing_bill b
        LEFT JOIN (SELECT account_id, bill_id, sum(charge_cents) AS charged FROM billing_line GROUP BY 1, 2) l
            ON l.account_id = b.account_id AND l.bill_id = b.id
        LEFT JOIN (SELECT account_id, subject_id, sum(CASE WHEN credit_kind = 'revenue' THEN amount_cents
                       ELSE -amount_cents END) AS charged
                   FROM ledger_transfer WHERE 'revenue' IN (credit_kind, debit_kind) AND phase IN ('posted', 'post')
                   GROUP BY 1, 2) t ON t.account_id = b.account_id AND t.subject_id = b.id
        WHERE coalesce(l.charged, 0) <> coalesce(t.charged, 0)""",
    "8b discounts, plan and write-offs of the lines are transfers": """
        SELECT b.account_id, b.id, l.lowered AS lines, t.lowered AS transfers
        FROM billing_bill b
        JOIN (SELECT account_id, bill_id, sum(discount_cents + plan_paid_cents + written_off_cents) AS lowered
              FROM billing_line GROUP BY 1, 2) l ON l.account_id = b.account_id AND l.bill_id = b.id
        LEFT JOIN (SELECT account_id, subject_id, sum(CASE WHEN debit_kind IN ('discount', 'plan', 'write_off')
                       THEN amount_cents ELSE -amount_cents END) AS lowered
                   FROM ledger_transfer WHERE phase IN ('posted', 'post')
                       AND (debit_kind IN ('discount', 'plan', 'write_off')
                       OR credit_kind IN ('discount', 'plan', 'write_off')) GROUP BY 1, 2) t
            ON t.account_id = b.account_id AND t.subject_id = b.id
        WHERE coalesce(l.lowered, 0) <> coalesce(t.lowered, 0)""",
    "8c payments taken elsewhere are transfers": """
        SELECT coalesce(o.account_id, t.account_id) AS account_id, o.bill_id, o.paid, t.paid AS transfers
        FROM (SELECT account_id, bill_id, sum(amount_cents) AS paid FROM billing_outside_payment GROUP BY 1, 2) o
        FULL JOIN (SELECT account_id, subject_id AS bill_id, sum(CASE WHEN debit_kind IN ('desk', 'elsewhere')
                       THEN amount_cents ELSE -amount_cents END) AS paid
                   FROM ledger_transfer WHERE phase IN ('posted', 'post') AND (debit_kind IN ('desk', 'elsewhere')
                       OR credit_kind IN ('desk', 'elsewhere')) GROUP BY 1, 2) t USING (account_id, bill_id)
        WHERE coalesce(o.paid, 0) <> coalesce(t.paid, 0)""",
    "8d every line and change has its bill": """
        SELECT l.account_id, l.bill_id FROM billing_line l
        LEFT JOIN billing_bill b ON b.account_id = l.account_id AND b.id = l.bill_id WHERE b.id IS NULL""",
    "8e a bill is not owed and in credit by itself at once": """
        SELECT r.account_id, r.ref FROM ledger_balance r JOIN ledger_balance c
            ON c.account_id = r.account_id AND c.kind = 'credit' AND c.ref = r.ref AND c.currency = r.currency
        WHERE r.kind = 'receivable' AND r.debits_posted - r.credits_posted - r.credits_pending > 0
            AND c.credits_posted - c.debits_posted - c.debits_pending > 0""",
    "8f a bill's numbers are claimed for it": """
        SELECT b.account_id, b.id, k.claimed FROM billing_bill b
        LEFT JOIN (SELECT account_id, ref, count(*) AS claimed FROM billing_lookup_key
                   WHERE kind IN ('bill_number', 'pay_code') GROUP BY 1, 2) k
            ON k.account_id = b.account_id AND k.ref = b.id
        WHERE coalesce(k.claimed, 0) <> 2""",
    "8g what a bill shows adds up to what is owed": """
        SELECT b.account_id, b.id, t.net, h.held FROM billing_bill b
        LEFT JOIN (SELECT account_id, bill_id, sum(cents) AS net FROM (
                SELECT account_id, subject_id AS bill_id,
                    CASE WHEN debit_kind = 'receivable' THEN amount_cents ELSE 0 END
                    - CASE WHEN credit_kind = 'receivable' THEN amount_cents ELSE 0 END AS cents
                FROM ledger_transfer WHERE phase IN ('posted', 'post')
                UNION ALL SELECT account_id, debit_ref, amount_cents FROM ledger_transfer
                WHERE debit_kind = 'credit' AND phase IN ('posted', 'post')
                UNION ALL SELECT account_id, credit_ref, -amount_cents FROM ledger_transfer
                WHERE credit_kind = 'credit' AND phase IN ('posted', 'post')) AS x GROUP BY 1, 2) t
            ON t.account_id = b.account_id AND t.bill_id = b.id
        LEFT JOIN (SELECT account_id, ref, sum(debits_posted - credits_posted) AS held
                   FROM ledger_balance GROUP BY 1, 2) h ON h.account_id = b.account_id AND h.ref = b.id
        WHERE coalesce(t.net, 0) <> coalesce(h.held, 0)""",
}
