-- Returned debits of one set. It empties itself at each commit.
CREATE TEMP TABLE IF NOT EXISTS back_line (
    account_id uuid, payment_id uuid, return_id uuid, amount_cents bigint, code text, source_ref text,
    business_date date, currency text, plain boolean
) ON COMMIT DELETE ROWS;
