"""Money from saved methods: who asked, whom a deposit pays, and money that is announced."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0005_over_time"),
    ]

    operations = [
        migrations.CreateModel(
            name="Announced",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id", "bill_id", "why", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("account_id", models.UUIDField()),
                ("bill_id", models.UUIDField()),
                ("why", models.TextField()),
                ("amount_cents", models.BigIntegerField()),
                ("until", models.DateTimeField()),
                ("by", models.TextField()),
                ("said_at", models.DateTimeField()),
            ],
            options={
                "db_table": "payments_announced",
            },
        ),
        migrations.AddField(
            model_name="payment",
            name="deposit_payee",
            field=models.TextField(db_default=""),
        ),
        migrations.AddField(
            model_name="payment",
            name="login_id",
            field=models.UUIDField(null=True),
        ),
    ]
