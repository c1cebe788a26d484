"""Refunds that wait for a file of the bank: found without reading all of them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("payments", "0007_money_back")]
    operations = [
        migrations.RunSQL(
            "CREATE INDEX payments_refund_waiting ON payments_refund (account_id, id) WHERE state = 'submitting'",
            migrations.RunSQL.noop,
        )
    ]
