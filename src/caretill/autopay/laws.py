"""What must hold of what is taken later: each query returns nothing, or the rows that break it (money.md, Laws)."""

from __future__ import annotations

# Payments made under the keys of a due, in whichever try.
_OF_DUE = """
    autopay_due d JOIN autopay_order o ON o.account_id = d.account_id AND o.id = d.order_id
    CROSS JOIN LATERAL generate_series(1, d.tries + 1) AS n
    JOIN core_idempotency i ON i.account_id = o.method_account_id
        AND i.key = autopay_key(d.order_id, d.due_on, d.processor_account, n)
    JOIN payments_payment q ON q.account_id = i.account_id AND q.id = i.payment_id"""

LAWS = {
    "16 a due is taken once": f"""
        SELECT d.account_id, d.order_id, d.due_on, d.processor_account, count(*) FROM {_OF_DUE}
        WHERE d.tries > 0 AND q.state IN ('submitting', 'requires_action', 'pending', 'unknown', 'succeeded')
        GROUP BY 1, 2, 3, 4 HAVING count(*) > 1""",
    "16b what was taken for an order belongs to one of its dues": """
        SELECT q.account_id, q.id, q.origin, q.origin_id FROM payments_payment q
        JOIN autopay_order o ON o.id = q.origin_id
        LEFT JOIN autopay_due d ON d.order_id = q.origin_id AND q.key IN (
            autopay_key(d.order_id, d.due_on, d.processor_account, 1),
            autopay_key(d.order_id, d.due_on, d.processor_account, 2),
            autopay_key(d.order_id, d.due_on, d.processor_account, 3))
        -- A bank debit that is presented again (room ach) is a payment of its own for the same order.
        LEFT JOIN ach_again n ON n.account_id = q.account_id AND n.key = q.key
        WHERE q.origin IN ('schedule', 'autopay', 'plan') AND d.order_id IS NULL AND n.key IS NULL""",
    "16c no more tries than the rules allow": """
        SELECT account_id, order_id, due_on, tries FROM autopay_due WHERE tries > 3""",
    "21b no automatic payment without ten days of notice, nor more than it said": f"""
        SELECT d.account_id, d.order_id, d.due_on, d.noticed_on, q.business_date, q.posts_on, q.amount_cents
        FROM {_OF_DUE}
        WHERE d.kind = 'autopay' AND d.tries > 0 AND (d.noticed_on IS NULL
            OR coalesce(q.posts_on, q.business_date) < d.noticed_on + 10 OR q.amount_cents > d.amount_cents)""",
    "21c nothing is taken for an order that has ended": f"""
        SELECT d.account_id, d.order_id, d.due_on, o.ended_at, d.taking_at, q.created_at FROM {_OF_DUE}
        WHERE d.tries > 0 AND o.ended_at IS NOT NULL AND q.created_at > o.ended_at AND d.taking_at > o.ended_at""",
    "21d what is taken by itself has a mandate": """
        SELECT o.account_id, o.id FROM autopay_order o
        LEFT JOIN methods_mandate m ON m.account_id = o.method_account_id AND m.id = o.mandate_id
        WHERE o.method_id IS NOT NULL AND (m.id IS NULL OR m.method_id <> o.method_id)""",
    "24 a due that was begun has its payment": """
        SELECT d.account_id, d.order_id, d.due_on, d.state, q.state AS payment_state, d.taken_cents
        FROM autopay_due d JOIN autopay_order o ON o.account_id = d.account_id AND o.id = d.order_id
        LEFT JOIN payments_payment q ON q.account_id = o.method_account_id AND q.id = d.payment_id
        WHERE d.state IN ('begun', 'taken') AND d.code <> 'by_hand'
            AND (q.id IS NULL OR d.state = 'taken' AND d.taken_cents <> q.captured_cents)""",
    "24b nothing is asked of a bill beyond what was said": """
        SELECT d.account_id, d.order_id, d.due_on, d.amount_cents, sum((t->>'amount_cents')::bigint) AS asked
        FROM autopay_due d, jsonb_array_elements(d.taking) AS t WHERE d.taking IS NOT NULL
        GROUP BY 1, 2, 3, d.processor_account, 4 HAVING sum((t->>'amount_cents')::bigint) > d.amount_cents""",
    "25 the payments of a plan are its total": """
        SELECT p.account_id, p.id, p.total_cents, s.cents FROM autopay_plan p
        JOIN autopay_order o ON o.account_id = p.account_id AND o.id = p.id AND o.state = 'active'
        LEFT JOIN (SELECT account_id, order_id, sum(amount_cents) AS cents FROM autopay_due
                   WHERE kind = 'plan' AND state <> 'failed' GROUP BY 1, 2) s
            ON s.account_id = p.account_id AND s.order_id = p.id
        WHERE s.cents IS DISTINCT FROM p.total_cents
        UNION ALL
        SELECT p.account_id, p.id, p.total_cents, sum((t->>'amount_cents')::bigint)
        FROM autopay_plan p, jsonb_array_elements(p.bills) AS t GROUP BY 1, 2, 3
        HAVING sum((t->>'amount_cents')::bigint) <> p.total_cents""",
    "25b a signed agreement is what was signed": """
        SELECT account_id, id FROM autopay_plan WHERE sha256(convert_to(text, 'UTF8')) <> text_hash""",
}
