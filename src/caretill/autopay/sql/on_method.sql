-- Orders that are taken from a way to pay, with what waits.
SELECT o.account_id, o.id AS order_id, o.kind, d.next_on, coalesce(d.next_cents, 0)::bigint AS next_cents,
    coalesce(d.days, 0)::int AS left
FROM autopay_order o
LEFT JOIN LATERAL (
    SELECT min(e.take_on) AS next_on, count(DISTINCT e.due_on) AS days,
        sum(e.amount_cents) FILTER (WHERE e.take_on = f.first_on) AS next_cents
    FROM autopay_due e, (SELECT min(take_on) AS first_on FROM autopay_due g WHERE g.account_id = o.account_id
                         AND g.order_id = o.id AND g.state = 'waiting') AS f
    WHERE e.account_id = o.account_id AND e.order_id = o.id AND e.state = 'waiting') AS d ON true
WHERE o.method_account_id = %s AND o.method_id = %s AND o.state <> 'ended'
ORDER BY d.next_on NULLS LAST, o.kind, o.id
