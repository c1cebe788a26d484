"""Floors of what came with money over time: deposits, refunds on their way, disputes, returned debits."""

from django.db import migrations

FORWARD = """
ALTER TABLE ledger_balance DROP CONSTRAINT ledger_balance_floor;
ALTER TABLE ledger_balance ADD CONSTRAINT ledger_balance_floor CHECK (
    debits_posted >= 0 AND credits_posted >= 0 AND debits_pending >= 0 AND credits_pending >= 0
    AND CASE
        WHEN kind IN ('receivable', 'dispute_hold', 'returned_item')
            THEN debits_posted - credits_posted - credits_pending >= 0
        WHEN kind IN ('credit', 'deposit', 'refund_payable') THEN credits_posted - debits_posted - debits_pending >= 0
        ELSE false END) NOT VALID;
ALTER TABLE ledger_balance VALIDATE CONSTRAINT ledger_balance_floor;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_time")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
