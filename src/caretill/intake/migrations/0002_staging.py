"""Where a delivery waits while it is checked. Unlogged: it can always be staged again from its files.

`row` is the number of the file times 10,000,000,000 plus the line. Numbers compare byte by byte, whatever the server's
collation. One delivery is staged at a time.
"""

from django.db import migrations

FORWARD = """
CREATE UNLOGGED TABLE intake_stage_account (
    row bigint PRIMARY KEY, region text COLLATE "C", number text COLLATE "C", first_name text, last_name text,
    street text, city text, state text, zip text, email text, phone text, language text, group_number text,
    subgroup text, bill_group text, last_norm text
);
CREATE UNLOGGED TABLE intake_stage_person (
    row bigint PRIMARY KEY, region text COLLATE "C", account_number text COLLATE "C",
    health_record_number text COLLATE "C", first_name text, last_name text, birth_date date, relation text,
    last_norm text
);
CREATE UNLOGGED TABLE intake_stage_bill (
    row bigint PRIMARY KEY, region text COLLATE "C", account_number text COLLATE "C", number text COLLATE "C",
    version bigint, kind text, payee text, health_record_number text COLLATE "C", provider_name text,
    service_from date, service_to date, issue_date date, due_date date, pay_code text COLLATE "C", currency text,
    line_count int
);
CREATE UNLOGGED TABLE intake_stage_line (
    row bigint, region text COLLATE "C", bill_number text COLLATE "C", line_no int, service_date date,
    code_system text, code text, text text, units numeric(12, 3), charge_cents bigint, discount_cents bigint,
    plan_paid_cents bigint, copay_cents bigint, deductible_cents bigint, coinsurance_cents bigint,
    not_covered_cents bigint, written_off_cents bigint
);
CREATE UNLOGGED TABLE intake_stage_payment (
    row bigint PRIMARY KEY, region text COLLATE "C", bill_number text COLLATE "C", number text COLLATE "C",
    version bigint, paid_on date, amount_cents bigint, method text
);
-- Bills that lack a row because it was refused.
CREATE UNLOGGED TABLE intake_stage_flaw (region text COLLATE "C", bill_number text COLLATE "C", row bigint);
CREATE UNLOGGED TABLE intake_stage_due (
    region text COLLATE "C", kind text COLLATE "C", issue_date date, due_date date,
    PRIMARY KEY (region, kind, issue_date)
);
-- Which rows go in, in which set; below zero: left out, -1 refused, -2 the same row again.
CREATE UNLOGGED TABLE intake_turn (stage text COLLATE "C", set_no int, row bigint);
CREATE INDEX intake_turn_set ON intake_turn (stage, set_no);
"""


class Migration(migrations.Migration):
    dependencies = [("intake", "0001_initial"), ("billing", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
