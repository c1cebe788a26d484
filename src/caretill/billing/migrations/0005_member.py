"""A member's bills by due date: their list goes through them page by page."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("billing", "0004_private")]
    operations = [
        migrations.RunSQL(
            "CREATE INDEX billing_bill_due ON billing_bill (account_id, due_date, id)",
            "DROP INDEX billing_bill_due",
        )
    ]
