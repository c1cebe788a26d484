-- How far the money has come, in cents and in counts.
SELECT y.payouts, y.paid_out_cents, y.at_bank_cents, y.paid_out_cents - y.at_bank_cents AS on_the_way_cents,
    o.operations, o.booked, o.operations - o.booked - o.own_fees AS waiting, o.booked_cents, o.fee_cents
FROM (
    SELECT count(*) AS payouts, coalesce(sum(amount_cents), 0) AS paid_out_cents,
        coalesce(sum(amount_cents) FILTER (WHERE settled_on IS NOT NULL), 0) AS at_bank_cents
    FROM reconcile_payout
) AS y, (
    SELECT count(*) AS operations, count(*) FILTER (WHERE state = 'booked') AS booked,
        count(*) FILTER (WHERE state = 'own_fee') AS own_fees,
        coalesce(sum(net_cents) FILTER (WHERE state = 'booked'), 0) AS booked_cents,
        coalesce(sum(fee_cents) FILTER (WHERE state = 'booked'), 0) AS fee_cents
    FROM reconcile_operation
) AS o
