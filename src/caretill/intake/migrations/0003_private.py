"""The mark of a private visit, on its way in."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("intake", "0002_staging")]
    operations = [migrations.RunSQL("ALTER TABLE intake_stage_bill ADD COLUMN private boolean", migrations.RunSQL.noop)]
