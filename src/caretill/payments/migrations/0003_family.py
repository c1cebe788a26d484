"""A payment for bills of several accounts: what the payer's account forwards, and each account's share of it."""

from django.db import migrations, models

KEYS = """
ALTER TABLE payments_forward SET (fillfactor = 80);
ALTER TABLE payments_share SET (fillfactor = 80);
ALTER TABLE payments_forward ADD CONSTRAINT payments_forward_of
    FOREIGN KEY (account_id, payment_id) REFERENCES payments_payment (account_id, id);
ALTER TABLE payments_giveback ADD CONSTRAINT payments_giveback_of
    FOREIGN KEY (account_id, refund_id) REFERENCES payments_refund (account_id, id);
"""


def key(*names):
    return models.CompositePrimaryKey(*names, blank=True, editable=False, primary_key=True, serialize=False)


class Migration(migrations.Migration):
    dependencies = [("payments", "0002_keys")]

    operations = [
        migrations.AddField("payment", "family", models.BooleanField(db_default=False)),
        migrations.CreateModel(
            name="Forward",
            fields=[
                ("pk", key("account_id", "payment_id", "bill_id")),
                ("account_id", models.UUIDField()),
                ("payment_id", models.UUIDField()),
                ("bill_id", models.UUIDField()),
                ("to_account_id", models.UUIDField()),
                ("amount_cents", models.BigIntegerField()),
                ("payee", models.TextField()),
                ("state", models.TextField()),
            ],
            options={
                "db_table": "payments_forward",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount_cents__gt", 0)), name="payments_forward_amount")
                ],
            },
        ),
        migrations.CreateModel(
            name="Share",
            fields=[
                ("pk", key("account_id", "payment_id")),
                ("account_id", models.UUIDField()),
                ("payment_id", models.UUIDField()),
                ("from_account_id", models.UUIDField()),
                ("reference", models.TextField()),
                ("state", models.TextField()),
                ("changed_at", models.DateTimeField()),
            ],
            options={"db_table": "payments_share"},
        ),
        migrations.CreateModel(
            name="Giveback",
            fields=[
                ("pk", key("account_id", "refund_id", "bill_id")),
                ("account_id", models.UUIDField()),
                ("refund_id", models.UUIDField()),
                ("bill_id", models.UUIDField()),
                ("payment_id", models.UUIDField()),
                ("to_account_id", models.UUIDField()),
                ("amount_cents", models.BigIntegerField()),
                ("payee", models.TextField()),
                ("done", models.BooleanField()),
            ],
            options={
                "db_table": "payments_giveback",
                "indexes": [models.Index(fields=["account_id", "payment_id"], name="payments_giveback_payment")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount_cents__gt", 0)), name="payments_giveback_amount")
                ],
            },
        ),
        migrations.RunSQL(KEYS, migrations.RunSQL.noop),
    ]
