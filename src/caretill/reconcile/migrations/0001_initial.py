"""Payouts with their operations, statements with their lines, and what people noted of differences."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Note",
            fields=[
                ("key", models.TextField(primary_key=True, serialize=False)),
                ("because", models.TextField()),
                ("noted_by", models.TextField()),
                ("noted_at", models.DateTimeField()),
            ],
            options={
                "db_table": "reconcile_note",
            },
        ),
        migrations.CreateModel(
            name="BankFile",
            fields=[
                ("sha256", models.TextField(primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("file_ref", models.TextField()),
                ("name", models.TextField()),
                ("bytes", models.BigIntegerField()),
                ("statements", models.IntegerField(default=0)),
                ("lines", models.IntegerField(default=0)),
                ("total_cents", models.BigIntegerField(default=0)),
                ("received_at", models.DateTimeField()),
            ],
            options={
                "db_table": "reconcile_file",
                "indexes": [models.Index(fields=["kind", "file_ref"], name="reconcile_file_ref")],
            },
        ),
        migrations.CreateModel(
            name="Line",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("statement_id", models.UUIDField()),
                ("row", models.BigIntegerField()),
                ("line_key", models.BinaryField()),
                ("amount_cents", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("booked_on", models.DateField()),
                ("value_on", models.DateField(null=True)),
                ("code", models.TextField()),
                ("reversal", models.BooleanField()),
                ("bank_ref", models.TextField()),
                ("names", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("text", models.TextField()),
                ("disposition", models.TextField()),
            ],
            options={
                "db_table": "reconcile_line",
                "indexes": [
                    models.Index(fields=["statement_id"], name="reconcile_line_statement"),
                    models.Index(
                        condition=models.Q(("disposition", "open")), fields=["booked_on"], name="reconcile_line_open"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("disposition__in", ("open", "payout"))),
                        fields=("line_key",),
                        name="reconcile_line_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Operation",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "provider",
                        "payout_ref",
                        "number",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("provider", models.TextField()),
                ("payout_ref", models.TextField()),
                ("number", models.IntegerField()),
                ("kind", models.TextField()),
                ("operation_ref", models.TextField()),
                ("charge_ref", models.TextField()),
                ("reference", models.TextField()),
                ("gross_cents", models.BigIntegerField()),
                ("fee_cents", models.BigIntegerField()),
                ("net_cents", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                ("state", models.TextField()),
                ("account_id", models.UUIDField(null=True)),
                ("payment_id", models.UUIDField(null=True)),
                ("known_cents", models.BigIntegerField(null=True)),
                ("journal_id", models.UUIDField(null=True)),
                ("booked_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "reconcile_operation",
                "indexes": [
                    models.Index(fields=["provider", "kind", "operation_ref"], name="reconcile_operation_ref"),
                    models.Index(fields=["account_id", "payment_id"], name="reconcile_operation_payment"),
                    models.Index(
                        condition=models.Q(("state", "matched")),
                        fields=["account_id", "payment_id"],
                        name="reconcile_operation_waits",
                    ),
                    models.Index(
                        condition=models.Q(("state", "booked"), _negated=True),
                        fields=["state", "at"],
                        name="reconcile_operation_left",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Payout",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "provider", "payout_ref", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("provider", models.TextField()),
                ("payout_ref", models.TextField()),
                ("place", models.BigIntegerField()),
                ("processor_account", models.TextField()),
                ("amount_cents", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("count", models.IntegerField()),
                ("status", models.TextField()),
                ("created_at", models.DateTimeField()),
                ("arrives_on", models.DateField()),
                ("bank_name", models.TextField()),
                ("state", models.TextField()),
                ("fault", models.TextField(default="")),
                ("file_sha256", models.TextField(default="")),
                ("gross_cents", models.BigIntegerField(default=0)),
                ("fee_cents", models.BigIntegerField(default=0)),
                ("line_id", models.UUIDField(null=True)),
                ("matched_by", models.TextField(default="")),
                ("settled_on", models.DateField(null=True)),
                ("listed_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "db_table": "reconcile_payout",
                "indexes": [
                    models.Index(fields=["provider", "place"], name="reconcile_payout_place"),
                    models.Index(fields=["bank_name"], name="reconcile_payout_name"),
                ],
                "constraints": [models.UniqueConstraint(fields=("line_id",), name="reconcile_payout_line")],
            },
        ),
        migrations.CreateModel(
            name="Statement",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("sha256", models.TextField()),
                ("row", models.BigIntegerField()),
                ("statement_ref", models.TextField()),
                ("bank_account", models.BinaryField()),
                ("last4", models.TextField()),
                ("currency", models.CharField(max_length=3)),
                ("day", models.DateField()),
                ("kind", models.TextField()),
                ("opened_cents", models.BigIntegerField(null=True)),
                ("closed_cents", models.BigIntegerField(null=True)),
                ("gap_cents", models.BigIntegerField(null=True)),
                ("lines", models.IntegerField()),
                ("total_cents", models.BigIntegerField()),
            ],
            options={
                "db_table": "reconcile_statement",
                "indexes": [
                    models.Index(fields=["sha256"], name="reconcile_statement_file"),
                    models.Index(fields=["bank_account", "currency", "day"], name="reconcile_statement_day"),
                ],
            },
        ),
        migrations.RunSQL(
            "ALTER TABLE reconcile_operation ADD CONSTRAINT reconcile_operation_of"
            " FOREIGN KEY (provider, payout_ref) REFERENCES reconcile_payout (provider, payout_ref);"
            "ALTER TABLE reconcile_statement ADD CONSTRAINT reconcile_statement_of"
            " FOREIGN KEY (sha256) REFERENCES reconcile_file (sha256);"
            "ALTER TABLE reconcile_line ADD CONSTRAINT reconcile_line_of"
            " FOREIGN KEY (statement_id) REFERENCES reconcile_statement (id);"
            "ALTER TABLE reconcile_operation ADD CONSTRAINT reconcile_operation_net"
            " CHECK (net_cents = gross_cents - fee_cents);"
            "ALTER TABLE reconcile_operation ADD CONSTRAINT reconcile_operation_booked"
            " CHECK ((state = 'booked') = (journal_id IS NOT NULL) AND (state <> 'booked' OR payment_id IS NOT NULL))",
            migrations.RunSQL.noop,
        ),
    ]
