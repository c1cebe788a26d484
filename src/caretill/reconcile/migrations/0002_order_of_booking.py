"""A payout is booked in the order of accounts: its matched operations are found in that order."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reconcile", "0001_initial")]

    operations = [
        migrations.RemoveIndex(model_name="operation", name="reconcile_operation_waits"),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(
                condition=models.Q(("state", "matched")),
                fields=["provider", "payout_ref", "account_id", "payment_id", "number"],
                name="reconcile_operation_books",
            ),
        ),
    ]
