-- What is taken from the files of one Synthea export, for the time of one import.
DROP TABLE IF EXISTS raw_patient, raw_coverage, raw_claim, raw_transaction, raw_encounter, raw_organization,
    raw_provider, raw_medication;
CREATE TEMP TABLE raw_patient (
    row bigint, id text, birth_date date, first_name text, last_name text, street text, city text, state text, zip text
);
CREATE TEMP TABLE raw_coverage (
    row bigint, patient_id text, start text, payer_id text, ownership text, owner_name text
);
CREATE TEMP TABLE raw_claim (
    row bigint, id text, patient_id text, provider_id text, encounter_id text, service_date date, billed_on date,
    type_id text
);
CREATE TEMP TABLE raw_transaction (
    row bigint, claim_id text, place bigint, type text, amount_cents bigint, method text, on_date date, code text,
    units numeric, notes text, transfer_type text, payment_cents bigint, adjustment_cents bigint
);
CREATE TEMP TABLE raw_encounter (
    row bigint, id text, start date, stop date, organization_id text, provider_id text
);
CREATE TEMP TABLE raw_organization (row bigint, id text, name text);
CREATE TEMP TABLE raw_provider (row bigint, id text, name text);
CREATE TEMP TABLE raw_medication (row bigint, code text);
