-- What a set of outcomes says, and the legs it books. They empty themselves at each commit.
CREATE TEMP TABLE IF NOT EXISTS outcome (
    place int, account_id uuid, payment_id uuid, journal_id uuid, provider text, object_ref text, evidence text,
    body jsonb, amount_cents bigint, charge_ref text, method_brand text, method_last4 text, business_date date,
    currency text, from_state text, to_state text
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS outcome_leg (
    account_id uuid, payment_id uuid, journal_id uuid, transfer_id uuid, credit_kind varchar(40), credit_ref uuid,
    amount_cents bigint, currency varchar(3), code varchar(40), phase varchar(20), subject_id uuid, target_id uuid,
    payee varchar(100), business_date date
) ON COMMIT DELETE ROWS;
