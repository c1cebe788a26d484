"""What must hold of money: each query returns nothing, or the rows that break it (money.md, Laws)."""

from __future__ import annotations

from caretill.ledger.models import GUARDED

KINDS = ", ".join(f"'{kind}'" for kind in GUARDED)
DEBITED = ", ".join(f"'{kind}'" for kind, side in GUARDED.items() if side == "debit")

LAWS = {
    "1 a balance is the sum of its transfers": f"""
        WITH sides AS (
            SELECT account_id, debit_kind AS kind, debit_ref AS ref, currency, phase, amount_cents AS debit, 0 AS credit
            FROM ledger_transfer WHERE debit_kind IN ({KINDS})
            UNION ALL
            SELECT account_id, credit_kind, credit_ref, currency, phase, 0, amount_cents
            FROM ledger_transfer WHERE credit_kind IN ({KINDS})
        ), sums AS (
            SELECT account_id, kind, ref, currency,
                sum(CASE WHEN phase IN ('posted', 'post') THEN debit ELSE 0 END) AS debits_posted,
                sum(CASE WHEN phase IN ('posted', 'post') THEN credit ELSE 0 END) AS credits_posted,
                sum(CASE phase WHEN 'pending' THEN debit WHEN 'posted' THEN 0 ELSE -debit END) AS debits_pending,
                sum(CASE phase WHEN 'pending' THEN credit WHEN 'posted' THEN 0 ELSE -credit END) AS credits_pending
            FROM sides GROUP BY 1, 2, 3, 4
        )
        SELECT * FROM sums s FULL JOIN ledger_balance b USING (account_id, kind, ref, currency)
        WHERE coalesce(s.debits_posted, 0) <> coalesce(b.debits_posted, 0)
            OR coalesce(s.credits_posted, 0) <> coalesce(b.credits_posted, 0)
            OR coalesce(s.debits_pending, 0) <> coalesce(b.debits_pending, 0)
            OR coalesce(s.credits_pending, 0) <> coalesce(b.credits_pending, 0)""",
    "2 debits are credits, per currency and day": """
        SELECT currency, business_date, sum(side) FROM (
            SELECT currency, business_date, amount_cents AS side FROM ledger_transfer WHERE debit_kind <> ''
            UNION ALL SELECT currency, business_date, -amount_cents FROM ledger_transfer WHERE credit_kind <> ''
        ) AS s GROUP BY 1, 2 HAVING sum(side) <> 0""",
    "3 floors hold, what is pending counted": f"""
        SELECT account_id, kind, ref FROM ledger_balance
        WHERE CASE WHEN kind IN ({DEBITED}) THEN debits_posted - credits_posted - credits_pending < 0
            ELSE credits_posted - debits_posted - debits_pending < 0 END""",
    "4 a pending transfer ends once": """
        SELECT t.account_id, t.target_id, count(*) FROM ledger_transfer t WHERE t.phase IN ('post', 'void')
        GROUP BY 1, 2 HAVING count(*) <> 1
        UNION ALL
        SELECT e.account_id, e.transfer_id, 0 FROM ledger_transfer e
        LEFT JOIN ledger_transfer o ON o.account_id = e.account_id AND o.transfer_id = e.target_id
            AND o.phase = 'pending'
        WHERE e.phase IN ('post', 'void') AND (o.transfer_id IS NULL OR o.amount_cents <> e.amount_cents
            OR (o.debit_kind, o.debit_ref, o.credit_kind, o.credit_ref)
                <> (e.debit_kind, e.debit_ref, e.credit_kind, e.credit_ref))""",
    "14 currencies never mix": """
        SELECT account_id, journal_id FROM ledger_transfer WHERE code NOT LIKE 'feed%'
        GROUP BY account_id, journal_id, subject_id HAVING count(DISTINCT currency) > 1""",
    "15 a reversal is its original with sides swapped, once": """
        SELECT r.account_id, r.transfer_id FROM ledger_transfer r
        LEFT JOIN ledger_transfer o ON o.account_id = r.account_id AND o.transfer_id = r.target_id
        WHERE r.code = 'reversal' AND (o.transfer_id IS NULL OR o.amount_cents <> r.amount_cents
            OR o.currency <> r.currency OR (o.debit_kind, o.debit_ref, o.credit_kind, o.credit_ref)
                <> (r.credit_kind, r.credit_ref, r.debit_kind, r.debit_ref))
        UNION ALL
        SELECT account_id, target_id FROM ledger_transfer WHERE code = 'reversal'
        GROUP BY 1, 2 HAVING count(*) > 1""",
    "18 patients' credit is what was credited less what was used": """
        SELECT control, held FROM
            (SELECT coalesce(sum(CASE WHEN credit_kind = 'credit' THEN amount_cents ELSE 0 END)
                - sum(CASE WHEN debit_kind = 'credit' THEN amount_cents ELSE 0 END), 0) AS control
             FROM ledger_transfer WHERE phase IN ('posted', 'post')) AS c,
            (SELECT coalesce(sum(credits_posted - debits_posted), 0) AS held
             FROM ledger_balance WHERE kind = 'credit') AS h
        WHERE control <> held""",
}
