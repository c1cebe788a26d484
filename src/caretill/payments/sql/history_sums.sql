SELECT extract(year FROM p.day)::int AS year, p.person_id, max(p.first_name) AS first_name,
    max(p.last_name) AS last_name, sum(p.paid_cents)::bigint AS paid_cents,
    sum(p.refunded_cents)::bigint AS refunded_cents
FROM parts p JOIN entries e ON e.kind = p.kind AND e.id = p.id
WHERE p.paid_cents <> 0 OR p.refunded_cents <> 0
GROUP BY 1, 2
ORDER BY 1 DESC, first_name, last_name, person_id
