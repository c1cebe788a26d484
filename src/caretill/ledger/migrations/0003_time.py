"""A small index by time, for sealing the ledger and for the day's files."""

from django.db import migrations

FORWARD = """
CREATE INDEX ledger_transfer_time ON ledger_transfer USING brin (recorded_at);
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_floors")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
