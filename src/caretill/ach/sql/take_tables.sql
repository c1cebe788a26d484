-- Debits that a file may take, while they are judged. It empties itself at each commit.
CREATE TEMP TABLE IF NOT EXISTS ach_due (
    account_id uuid, attempt_id uuid, payment_id uuid, method_id uuid, mandate_id uuid, amount_cents bigint,
    reference text, region text, posts_on date, key uuid, why text, sec_code text, transaction_code int, mark text,
    validation text, payee text, entry_id uuid, first_id uuid, presentment int, effective_on date, sequence int
) ON COMMIT DELETE ROWS;
