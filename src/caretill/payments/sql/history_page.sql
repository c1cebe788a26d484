SELECT kind, id, payment_id, day, at, amount_cents, paid_cents, refunded_cents, reference, method_brand, method_last4,
    parts, helper
FROM entries
WHERE %(before_day)s::date IS NULL OR (day, at, id) < (%(before_day)s::date, %(before_at)s::timestamptz, %(before_id)s::uuid)
ORDER BY day DESC, at DESC, id DESC
LIMIT %(most)s
