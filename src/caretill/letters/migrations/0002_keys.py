"""A statement is of a bill."""

from django.db import migrations

FORWARD = """
ALTER TABLE letters_statement ADD CONSTRAINT letters_statement_bill
    FOREIGN KEY (account_id, bill_id) REFERENCES billing_bill (account_id, id);
"""


class Migration(migrations.Migration):
    dependencies = [("letters", "0001_initial"), ("billing", "0002_keys")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
