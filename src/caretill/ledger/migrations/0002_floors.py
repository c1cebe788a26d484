"""The floors, the write-once rule, and room on the page for balances that change in place."""

from django.db import migrations

FORWARD = """
ALTER TABLE ledger_balance SET (fillfactor = 70);
ALTER TABLE ledger_balance ADD CONSTRAINT ledger_balance_floor CHECK (
    debits_posted >= 0 AND credits_posted >= 0 AND debits_pending >= 0 AND credits_pending >= 0
    AND CASE kind
        WHEN 'receivable' THEN debits_posted - credits_posted - credits_pending >= 0
        WHEN 'credit' THEN credits_posted - debits_posted - debits_pending >= 0
        ELSE false END);
CREATE FUNCTION ledger_write_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: its rows are written once', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER ledger_transfer_once BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_write_once();
CREATE TRIGGER ledger_resolution_once BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_resolution
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_write_once();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
