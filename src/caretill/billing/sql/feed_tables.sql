-- What a feed says, one set at a time. `row` is the row of its staging table; `problem` sends it back with a reason.
CREATE TEMP TABLE IF NOT EXISTS feed_account (
    row bigint, region text, number text, first_name text, last_name text, last_norm text, street text, city text,
    state text, zip text, email text, phone text, language text, group_number text, subgroup text, bill_group text,
    blind bytea, account_id uuid, problem text
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS feed_person (
    row bigint, region text, account_number text, health_record_number text, first_name text, last_name text,
    last_norm text, birth_date date, relation text, blind bytea, account_id uuid, person_id uuid, problem text
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS feed_bill (
    row bigint, region text, account_number text, number text, pay_code text, kind text, payee text,
    health_record_number text, provider_name text, service_from date, service_to date, issue_date date, due_date date,
    currency text, version bigint, private boolean NOT NULL DEFAULT false, blind bytea, account_id uuid, bill_id uuid,
    person_id uuid, old_version bigint, old_digest bytea, digest bytea, outcome text, problem text
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS feed_line (
    row bigint, region text, bill_number text, line_no int, service_date date, code_system text, code text, text text,
    units numeric(12,3), charge_cents bigint, discount_cents bigint, plan_paid_cents bigint, written_off_cents bigint,
    copay_cents bigint, deductible_cents bigint, coinsurance_cents bigint, not_covered_cents bigint
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS feed_payment (
    row bigint, region text, bill_number text, number text, version bigint, paid_on date, amount_cents bigint,
    method text, account_id uuid, bill_id uuid, old_version bigint, old_amount bigint, old_method text,
    outcome text, problem text
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS feed_delta (
    account_id uuid, bill_id uuid, place int, code text, kind text, raised bigint
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS feed_leg (
    account_id uuid, bill_id uuid, debit_kind text, credit_kind text, amount_cents bigint, code text
) ON COMMIT DELETE ROWS;
