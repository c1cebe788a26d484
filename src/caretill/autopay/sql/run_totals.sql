-- What automatic payment has that closes by then, and what it took of the same days a month earlier.
WITH coming AS (
    SELECT due_on, count(*) AS n, sum(amount_cents) AS cents FROM autopay_due
    WHERE state = 'waiting' AND kind = 'autopay' AND closes_at <= %(until)s GROUP BY due_on
), before AS (
    SELECT count(*) AS n, sum(taken_cents) AS cents FROM autopay_due
    WHERE kind = 'autopay' AND state = 'taken'
        AND due_on IN (SELECT (c.due_on - interval '1 month')::date FROM coming c)
)
SELECT coalesce((SELECT sum(n) FROM coming), 0)::int AS planned,
    coalesce((SELECT sum(cents) FROM coming), 0)::bigint AS planned_cents,
    b.n::int AS before, coalesce(b.cents, 0)::bigint AS before_cents
FROM before b
