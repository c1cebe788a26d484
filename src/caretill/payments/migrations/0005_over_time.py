"""Money over time: what a payment was taken from and for whom, refunds with states, returns, disputes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0004_help"),
    ]

    operations = [
        migrations.AddField(
            model_name="payment",
            name="deposit_cents",
            field=models.BigIntegerField(db_default=0),
        ),
        migrations.AddField(
            model_name="payment",
            name="lost_cents",
            field=models.BigIntegerField(db_default=0),
        ),
        migrations.AddField(
            model_name="payment",
            name="mandate_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="payment",
            name="method_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="payment",
            name="origin",
            field=models.TextField(db_default=""),
        ),
        migrations.AddField(
            model_name="payment",
            name="origin_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="payment",
            name="posts_on",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="payment",
            name="returned_cents",
            field=models.BigIntegerField(db_default=0),
        ),
        migrations.AddField(
            model_name="payment",
            name="settled_on",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="refund",
            name="changed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="refund",
            name="failure_code",
            field=models.TextField(db_default=""),
        ),
        migrations.AddField(
            model_name="refund",
            name="key",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="refund",
            name="lease_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="refund",
            name="tries",
            field=models.SmallIntegerField(db_default=0),
        ),
        migrations.CreateModel(
            name="Dispute",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("account_id", models.UUIDField()),
                ("id", models.UUIDField()),
                ("payment_id", models.UUIDField()),
                ("dispute_ref", models.TextField()),
                ("amount_cents", models.BigIntegerField()),
                ("fee_cents", models.BigIntegerField(default=0)),
                ("state", models.TextField()),
                ("reason", models.TextField()),
                ("respond_by", models.DateTimeField(null=True)),
                ("opened_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("business_date", models.DateField()),
            ],
            options={
                "db_table": "payments_dispute",
                "indexes": [models.Index(fields=["account_id", "payment_id"], name="payments_dispute_payment")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount_cents__gt", 0)), name="payments_dispute_amount"),
                    models.UniqueConstraint(fields=("account_id", "dispute_ref"), name="payments_dispute_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Return",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("account_id", models.UUIDField()),
                ("id", models.UUIDField()),
                ("payment_id", models.UUIDField()),
                ("amount_cents", models.BigIntegerField()),
                ("code", models.TextField()),
                ("state", models.TextField()),
                ("source_ref", models.TextField()),
                ("owed_back_cents", models.BigIntegerField(default=0)),
                ("recorded_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("business_date", models.DateField()),
            ],
            options={
                "db_table": "payments_return",
                "indexes": [models.Index(fields=["account_id", "payment_id"], name="payments_return_payment")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount_cents__gt", 0)), name="payments_return_amount"),
                    models.UniqueConstraint(fields=("account_id", "source_ref"), name="payments_return_once"),
                ],
            },
        ),
        migrations.RunSQL(
            "ALTER TABLE payments_return ADD CONSTRAINT payments_return_of"
            " FOREIGN KEY (account_id, payment_id) REFERENCES payments_payment (account_id, id);"
            "ALTER TABLE payments_dispute ADD CONSTRAINT payments_dispute_of"
            " FOREIGN KEY (account_id, payment_id) REFERENCES payments_payment (account_id, id);"
            "CREATE UNIQUE INDEX payments_refund_key ON payments_refund (account_id, key) WHERE key IS NOT NULL;"
            "CREATE INDEX payments_refund_lease ON payments_refund (lease_until) WHERE lease_until IS NOT NULL;"
            "CREATE INDEX payments_payment_method ON payments_payment (account_id, method_id)"
            " WHERE method_id IS NOT NULL;"
            "CREATE INDEX payments_payment_origin ON payments_payment (account_id, origin_id)"
            " WHERE origin_id IS NOT NULL",
            migrations.RunSQL.noop,
        ),
    ]
