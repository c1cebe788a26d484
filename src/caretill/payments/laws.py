"""What must hold of payments: each query returns nothing, or the rows that break it (money.md, Laws)."""

from __future__ import annotations

from caretill.payments import laws_back

LAWS = laws_back.LAWS | {
    "4b what is pending belongs to a payment under way": """
        SELECT t.account_id, t.transfer_id FROM ledger_transfer t
        LEFT JOIN ledger_resolution r ON r.account_id = t.account_id AND r.target_id = t.transfer_id
            AND r.action = 'end'
        LEFT JOIN payments_payment p ON p.account_id = t.account_id AND p.id = t.payment_id
            AND p.state IN ('submitting', 'requires_action', 'pending', 'unknown') AND t.debit_kind = 'clearing'
        LEFT JOIN payments_share s ON s.account_id = t.account_id AND s.payment_id = t.payment_id
            AND s.state = 'reserved' AND t.debit_kind = 'forwarded'
        WHERE t.phase = 'pending' AND r.target_id IS NULL AND p.id IS NULL AND s.payment_id IS NULL""",
    "5 succeeded if and only if posted": """
        SELECT p.account_id, p.id, p.state, p.captured_cents, coalesce(t.posted, 0) AS posted
        FROM payments_payment p
        LEFT JOIN (SELECT account_id, payment_id, sum(amount_cents) AS posted FROM ledger_transfer
                   WHERE debit_kind = 'clearing' AND phase IN ('posted', 'post')
                       AND code NOT IN ('reversal', 'return_undone', 'dispute_won', 'payout', 'fee')
                   GROUP BY 1, 2) t ON t.account_id = p.account_id AND t.payment_id = p.id
        WHERE (p.state = 'succeeded') <> (coalesce(t.posted, 0) > 0) OR p.captured_cents <> coalesce(t.posted, 0)""",
    "5b ended means nothing is held": """
        SELECT c.account_id, c.bill_id, p.state FROM payments_claim c
        LEFT JOIN payments_payment p ON p.account_id = c.account_id AND p.id = c.payment_id AND NOT p.family
        LEFT JOIN payments_share s ON s.account_id = c.account_id AND s.payment_id = c.payment_id
            AND s.state = 'reserved'
        WHERE coalesce(p.state, 'created') IN ('succeeded', 'failed', 'voided', 'created') AND s.payment_id IS NULL""",
    "5c what is reserved is claimed": """
        SELECT t.account_id, t.transfer_id FROM ledger_transfer t
        LEFT JOIN ledger_resolution r ON r.account_id = t.account_id AND r.target_id = t.transfer_id
            AND r.action = 'end'
        LEFT JOIN payments_claim c ON c.account_id = t.account_id AND c.bill_id = t.subject_id
            AND c.payment_id = t.payment_id
        WHERE t.phase = 'pending' AND r.target_id IS NULL AND c.bill_id IS NULL""",
    "9 one processor object, one payment": """
        SELECT a.account_id, a.payment_id, a.session_ref FROM payments_attempt a
        LEFT JOIN payments_object o ON o.provider = a.gateway AND o.object_ref = a.session_ref
        WHERE a.session_ref <> '' AND (o.payment_id IS NULL OR o.payment_id <> a.payment_id)
        UNION ALL
        SELECT account_id, id, charge_ref FROM payments_payment p WHERE charge_ref <> '' AND EXISTS (
            SELECT 1 FROM payments_payment q WHERE q.charge_ref = p.charge_ref AND q.id <> p.id)""",
    "12 one effect for one key": """
        SELECT account_id, key::text, count(*) FROM payments_payment GROUP BY 1, 2 HAVING count(*) > 1
        UNION ALL
        SELECT p.account_id, p.key::text, 0 FROM payments_payment p
        LEFT JOIN core_idempotency i ON i.account_id = p.account_id AND i.key = p.key AND i.payment_id = p.id
        WHERE i.key IS NULL
        UNION ALL
        SELECT account_id, provider || ' ' || object_ref, count(*) FROM payments_event
        WHERE event = 'succeeded' GROUP BY account_id, payment_id, provider, object_ref HAVING count(*) > 1""",
    "12b the parts of a payment are its amount": """
        SELECT p.account_id, p.id, p.amount_cents, s.parts, p.deposit_cents FROM payments_payment p
        LEFT JOIN (
            SELECT account_id, payment_id, sum(amount_cents) AS parts, bool_or(forwarded) AS forwarded FROM (
                SELECT account_id, payment_id, amount_cents, false AS forwarded FROM payments_part
                UNION ALL SELECT account_id, payment_id, amount_cents, true FROM payments_forward) AS x GROUP BY 1, 2
        ) s ON s.account_id = p.account_id AND s.payment_id = p.id
        WHERE coalesce(s.parts, 0) + p.deposit_cents <> p.amount_cents OR p.deposit_cents < 0
            OR coalesce(s.forwarded, false) <> p.family OR (p.deposit_cents > 0) <> (p.deposit_payee <> '')""",
    "13 nothing under way without somebody who must finish it": """
        SELECT p.account_id, p.id, p.state FROM payments_payment p
        LEFT JOIN payments_attempt a ON a.account_id = p.account_id AND a.payment_id = p.id
            AND a.lease_until IS NOT NULL
        WHERE p.state IN ('submitting', 'requires_action', 'pending', 'unknown') AND a.id IS NULL
        UNION ALL
        SELECT account_id, id, state FROM payments_payment WHERE state = 'unknown' AND promised_at IS NULL""",
    "13b every step is in the table": """
        SELECT e.account_id, e.payment_id, e.event FROM payments_event e
        LEFT JOIN payments_transition t ON t.from_state = e.from_state AND t.event = e.event
            AND t.to_state = e.to_state
        WHERE t.event IS NULL AND NOT (e.from_state = e.to_state AND e.event IN ('refunded', 'refund_asked',
            'refund_pending', 'refund_unknown', 'refund_failed', 'refund_refused', 'taken_back', 'debit_returned',
            'return_undone', 'dispute_opened', 'dispute_won', 'dispute_lost'))""",
    "15b what came back of a family's payment came off its bills": """
        SELECT g.account_id, g.refund_id, t.taken, g.parts
        FROM (SELECT account_id, refund_id, sum(amount_cents) AS parts FROM payments_giveback GROUP BY 1, 2) g
        LEFT JOIN (SELECT account_id, credit_ref, journal_id, sum(amount_cents) AS taken FROM ledger_transfer
                   WHERE code = 'forward_back' GROUP BY 1, 2, 3) t
            ON t.account_id = g.account_id AND g.refund_id IN (t.journal_id, t.credit_ref)
        -- Older refunds were booked under a journal of their own.
        LEFT JOIN payments_refund old ON old.account_id = g.account_id AND old.id = g.refund_id AND old.key IS NULL
        WHERE coalesce(t.taken, 0) <> g.parts AND old.id IS NULL
        UNION ALL
        SELECT g.account_id, g.refund_id, g.amount_cents, t.taken FROM payments_giveback g
        LEFT JOIN (SELECT account_id, journal_id, subject_id, sum(amount_cents) AS taken FROM ledger_transfer
                   WHERE credit_kind = 'forwarded' GROUP BY 1, 2, 3) t
            ON t.account_id = g.to_account_id AND t.journal_id = g.refund_id AND t.subject_id = g.bill_id
        WHERE g.done AND t.taken IS DISTINCT FROM g.amount_cents""",
    "23 forwarded is zero once a payment ended": """
        SELECT p.account_id, p.id, p.state, coalesce(f.held, 0) AS forwarded
        FROM payments_payment p
        JOIN payments_attempt a ON a.account_id = p.account_id AND a.payment_id = p.id
        LEFT JOIN (SELECT payment_id, sum(CASE WHEN credit_kind = 'forwarded' THEN amount_cents
                       ELSE -amount_cents END) AS held
                   FROM ledger_transfer WHERE 'forwarded' IN (credit_kind, debit_kind) AND phase IN ('posted', 'post')
                   GROUP BY 1) f ON f.payment_id = p.id
        WHERE coalesce(f.held, 0) <> 0 AND (NOT p.family OR a.lease_until IS NULL OR p.state <> 'succeeded')""",
    "23b what is forwarded belongs to a payment of a family": """
        SELECT t.account_id, t.transfer_id FROM ledger_transfer t
        LEFT JOIN payments_payment p ON p.id = t.payment_id AND p.family
        WHERE 'forwarded' IN (t.credit_kind, t.debit_kind) AND p.id IS NULL""",
    "23c each bill of a family's payment is booked, or none, or somebody must finish it": """
        SELECT f.account_id, f.payment_id, f.bill_id, f.state, s.state AS share, p.state AS payment
        FROM payments_forward f
        JOIN payments_payment p ON p.account_id = f.account_id AND p.id = f.payment_id
        LEFT JOIN payments_attempt a ON a.account_id = p.account_id AND a.payment_id = p.id
            AND a.lease_until IS NOT NULL
        LEFT JOIN payments_share s ON s.account_id = f.to_account_id AND s.payment_id = f.payment_id
        LEFT JOIN (SELECT account_id, payment_id, subject_id, sum(amount_cents) AS booked FROM ledger_transfer
                   WHERE debit_kind = 'forwarded' AND phase = 'post' GROUP BY 1, 2, 3) t
            ON t.account_id = f.to_account_id AND t.payment_id = f.payment_id AND t.subject_id = f.bill_id
        LEFT JOIN (SELECT DISTINCT account_id, payment_id FROM ledger_transfer WHERE code = 'forward') w
            ON w.account_id = f.account_id AND w.payment_id = f.payment_id
        WHERE f.state <> 'open' AND (s.state IS DISTINCT FROM f.state
                OR (f.state = 'booked') <> (w.payment_id IS NOT NULL))
            OR (t.booked IS NOT NULL AND (t.booked <> f.amount_cents OR w.payment_id IS NULL))
            OR (s.state = 'booked') <> (t.booked IS NOT NULL)
            OR (f.state = 'open' AND a.id IS NULL)
        UNION ALL
        SELECT g.account_id, g.payment_id, g.bill_id, 'refund', NULL, NULL FROM payments_giveback g
        LEFT JOIN payments_attempt a ON a.account_id = g.account_id AND a.payment_id = g.payment_id
            AND a.lease_until IS NOT NULL
        WHERE NOT g.done AND a.id IS NULL
        UNION ALL
        SELECT s.account_id, s.payment_id, NULL, NULL, s.state, NULL FROM payments_share s
        LEFT JOIN payments_forward f ON f.account_id = s.from_account_id AND f.payment_id = s.payment_id
            AND f.to_account_id = s.account_id
        WHERE f.payment_id IS NULL""",
}
