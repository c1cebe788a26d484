"""When we were last told: every home asks, and deliveries are never deleted."""

from django.db import migrations

FORWARD = """
CREATE INDEX intake_delivery_done ON intake_delivery (finished_at) WHERE state = 'done';
"""


class Migration(migrations.Migration):
    dependencies = [("intake", "0005_document_forgotten")]
    operations = [migrations.RunSQL(FORWARD, "DROP INDEX intake_delivery_done")]
