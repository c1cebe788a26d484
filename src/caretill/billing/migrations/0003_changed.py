"""A small index by time of change: whether any bill is newer than the last look at all of them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_keys")]
    operations = [
        migrations.RunSQL(
            "CREATE INDEX billing_bill_changed ON billing_bill USING brin (changed_at) WITH (pages_per_range = 32)",
            migrations.RunSQL.noop,
        )
    ]
