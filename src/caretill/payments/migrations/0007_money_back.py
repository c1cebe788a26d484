"""Money back: who is told of a deposit, refunds before they have a name, disputes that are asked about again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0006_saved"),
    ]

    operations = [
        migrations.CreateModel(
            name="DepositWish",
            fields=[
                ("account_id", models.UUIDField(primary_key=True, serialize=False)),
                ("by_itself", models.BooleanField()),
                ("floor_cents", models.BigIntegerField(null=True)),
                ("login_id", models.UUIDField(null=True)),
                ("reminded_at", models.DateTimeField(null=True)),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "db_table": "payments_deposit_wish",
            },
        ),
        migrations.RemoveConstraint(
            model_name="refund",
            name="payments_refund_once",
        ),
        migrations.AddField(
            model_name="dispute",
            name="ask_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="dispute",
            name="owed_back_cents",
            field=models.BigIntegerField(db_default=0),
        ),
        migrations.AddField(
            model_name="refund",
            name="kind",
            field=models.TextField(db_default="refund"),
        ),
        migrations.AddField(
            model_name="refund",
            name="not_before",
            field=models.DateField(null=True),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.UniqueConstraint(
                condition=models.Q(("refund_ref", ""), _negated=True),
                fields=("account_id", "refund_ref"),
                name="payments_refund_once",
            ),
        ),
        migrations.RunSQL(
            # Returned debits and lost disputes take back from a family's bills too (law 15b).
            "ALTER TABLE payments_giveback DROP CONSTRAINT payments_giveback_of;"
            "CREATE INDEX payments_refund_payment ON payments_refund (account_id, payment_id);"
            "CREATE INDEX payments_dispute_ask ON payments_dispute (ask_at) WHERE ask_at IS NOT NULL;"
            "CREATE INDEX payments_deposit_by_itself ON payments_deposit_wish (account_id) WHERE by_itself",
            migrations.RunSQL.noop,
        ),
    ]
