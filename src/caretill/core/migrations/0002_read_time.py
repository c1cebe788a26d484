"""A small index by time over the read log, for sealing it."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [
        migrations.RunSQL("CREATE INDEX core_read_time ON core_read USING brin (recorded_at)", migrations.RunSQL.noop)
    ]
