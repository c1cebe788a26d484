-- What a set of asks of saved methods says. They empty themselves at each commit.
CREATE TEMP TABLE IF NOT EXISTS asked (
    place int PRIMARY KEY, account_id uuid, payment_id uuid, attempt_id uuid, key uuid, request_hash bytea, reference text,
    check_code text, region text, currency text, processor_account text, payer_name text, email text, language text,
    channel text, login_id uuid, visit bytea, request jsonb, business_date date, lease_until timestamptz,
    expires_at timestamptz, method_id uuid, mandate_id uuid, origin text, origin_id uuid, deposit_cents bigint,
    deposit_payee text, posts_on date, why text, in_name boolean, code text, holder_id uuid, held_why text,
    held_until timestamptz, gateway text, brand text, last4 text, attempt text, total_cents bigint
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS asked_part (
    place int, account_id uuid, payment_id uuid, bill_id uuid, amount_cents bigint, transfer_id uuid, payee varchar(100)
) ON COMMIT DELETE ROWS;
CREATE INDEX IF NOT EXISTS asked_part_place ON asked_part (place);
