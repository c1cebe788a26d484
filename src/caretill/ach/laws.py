"""What must hold of bank debits: each query returns nothing, or the rows that break it (money.md, Laws; ACH-1 to 7)."""

from __future__ import annotations

LAWS = {
    "11b a file that was built is what its entries add up to": """
        SELECT f.id, f.name, f.entries, f.debit_cents, coalesce(e.entries, 0) AS filed, coalesce(e.debits, 0) AS debits
        FROM ach_file f LEFT JOIN (
            SELECT file_id, count(*) AS entries,
                coalesce(sum(amount_cents) FILTER (WHERE transaction_code % 10 >= 5), 0) AS debits,
                coalesce(sum(amount_cents) FILTER (WHERE transaction_code % 10 < 5), 0) AS credits
            FROM ach_entry WHERE state <> 'dropped' GROUP BY 1) e ON e.file_id = f.id
        WHERE f.state IN ('built', 'sent') AND (f.entries <> coalesce(e.entries, 0)
            OR f.debit_cents <> coalesce(e.debits, 0) OR f.credit_cents <> coalesce(e.credits, 0))""",
    "11c the bytes of a file are kept": """
        SELECT f.id, f.name, f.chunks FROM ach_file f
        LEFT JOIN (SELECT file_id, count(*) AS chunks FROM ach_chunk GROUP BY 1) c ON c.file_id = f.id
        WHERE f.chunks <> coalesce(c.chunks, 0) OR (f.state <> 'building' AND f.entries > 0 AND f.sha256 IS NULL)""",
    "11d every line of a file of returns that is done has a disposition": """
        SELECT l.sha256, l.line FROM ach_returned_line l JOIN ach_returned_file f ON f.sha256 = l.sha256
        WHERE (f.state = 'done' AND l.disposition = '') OR f.state = 'rejected'
            OR (l.disposition = 'quarantined' AND l.reason = '')
        UNION ALL
        SELECT f.sha256, f.lines FROM ach_returned_file f
        LEFT JOIN (SELECT sha256, count(*) AS lines FROM ach_returned_line GROUP BY 1) l ON l.sha256 = f.sha256
        WHERE f.lines <> coalesce(l.lines, 0)""",
    "20b a debit that came back was booked so, once": """
        SELECT e.account_id, e.id, e.return_code, r.id AS return_id FROM ach_entry e
        LEFT JOIN payments_return r ON r.account_id = e.account_id AND r.payment_id = e.payment_id
            AND r.source_ref = e.id || ':return'
        LEFT JOIN ach_returned_line l ON l.disposition = ''
            AND e.returned_by = encode(l.sha256, 'hex') || ':' || l.line
        WHERE e.kind = 'debit' AND l.line IS NULL AND (e.state = 'returned') <> (r.id IS NOT NULL)
        UNION ALL
        SELECT r.account_id, r.id, r.code, NULL FROM payments_return r
        LEFT JOIN ach_entry e ON e.account_id = r.account_id AND e.payment_id = r.payment_id
        WHERE split_part(r.source_ref, ':', 2) IN ('return', 'contested')
            AND (e.id IS NULL OR e.amount_cents <> r.amount_cents)""",
    "21l a debit was made under a mandate that lived": """
        SELECT e.account_id, e.id, g.ended_at, e.filed_at FROM ach_entry e
        LEFT JOIN methods_mandate g ON g.account_id = e.account_id AND g.id = e.mandate_id
        WHERE e.kind = 'debit' AND (g.id IS NULL OR g.method_id <> e.method_id OR g.sec_code <> e.sec_code
            OR g.agreed_at > e.filed_at OR g.ended_at < e.filed_at - interval '1 minute' OR g.last_debit_on IS NULL)""",
    "21m a debit from the web is of an account that was proved": """
        SELECT account_id, id, validation FROM ach_entry
        WHERE kind = 'debit' AND (validation = 'failed' OR sec_code = 'WEB' AND validation <> 'valid')""",
    "21n a debit is presented again only as the rules allow": """
        SELECT e.account_id, e.id, e.presentment, b.return_code FROM ach_entry e
        LEFT JOIN ach_entry f ON f.account_id = e.account_id AND f.id = e.first_id
        LEFT JOIN ach_entry b ON b.account_id = e.account_id AND b.first_id = e.first_id AND b.kind = 'debit'
            AND b.presentment = e.presentment - 1
        WHERE e.kind = 'debit' AND CASE WHEN e.presentment = 1 THEN e.first_id <> e.id OR e.description = 'RETRY PYMT'
            ELSE b.id IS NULL OR b.return_code NOT IN ('R01', 'R09') OR e.description <> 'RETRY PYMT'
                OR (e.amount_cents, e.payee, e.sec_code) <> (f.amount_cents, f.payee, f.sec_code)
                OR e.effective_on > f.effective_on + 180 END""",
    "5d an entry and its payment say the same": """
        SELECT e.account_id, e.id, e.state, p.state AS payment FROM ach_entry e
        JOIN payments_payment p ON p.account_id = e.account_id AND p.id = e.payment_id
        WHERE e.kind = 'debit' AND (e.amount_cents <> p.amount_cents OR CASE e.state
            WHEN 'filed' THEN p.state <> 'pending' WHEN 'settling' THEN p.state NOT IN ('pending', 'succeeded')
            WHEN 'settled' THEN p.state <> 'succeeded' ELSE p.state = 'submitting' END)
        UNION ALL
        SELECT p.account_id, p.id, '', p.state FROM payments_payment p
        JOIN payments_attempt a ON a.account_id = p.account_id AND a.payment_id = p.id AND a.gateway = 'ach'
        JOIN payments_event v ON v.account_id = p.account_id AND v.payment_id = p.id AND v.provider = 'ach'
            AND v.event = 'filed' AND v.body ? 'trace'
        LEFT JOIN ach_entry e ON e.account_id = p.account_id AND e.payment_id = p.id
            AND e.trace = v.body->>'trace'
        WHERE e.id IS NULL""",
    "5e nothing settles that was not sent": """
        SELECT e.account_id, e.id, f.name FROM ach_entry e JOIN ach_file f ON f.id = e.file_id
        WHERE (e.state IN ('settling', 'settled') AND f.sent_at IS NULL)
            OR (e.state = 'settled' AND e.settled_on < (f.sent_at AT TIME ZONE 'America/New_York')::date)""",
    "9b a trace number names its entry": """
        SELECT e.account_id, e.id, e.trace FROM ach_entry e
        LEFT JOIN ach_trace t ON t.trace = e.trace AND t.file_id = e.file_id AND t.account_id = e.account_id
            AND t.entry_id = e.id
        WHERE t.trace IS NULL""",
}
