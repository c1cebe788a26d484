"""Links by which somebody else pays, and which payment was made by one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payments", "0003_family")]

    operations = [
        migrations.CreateModel(
            name="Help",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("account_id", models.UUIDField()),
                ("id", models.UUIDField()),
                ("region", models.TextField()),
                ("parts", models.JSONField()),
                ("asked_cents", models.BigIntegerField()),
                ("login_id", models.UUIDField(null=True)),
                ("email", models.TextField()),
                ("language", models.TextField()),
                ("made_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("taken_back_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "payments_help",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("asked_cents__gt", 0)), name="payments_help_amount")
                ],
            },
        ),
        migrations.AddField("payment", "help_id", models.UUIDField(null=True)),
        migrations.AddIndex(
            "payment",
            models.Index(
                fields=["account_id", "help_id"],
                condition=models.Q(("help_id__isnull", False)),
                name="payments_payment_help_of",
            ),
        ),
        migrations.RunSQL(
            "ALTER TABLE payments_payment ADD CONSTRAINT payments_payment_help"
            " FOREIGN KEY (account_id, help_id) REFERENCES payments_help (account_id, id)",
            migrations.RunSQL.noop,
        ),
    ]
