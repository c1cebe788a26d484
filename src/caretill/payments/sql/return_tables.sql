-- Returned debits of one set. It empties itself at each commit.
CREATE TEMP TABLE IF NOT EXISTS back_line (
    account_id uuid, payment_id uuid, return_id uuid, amount_cents bigint, code varchar(20), source_ref varchar(255),
    business_date date, currency varchar(3), plain boolean
) ON COMMIT DELETE ROWS;
