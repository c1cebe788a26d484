-- Debits that a file may take, while they are judged. It empties itself at each commit.
CREATE TEMP TABLE IF NOT EXISTS ach_due (
    account_id uuid, attempt_id uuid, payment_id uuid, method_id uuid, mandate_id uuid, amount_cents bigint,
    reference varchar(40), region varchar(100), posts_on date, key uuid, why varchar(40), sec_code varchar(3),
    transaction_code int, mark varchar(40), validation varchar(40), payee varchar(100), entry_id uuid, first_id uuid, presentment int, effective_on date, sequence int
) ON COMMIT DELETE ROWS;
